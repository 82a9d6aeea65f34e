"""LabelMe: a JSON file beside each picture, with ``imagePath`` and ``shapes``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgecrack.errors import InputError
from training.imports.annotation_file import read_annotations
from training.imports.export import AnnotatedPicture, Export, Shape, export_of, locate
from training.imports.json_document import parse_json, value_of
from training.imports.regions import Bitmap, Line, NoRegion, Polygons, points_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.imports.regions import Points, Region


def read_labelme(paths: Sequence[Path], images: Path, line_px: float | None) -> Export:
    """Read LabelMe's files; each ``imagePath`` is relative to its file.

    Raises:
        InputError: If there is none, or one is not LabelMe's.
    """
    if not paths:
        raise InputError(f"{images} holds no LabelMe JSON file; name the folder that does.")
    pictures = [_picture(path, images, line_px) for path in paths]
    return export_of(pictures, set())


def _picture(path: Path, images: Path, line_px: float | None) -> AnnotatedPicture:
    document = parse_json(read_annotations(path), path)
    shapes = tuple(
        _shape(entry, line_px, path) for entry in value_of(document, "shapes", list, path)
    )
    named = value_of(document, "imagePath", str, path)
    beside_it = path.absolute().is_relative_to(images.absolute())
    name, file = locate(named, path.parent if beside_it else images, images, path)
    width, height = document.get("imageWidth"), document.get("imageHeight")
    size_px = (width, height) if isinstance(width, int) and isinstance(height, int) else None
    return AnnotatedPicture(name, file, size_px, shapes, path)


def _shape(entry: dict[str, Any], line_px: float | None, path: Path) -> Shape:
    label = value_of(entry, "label", str, path)
    kind = entry.get("shape_type") or "polygon"  # early files have polygons only
    try:
        region = _region(kind, points_of(entry.get("points")), entry.get("mask"), line_px)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path} has no usable {kind} '{label}': {error}.") from error
    return Shape(label, region, is_box=kind == "rectangle")


def _region(kind: str, points: Points, mask: object, line_px: float | None) -> Region:
    if kind == "polygon":
        return Polygons((points_of(points, at_least=3),))
    if kind in {"line", "linestrip"}:
        return Line(points_of(points, at_least=2), line_px)
    if kind not in {"rectangle", "mask"}:
        return NoRegion(f"a {kind}")
    (left, top), (right, bottom) = points_of(points, at_least=2)[:2]
    if kind == "rectangle":
        corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
        return Polygons((points_of(corners),))
    if not isinstance(mask, str):
        raise TypeError("it has no mask")
    box = int(left), int(top), int(right) - int(left) + 1, int(bottom) - int(top) + 1
    return Bitmap(mask, box)
