"""From an export to a folder of pictures and masks, which appears when it is whole."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.errors import InputError, SinkError
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from training.dataset import PICTURES
from training.imports.drawing import draw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgecrack.records import GrayImage
    from training.imports.drawing import Roles
    from training.imports.export import AnnotatedPicture, Export


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What was imported.

    Attributes:
        pictures: All pictures.
        with_cracks: Those with a crack pixel.
        shapes: ``crack``, ``road``, ``paint`` or ``not road`` -> number of shapes.
        without_pixels: Shapes, of these, that cover the centre of no pixel.
        left_out: Name of each category that was not asked for -> number of its shapes.
    """

    pictures: int
    with_cracks: int
    shapes: dict[str, int]
    without_pixels: int
    left_out: dict[str, int]


def write_folder(
    export: Export, roles: Roles, out: Path, on_picture: Callable[[], None]
) -> ImportCounts:
    """Write ``images``, and ``masks`` or ``areas`` or both, into a new folder.

    The pictures are copied as they are. A picture in a folder of its own gets that folder's name
    before its own, with ``_`` between them.

    Args:
        export: The export.
        roles: What its categories are.
        out: The folder; it appears when everything is in it.
        on_picture: Called after each picture.

    Raises:
        InputError: If a picture is missing, is damaged or of another size than stated, two have one
            name, or a shape cannot be drawn.
        SinkError: If ``out`` is there already or cannot be written.
    """
    names = _names(export)
    if out.exists():
        raise SinkError(f"{out} already exists; give another --out.")
    disk = LocalDisk()
    unfinished = out.with_name(f".{out.name}.part")
    make_folders(disk, out.parent)
    if unfinished.exists():
        raise SinkError(f"{unfinished} is there from an import that was cut off; remove it.")
    drawn = []
    try:
        for part in _parts(roles):
            make_folders(disk, unfinished / part)
        for name, picture in names.items():
            drawn.append(_write_picture(picture, name, roles, unfinished))
            on_picture()
        disk.sync_all(unfinished)
        disk.rename(unfinished, out)
    except BaseException:  # also Ctrl-C
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    finally:
        disk.close()
    disk.sync(out.parent)
    return _counts(export, roles, drawn)


def _parts(roles: Roles) -> list[str]:
    wanted = {"images": True, "masks": roles.has_cracks, "areas": roles.has_areas}
    return [part for part, is_wanted in wanted.items() if is_wanted]


def _names(export: Export) -> dict[str, AnnotatedPicture]:
    """Return the stem that each picture and its masks get -> the picture, which must be there."""
    if not export.pictures:
        raise InputError("the export must have a picture, but has none; export it again.")
    names: dict[str, AnnotatedPicture] = {}
    for picture in export.pictures:
        stem = picture.name.removesuffix(picture.file.suffix).replace("/", "_")
        if stem in names:
            raise InputError(
                f"{picture.source} has {names[stem].name} and {picture.name}, which would both "
                f"become '{stem}'; rename one."
            )
        if picture.file.suffix.lower() not in PICTURES:
            raise InputError(
                f"{picture.source} names {picture.name}, which must end in one of "
                f"{', '.join(sorted(PICTURES))}; convert it."
            )
        if not picture.file.is_file():
            raise InputError(
                f"{picture.source} names {picture.name}, but there is no file {picture.file}; give "
                "--images the folder of the pictures."
            )
        names[stem] = picture
    return names


def _counts(export: Export, roles: Roles, drawn: list[tuple[bool, int]]) -> ImportCounts:
    shapes: Counter[str] = Counter()
    left_out: dict[str, int] = {}
    for category, number in export.categories.items():
        if role := roles.of_category.get(category):
            shapes[role] += number
        elif number:
            left_out[category] = number
    with_cracks, without_pixels = (sum(numbers) for numbers in zip(*drawn, strict=True))
    return ImportCounts(len(drawn), with_cracks, dict(shapes), without_pixels, left_out)


def _write_picture(
    picture: AnnotatedPicture, name: str, roles: Roles, folder: Path
) -> tuple[bool, int]:
    """Return whether it has a crack, and how many of its shapes cover no pixel."""
    data, (width_px, height_px) = _read(picture)
    drawn = draw(picture, roles, height_px, width_px)
    disk = LocalDisk()
    disk.write(folder / "images" / f"{name}{picture.file.suffix}", data)
    if roles.has_cracks:
        disk.write(folder / "masks" / f"{name}.png", _png(drawn.mask))
    if roles.has_areas:
        disk.write(folder / "areas" / f"{name}.png", _png(drawn.area))
    return bool(drawn.mask.any()), drawn.without_pixels


def _read(picture: AnnotatedPicture) -> tuple[bytes, tuple[int, int]]:
    """Return the bytes of a picture, and its width and height as training reads it."""
    try:
        data = picture.file.read_bytes()
    except OSError as error:
        raise InputError(f"{picture.file} must be a readable picture, but: {error}.") from error
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if pixels is None:
        raise InputError(f"{picture.file} must be a picture, but cannot be decoded; replace it.")
    size_px = pixels.shape[1], pixels.shape[0]
    if picture.size_px not in {None, size_px}:
        raise InputError(
            f"{picture.source} states {picture.size_px[0]}x{picture.size_px[1]} for "
            f"{picture.name}, but it is {size_px[0]}x{size_px[1]}; use the pictures that were "
            "annotated."
        )
    return data, size_px


def _png(mask: GrayImage) -> bytes:
    return cv2.imencode(".png", mask)[1].tobytes()
