"""A picture in memory through a model: what a Python program uses where there is no run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.errors import UsageError
from edgecrack.mask import road_share, to_mask
from edgecrack.models import open_bundle
from edgecrack.models.choice import choose
from edgecrack.records import Region
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.segmenters.picture import picture_answer

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle
    from edgecrack.records import GrayImage, RgbImage
    from edgecrack.segmenters import Segmenter


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """What the network sees in one picture, in the picture's own size.

    Attributes:
        mask: uint8 (H, W), 255 where the probability reaches the model's threshold, else 0.
        probability: uint8 (H, W), 255 is certainly crack; 0 off the road, where that is known.
        road: uint8 (H, W), 255 is certainly road; None where the model does not say.
        road_share: Which share of the picture is road, 0 to 1; None like it.
    """

    mask: GrayImage
    probability: GrayImage
    road: GrayImage | None = None
    road_share: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network, ready. Get one from ``load_model``; it may be used by many threads.

    Attributes:
        bundle: Where it is from; ``bundle.manifest`` names its data, terms and threshold.
        segmenter: What runs it.
    """

    bundle: Bundle
    segmenter: Segmenter

    def segment(self, image: RgbImage) -> Segmentation:
        """Find the cracks of one picture. It is scaled as a run does: its aspect is kept.

        Args:
            image: RGB, uint8, (H, W, 3), of any size.

        Raises:
            UsageError: ``image`` is not such a picture.
            BundleError: The network fails on it.
        """
        _check(image)
        answer = picture_answer(self.segmenter, np.ascontiguousarray(image))
        size_px = (image.shape[1], image.shape[0])
        whole = Region(0, 0, *size_px)
        mask = to_mask(answer.probability, self.segmenter.threshold, whole, size_px)
        share = road_share(answer, self.segmenter.road_threshold)
        return Segmentation(mask, answer.probability, answer.road, share)


def load_model(path: str | Path | None = None) -> Model:
    """Load a model, with the same checks as a run, and what runs it fastest on this machine.

    The first time on a machine that takes a few seconds; the choice is remembered.

    Args:
        path: Bundle directory, or the name of a model that comes with edgecrack; None is the
            default one. Their weights are for research and demonstration only.

    Raises:
        BundleError: It is damaged, no bundle, or cannot be run here.

    Example:
        >>> model = load_model()
        >>> found = model.segment(np.zeros((90, 120, 3), np.uint8))
        >>> found.mask.shape, found.mask.dtype, int(found.mask.max())
        ((90, 120), dtype('uint8'), 0)
    """
    spec = ModelSpec(bundle=None if path is None else Path(path))
    bundle = open_bundle(spec)
    chosen = choose(bundle, spec).applied_to(spec)
    return Model(bundle, load_segmenter(bundle, chosen, live=True))


def _check(image: RgbImage) -> None:
    if not isinstance(image, np.ndarray):
        raise UsageError(f"a picture must be a NumPy array, not a {type(image).__name__}.")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        actual = f"{image.dtype} {image.shape}"
        raise UsageError(f"a picture must be RGB, uint8, (height, width, 3), not {actual}.")
