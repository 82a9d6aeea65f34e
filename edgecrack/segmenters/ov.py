# ruff: noqa: E402  the library is imported only after its reporter has been taken away
"""OpenVINO on the processor: x86 and Arm, in FP32, BF16, FP16 and INT8 where it has them.

Left to itself OpenVINO computes FP32 files in BF16 where it can, without a word. Here the precision
is said, and what it was compiled for is read back.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

# The library reports to its maker over the network, and keeps notes of that in the home folder, if
# it can import this; told that it is not there, it does neither.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import numpy as np
import openvino

from edgecrack.errors import BundleError
from edgecrack.onnxfile import weight_precision
from edgecrack.records import Answer
from edgecrack.segmenters.threads import cpu_seconds, started_threads

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry
    from edgecrack.records import RgbImage
    from edgecrack.segmenters import Segmenter
    from edgecrack.segmenters.backends import OnProgress

# Precision of a network -> what OpenVINO is asked to compute in, and the capability that it needs.
_ARITHMETIC = {
    "fp32": ("f32", "FP32"),
    "bf16": ("bf16", "BF16"),
    "fp16": ("f16", "FP16"),
    "int8": ("f32", "INT8"),  # what is not quantised is FP32, so that answers do not depend on BF16
}

_LOOPS = frozenset({"Loop", "TensorIterator"})

# Threads that the library has started in this process; it keeps them for the next network.
_THREADS: set[int] = set()

# Two threads that give the library its first picture at the same time wait for each other for ever:
# it prepares its arrays then, and gives up Python's interpreter lock while it does. So each network
# answers once, one at a time, while it is loaded.
_FIRST_ANSWER = threading.Lock()


def prepare(_bundle: Bundle, _entry: ModelEntry, _on_progress: OnProgress) -> bool:
    """Make nothing: it loads in seconds; see ``backends.Leaf``."""
    return False


def accept(_bundle: Bundle, _entry: ModelEntry) -> None:
    """Remember nothing; see ``backends.Leaf``."""


def load(bundle: Bundle, entry: ModelEntry, *, live: bool) -> Segmenter:
    """Return the segmenter for one network of a bundle; see ``backends.Leaf``."""
    return OpenVinoSegmenter(bundle, entry, live=live)


def refusal(precision: str) -> str | None:
    """Return why this machine cannot run a precision well, or None where it can."""
    if precision not in _ARITHMETIC:
        return "this network is made for TensorRT"
    _, capability = _ARITHMETIC[precision]
    if capability in _capabilities():
        return None
    return f"this processor has no {capability}, and emulated it is slower than FP32"


def _capabilities() -> list[str]:
    """Return what the processor computes in by itself, such as ``BF16``."""
    found: list[str] = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return found


def version() -> str:
    """Return the version of the library."""
    return str(openvino.__version__).partition("-")[0]


class OpenVinoSegmenter:
    """Runs one network of a bundle through OpenVINO's CPU plugin.

    The network is loaded from the bytes whose digest was checked. Its symbolic height and width are
    fixed before it is compiled: left open they cost a quarter of the speed.
    """

    def __init__(self, bundle: Bundle, entry: ModelEntry, *, live: bool) -> None:
        cores = len(os.sched_getaffinity(0))
        self.at_once = 1 if live else max(2, cores)
        self._path, self._entry = bundle.path / entry.file, entry
        self.width_px, self.height_px = entry.size_px
        self.threshold, self.model_sha256 = bundle.manifest.threshold, bundle.sha256
        self.road_threshold = bundle.manifest.road_threshold
        self._outputs = list(bundle.manifest.thresholds)
        self.backend = f"OpenVINO {version()} CPU, {self.at_once} frame(s) on {cores} core(s)"
        network = bundle.read(entry.file)
        weights = weight_precision(network)
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._is_closed = False
        # The library gives a thread that loads a network a stack for its signals, and takes that
        # away when the network goes, whoever lets go of it: the next signal would then end the
        # process. So it is none of ours that loads one, but a thread that has ended by then.
        with ThreadPoolExecutor(1) as loader:
            self._requests: list[Any] = loader.submit(self._loaded, network, cores).result()
        asked, _ = _ARITHMETIC[entry.precision]
        self.precision = "bf16" if (asked, weights) == ("bf16", "fp32") else weights
        self._cpu_s_before, self._closed_cpu_s = cpu_seconds(frozenset(_THREADS)), 0.0

    def _loaded(self, network: bytes, cores: int) -> list[Any]:
        """Return as many requests as are worked on at once, warm and idle."""
        with started_threads() as own_threads:
            compiled = self._compiled(network, cores)
            requests = [compiled.create_infer_request() for _ in range(self.at_once)]
            for request in requests:
                self._idle.put(request)
            with _FIRST_ANSWER:
                self.answer(np.zeros((self.height_px, self.width_px, 3), np.uint8))
        _THREADS.update(own_threads)
        return requests

    def _compiled(self, network: bytes, cores: int) -> Any:  # noqa: ANN401  the library has no types
        core, (asked, _) = openvino.Core(), _ARITHMETIC[self._entry.precision]
        options = {
            "INFERENCE_PRECISION_HINT": asked,
            "NUM_STREAMS": self.at_once,
            "INFERENCE_NUM_THREADS": cores,
            "ENABLE_CPU_PINNING": False,  # the decoder needs a core, too
        }
        try:
            model = core.read_model(network)
            self._check_contract(model)
            model.reshape({"frame": [1, self.height_px, self.width_px, 3]})
            compiled = core.compile_model(model, "CPU", options)
            actual = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        except (RuntimeError, ValueError, TypeError) as error:
            raise self._refused("loaded", error) from error
        if actual != asked:
            raise BundleError(
                f"{self._path} must be computed in {asked}, but OpenVINO chose {actual}; use "
                "--precision fp32."
            )
        return compiled

    def _check_contract(self, model: Any) -> None:  # noqa: ANN401  the library has no types
        if any(operation.get_type_name() in _LOOPS for operation in model.get_ops()):
            raise BundleError(
                f"{self._path} must come to an end, but holds a loop, which OpenVINO could not "
                "interrupt; export it with edgecrack-export, or use --backend onnxruntime."
            )
        sizes_px = (self.height_px, self.width_px)
        wanted = [
            ("frame", openvino.PartialShape([1, *sizes_px, 3])),
            *((output, openvino.PartialShape([1, *sizes_px])) for output in self._outputs),
        ]
        ports = [*model.inputs, *model.outputs]
        fits = [port.get_any_name() for port in ports] == [name for name, _ in wanted] and all(
            port.element_type == openvino.Type.u8
            and port.partial_shape.compatible(shape)
            and not port.partial_shape[0].is_dynamic
            for port, (_, shape) in zip(ports, wanted, strict=True)
        )
        if not fits:
            actual = [(port.get_any_name(), str(port.partial_shape)) for port in ports]
            raise BundleError(
                f"{self._path} must take and give {[(name, str(shape)) for name, shape in wanted]} "
                f"as uint8, but has {actual}; export it with edgecrack-export."
            )

    def answer(self, image: RgbImage) -> Answer:
        """Return what the network says of an RGB picture (H, W, 3) of its size.

        Raises:
            BundleError: The picture has another size, the network fails on it, or this is closed.
        """
        if self._is_closed:
            raise BundleError(f"{self._path} is closed; load it again.")
        if image.shape != (self.height_px, self.width_px, 3):
            raise BundleError(
                f"{self._path} cannot be run: a picture must be {self.height_px} x {self.width_px} "
                f"x 3, not {image.shape}."
            )
        request = self._idle.get()
        try:
            request.get_input_tensor().data[0] = image  # it cannot share read-only video memory
            request.infer()
            planes = [request.get_tensor(name).data[0].copy() for name in self._outputs]
        except RuntimeError as error:
            raise self._refused("run", error) from error
        finally:
            self._idle.put(request)
        return Answer(*planes)

    def _refused(self, what: str, error: Exception) -> BundleError:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = (lines[-1] if lines else type(error).__name__).rstrip(".")
        return BundleError(f"{self._path} cannot be {what}: {reason}.")

    def cpu_s(self) -> float:
        """Return the CPU seconds that OpenVINO's threads have used since this was loaded.

        Networks that are loaded at the same time share them.
        """
        if self._is_closed:
            return self._closed_cpu_s
        return max(0.0, cpu_seconds(frozenset(_THREADS)) - self._cpu_s_before)

    def close(self) -> None:
        """Let go of the network and its threads; what still runs, ends. May be called again."""
        if self._is_closed:
            return
        self._closed_cpu_s = self.cpu_s()  # read while the threads are still there to be asked
        self._is_closed = True
        for request in self._requests:
            request.cancel()
        self._requests = []
