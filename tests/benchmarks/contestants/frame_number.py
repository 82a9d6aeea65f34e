"""A frame's number, drawn into its upper left corner, so that whoever shows it can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BITS = 16
"""Cells in a row, the lowest bit first; then one that makes the number of white cells even."""

_CELLS_ACROSS = 60  # of the picture's width


def draw(picture: NDArray[np.uint8], number: int) -> None:
    """Draw a number, 0 to 65535, into a picture (H, W, 3).

    Example:
        >>> import numpy as np
        >>> picture = np.full((540, 960, 3), 90, np.uint8)
        >>> draw(picture, 4711)
        >>> read(picture)
        4711
    """
    edges = _edges(picture)
    bits = [number >> bit & 1 for bit in range(BITS)]
    for cell, bit in enumerate([*bits, sum(bits) % 2]):
        picture[: edges[1], edges[cell] : edges[cell + 1]] = 235 * bit + 10


def read(picture: NDArray[np.uint8]) -> int | None:
    """Return the number in a picture, scaled or not; None where there is none.

    Example:
        >>> import numpy as np
        >>> read(np.full((540, 960, 3), 90, np.uint8)) is None
        True
    """
    edges = _edges(picture)
    side_px = edges[1]
    inner = slice(side_px // 4, max(side_px - side_px // 4, side_px // 4 + 1))
    light = [
        float(picture[inner, edges[cell] + inner.start : edges[cell] + inner.stop].mean())
        for cell in range(BITS + 1)
    ]
    if any(60 < value < 195 for value in light):
        return None
    bits = [value >= 195 for value in light]
    if sum(bits) % 2:
        return None
    return sum(bit << place for place, bit in enumerate(bits[:BITS]))


def _edges(picture: NDArray[np.uint8]) -> list[int]:
    """Return where the cells begin, in pixels."""
    return [round(cell * picture.shape[1] / _CELLS_ACROSS) for cell in range(BITS + 2)]
