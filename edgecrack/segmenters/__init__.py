"""How a picture becomes crack probability: one protocol, a leaf for each backend, a fake.

A backend's library is imported only when that backend is chosen.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edgecrack.errors import BundleError

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle, ModelEntry
    from edgecrack.records import GrayImage, RgbImage


class Segmenter(Protocol):
    """Says of each pixel how likely it is crack.

    Attributes:
        width_px: Width of the picture it wants.
        height_px: Height of the picture it wants.
        threshold: A pixel is crack when its probability is at least this, 1..255.
        backend: What runs it, for the report.
        precision: Precision as inspected, not as asked for.
    """

    width_px: int
    height_px: int
    threshold: int
    backend: str
    precision: str

    def probability(self, image: RgbImage) -> GrayImage:
        """Return 0..255, (H, W), for an RGB picture (H, W, 3). May be called by many threads.

        Raises:
            BundleError: If the picture has another size, or the network fails on it.
        """


class DarkSegmenter:
    """A segmenter without a network, for tests: dark pixels are crack."""

    backend, precision, threshold = "fake", "uint8", 128

    def __init__(self, width_px: int, height_px: int) -> None:
        self.width_px, self.height_px = width_px, height_px

    def probability(self, image: RgbImage) -> GrayImage:
        """Return 255 where the picture is darker than a quarter of full light, else 0.

        Raises:
            BundleError: If the picture has another size.
        """
        if image.shape != (self.height_px, self.width_px, 3):
            raise BundleError(
                f"a picture must be {self.height_px} x {self.width_px} x 3, not {image.shape}"
            )
        return np.where(image.max(axis=2) < 64, np.uint8(255), np.uint8(0))


def load_segmenter(
    bundle: Bundle, entry: ModelEntry | None = None, *, threads: int | None = None
) -> Segmenter:
    """Return the segmenter for one network of a bundle, the default one unless told.

    Args:
        bundle: Where it comes from.
        entry: Which network of the bundle.
        threads: Threads that work on one picture; all cores unless told. With 1, several pictures
            may be worked on at the same time, which is faster on the whole and slower for each.

    Raises:
        BundleError: If the network cannot be loaded here.
    """
    from edgecrack.segmenters.ort import OnnxRuntimeSegmenter  # noqa: PLC0415  only when chosen

    chosen = entry or bundle.model()
    cores = threads or len(os.sched_getaffinity(0))
    return OnnxRuntimeSegmenter(bundle, chosen, cores)
