"""The shape of cracks: rough lines that branch, widen in places and are closed in others.

Paths come from midpoint displacement (Fournier, Fussell and Carpenter 1982), whose roughness looks
the same at every scale as a crack's does. Coordinates are metres on the ground: first along the
road, then across it from the lane's middle, positive to the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgecrack.records import GrayImage

Metres = NDArray[np.float64]

STEP_M = 0.008
VISIBLE_M = 0.0015
WIDEST_M = 0.03
_SUBPIXEL_BITS = 5


@dataclass(frozen=True, slots=True)
class Crack:
    """One line without branches.

    Attributes:
        path_m: (N, 2) points along and across the road.
        left_m: (N,) opening to the left of the path; 0 where the crack is closed.
        right_m: (N,) opening to the right.
    """

    path_m: Metres
    left_m: Metres
    right_m: Metres

    def __post_init__(self) -> None:
        """Refuse openings whose number differs from the number of points."""
        if not len(self.path_m) == len(self.left_m) == len(self.right_m):
            raise ValueError("a crack needs one opening on each side of every point")

    @property
    def width_m(self) -> Metres:
        """(N,) opening at each point."""
        return self.left_m + self.right_m

    @property
    def span_m(self) -> tuple[float, float]:
        """Where along the road it begins and ends."""
        return float(self.path_m[:, 0].min()), float(self.path_m[:, 0].max())


def fractal_path(
    rng: np.random.Generator, start_m: Metres, end_m: Metres, roughness: float
) -> Metres:
    """Return a rough path between two points, (N, 2), about ``STEP_M`` apart.

    Args:
        rng: Source of randomness.
        start_m: First point.
        end_m: Last point.
        roughness: Sideways displacement of the middle, as a share of the length.
    """
    length = float(np.hypot(*(end_m - start_m)))
    path = np.stack((start_m, end_m))
    sway = roughness * length
    while length / (len(path) - 1) > STEP_M:
        forward = np.diff(path, axis=0)
        normal = np.stack((-forward[:, 1], forward[:, 0]), axis=1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        middle = (path[:-1] + path[1:]) / 2 + normal * rng.normal(0, sway, (len(forward), 1))
        merged = np.empty((2 * len(path) - 1, 2))
        merged[::2], merged[1::2] = path, middle
        path, sway = merged, sway * 0.6
    return path


def opened(rng: np.random.Generator, path_m: Metres, width_m: float, closed_share: float) -> Crack:
    """Open a path to a crack; each side widens and narrows independently.

    Args:
        rng: Source of randomness.
        path_m: (N, 2) the line it follows.
        width_m: Typical opening.
        closed_share: Share of the length, 0 to 1, over which the crack is closed and invisible.
    """
    count = len(path_m)
    slow, quick = _wander(rng, count, 40.0), _wander(rng, count, 6.0)
    taper = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.2 * count + 1))
    opening = width_m * np.exp(0.35 * slow + 0.4 * quick) * taper**0.5
    opening *= 1 + 1.6 * np.maximum(_wander(rng, count, 4.0) - 1.4, 0)  # where the edge has spalled
    gate = _wander(rng, count, 25.0) + 0.4 * quick
    shut = np.quantile(gate, closed_share) if closed_share > 0 else -np.inf
    opening *= np.clip((gate - shut) / 0.25, 0, 1)
    opening = np.minimum(opening, WIDEST_M)
    opening[opening < VISIBLE_M] = 0
    lean = np.clip(0.5 + 0.22 * _wander(rng, count, 3.0), 0.1, 0.9)
    return Crack(path_m, opening * lean, opening * (1 - lean))


def grow(
    rng: np.random.Generator, start_m: Metres, end_m: Metres, width_m: float
) -> Iterator[Crack]:
    """Yield one crack between two points, then its branches."""
    trunk = fractal_path(rng, start_m, end_m, roughness=float(rng.uniform(0.025, 0.055)))
    yield opened(rng, trunk, width_m, closed_share=float(rng.uniform(0.05, 0.3)))
    along = trunk[-1] - trunk[0]
    for _ in range(int(rng.poisson(np.hypot(*along) * 0.8))):
        root = trunk[rng.integers(len(trunk) // 10, len(trunk))]
        turn = np.radians(rng.choice((-1, 1)) * rng.uniform(20, 65))
        spin = np.array(((np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))))
        reach = spin @ along / np.hypot(*along) * rng.uniform(0.12, 0.6)
        branch = fractal_path(rng, root, root + reach, roughness=0.07)
        yield opened(rng, branch, 0.6 * width_m, closed_share=0.15)


def alligator(rng: np.random.Generator, centre_m: Metres, size_m: Metres) -> Iterator[Crack]:
    """Yield the edges of the small irregular blocks of fatigue cracking in a wheel path."""
    cell_m = rng.uniform(0.16, 0.26)
    rows, columns = np.maximum(2, (size_m / cell_m).astype(int))
    jitter = rng.uniform(-0.33, 0.33, (rows, columns, 2))
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=2)
    nodes = (grid + jitter - (np.array((rows, columns)) - 1) / 2) * cell_m + centre_m
    for row in range(rows):
        for column in range(columns):
            for other in ((row + 1, column), (row, column + 1)):
                # Leaving out every second edge staggers the blocks like bricks.
                staggered = other[0] > row and (row + column) % 2 == 1
                if other[0] >= rows or other[1] >= columns or staggered or rng.random() < 0.12:
                    continue
                edge = fractal_path(rng, nodes[row, column], nodes[other], roughness=0.08)
                yield opened(rng, edge, rng.uniform(0.003, 0.007), closed_share=0.1)


def draw(crack: Crack, coverage: GrayImage, corner_m: tuple[float, float], cell_m: float) -> None:
    """Raise ``coverage`` to 255 where the crack is open, with soft one-pixel edges.

    Args:
        crack: What to draw.
        coverage: (H, W) changed in place.
        corner_m: Position of the first pixel on the ground, along and across.
        cell_m: Ground size of one pixel.
    """
    forward = np.gradient(crack.path_m, axis=0)
    normal = np.stack((-forward[:, 1], forward[:, 0]), axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    scale = (1 << _SUBPIXEL_BITS) / cell_m
    left = (crack.path_m + normal * crack.left_m[:, None] - corner_m) * scale
    right = (crack.path_m - normal * crack.right_m[:, None] - corner_m) * scale
    quads = np.stack((left[:-1], left[1:], right[1:], right[:-1]), axis=1)
    height = coverage.shape[0] << _SUBPIXEL_BITS
    inside = (quads[..., 0].max(axis=1) > 0) & (quads[..., 0].min(axis=1) < height)
    is_open = (crack.width_m[:-1] > 0) & (crack.width_m[1:] > 0)
    for quad in np.rint(quads[inside & is_open][..., ::-1]).astype(np.int32):
        cv2.fillConvexPoly(coverage, quad, 255, cv2.LINE_AA, _SUBPIXEL_BITS)


def _wander(rng: np.random.Generator, count: int, sigma: float) -> Metres:
    """Return smooth noise of unit deviation along a line of ``count`` points."""
    reach = int(3 * sigma) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    raw = np.convolve(rng.standard_normal(count + 2 * reach), kernel, mode="valid")
    return np.asarray(raw / np.sqrt((kernel**2).sum()), np.float64)
