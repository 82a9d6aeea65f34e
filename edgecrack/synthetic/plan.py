"""The layout of a synthetic road in metres, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecrack.synthetic.cracks import Crack, alligator, grow
from edgecrack.synthetic.markings import Band, arrow, lane_lines, repairs, slab_joints

HALF_WIDTH_M = 4.4


@dataclass(frozen=True, slots=True)
class RoadPlan:
    """The cracks and markings of a road.

    Attributes:
        length_m: Length of the strip.
        concrete_from_m: Where asphalt ends and concrete slabs begin.
        cracks: What is drawn into the true mask.
        bands: Paint, joints, seams and patches, which are not cracks.
    """

    length_m: float
    concrete_from_m: float
    cracks: tuple[Crack, ...]
    bands: tuple[Band, ...]

    def cracked_m(self, start_m: float, end_m: float) -> float:
        """Return the length of open crack between two places along the road."""
        total = 0.0
        for crack in self.cracks:
            along = crack.path_m[:-1, 0]
            step = np.hypot(*np.diff(crack.path_m, axis=0).T)
            is_open = (along >= start_m) & (along < end_m) & (crack.width_m[:-1] > 0)
            total += float(step[is_open].sum())
        return total


def plan_road(seed: int, length_m: float) -> RoadPlan:
    """Return a road of asphalt, then concrete, with cracked and sound stretches."""
    rng = np.random.default_rng((seed, 1))
    boundary = 5.0 * round(0.62 * length_m / 5)
    bands = lane_lines(length_m, phase_m=float(rng.uniform(0, 9)))
    bands += repairs(rng, 0, boundary)
    bands += slab_joints(rng, boundary, length_m, HALF_WIDTH_M)
    bands += arrow(0.3 * length_m)
    return RoadPlan(length_m, boundary, tuple(_cracks(rng, length_m, boundary)), tuple(bands))


def _cracks(rng: np.random.Generator, length_m: float, boundary_m: float) -> list[Crack]:
    """Return cracks in clusters with sound road between them."""
    cracks: list[Crack] = []
    at = 3.0
    while at < length_m:
        wheel = float(rng.choice((-1, 1)) * rng.uniform(0.3, 1.3))
        width = float(rng.uniform(0.0035, 0.0085))
        kind = rng.choice(3 if at < boundary_m else 2)
        if kind == 0:  # along the road
            reach = float(rng.uniform(2.5, 6.0))
            end = np.array((at + reach, wheel + rng.normal(0, 0.35)))
            cracks += grow(rng, np.array((at, wheel)), end, width)
        elif kind == 1:  # across it
            reach = float(rng.normal(0, 0.3))
            start, end = np.array((at, -rng.uniform(0.2, 1.8))), np.array((at + reach, 1.75))
            cracks += grow(rng, start, end, width)
        else:
            reach = float(rng.uniform(0.9, 1.8))
            size = np.array((reach, rng.uniform(0.5, 0.8)))
            cracks += alligator(rng, np.array((at + reach / 2, wheel)), size)
        at += abs(reach) + 1.5 + float(rng.exponential(3.5))
    return cracks
