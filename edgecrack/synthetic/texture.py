"""What bare pavement looks like: fine grain, which repeats, times broad colour, which does not.

The fine grain is a grey tile around 128. It repeats along the road with a period longer than any
picture shows, and across it only beyond the lane, so that no picture shows the same grain twice and
the noise is computed once. The broad colour is a coarse RGB level for the whole road; a picture is
grain / 128 times colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from edgecrack.records import GrayImage

FloatPlane = NDArray[np.float32]
"""One channel, ``float32``, (H, W)."""

GRAIN_PERIOD_M = 8.0
GRAIN_REPEATS = 2
COLOUR_CELL_M = 0.05
WHEEL_PATH_M = 0.88


class Pavement(str, Enum):
    """What the road is made of."""

    ASPHALT = "asphalt"
    CONCRETE = "concrete"


@dataclass(frozen=True, slots=True)
class GrainStyle:
    """How strong each part of the grain is, in grey levels of a texture around 128.

    Attributes:
        grit: Sand and binder, about 2 mm.
        stones: Aggregate, about 5 mm.
        pits: Dark holes where stones have come out.
        chips: Bright bare stones.
        brushing: Transverse streaks of a brushed or grooved slab.
    """

    grit: float
    stones: float
    pits: float
    chips: float
    brushing: float


GRAIN = {
    Pavement.ASPHALT: GrainStyle(grit=8.5, stones=8.5, pits=30.0, chips=48.0, brushing=0.0),
    Pavement.CONCRETE: GrainStyle(grit=8.0, stones=6.0, pits=9.0, chips=46.0, brushing=2.6),
}

LEVEL = {Pavement.ASPHALT: (128.0, 128.0, 129.0), Pavement.CONCRETE: (128.0, 126.5, 122.0)}
"""RGB of the two pavements in diffuse daylight, as in real survey pictures (117 to 134)."""


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int], sigma_px: tuple[float, float]
) -> FloatPlane:
    """Return smoothed normal noise of about unit deviation that tiles without a seam both ways.

    Args:
        rng: Source of randomness.
        shape: Rows and columns.
        sigma_px: Smoothing along rows and columns.
    """
    noise = rng.standard_normal(shape, dtype=np.float32)
    reach = [min(int(4 * sigma) + 2, size) for sigma, size in zip(sigma_px, shape, strict=True)]
    ring = np.pad(noise, [(margin, margin) for margin in reach], mode="wrap")
    blurred = cv2.GaussianBlur(ring, (0, 0), sigmaX=sigma_px[1], sigmaY=sigma_px[0])
    inner = blurred[reach[0] : -reach[0], reach[1] : -reach[1]]
    return np.asarray(inner / inner[::7, ::7].std(), np.float32)


def grain(rng: np.random.Generator, style: GrainStyle, width_m: float, cell_m: float) -> GrayImage:
    """Return the fine grey texture of one pavement, around 128, periodic along the rows.

    Args:
        rng: Source of randomness.
        style: How strong each part is.
        width_m: Width of the road.
        cell_m: Ground size of one pixel.
    """
    columns = round(width_m / cell_m)
    shape = (round(GRAIN_PERIOD_M / cell_m), columns // GRAIN_REPEATS)

    def noise(size_m: float) -> FloatPlane:
        return smooth_noise(rng, shape, (size_m / cell_m, size_m / cell_m))

    tile = 128 + style.grit * noise(0.0013) + style.stones * noise(0.0036)
    tile -= style.pits * np.maximum(noise(0.0042) - 1.6, 0)
    tile += style.chips * np.minimum(np.maximum(noise(0.0030) - 2.75, 0) * 4.0, 1.8)
    if style.brushing:
        tile += style.brushing * smooth_noise(rng, shape, (0.004 / cell_m, 0.25 / cell_m))
    wide = np.pad(tile, ((0, 0), (0, columns - shape[1])), mode="wrap")
    return np.asarray(np.clip(wide, 0, 255), np.uint8)


def colour(
    rng: np.random.Generator, length_m: float, width_m: float, concrete_from_m: float
) -> FloatPlane:
    """Return the broad colour of the whole road, ``float32`` (rows, columns, 3), 0 to 255.

    Wheel paths are polished, the lane's middle collects oil, and everything is a little blotchy,
    more along the road than across it.

    Args:
        rng: Source of randomness.
        length_m: Length of the road.
        width_m: Width of the road, whose middle is the lane's middle.
        concrete_from_m: Where asphalt ends and concrete begins.
    """
    shape = (round(length_m / COLOUR_CELL_M), round(width_m / COLOUR_CELL_M))
    across = (np.arange(shape[1]) + 0.5) * COLOUR_CELL_M - width_m / 2
    wheels = np.exp(-(((np.abs(across) - WHEEL_PATH_M) / 0.28) ** 2))
    oil = np.exp(-((across / 0.35) ** 2))
    gain = 1 + 0.035 * wheels - 0.045 * oil + np.zeros(shape, np.float32)
    gain *= 1 + 0.02 * smooth_noise(rng, shape, (4.0, 2.5))
    gain *= 1 + 0.025 * smooth_noise(rng, shape, (24.0, 6.0))
    for _ in range(int(length_m / 6)):
        _stain(rng, gain)
    level = np.empty((*shape, 3), np.float32)
    boundary = round(concrete_from_m / COLOUR_CELL_M)
    level[:boundary] = LEVEL[Pavement.ASPHALT]
    level[boundary:] = LEVEL[Pavement.CONCRETE]
    return np.asarray(level * gain[..., None], np.float32)


def _stain(rng: np.random.Generator, gain: FloatPlane) -> None:
    """Darken one soft patch of old oil or damp."""
    rows, columns = gain.shape
    size = (float(rng.uniform(1.0, 8.0)), float(rng.uniform(1.0, 4.0)))
    at = (rng.uniform(0, rows), rng.normal(columns / 2, columns / 7))
    y = (np.arange(rows, dtype=np.float32) - at[0])[:, None] / size[0]
    x = (np.arange(columns, dtype=np.float32) - at[1])[None] / size[1]
    near = np.abs(y[:, 0]) < 4
    gain[near] *= 1 - rng.uniform(0.03, 0.14) * np.exp(-(x**2 + y[near] ** 2))
