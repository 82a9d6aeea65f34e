"""The fastest way to run a bundle on this machine whose masks are those of FP32.

Each candidate is proved and timed once; what was chosen is remembered under a fingerprint of all
that the choice depends on, so that a unit does not choose at every start.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgecrack.device import describe_device, processor_flags
from edgecrack.errors import BundleError, EdgecrackError, NotHealthyError, SinkError
from edgecrack.models.selftest import NetworkResult, asked_variants, prove
from edgecrack.models.variants import Variant
from edgecrack.segmenters.backends import leaf, prepare
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry
    from edgecrack.segmenters import ModelSpec

    OnProgress = Callable[[str, int, int | None], None]

LEAST_MASK_IOU = 0.98
"""How well masks must agree with FP32's: on the golden frames here and, if the bundle states it, on
the validation pictures that it was exported with."""

_FOR_PROOF_ONLY = frozenset({Variant("onnxruntime", "fp16")})
"""Right but never faster: on a processor ONNX Runtime computes FP16 layers in FP32, with a Cast
before and after each. The self-test proves the file this way; nobody need wait for its time."""

_RULES = 2  # a new rule forgets old choices


@dataclass(frozen=True, slots=True)
class Choice:
    """What runs a bundle, and why.

    Attributes:
        backend: What runs the network.
        precision: What it computes in.
        why: One sentence for people.
    """

    backend: str
    precision: str
    why: str

    def applied_to(self, spec: ModelSpec) -> ModelSpec:
        """Return a spec that asks for it."""
        return replace(spec, backend=self.backend, precision=self.precision)


def cache_folder() -> Path:
    """Return where choices are remembered: ``$XDG_CACHE_HOME`` or ``~/.cache``, ``edgecrack``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edgecrack" / "backends"


def choose(
    bundle: Bundle,
    spec: ModelSpec,
    on_progress: OnProgress = lambda _what, _done, _total: None,
) -> Choice:
    """Return how a bundle is to be run where ``spec`` leaves it open; what that needs is made.

    Args:
        bundle: What is to be run.
        spec: What was asked for, with the input size that is wanted; None is the default one.
        on_progress: Told what is counted (backends tried, percent of an engine), how many are
            done, and of how many.

    Raises:
        BundleError: Nothing here runs what was asked for.
        NotHealthyError: No candidate gives the answers that the bundle promises.
        SinkError: What the only candidate needs cannot be kept.
    """
    asked = asked_variants(bundle, spec)
    candidates = [variant for variant in asked if variant not in _FOR_PROOF_ONLY] or asked
    if len(candidates) == 1:
        only = candidates[0]
        why = "nothing else was asked for or can run here"
        choice = Choice(only.backend, only.precision, why)
        _make_ready(bundle, spec, choice, on_progress)
        return choice
    path = cache_folder() / f"{_fingerprint(bundle, spec, candidates)}.json"
    if (remembered := _read(path, candidates)) is not None:
        with suppress(SinkError):  # its engine is gone, and a new one cannot be kept
            _make_ready(bundle, spec, remembered, on_progress)
            return remembered
    choice, is_lasting = _tried(bundle, spec, candidates, on_progress)
    if is_lasting:
        _remember(path, choice)
    return choice


def _tried(
    bundle: Bundle, spec: ModelSpec, candidates: Sequence[Variant], on_progress: OnProgress
) -> tuple[Choice, bool]:
    """Prove and time every candidate; return the best, and whether that is worth remembering."""
    results: list[tuple[Variant, NetworkResult]] = []
    refusals: list[EdgecrackError] = []
    for done, variant in enumerate(candidates):
        on_progress("backends tried", done, len(candidates))
        network = bundle.model(variant.precision, spec.size_px)
        try:
            results.append((variant, prove(bundle, network, variant, on_progress=on_progress)))
        except (BundleError, NotHealthyError, SinkError) as error:
            refusals.append(error)
            results.append((variant, _failed(network, variant, error)))
    on_progress("backends tried", len(candidates), len(candidates))
    if len(refusals) == len(candidates):
        raise refusals[0]  # nothing here can even load it
    stated = {each.precision: bundle.manifest.agreement(each.precision) for each in candidates}
    return fastest(results, stated), not any(isinstance(each, SinkError) for each in refusals)


def _make_ready(bundle: Bundle, spec: ModelSpec, choice: Choice, on_progress: OnProgress) -> None:
    """Make what the choice needs to be loaded, if it is not there, and prove it before any use."""
    network = bundle.model(choice.precision, spec.size_px)
    if not prepare(choice.backend, bundle, network, on_progress):
        return
    prove(bundle, network, Variant(choice.backend, choice.precision)).require()


def _failed(network: ModelEntry, variant: Variant, error: EdgecrackError) -> NetworkResult:
    """Return the result of a candidate that could not be proved."""
    return NetworkResult(
        file=network.file,
        backend=variant.backend,
        precision=variant.precision,
        width_px=network.width_px,
        height_px=network.height_px,
        golden=(),
        latency_ms=0.0,
        reason=str(error).rstrip("."),
    )


def fastest(
    results: Sequence[tuple[Variant, NetworkResult]],
    stated: Mapping[str, float | None] = MappingProxyType({}),
) -> Choice:
    """Return the fastest candidate that passed and whose masks agree with FP32.

    Args:
        results: What the self-test says of each candidate.
        stated: Precision -> how well its masks agree by the bundle's own account.

    Raises:
        NotHealthyError: None did.
    """
    verdicts = {
        variant: _verdict(result, stated.get(variant.precision)) for variant, result in results
    }
    times_ms = {variant: result.latency_ms for variant, result in results}
    agreeing = [variant for variant, verdict in verdicts.items() if verdict.is_good]
    if not agreeing:
        reasons = "; ".join(f"{variant} {verdict.text}" for variant, verdict in verdicts.items())
        raise NotHealthyError(
            f"a backend must give masks that agree with FP32 on this machine, but {reasons}; name "
            "one with --backend and --precision, or use another bundle."
        )
    chosen = min(agreeing, key=lambda variant: times_ms[variant])
    others = [f"{variant} {verdicts[variant].text}" for variant in verdicts if variant != chosen]
    why = f"{times_ms[chosen]:.1f} ms, the fastest whose masks agree with FP32"
    return Choice(chosen.backend, chosen.precision, "; ".join([why, ", ".join(others)]))


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether a candidate may be chosen, and what people are told of it."""

    is_good: bool
    text: str


def _verdict(result: NetworkResult, stated: float | None) -> _Verdict:
    if not result.passed:
        return _Verdict(is_good=False, text=result.reason)
    iou = result.mask_iou if stated is None else min(result.mask_iou, stated)
    if iou < LEAST_MASK_IOU:
        text = f"{result.latency_ms:.1f} ms, but mask IoU {iou:.3f}"
        return _Verdict(is_good=False, text=text)
    return _Verdict(is_good=True, text=f"{result.latency_ms:.1f} ms")


def _fingerprint(bundle: Bundle, spec: ModelSpec, candidates: Sequence[Variant]) -> str:
    """Return a digest of everything that the choice depends on."""
    facts = {
        "rules": _RULES,
        "bundle": bundle.sha256,
        "size": spec.size_px,
        "candidates": [str(variant) for variant in candidates],
        "versions": {each.backend: leaf(each.backend).version() for each in candidates},
        "device": asdict(describe_device()),
        "processor": processor_flags(),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _read(path: Path, candidates: Sequence[Variant]) -> Choice | None:
    """Return what is remembered; whatever is not exactly that is as good as nothing."""
    try:
        choice = Choice(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    is_whole = isinstance(choice.why, str)
    return choice if is_whole and Variant(choice.backend, choice.precision) in candidates else None


def _remember(path: Path, choice: Choice) -> None:
    text = json.dumps(asdict(choice)) + "\n"
    with suppress(SinkError, OSError):  # a unit whose home is read-only chooses at each start
        disk = LocalDisk()
        try:
            make_folders(disk, path.parent)
            replace_file(disk, path, text.encode())
        finally:
            disk.close()
