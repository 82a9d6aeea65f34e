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
    height, width = truth.shape
    rows, columns = (np.arange(side) * ACROSS // width for side in (height, width))
    cell_of = np.add.outer(rows * ACROSS, columns)
    cells = int(cell_of[-1, -1]) + 1
    known_pixels = np.bincount(cell_of[known], minlength=cells)
    # Area of a cell: (width / ACROSS) ** 2, kept whole by multiplication.
    judged = 100 * known_pixels * ACROSS**2 >= KNOWN_PERCENT * width**2
    judged &= known_pixels > 0
    crack_pixels = np.bincount(cell_of[known & (truth > 0)], minlength=cells)
    cracked = (100 * crack_pixels >= CRACKED_PERCENT * known_pixels)[judged]
    levels = np.bincount(
        cell_of[known] * LEVELS + probability[known], minlength=cells * LEVELS
    ).reshape(cells, LEVELS)[judged]
    predicted_pixels = levels[:, ::-1].cumsum(axis=1)[:, ::-1]
    marked = 100 * predicted_pixels >= MARKED_PERCENT * known_pixels[judged, np.newaxis]
    both = marked[cracked].sum(axis=0)
    return Counts(marked.sum(axis=0), both, both, both, int(cracked.sum()))
