"""From a network of a bundle to an engine in the store: found there, refitted, or built.

What was built is inspected before it is kept: an engine that computes in another precision than was
asked for is an error. A build that is interrupted keeps what it has timed, and the next one goes on
from there; what is done by then is kept as an engine.
"""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from queue import SimpleQueue
from typing import TYPE_CHECKING

from edgecrack import __version__
from edgecrack.engines.builder import Build, BuildOrder, build
from edgecrack.engines.execution import LoadedEngine
from edgecrack.engines.fingerprint import Fingerprint
from edgecrack.engines.gpu import first_gpu
from edgecrack.engines.inspection import convolution_precisions, require_precision
from edgecrack.engines.options import BuildOptions
from edgecrack.engines.refitting import can_refit, refit
from edgecrack.engines.sidecar import Sidecar
from edgecrack.engines.store import MOST_BYTES, EngineStore
from edgecrack.engines.target import current_target
from edgecrack.errors import EngineError
from edgecrack.onnxfile import architecture_sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry

    OnProgress = Callable[[str, int, int | None], None]

_KERNELS_BYTES = 16_000_000
"""What an engine and its timings may take beside the weights, which kernels may hold rearranged."""


def wanted_fingerprint(
    bundle: Bundle, entry: ModelEntry, options: BuildOptions | None = None
) -> Fingerprint:
    """Return the fingerprint of the engine that a network needs on this machine.

    Raises:
        EngineError: There is no GPU.
    """
    return Fingerprint(
        onnx_sha256=bundle.manifest.files[entry.file].sha256,
        precision=entry.precision,
        width_px=entry.width_px,
        height_px=entry.height_px,
        target=current_target(),
        flags=() if options is None else options.flags,
    )


def ensure_engine(
    bundle: Bundle,
    entry: ModelEntry,
    on_progress: OnProgress,
    store: EngineStore | None = None,
) -> bool:
    """Build the engine of a network if no whole one fits; return whether it is to be proved.

    Args:
        bundle: Where the network is from.
        entry: Which network.
        on_progress: Told what is going on, how much is done, and of how much.
        store: Where engines are kept; None is the usual place.

    Raises:
        EngineError: It cannot be built here, or is not what was asked for.
        SinkError: It cannot be kept.
    """
    store = store or EngineStore()
    wanted = wanted_fingerprint(bundle, entry)
    while (fitting := store.fitting(wanted)) is not None:
        if _is_whole(store, fitting):
            return not store.is_proved(fitting)
        on_progress(f"engine {fitting.key} is damaged and is removed", 0, None)
        store.discard(fitting)
    make_engine(bundle, entry, on_progress, store=store)
    return True


def _is_whole(store: EngineStore, sidecar: Sidecar) -> bool:
    try:
        store.plan(sidecar)
    except EngineError:
        return False
    return True


def accept_engine(bundle: Bundle, entry: ModelEntry, store: EngineStore | None = None) -> None:
    """Remember that the engine of a network has answered as its bundle promises."""
    store = store or EngineStore()
    fitting = store.fitting(wanted_fingerprint(bundle, entry))
    if fitting is not None:
        store.mark_proved(fitting)


def make_engine(
    bundle: Bundle,
    entry: ModelEntry,
    on_progress: OnProgress,
    options: BuildOptions | None = None,
    *,
    again: bool = False,
    store: EngineStore | None = None,
) -> tuple[Sidecar, bool]:
    """Return the engine of a network that is built in a certain way, and whether it is new.

    Args:
        bundle: Where the network is from.
        entry: Which network.
        on_progress: Told what is going on, how much is done, and of how much.
        options: How to build it.
        again: Build it even if it is there.
        store: Where engines are kept; None is the usual place.

    Raises:
        EngineError: It cannot be built here, or is not what was asked for.
        SinkError: It cannot be kept.
        KeyboardInterrupt: It was interrupted; what was timed is kept, or the engine if it is done.
    """
    store, options = store or EngineStore(), options or BuildOptions()
    work = _Work(bundle, entry, options, store, wanted_fingerprint(bundle, entry, options))
    waiting = "another build of an engine is at work; this one waits"
    with store.locked(lambda: on_progress(waiting, 0, None)):
        there = [each for each in store.engines() if each.fingerprint == work.wanted]
        if there and not again and _is_whole(store, there[0]):
            return there[0], False
        sidecar = _made(work, on_progress, again=again)
        store.limit(MOST_BYTES, keep=sidecar)
        return sidecar, True


@dataclass(frozen=True, slots=True)
class _Work:
    """One engine to be made."""

    bundle: Bundle
    entry: ModelEntry
    options: BuildOptions
    store: EngineStore
    wanted: Fingerprint

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.bundle.path / self.entry.file} at {self.wanted.size}"

    def donor(self) -> Sidecar | None:
        """Return an engine of the same network with other weights, if weights can be exchanged."""
        if not (self.options.refit and can_refit()):
            return None
        architecture = architecture_sha256(self.bundle.read(self.entry.file))
        donors = [
            each
            for each in self.store.engines()
            if each.architecture_sha256 == architecture
            and replace(each.fingerprint, onnx_sha256=self.wanted.onnx_sha256) == self.wanted
        ]
        return donors[-1] if donors else None

    def takes(self) -> str:
        """Return how long it may take, for people."""
        before = [
            each.build_s
            for each in self.store.engines()
            if (each.fingerprint.precision, each.fingerprint.size, each.refitted_from)
            == (self.wanted.precision, self.wanted.size, "")
        ]
        return f"{before[-1]:.0f} s last time" if before else "takes some minutes"


def _made(work: _Work, on_progress: OnProgress, *, again: bool) -> Sidecar:
    began_s = time.monotonic()
    onnx = work.bundle.read(work.entry.file)
    work.store.require_room(2 * len(onnx) + _KERNELS_BYTES)
    refitted = None if again else _refitted(work, onnx, on_progress)
    made, refitted_from = refitted or (_built(work, onnx, on_progress), "")
    layers = _layers(work, made.plan)
    convolutions = convolution_precisions(layers)
    sidecar = Sidecar(
        fingerprint=work.wanted,
        architecture_sha256=architecture_sha256(onnx),
        file=work.entry.file,
        bundle=f"{work.bundle.manifest.name} {work.bundle.manifest.release}",
        plan_bytes=len(made.plan),
        plan_sha256=hashlib.sha256(made.plan).hexdigest(),
        precision=require_precision(work.entry.precision, convolutions, work.name),
        convolutions=convolutions,
        dla_fallback=made.dla_fallback,
        refitted_from=refitted_from,
        build_s=round(time.monotonic() - began_s, 1),
        built_utc=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        edgecrack=__version__,
    )
    work.store.save(sidecar, made.plan, layers)
    if made.is_interrupted:
        raise KeyboardInterrupt
    return sidecar


def _refitted(work: _Work, onnx: bytes, on_progress: OnProgress) -> tuple[Build, str] | None:
    """Return an engine with exchanged weights and the key of its donor; None where none can be."""
    if (donor := work.donor()) is None:
        return None
    on_progress(f"the weights of engine {donor.key} are exchanged", 0, None)
    try:
        with first_gpu().current():
            plan = refit(work.store.plan(donor), onnx, work.name)
    except EngineError as error:
        on_progress(str(error), 0, None)
        return None
    return Build(plan=plan, timings=b"", dla_fallback=donor.dla_fallback), donor.key


def _layers(work: _Work, plan: bytes) -> str:
    """Load a plan and return what the inspector says of it."""
    with first_gpu().current():
        outputs = list(work.bundle.manifest.thresholds)
        engine = LoadedEngine(plan, work.name, work.entry.size_px, outputs)
        try:
            lane = engine.lane()
            try:
                return engine.layers(lane)
            finally:
                lane.free()
        finally:
            engine.free()


def _built(work: _Work, onnx: bytes, on_progress: OnProgress) -> Build:
    width_px, height_px = work.entry.size_px
    order = BuildOrder(
        name=work.name,
        onnx=onnx,
        precision=work.entry.precision,
        shape=(1, height_px, width_px, 3),
        options=work.options,
        timings=work.store.timings(work.wanted.target),
    )
    near = work.store.misfit(work.wanted) if work.store.nearest(work.wanted) else ""
    why = f": {near}" if near else ""
    what = f"% of the TensorRT engine of {work.entry.file} ({work.takes()}){why}"
    made = _interruptible(order, lambda share: on_progress(what, round(100 * share), 100))
    work.store.save_timings(work.wanted.target, made.timings)
    if not made.plan:
        raise KeyboardInterrupt
    return made


def _interruptible(order: BuildOrder, on_share: Callable[[float], None]) -> Build:
    """Build in a thread of its own, so that neither Ctrl-C nor a progress bar reaches TensorRT.

    After Ctrl-C the build is cancelled at its next step; it returns what it timed, and a plan only
    if that was the last step. TensorRT 8.6 cannot be cancelled.
    """
    shares: SimpleQueue[float | None] = SimpleQueue()
    cancelled = threading.Event()
    outcome: list[Build | BaseException] = []

    def work() -> Build:
        with first_gpu().current():
            return build(order, shares.put, cancelled.is_set)

    on_share(0.0)
    _begin(work, outcome, shares)
    try:
        for share in iter(shares.get, None):
            on_share(share)
    except KeyboardInterrupt:
        _cancel(cancelled, shares)
        if not (outcome and isinstance(outcome[0], Build)):
            raise
        return replace(outcome[0], is_interrupted=True)
    except BaseException:
        _cancel(cancelled, shares)
        raise
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _begin(
    work: Callable[[], Build],
    outcome: list[Build | BaseException],
    shares: SimpleQueue[float | None],
) -> None:
    """Work in a thread; what comes of it, whatever it is, is the outcome, and then shares end."""

    def end(_kind: object, error: BaseException | None, _trace: object) -> bool:
        if error is not None:
            outcome.append(error)  # it is raised again in the thread that waits
        shares.put(None)
        return True

    def run() -> None:
        with ExitStack() as stack:
            stack.push(end)
            outcome.append(work())

    threading.Thread(target=run, name="engine build", daemon=True).start()


def _cancel(cancelled: threading.Event, shares: SimpleQueue[float | None]) -> None:
    """Wait for the end of a build; Ctrl-C again gives that up, and the thread ends with us."""
    cancelled.set()
    while shares.get() is not None:
        pass
