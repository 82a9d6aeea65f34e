"""COCO: one JSON file with ``images``, ``categories`` and ``annotations``.

Where an annotation is, is said by polygons or by run lengths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgecrack.errors import InputError
from training.imports.export import AnnotatedPicture, Export, Shape, export_of, locate
from training.imports.json_document import value_of
from training.imports.regions import NoRegion, Polygons, Runs, points_of

if TYPE_CHECKING:
    from pathlib import Path

    from training.imports.regions import Region


def read_coco(path: Path, document: dict[str, Any], images: Path) -> Export:
    """Read a COCO document; its ``file_name`` are relative to ``images``.

    Raises:
        InputError: If it is not COCO, or an annotation belongs to no picture or category.
    """
    categories = {
        value_of(entry, "id", int, path): value_of(entry, "name", str, path)
        for entry in value_of(document, "categories", list, path)
    }
    entries = value_of(document, "images", list, path)
    shapes: dict[int, list[Shape]] = {value_of(entry, "id", int, path): [] for entry in entries}
    if len(shapes) < len(entries):
        raise InputError(f"{path} must give each picture an id of its own; export it again.")
    for entry in value_of(document, "annotations", list, path):
        picture, category = (value_of(entry, f"{of}_id", int, path) for of in ("image", "category"))
        for key, known in ((picture, shapes), (category, categories)):
            if key not in known:
                raise InputError(
                    f"{path} has an annotation of the picture {picture} and the category "
                    f"{category}, but there is no {key}; export it again."
                )
        try:
            region = _region(entry.get("segmentation"))
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            raise InputError(
                f"{path} has no usable segmentation in annotation {entry.get('id')}: {error}."
            ) from error
        shapes[picture].append(Shape(categories[category], region))
    return export_of(
        [_picture(entry, shapes, images, path) for entry in entries],
        set(categories.values()),
    )


def _picture(
    entry: object, shapes: dict[int, list[Shape]], images: Path, path: Path
) -> AnnotatedPicture:
    name, file = locate(value_of(entry, "file_name", str, path), images, images, path)
    width, height = (value_of(entry, key, int, path) for key in ("width", "height"))
    drawn = tuple(shapes[value_of(entry, "id", int, path)])
    return AnnotatedPicture(name, file, (width, height), drawn, path)


def _region(segmentation: object) -> Region:
    if isinstance(segmentation, dict):
        height, width = segmentation["size"]
        counts = segmentation["counts"]
        if not isinstance(counts, str):
            counts = [int(count) for count in counts]
        return Runs(counts, "F", size_px=(width, height))
    if not segmentation:
        return NoRegion("a box")
    if not isinstance(segmentation, list):
        raise TypeError("it is neither polygons nor run lengths")
    parts = (np.asarray(flat, np.float64) for flat in segmentation)
    return Polygons(tuple(points_of(part.reshape(-1, 2), at_least=3) for part in parts))
