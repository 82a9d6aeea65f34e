"""Exports of annotation tools, turned into folders of pictures and masks; one file a format.

The formats are COCO, LabelMe and CVAT for images 1.1; a file's content tells which it is in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import InputError
from training.imports.annotation_file import read_annotations
from training.imports.coco import read_coco
from training.imports.cvat import read_cvat
from training.imports.drawing import roles_of
from training.imports.json_document import parse_json
from training.imports.labelme import read_labelme

if TYPE_CHECKING:
    from pathlib import Path

    from training.imports.export import Export

__all__ = ["read_export", "roles_of"]


def read_export(path: Path, images: Path | None, line_px: float | None) -> Export:
    """Read what was annotated; no picture is opened.

    Args:
        path: A COCO or LabelMe JSON file, a CVAT XML file, or a folder of LabelMe JSON files.
        images: The folder of the pictures; None is the folder of ``path``, or ``images`` in it.
        line_px: How wide lines are, in pixels; None refuses lines that are asked for.

    Raises:
        InputError: If it cannot be read or is none of these, or a picture is named that would be
            outside the folder.
    """
    if path.is_dir():
        return read_labelme(sorted(path.rglob("*.json")), images or path, line_px)
    if images is None:
        beside = path.parent / "images"
        images = beside if beside.is_dir() else path.parent
    data = read_annotations(path)
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return read_cvat(path, data, images, line_px)
    document = parse_json(data, path)
    if "shapes" in document:
        return read_labelme([path], images, line_px)
    if "images" in document and "annotations" in document:
        return read_coco(path, document, images)
    raise InputError(
        f"{path} must be a COCO or LabelMe JSON file or a CVAT for images 1.1 XML file, but has "
        "neither 'images' and 'annotations' nor 'shapes'; export it in one of these formats."
    )
