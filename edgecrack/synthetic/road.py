"""A strip of road seen from straight above: what it looks like and where it is truly cracked.

The strip is made block by block, each a pure function of the plan and its place, so that a long
drive needs no more memory than a short one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.synthetic.cracks import draw
from edgecrack.synthetic.markings import lay
from edgecrack.synthetic.plan import HALF_WIDTH_M, RoadPlan
from edgecrack.synthetic.texture import GRAIN, FloatPlane, Pavement, colour, grain

if TYPE_CHECKING:
    from edgecrack.records import GrayImage

BLOCK_M = 4.0
CELL_M = 0.0025
DEPTH_LEVEL = 60.0
"""Grey of an open crack where the road around it is 128."""
_RIM_PX = 24


@dataclass(frozen=True, slots=True)
class Strip:
    """Some metres of road from above; row 0 is the nearest, column 0 the leftmost.

    Attributes:
        start_m: Where along the road row 0 begins.
        grey: (H, W) texture around 128.
        coverage: (H, W) 255 where crack fills the cell.
    """

    start_m: float
    grey: GrayImage
    coverage: GrayImage


class Road:
    """Draws strips of a plan on request and caches the last four blocks.

    Args:
        plan: The road's layout.
        seed: Chooses the grain and the stains.
    """

    def __init__(self, plan: RoadPlan, seed: int) -> None:
        self.plan = plan
        rng = np.random.default_rng((seed, 2))
        self._grain = {kind: grain(rng, GRAIN[kind], 2 * HALF_WIDTH_M, CELL_M) for kind in Pavement}
        self.colour: FloatPlane = colour(rng, plan.length_m, 2 * HALF_WIDTH_M, plan.concrete_from_m)
        self._block = lru_cache(maxsize=4)(self._draw)

    def strip(self, first: int, count: int) -> Strip:
        """Return ``count`` blocks of ``BLOCK_M`` from the block numbered ``first``."""
        blocks = [self._block(number) for number in range(first, first + count)]
        return Strip(
            first * BLOCK_M,
            np.concatenate([block.grey for block in blocks]),
            np.concatenate([block.coverage for block in blocks]),
        )

    def _draw(self, number: int) -> Strip:
        origin_m = number * BLOCK_M
        bare = self._bare(origin_m)
        grey = bare.astype(np.float32)
        for band in self.plan.bands:
            if _meets(band.span_m, origin_m):
                lay(band, grey, bare, (origin_m, -HALF_WIDTH_M), CELL_M)
        coverage = np.zeros_like(bare)
        for crack in self.plan.cracks:
            if _meets(crack.span_m, origin_m):
                draw(crack, coverage, (origin_m, -HALF_WIDTH_M), CELL_M)
        _darken_cracks(grey, bare, coverage)
        return Strip(origin_m, np.asarray(np.clip(grey, 0, 255), np.uint8), coverage)

    def _bare(self, origin_m: float) -> GrayImage:
        """Return the grain of one block, asphalt before the boundary and concrete after it."""
        rows = round(origin_m / CELL_M) + np.arange(round(BLOCK_M / CELL_M))
        asphalt, concrete = self._grain[Pavement.ASPHALT], self._grain[Pavement.CONCRETE]
        split = np.searchsorted(rows, round(self.plan.concrete_from_m / CELL_M))
        return np.concatenate(
            (asphalt[rows[:split] % len(asphalt)], concrete[rows[split:] % len(concrete)])
        )


def _meets(span_m: tuple[float, float], origin_m: float) -> bool:
    """Tell whether a span along the road reaches into the block, soft edges included."""
    return span_m[0] < origin_m + BLOCK_M + 0.1 and span_m[1] > origin_m - 0.1


def _darken_cracks(grey: FloatPlane, bare: GrayImage, coverage: GrayImage) -> None:
    """Roughen the cracks' edges with the grain, then darken ``grey`` where cracks are open.

    ``coverage`` is changed with it, so that the true mask is what can be seen. Around a crack the
    road is dirty and its broken edge a little lighter; the depth of a crack varies.
    """
    rows = np.flatnonzero(coverage.any(axis=1))
    columns = np.flatnonzero(coverage.any(axis=0))
    if not len(rows):
        return
    inside = (
        slice(max(0, rows[0] - _RIM_PX), rows[-1] + _RIM_PX),
        slice(max(0, columns[0] - _RIM_PX), columns[-1] + _RIM_PX),
    )
    grain = bare[inside].astype(np.float32) - 128
    near = cv2.GaussianBlur(coverage[inside], (0, 0), 3.0).astype(np.float32) / 255
    soft = cv2.GaussianBlur(coverage[inside], (0, 0), 0.7).astype(np.float32) / 255
    depth = np.clip(2.2 * (soft - 0.011 * grain * (near > 0.02)) - 0.6, 0, 1)
    floor = DEPTH_LEVEL + np.clip(6.0 * cv2.GaussianBlur(grain, (0, 0), 9.0), -22, 30) + 0.6 * grain
    under = grey[inside]
    under += near * (1 - depth) * (0.9 * np.maximum(grain, 0) - 14)
    under += depth * (floor - under)
    coverage[inside] = np.rint(255 * depth)
