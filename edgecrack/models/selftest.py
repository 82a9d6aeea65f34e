"""The one proof that a bundle works here: its golden frames give the answers it promises.

Every network of the bundle is proved, each of its answers, with every backend that would run it.
Export, the operator, and a unit before it uses a new model all ask this. IoU of two empty masks
is 1.
"""

from __future__ import annotations

import resource
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edgecrack.errors import BundleError, NotHealthyError
from edgecrack.models.golden_result import GoldenResult, compare, pooled_iou
from edgecrack.models.variants import Variant, unavailable, variants
from edgecrack.segmenters import AUTO, ModelSpec, load_segmenter
from edgecrack.segmenters.backends import accept, leaf, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry
    from edgecrack.segmenters import Segmenter

    OnProgress = Callable[[str, int, int | None], None]

REPEATS = 5
DEADLINE_S = 120.0
"""How long one network may take for all its golden frames, or to have its time taken."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class NetworkResult:
    """What the self-test of one network with one backend came to.

    Attributes:
        file: The network file.
        backend: What ran it.
        precision: Its precision as inspected.
        width_px: Width of its input.
        height_px: Height of its input.
        golden: One result for each answer to each golden frame of its size.
        latency_ms: Median time of one inference, all cores on one frame.
        reason: Why it failed; empty when it passed.
    """

    file: str
    backend: str
    precision: str
    width_px: int
    height_px: int
    golden: tuple[GoldenResult, ...]
    latency_ms: float
    reason: str

    @property
    def passed(self) -> bool:
        """Whether it is the network that the bundle promises."""
        return not self.reason

    @property
    def mask_iou(self) -> float:
        """IoU of its crack masks on all golden frames together with those of FP32, 0 to 1."""
        return pooled_iou(golden for golden in self.golden if golden.answer == "probability")

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.file} at {self.width_px}x{self.height_px} with {self.backend}"

    def require(self) -> None:
        """Refuse a network that has failed.

        Raises:
            NotHealthyError: It has; the message has the reason.
        """
        if not self.passed:
            raise NotHealthyError(
                f"{self.name} must give the answers that its bundle promises, but {self.reason}; "
                "use another bundle, --precision or --backend."
            )


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the self-test of a bundle came to.

    Attributes:
        name: The model's name.
        release: Its version.
        sha256: The bundle's identity.
        networks: One result for each network of the bundle and each backend that runs it.
        not_run: What this machine cannot run of it -> why.
        peak_memory_bytes: Largest resident size of the process so far.
    """

    name: str
    release: str
    sha256: str
    networks: tuple[NetworkResult, ...]
    not_run: dict[str, str]
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
        reasons = "; ".join(f"{net.name} {net.reason}" for net in self.networks if net.reason)
        if reasons:
            raise NotHealthyError(
                f"bundle {self.name} {self.release} must give the answers it promises on this "
                f"device, but {reasons}; use another bundle, --precision or --backend."
            )

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "passed": self.passed}


def _unheard(_what: str, _done: int, _total: int | None) -> None:
    """Show no progress."""


def selftest(
    bundle: Bundle,
    spec: ModelSpec | None = None,
    *,
    deadline_s: float = DEADLINE_S,
    on_progress: OnProgress = _unheard,
) -> SelfTest:
    """Run every network of a bundle on the golden frames of its size, with every backend here.

    Args:
        bundle: What to prove; ``spec.bundle`` is not looked at.
        spec: Which backend, precision and size; the default is all of them.
        deadline_s: How long one network may take, once what it needs has been built.
        on_progress: Told of what has to be built first, and how much of it is done.

    Raises:
        NotHealthyError: A network takes longer.
        BundleError: A network or a golden frame cannot be read, or ``spec`` asks for what the
            bundle does not hold or what cannot run here.
    """
    spec, manifest = spec or ModelSpec(), bundle.manifest
    results = tuple(
        prove(bundle, network, variant, deadline_s=deadline_s, on_progress=on_progress)
        for variant in asked_variants(bundle, spec)
        for network in bundle.networks(variant.precision, spec.size_px)
    )
    return SelfTest(
        name=manifest.name,
        release=manifest.release,
        sha256=bundle.sha256,
        networks=results,
        not_run=unavailable(bundle),
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def asked_variants(bundle: Bundle, spec: ModelSpec) -> Sequence[Variant]:
    """Return the variants that ``spec`` allows, and that can run here; at least one.

    Raises:
        BundleError: There is none.
    """
    if AUTO not in {spec.backend, spec.precision}:
        return [Variant(spec.backend, spec.precision)]  # whoever loads it says why it cannot be
    found = [
        variant
        for variant in variants(bundle)
        if spec.backend in {AUTO, variant.backend} and spec.precision in {AUTO, variant.precision}
    ]
    if found:
        return found
    if spec.backend != AUTO:
        leaf(spec.backend)  # says how it is installed
    if spec.precision not in {AUTO, *bundle.manifest.precisions}:
        bundle.networks(spec.precision)  # says what it holds
    here = ", ".join(map(str, variants(bundle)))
    raise BundleError(
        f"bundle {bundle.path} must run with {spec.backend} in {spec.precision} here, but runs "
        f"with {here}; use one of these."
    )


def prove(
    bundle: Bundle,
    network: ModelEntry,
    variant: Variant,
    *,
    deadline_s: float = DEADLINE_S,
    on_progress: OnProgress = _unheard,
) -> NetworkResult:
    """Run one network on the golden frames of its size with one backend.

    What that needs and takes minutes, a TensorRT engine, is built first.

    Args:
        bundle: Where the network is from.
        network: Which network.
        variant: What runs it.
        deadline_s: How long it may take.
        on_progress: Told what has to be built first, and how much of it is done.

    Raises:
        NotHealthyError: It takes longer.
        BundleError: It cannot be loaded here, or a golden frame cannot be read.
    """
    prepare(variant.backend, bundle, network, on_progress)
    spec = ModelSpec(backend=variant.backend, precision=network.precision, size_px=network.size_px)
    with closing(load_segmenter(bundle, spec, live=True)) as segmenter:
        result = prove_loaded(bundle, network, variant.backend, segmenter, deadline_s=deadline_s)
    if result.passed:
        accept(variant.backend, bundle, network)
    return result


def prove_loaded(
    bundle: Bundle,
    network: ModelEntry,
    backend: str,
    segmenter: Segmenter,
    *,
    deadline_s: float = DEADLINE_S,
) -> NetworkResult:
    """Run a network that is loaded on the golden frames of its size.

    Args:
        bundle: Where the network is from.
        network: Which network.
        backend: What runs it.
        segmenter: What it was loaded into.
        deadline_s: How long it may take.

    Raises:
        NotHealthyError: It takes longer.
        BundleError: A golden frame cannot be read.
    """
    golden = _within(
        deadline_s,
        network,
        lambda: tuple(
            result
            for entry in bundle.manifest.golden_of(network.size_px)
            for result in compare(bundle, network, entry, segmenter)
        ),
    )
    latency_ms = _within(deadline_s, network, lambda: _latency_ms(segmenter))
    return NetworkResult(
        file=network.file,
        backend=backend,
        precision=segmenter.precision,
        width_px=network.width_px,
        height_px=network.height_px,
        golden=golden,
        latency_ms=latency_ms,
        reason=_reason(network, segmenter.precision, golden),
    )


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
    if precision != network.precision.removesuffix("-trt"):
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
        f"{result.kind} in {result.answer} by {result.worst_levels}/255"
        for result in golden
        if not result.passed
    ]
    for answer in sorted(answers):
        iou = pooled_iou(result for result in golden if result.answer == answer)
        if iou < network.min_mask_iou:
            differing.append(f"masks of {answer} by an IoU of {iou:.4f}")
    return f"differs on golden frames: {', '.join(differing)}" if differing else ""


def _latency_ms(segmenter: Segmenter) -> float:
    frame = np.full((segmenter.height_px, segmenter.width_px, 3), 128, np.uint8)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        segmenter.answer(frame)
        times.append(1e3 * (time.perf_counter() - began))
    return round(statistics.median(times), 3)
