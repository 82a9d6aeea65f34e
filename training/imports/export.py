"""What every export says, whatever its format: pictures, and the shapes drawn on them."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import InputError

if TYPE_CHECKING:
    from training.imports.regions import Region


@dataclass(frozen=True, slots=True)
class Shape:
    """One thing that was drawn on a picture.

    Attributes:
        category: The name that the annotator gave it.
        region: What it covers.
        is_box: Whether it is an upright rectangle: that a crack is in it says not where.
    """

    category: str
    region: Region
    is_box: bool = False


@dataclass(frozen=True, slots=True)
class AnnotatedPicture:
    """A picture and what was drawn on it.

    Attributes:
        name: Its path below the folder of pictures, with ``/``.
        file: Where it should be.
        size_px: Width and height as the export states them, or None.
        shapes: What was drawn, from bottom to top.
        source: The file that says so.
    """

    name: str
    file: Path
    size_px: tuple[int, int] | None
    shapes: tuple[Shape, ...]
    source: Path


@dataclass(frozen=True, slots=True)
class Export:
    """All pictures of an export.

    Attributes:
        pictures: The pictures, sorted by name.
        categories: Name of each category -> number of its shapes.
    """

    pictures: tuple[AnnotatedPicture, ...]
    categories: dict[str, int]


def export_of(pictures: list[AnnotatedPicture], categories: set[str]) -> Export:
    """Return the export of these pictures; ``categories`` may also name unused ones."""
    counts = Counter(shape.category for picture in pictures for shape in picture.shapes)
    all_counts = {name: counts[name] for name in sorted(categories | set(counts))}
    return Export(tuple(sorted(pictures, key=lambda picture: picture.name)), all_counts)


def locate(named: str, folder: Path, images: Path, source: Path) -> tuple[str, Path]:
    r"""Return a picture's path below ``images``, with ``/``, and its file.

    Args:
        named: The path that the export gives, with ``/`` or a backslash.
        folder: What that path is relative to.
        images: The folder of the pictures, which nothing may lead out of.
        source: The file that names it, for the message.

    Raises:
        InputError: If it is no path, or leads out of ``images``.

    Example:
        >>> name, _ = locate("..\\images\\a.jpg", Path("own/json"), Path("own"), Path("a.json"))
        >>> name
        'images/a.jpg'
    """
    given = named.replace("\\", "/")
    root = os.path.normpath(images)
    path = os.path.normpath(folder / given)
    inside = os.path.relpath(path, root)
    if not given.isprintable() or inside in {".", ".."} or inside.startswith("../"):
        raise InputError(
            f"{source} names the picture {named!r}, which must be inside {images} but is not; "
            "give --images the folder that holds it, or correct the name."
        )
    return inside, Path(path)
