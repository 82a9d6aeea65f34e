"""The one proof that a bundle works here: its golden frames give the answers it promises.

Export, the operator, a unit before it trusts a new model: all ask this, and none believes anything
else. IoU of two empty masks is 1.
"""

from __future__ import annotations

import resource
import statistics
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edgecrack.errors import BundleError
from edgecrack.metrics import mask_iou
from edgecrack.segmenters import load_segmenter

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle, GoldenEntry, ModelEntry
    from edgecrack.records import GrayImage, RgbImage
    from edgecrack.segmenters import Segmenter

REPEATS = 5


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How one golden frame came out.

    Attributes:
        kind: ``crack``, ``clean`` or ``dark``.
        network: The network file.
        worst_levels: Largest difference from the expected probability, in 1/255.
        mask_iou: IoU with the expected mask.
        passed: Whether both are within the manifest's tolerances.
    """

    kind: str
    network: str
    worst_levels: int
    mask_iou: float
    passed: bool


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the self-test of a bundle found.

    Attributes:
        name: The model's name.
        release: Its version.
        sha256: The bundle's identity.
        backend: What ran it.
        results: One for each golden frame and network.
        latency_ms: Median time of one inference of the default network.
        peak_memory_bytes: Largest resident size of the process so far.
    """

    name: str
    release: str
    sha256: str
    backend: str
    results: tuple[GoldenResult, ...]
    latency_ms: float
    peak_memory_bytes: int

    @property
    def passed(self) -> bool:
        """Whether every golden frame came out as promised."""
        return bool(self.results) and all(each.passed for each in self.results)

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "passed": self.passed}


def selftest(bundle: Bundle) -> SelfTest:
    """Run every golden frame through every network it belongs to.

    Raises:
        BundleError: If a network or a golden frame cannot be read.
    """
    manifest = bundle.manifest
    results: list[GoldenResult] = []
    latency_ms, backend = 0.0, ""
    for entry in manifest.models:
        segmenter = load_segmenter(bundle, entry)
        golden = [each for each in manifest.golden if each.model == entry.file]
        results += [_compare(bundle, entry, each, segmenter) for each in golden]
        if not backend:
            backend = segmenter.backend
            latency_ms = _latency_ms(segmenter)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    name, release = manifest.name, manifest.release
    found = tuple(results)
    return SelfTest(name, release, bundle.sha256, backend, found, latency_ms, peak)


def _compare(
    bundle: Bundle, entry: ModelEntry, golden: GoldenEntry, segmenter: Segmenter
) -> GoldenResult:
    frame = decode_picture(bundle.read(golden.frame), golden.frame)
    expected = decode_plane(bundle.read(golden.probability), golden.probability)
    answer = segmenter.probability(frame)
    if answer.shape != expected.shape:
        raise BundleError(f"{golden.probability} must be as large as the answer, {answer.shape}.")
    worst = int(np.abs(answer.astype(np.int16) - expected).max())
    iou = mask_iou(answer >= segmenter.threshold, expected >= segmenter.threshold)
    passed = worst <= entry.max_levels and iou >= entry.min_mask_iou
    return GoldenResult(golden.kind, entry.file, worst, round(iou, 6), passed)


def _latency_ms(segmenter: Segmenter) -> float:
    frame = np.full((segmenter.height_px, segmenter.width_px, 3), 128, np.uint8)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        segmenter.probability(frame)
        times.append(1e3 * (time.perf_counter() - began))
    return round(statistics.median(times), 3)


def decode_picture(data: bytes, name: str) -> RgbImage:
    """Return the RGB picture in the bytes of a lossless picture file.

    Raises:
        BundleError: If they hold none.
    """
    bgr = _decode(data, name, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def decode_plane(data: bytes, name: str) -> GrayImage:
    """Return the grey plane in PNG bytes.

    Raises:
        BundleError: If they hold none.
    """
    return _decode(data, name, cv2.IMREAD_GRAYSCALE)


def _decode(data: bytes, name: str, flags: int) -> GrayImage:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:  # of a picture that claims to be immense
        image = None
    if image is None:
        raise BundleError(f"{name} must be a picture and is none; export the bundle again.")
    return np.asarray(image, np.uint8)
