"""TensorRT on the GPU: the engine that was built for exactly this device.

Nothing is built here: `prepare` does that, or ``edgecrack engine build``. A plan that was built for
anything else is never handed to TensorRT.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Condition
from typing import TYPE_CHECKING

from edgecrack.engines.building import accept_engine, ensure_engine, wanted_fingerprint
from edgecrack.engines.execution import Lane, LoadedEngine, RefusedPlanError
from edgecrack.engines.gpu import first_gpu
from edgecrack.engines.inspection import require_precision
from edgecrack.engines.libraries import library_problem
from edgecrack.engines.store import EngineStore, build_command
from edgecrack.engines.target import tensorrt_version
from edgecrack.errors import BundleError, EngineError, SinkError
from edgecrack.records import Answer
from edgecrack.segmenters.threads import cpu_seconds, started_threads

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle
    from edgecrack.engines.sidecar import Sidecar
    from edgecrack.manifest import ModelEntry
    from edgecrack.records import RgbImage
    from edgecrack.segmenters import Segmenter
    from edgecrack.segmenters.backends import OnProgress

LANES = 2
"""Pictures at the same time: while one is computed, the other is copied and looked at."""


def load(bundle: Bundle, entry: ModelEntry, *, live: bool) -> Segmenter:
    """Return the segmenter for one network of a bundle; see ``backends.Leaf``."""
    return TensorRtSegmenter(bundle, entry, live=live)


def prepare(bundle: Bundle, entry: ModelEntry, on_progress: OnProgress) -> bool:
    """Build the engine if none fits; see ``backends.Leaf``."""
    return ensure_engine(bundle, entry, on_progress)


def accept(bundle: Bundle, entry: ModelEntry) -> None:
    """Remember that the engine gives the right answers; see ``backends.Leaf``."""
    accept_engine(bundle, entry)


def refusal(precision: str) -> str | None:
    """Return why this machine cannot run a precision well, or None where it can."""
    if precision == "int8":
        return "this network is made for processors; int8-trt is the one for TensorRT"
    if precision == "bf16":
        return "an engine computes an FP32 file in FP32"
    problem = library_problem()
    return None if problem is None else problem.rstrip(".")


def version() -> str:
    """Return the version of the library."""
    return tensorrt_version()


class TensorRtSegmenter:
    """Runs one network of a bundle through the TensorRT engine that fits this device.

    Several pictures may be at work, each in a lane of its own. Closing waits for none of them: the
    lane of a picture at work is freed by the thread that brought it, and the engine by the last.

    Args:
        bundle: Where the network is from.
        entry: Which network.
        live: One picture at a time.
        sidecar: Of the engine to load; None is the one that a run takes.
    """

    def __init__(
        self, bundle: Bundle, entry: ModelEntry, *, live: bool, sidecar: Sidecar | None = None
    ) -> None:
        self._path = bundle.path / entry.file
        self.width_px, self.height_px = entry.size_px
        self.threshold, self.model_sha256 = bundle.manifest.threshold, bundle.sha256
        self.road_threshold = bundle.manifest.road_threshold
        self._gpu = first_gpu()
        sidecar = sidecar or _fitting(bundle, entry)
        with started_threads() as own_threads, self._gpu.current():
            self._engine = _loaded(bundle, entry, sidecar)
            self._lanes = _lanes(self._engine, 1 if live else LANES)
            try:
                convolutions = self._engine.convolutions(self._lanes[0])
                self.precision = require_precision(entry.precision, convolutions, str(self._path))
            except BaseException:
                self._free(self._lanes)
                raise
        self._own_threads = frozenset(own_threads)
        self._closed_cpu_s: float | None = None
        self.at_once = len(self._lanes)
        self.backend = f"TensorRT {version()} on {self._gpu.name}, {self.at_once} frame(s)"
        self._idle, self._changed = list(self._lanes), Condition()

    def answer(self, image: RgbImage) -> Answer:
        """Return what the network says of an RGB picture (H, W, 3) of its size.

        Raises:
            BundleError: The picture has another size, the network fails on it, or this is closed.
        """
        if image.shape != (self.height_px, self.width_px, 3):
            raise BundleError(
                f"{self._path} cannot be run: a picture must be {self.height_px} x {self.width_px} "
                f"x 3, not {image.shape}."
            )
        lane = self._take()
        try:
            with self._gpu.current():
                return Answer(*lane.run(image))
        finally:
            self._give_back(lane)

    def _take(self) -> Lane:
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._is_closed)
            if self._is_closed:
                raise BundleError(f"{self._path} is closed; load it again.")
            return self._idle.pop()

    def _give_back(self, lane: Lane) -> None:
        with self._changed:
            if not self._is_closed:
                self._idle.append(lane)
                self._changed.notify()
                return
            self._free_under_lock([lane])

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far by the threads that TensorRT and CUDA started."""
        if self._closed_cpu_s is not None:
            return self._closed_cpu_s
        return cpu_seconds(self._own_threads)

    def close(self) -> None:
        """Let go of the engine and its memory. May be called again."""
        with self._changed:
            if self._is_closed:
                return
            self._closed_cpu_s = self.cpu_s()  # read while the threads are still there to be asked
            idle, self._idle = self._idle, []
            self._changed.notify_all()
            self._free_under_lock(idle)

    @property
    def _is_closed(self) -> bool:
        return self._closed_cpu_s is not None

    def _free_under_lock(self, lanes: list[Lane]) -> None:
        with self._gpu.current():
            self._free(lanes)

    def _free(self, lanes: list[Lane]) -> None:
        """Free some lanes and, with the last one, the engine."""
        for lane in lanes:
            lane.free()
        self._lanes = [lane for lane in self._lanes if lane not in lanes]
        if not self._lanes:
            self._engine.free()


def _fitting(bundle: Bundle, entry: ModelEntry) -> Sidecar:
    """Return the engine that was built for exactly this device.

    Raises:
        EngineError: There is none.
    """
    store, wanted = EngineStore(), wanted_fingerprint(bundle, entry)
    fitting = store.fitting(wanted)
    if fitting is None:
        raise EngineError(
            f"{bundle.path / entry.file} needs an engine, but {store.misfit(wanted)}; run "
            f"'{build_command(bundle.path, wanted)}'."
        )
    return fitting


def _loaded(bundle: Bundle, entry: ModelEntry, sidecar: Sidecar) -> LoadedEngine:
    """Return an engine that is loaded; what TensorRT refuses for good is removed.

    Raises:
        EngineError: It is damaged, TensorRT refuses it, or there is no memory.
    """
    store, outputs = EngineStore(), list(bundle.manifest.thresholds)
    name = str(bundle.path / entry.file)
    try:
        return LoadedEngine(store.plan(sidecar), name, entry.size_px, outputs)
    except RefusedPlanError:
        with suppress(SinkError):  # the next start will refuse it, too
            store.discard(sidecar)
        raise


def _lanes(engine: LoadedEngine, count: int) -> list[Lane]:
    """Return as many lanes as memory allows, at least one.

    Raises:
        EngineError: There is not even memory for one; the engine is freed.
    """
    try:
        lanes = [engine.lane()]
    except EngineError:
        engine.free()
        raise
    with suppress(EngineError):  # one at a time is slower, but it runs
        while len(lanes) < count:
            lanes.append(engine.lane())
    return lanes
