"""The score by cells: is a crack found at the right place, however its outline was drawn.

A picture is divided into square cells, 32 across its width: 32x32 px of a picture that is 1024
wide. A cell is *cracked* when at least 2 % of its known pixels are crack, and *marked* when at
least 1 % of them are predicted. A cell counts when the truth is known of at least half its area;
what lies beyond the picture's lower edge is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgecrack.metrics import LEVELS, Counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgecrack.records import GrayImage

ACROSS = 32
"""Cells side by side in a picture."""

CRACKED_PERCENT, MARKED_PERCENT, KNOWN_PERCENT = 2, 1, 50
"""Least part of a cell that is crack, that is predicted, and that is known."""


def count_cells(
    probability: GrayImage,
    truth: GrayImage | NDArray[np.bool_],
    known: NDArray[np.bool_] | None = None,
) -> Counts:
    """Count marked and cracked cells at every threshold.

    Args:
        probability: 0..255, (H, W).
        truth: Any non-zero pixel is crack, (H, W).
        known: Where the truth is known, (H, W); None is everywhere.

    Returns:
        Counts of cells in place of pixels: ``predicted`` marked ones, ``true`` cracked ones, and
        the cells that are both as ``right``, ``found`` and ``overlap``.

    Raises:
        ValueError: The shapes differ.

    Example:
        >>> truth = np.zeros((64, 64), np.uint8); truth[:32] = 255
        >>> count_cells(np.roll(truth, 8, axis=0), truth).at(128).recall
        0.75
    """
    known = np.ones(truth.shape, bool) if known is None else known
    if not probability.shape == truth.shape == known.shape:
        raise ValueError(
            f"truth and known must be {probability.shape} like the prediction, not {truth.shape} "
            f"and {known.shape}"
        )
    cell_of = _cell_numbers(truth.shape)[known]
    cells = int(cell_of.max(initial=-1)) + 1
    levels = np.bincount(cell_of * LEVELS + probability[known], minlength=cells * LEVELS)
    predicted_pixels = levels.reshape(cells, LEVELS)[:, ::-1].cumsum(axis=1)[:, ::-1]
    known_pixels = predicted_pixels[:, 0]
    crack_pixels = np.bincount(cell_of[truth[known] > 0], minlength=cells)
    # The area of a cell is (width / ACROSS) ** 2; whole numbers keep the comparisons exact.
    judged = 100 * known_pixels * ACROSS**2 >= KNOWN_PERCENT * truth.shape[1] ** 2
    judged &= known_pixels > 0
    cracked = (100 * crack_pixels >= CRACKED_PERCENT * known_pixels)[judged]
    marked = (100 * predicted_pixels >= MARKED_PERCENT * known_pixels[:, np.newaxis])[judged]
    both = marked[cracked].sum(axis=0)
    return Counts(marked.sum(axis=0), both, both, both, int(cracked.sum()))


def _cell_numbers(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the number of each pixel's cell, row by row, (H, W)."""
    height, width = shape
    rows, columns = (np.arange(side) * ACROSS // width for side in (height, width))
    return np.asarray(np.add.outer(rows * ACROSS, columns), np.int64)
