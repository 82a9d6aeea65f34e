"""CVAT for images 1.1: one XML file with an ``image`` for each picture.

All that is wanted stands in attributes, so the file is read element by element. A document type is
refused, and with it every entity: nothing can be expanded or fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from edgecrack.errors import InputError
from training.imports.export import AnnotatedPicture, Export, Shape, export_of, locate
from training.imports.regions import Line, NoRegion, Polygons, Runs, points_of

if TYPE_CHECKING:
    from pathlib import Path

    from training.imports.regions import Points, Region

SHAPES = frozenset(
    {"polygon", "polyline", "box", "mask", "points", "ellipse", "cuboid", "skeleton"}
)
Attributes = dict[str, str]


def read_cvat(path: Path, data: bytes, images: Path, line_px: float | None) -> Export:
    """Read a CVAT file's bytes; the ``name`` of an ``image`` is relative to ``images``.

    Raises:
        InputError: If it is not such a file, or has a document type.
    """
    reader = _Reader(path, images, line_px)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse_document_type
    try:
        parser.Parse(data, True)  # noqa: FBT003  it takes no name
    except expat.ExpatError as error:
        raise InputError(f"{path} must be a readable XML file, but: {error}.") from error
    except (LookupError, ValueError, OverflowError) as error:
        raise InputError(
            f"{path} must be of CVAT for images 1.1, but line {parser.CurrentLineNumber} is not: "
            f"{error!r}; export it again."
        ) from error
    return export_of(reader.pictures, reader.categories)


class _Reader:
    """Collects pictures while expat calls it."""

    def __init__(self, path: Path, images: Path, line_px: float | None) -> None:
        self.pictures: list[AnnotatedPicture] = []
        self.categories: set[str] = set()
        self._path, self._images, self._line_px = path, images, line_px
        self._open: list[str] = []
        self._text = ""
        self._image: Attributes = {}
        self._shapes: list[tuple[int, Shape]] = []

    def start(self, name: str, attributes: Attributes) -> None:
        if not self._open and name != "annotations":
            raise ValueError(f"<{name}> where <annotations> should be")
        if name == "track":
            raise ValueError("<track> is of CVAT for video")
        self._open.append(name)
        self._text = ""
        if name == "image":
            self._image, self._shapes = attributes, []
        elif name in SHAPES and "image" in self._open:
            region = _region(name, attributes, self._line_px)
            shape = Shape(attributes["label"], region, is_box=name == "box")
            self._shapes.append((int(attributes.get("z_order", 0)), shape))

    def text(self, text: str) -> None:
        self._text += text

    def end(self, name: str) -> None:
        self._open.pop()
        if name == "name" and self._open[-1] == "label":
            self.categories.add(self._text.strip())
        if name == "image":
            image = self._image
            where, file = locate(image["name"], self._images, self._images, self._path)
            size = int(image["width"]), int(image["height"])
            shapes = tuple(shape for _, shape in sorted(self._shapes, key=lambda pair: pair[0]))
            self.pictures.append(AnnotatedPicture(where, file, size, shapes, self._path))

    def refuse_document_type(self, *_declared: object) -> None:
        raise InputError(
            f"{self._path} must have no document type, as CVAT writes none, but has one; export it "
            "again."
        )


def _region(name: str, attributes: Attributes, line_px: float | None) -> Region:
    if name == "polygon":
        return Polygons((points_of(_points(attributes), at_least=3),))
    if name == "polyline":
        return Line(points_of(_points(attributes), at_least=2), line_px)
    if name == "mask":
        left, top, width, height = (
            int(attributes[key]) for key in ("left", "top", "width", "height")
        )
        counts = [int(count) for count in attributes["rle"].split(",")]
        return Runs(counts, "C", (left, top, width, height))
    if name == "box" and not float(attributes.get("rotation", 0)):
        x0, y0, x1, y1 = (float(attributes[key]) for key in ("xtl", "ytl", "xbr", "ybr"))
        corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
        return Polygons((points_of(corners),))
    return NoRegion("a turned box" if name == "box" else f"a shape of the kind '{name}'")


def _points(attributes: Attributes) -> Points:
    return points_of([pair.split(",") for pair in attributes["points"].split(";")])
