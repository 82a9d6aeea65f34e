"""What a shape covers: the pixels whose centres lie in it.

The centre of the pixel in column x and row y is at (x + 0.5, y + 0.5), as in the annotation tools,
where (0, 0) is the corner of the picture. So no shape grows by an outline, and of two shapes that
touch no pixel is in both.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol

import cv2
import numpy as np

from training.imports.run_lengths import decode_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    Mask = NDArray[np.bool_]

OUTSIDE_PX = 1.0
"""How far a point may be outside the picture: tools round to its edge in more than one way."""


class Region(Protocol):
    """What a shape covers."""

    def pixels(self, height_px: int, width_px: int) -> Mask:
        """Return where it is in a picture of this size, (H, W).

        Raises:
            ValueError: If it cannot be drawn; the message continues "the shape ...".
        """


@dataclass(frozen=True, slots=True)
class Polygons:
    """The union of polygons; in each, by the even-odd rule where it crosses itself.

    Attributes:
        parts: The corners of each, (N, 2), x and y.
    """

    parts: tuple[Points, ...]

    def pixels(self, height_px: int, width_px: int) -> Mask:
        """See `Region`."""
        mask = np.zeros((height_px, width_px), np.bool_)
        for part in self.parts:
            check_inside(part, height_px, width_px)
            mask |= fill(part, height_px, width_px)
        return mask


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points: every pixel whose centre is within half its width.

    Attributes:
        points: The points, (N, 2), x and y.
        line_px: Its width; None if nobody said.
    """

    points: Points
    line_px: float | None

    def pixels(self, height_px: int, width_px: int) -> Mask:
        """See `Region`."""
        if self.line_px is None:
            raise ValueError("is a line; say how wide lines are by --line-width")
        check_inside(self.points, height_px, width_px)
        mask = np.zeros((height_px, width_px), np.bool_)
        reach = self.line_px / 2
        for start, end in pairwise(self.points):
            low = np.floor(np.minimum(start, end) - reach).astype(int).clip(0)
            high = np.ceil(np.maximum(start, end) + reach).astype(int).clip(0)
            rows = slice(low[1], min(high[1], height_px))
            columns = slice(low[0], min(high[0], width_px))
            y, x = np.mgrid[rows, columns] + 0.5
            along = end - start
            offset = (x - start[0]) * along[0] + (y - start[1]) * along[1]
            share = (offset / max(along @ along, 1e-12)).clip(0, 1)
            distance = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
            mask[rows, columns] |= distance <= reach
        return mask


@dataclass(frozen=True, slots=True)
class Runs:
    """A rectangle of pixels as the lengths of runs, the first of them outside the shape.

    Attributes:
        counts: The lengths, or COCO's text of them.
        box_px: Left, top, width and height; None is the whole picture.
        order: Whether runs go down the columns (``F``, COCO) or along the rows (``C``, CVAT).
        size_px: The width and height of the whole picture, if it is stated.
    """

    counts: Sequence[int] | str
    order: Literal["C", "F"]
    box_px: tuple[int, int, int, int] | None = None
    size_px: tuple[int, int] | None = None

    def pixels(self, height_px: int, width_px: int) -> Mask:
        """See `Region`."""
        if self.size_px not in {None, (width_px, height_px)}:
            raise ValueError(f"has runs of a picture of {self.size_px}, not as large as this one")
        left, top, width, height = self.box_px or (0, 0, width_px, height_px)
        _check_box((left, top, width, height), height_px, width_px)
        counts = decode_counts(self.counts) if isinstance(self.counts, str) else self.counts
        if not counts or min(counts) < 0 or sum(counts) != width * height:
            raise ValueError(f"has runs that do not add up to {width}x{height} pixels")
        inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
        return _placed(
            inside.reshape((height, width), order=self.order), left, top, height_px, width_px
        )


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A rectangle of pixels as a PNG file in base64; non-zero is in the shape.

    Attributes:
        png: The text.
        box_px: Left, top, width and height.
    """

    png: str
    box_px: tuple[int, int, int, int]

    def pixels(self, height_px: int, width_px: int) -> Mask:
        """See `Region`."""
        left, top, width, height = self.box_px
        _check_box(self.box_px, height_px, width_px)
        try:
            data = base64.b64decode(self.png, validate=True)
        except binascii.Error as error:
            raise ValueError("has a mask that is no base64") from error
        stated = struct.unpack(">II", data[16:24]) if len(data) > 24 else None
        is_png = data.startswith(b"\x89PNG") and stated == (width, height)  # else it may be vast
        mask = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if is_png else None
        if mask is None:
            raise ValueError(f"has a mask that is no PNG file of {width}x{height} pixels")
        return _placed(mask > 0, left, top, height_px, width_px)


@dataclass(frozen=True, slots=True)
class NoRegion:
    """A shape that does not say which pixels it covers.

    Attributes:
        kind: What it is, with its article, such as ``a point``.
    """

    kind: str

    def pixels(self, height_px: int, width_px: int) -> Mask:
        """See `Region`; always raises."""
        raise ValueError(
            f"is {self.kind}, which does not say which of its {width_px}x{height_px} pixels it "
            "covers; draw a polygon"
        )


def points_of(values: object, at_least: int = 1) -> Points:
    """Return x and y of points, (N, 2).

    Raises:
        ValueError: If they are not pairs of finite numbers, or fewer than ``at_least``.
    """
    points = np.asarray(values, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < at_least:
        raise ValueError(f"points must be {at_least} or more pairs of numbers")
    if not np.isfinite(points).all():
        raise ValueError("points must be finite numbers")
    return points


def check_inside(points: Points, height_px: int, width_px: int) -> None:
    """Check that points are inside a picture, or at most ``OUTSIDE_PX`` away.

    Raises:
        ValueError: If one is not.
    """
    limit = np.array([width_px, height_px]) + OUTSIDE_PX
    outside = ((points < -OUTSIDE_PX) | (points > limit)).any(axis=1)
    if outside.any():
        x, y = points[outside][0]
        raise ValueError(
            f"reaches ({x:g}, {y:g}), outside of its {width_px}x{height_px} pixels; correct it, or "
            "export the annotations of these pictures"
        )


def fill(points: Points, height_px: int, width_px: int) -> Mask:
    """Return which pixels have their centre in a polygon, by the even-odd rule, (H, W).

    In each row the polygon's edges cross the line through the centres; a pixel is inside when an
    odd number of crossings is at or left of its centre.

    Example:
        >>> triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
        >>> fill(triangle, 3, 4).astype(int).tolist()
        [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]]
    """
    (x0, y0), (x1, y1) = points.T, np.roll(points, -1, axis=0).T
    first, end = (  # the rows whose centres an edge spans, the upper end included
        np.ceil(value - 0.5).clip(0, height_px).astype(int)
        for value in (np.minimum(y0, y1), np.maximum(y0, y1))
    )
    top, rows = first.min(), end.max() - first.min()
    spans = end - first
    edge = np.repeat(np.arange(len(points)), spans)
    row = first[edge] + np.arange(len(edge)) - (spans.cumsum() - spans)[edge]
    slope = (x1 - x0)[edge] / (y1 - y0)[edge]
    crossing = x0[edge] + (row + 0.5 - y0[edge]) * slope
    column = np.ceil(crossing - 0.5).clip(0, width_px).astype(int)
    place = (row - top) * (width_px + 1) + column
    crossings = np.bincount(place, minlength=rows * (width_px + 1)).reshape(rows, width_px + 1)
    mask = np.zeros((height_px, width_px), np.bool_)
    np.logical_xor.accumulate(crossings[:, :-1] % 2 == 1, axis=1, out=mask[top : top + rows])
    return mask


def _check_box(box_px: tuple[int, int, int, int], height_px: int, width_px: int) -> None:
    left, top, width, height = box_px
    if (
        min(left, top) < 0
        or min(width, height) < 1
        or left + width > width_px
        or top + height > height_px
    ):
        raise ValueError(
            f"has a mask of {width}x{height} pixels at ({left}, {top}), outside of its "
            f"{width_px}x{height_px} pixels"
        )


def _placed(part: Mask, left: int, top: int, height_px: int, width_px: int) -> Mask:
    mask = np.zeros((height_px, width_px), np.bool_)
    mask[top : top + part.shape[0], left : left + part.shape[1]] = part
    return mask
