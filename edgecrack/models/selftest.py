"""The one proof that a bundle works here: its golden frames give the answers it promises.

Every network of the bundle is proved, each of its answers, with what would run it. Export, the
operator, and a unit before it uses a new model all ask this. IoU of two empty masks is 1.
"""

from __future__ import annotations

import resource
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edgecrack.errors import BundleError, NotHealthyError
from edgecrack.metrics import mask_iou
from edgecrack.models.golden_files import decode_picture, decode_plane
from edgecrack.segmenters import ModelSpec, load_segmenter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import GoldenEntry, ModelEntry
    from edgecrack.records import GrayImage
    from edgecrack.segmenters import Segmenter

REPEATS = 5
DEADLINE_S = 120.0
"""How long one network may take for all its golden frames, or to have its time taken."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How one answer to one golden frame came out.

    Attributes:
        kind: ``crack``, ``clean`` or ``dark``.
        answer: Output of the network: ``probability`` or ``road``.
        worst_levels: Largest difference from what is expected, in 1/255.
        mask_iou: IoU with the expected mask.
        passed: Whether both are within the manifest's tolerances.
        refuses_zeros: Whether a network that answers 0 everywhere would not pass.
    """

    kind: str
    answer: str
    worst_levels: int
    mask_iou: float
    passed: bool
    refuses_zeros: bool


@dataclass(frozen=True, slots=True)
class NetworkResult:
    """What the self-test of one network came to.

    Attributes:
        file: The network file.
        precision: Precision of its weights as inspected.
        golden: One result for each answer to each golden frame of its size.
        reason: Why it failed; empty when it passed.
    """

    file: str
    precision: str
    golden: tuple[GoldenResult, ...]
    reason: str

    @property
    def passed(self) -> bool:
        """Whether it is the network that the bundle promises."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the self-test of a bundle came to.

    Attributes:
        name: The model's name.
        release: Its version.
        sha256: The bundle's identity.
        backend: What ran it.
        networks: One result for each network of the bundle.
        default: File of the network that ``edgecrack run`` uses with the same choice.
        latency_ms: Median time of one inference of that network, all cores on one frame.
        peak_memory_bytes: Largest resident size of the process so far.
    """

    name: str
    release: str
    sha256: str
    backend: str
    networks: tuple[NetworkResult, ...]
    default: str
    latency_ms: float
    peak_memory_bytes: int

    @property
    def passed(self) -> bool:
        """Whether every network is what the bundle promises."""
        return all(network.passed for network in self.networks)

    def require(self) -> None:
        """Refuse a bundle that has failed.

        Raises:
            NotHealthyError: A network has failed; the message names each, with the reason.
        """
        reasons = "; ".join(f"{net.file} {net.reason}" for net in self.networks if net.reason)
        if reasons:
            raise NotHealthyError(
                f"bundle {self.name} {self.release} must give the answers it promises on this "
                f"device, but {reasons}; use another bundle."
            )

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "passed": self.passed}


def selftest(
    bundle: Bundle, spec: ModelSpec | None = None, *, deadline_s: float = DEADLINE_S
) -> SelfTest:
    """Run every network of a bundle on the golden frames of its size.

    Args:
        bundle: What to prove; ``spec.bundle`` is not looked at.
        spec: What runs it, and which network's latency is taken; the default is what
            ``edgecrack run`` uses.
        deadline_s: How long one network may take.

    Raises:
        NotHealthyError: A network takes longer.
        BundleError: A network or a golden frame cannot be read, or ``spec`` asks for a network
            that the bundle does not hold.
    """
    spec = spec or ModelSpec()
    manifest, default = bundle.manifest, bundle.model(spec.precision, spec.size_px)
    with closing(load_segmenter(bundle, spec, live=True)) as segmenter:
        backend = segmenter.backend
        latency_ms = _within(deadline_s, default, lambda: _latency_ms(segmenter))
    return SelfTest(
        name=manifest.name,
        release=manifest.release,
        sha256=bundle.sha256,
        backend=backend,
        networks=tuple(_network(bundle, network, spec, deadline_s) for network in manifest.models),
        default=default.file,
        latency_ms=latency_ms,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _network(
    bundle: Bundle, network: ModelEntry, spec: ModelSpec, deadline_s: float
) -> NetworkResult:
    wanted = replace(spec, precision=network.precision, size_px=network.size_px)
    with closing(load_segmenter(bundle, wanted, live=True)) as segmenter:
        entries = bundle.manifest.golden_of(network)
        golden = _within(
            deadline_s,
            network,
            lambda: tuple(
                result
                for entry in entries
                for result in _compare(bundle, network, entry, segmenter)
            ),
        )
        reason = _reason(network, segmenter.precision, golden)
        return NetworkResult(network.file, segmenter.precision, golden, reason)


def _within(deadline_s: float, network: ModelEntry, work: Callable[[], _Answer]) -> _Answer:
    """Return what work on a network returns; whoever closes the segmenter then ends late work."""
    pool = ThreadPoolExecutor(1)
    answer = pool.submit(work)
    pool.shutdown(wait=False)
    try:
        return answer.result(deadline_s)
    except FutureTimeoutError as error:
        raise NotHealthyError(
            f"{network.file} must answer on this device, but has not within {deadline_s:g} s; use "
            "another bundle, or a longer --deadline."
        ) from error


def _reason(network: ModelEntry, precision: str, golden: tuple[GoldenResult, ...]) -> str:
    """Return why a network has failed, or nothing."""
    if precision != network.precision:
        return f"holds {precision} weights where {network.precision} is promised"
    answers = {result.answer for result in golden} or {"probability"}
    proved = {result.answer for result in golden if result.refuses_zeros}
    if unproved := sorted(answers - proved):
        size = f"{network.width_px}x{network.height_px}"
        return (
            f"has no golden frame at {size} that a network with {unproved[0]} 0 everywhere would "
            "fail"
        )
    differing = [
        f"{result.kind} in {result.answer} by {result.worst_levels}/255 with mask IoU "
        f"{result.mask_iou}"
        for result in golden
        if not result.passed
    ]
    return f"differs on golden frame {', '.join(differing)}" if differing else ""


def _compare(
    bundle: Bundle, network: ModelEntry, golden: GoldenEntry, segmenter: Segmenter
) -> Iterator[GoldenResult]:
    """Compare each answer to a golden frame with what is expected."""
    frame = decode_picture(bundle.read(golden.frame), golden.frame)
    answers = segmenter.answer(frame).planes
    for output, threshold in bundle.manifest.thresholds.items():
        file = golden.answers[output]
        expected = decode_plane(bundle.read(file), file)
        if expected.shape != answers[output].shape:
            raise BundleError(f"{file} must be as large as the answer, {answers[output].shape}.")
        worst, iou, passed = _difference(answers[output], expected, threshold, network)
        *_, would_pass = _difference(np.zeros_like(expected), expected, threshold, network)
        yield GoldenResult(golden.kind, output, worst, round(iou, 6), passed, not would_pass)


def _difference(
    answer: GrayImage, expected: GrayImage, threshold: int, network: ModelEntry
) -> tuple[int, float, bool]:
    """Return the largest difference in 1/255, the masks' IoU, and whether both are tolerable."""
    worst = int(np.abs(answer.astype(np.int16) - expected).max())
    iou = mask_iou(answer >= threshold, expected >= threshold)
    return worst, iou, worst <= network.max_levels and iou >= network.min_mask_iou


def _latency_ms(segmenter: Segmenter) -> float:
    frame = np.full((segmenter.height_px, segmenter.width_px, 3), 128, np.uint8)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        segmenter.answer(frame)
        times.append(1e3 * (time.perf_counter() - began))
    return round(statistics.median(times), 3)
