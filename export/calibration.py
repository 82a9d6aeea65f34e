"""The frames that INT8 scales are taken from: training pictures, as a run shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.segmenters.picture import as_input
from training.dataset import part_of, read_pair

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.records import RgbImage
    from training.config import DataConfig
    from training.dataset import Pair

FRAMES = 48


def calibration_frames(
    sets: Sequence[DataConfig], root: Path, input_px: tuple[int, int], count: int = FRAMES
) -> list[RgbImage]:
    """Return frames, uint8 (H, W, 3), spread evenly over sets and over the pictures of each.

    Args:
        sets: What the network was trained on.
        root: The data folder.
        input_px: Width and height of the network's input.
        count: How many frames; a set with fewer pictures gives what it has.

    Raises:
        InputError: A picture cannot be read.
    """
    share = max(1, count // len(sets))
    return [
        as_input(read_pair(pair, data)[0], input_px)
        for data in sets
        for pair in _spread(part_of(data, root, "train"), share)
    ]


def _spread(pairs: Sequence[Pair], count: int) -> Sequence[Pair]:
    return pairs[:: max(1, -(-len(pairs) // count))][:count]
