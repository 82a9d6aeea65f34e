"""ONNX Runtime on the processor: laptops, servers, CI, and any vehicle without a GPU."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

# From 1.32 on the library writes an identity of the device under the home folder and reports to its
# maker over the network. Only this, set before it is imported, keeps it from both.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as binding

from edgecrack.errors import BundleError
from edgecrack.onnxfile import HEIGHT, WIDTH, weight_precision
from edgecrack.records import Answer
from edgecrack.segmenters.threads import cpu_seconds, started_threads

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry
    from edgecrack.records import RgbImage
    from edgecrack.segmenters import Segmenter
    from edgecrack.segmenters.backends import OnProgress

_ERRORS_ONLY, _FATAL_ONLY = 3, 4
# All that ONNX Runtime raises of its own; the classes share no parent but Exception itself.
_REFUSALS = tuple(
    kind
    for kind in vars(binding).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)


def prepare(_bundle: Bundle, _entry: ModelEntry, _on_progress: OnProgress) -> bool:
    """Make nothing: it loads in seconds; see ``backends.Leaf``."""
    return False


def accept(_bundle: Bundle, _entry: ModelEntry) -> None:
    """Remember nothing; see ``backends.Leaf``."""


def load(bundle: Bundle, entry: ModelEntry, *, live: bool) -> Segmenter:
    """Return the segmenter for one network of a bundle; see ``backends.Leaf``."""
    return OnnxRuntimeSegmenter(bundle, entry, live=live)


def refusal(precision: str) -> str | None:
    """Return why this machine cannot run a precision well, or None where it can."""
    return "ONNX Runtime computes an FP32 file in FP32" if precision == "bf16" else None


def version() -> str:
    """Return the version of the library."""
    return str(onnxruntime.__version__)


class OnnxRuntimeSegmenter:
    """Runs one network of a bundle through ONNX Runtime's CPU provider.

    The network is loaded from the bytes whose digest was checked, so no other file can take its
    place in between. Idle threads sleep instead of spinning: the decoder needs the core.
    """

    def __init__(self, bundle: Bundle, entry: ModelEntry, *, live: bool) -> None:
        cores = len(os.sched_getaffinity(0))
        threads, self.at_once = (cores, 1) if live else (1, max(2, cores))
        self._path = bundle.path / entry.file
        self.width_px, self.height_px = entry.width_px, entry.height_px
        self.threshold, self.model_sha256 = bundle.manifest.threshold, bundle.sha256
        self.road_threshold = bundle.manifest.road_threshold
        self._outputs = list(bundle.manifest.thresholds)
        self.backend = f"ONNX Runtime {onnxruntime.__version__} CPU, {threads} thread(s) a frame"
        network = bundle.read(entry.file)
        self.precision = weight_precision(network)
        with started_threads() as own_threads:
            self._session: onnxruntime.InferenceSession | None = self._open(network, threads)
        self._own_threads = frozenset(own_threads)
        self._closed_cpu_s = 0.0
        self._run_options = onnxruntime.RunOptions()  # of all runs, to end them from outside
        self._run_options.log_severity_level = _FATAL_ONLY  # an error is raised, too

    def _open(self, network: bytes, threads: int) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_free_dimension_override_by_name(HEIGHT, self.height_px)
        options.add_free_dimension_override_by_name(WIDTH, self.width_px)
        try:
            session = onnxruntime.InferenceSession(
                network, options, providers=["CPUExecutionProvider"]
            )
        except _REFUSALS as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise BundleError(f"{self._path} cannot be loaded: {reason}.") from error
        self._check_contract(session)
        return session

    def _check_contract(self, session: onnxruntime.InferenceSession) -> None:
        wanted = [
            ("frame", "tensor(uint8)", [1, self.height_px, self.width_px, 3]),
            *(
                (output, "tensor(uint8)", [1, self.height_px, self.width_px])
                for output in self._outputs
            ),
        ]
        edges = (*session.get_inputs(), *session.get_outputs())
        actual = [(edge.name, edge.type, edge.shape) for edge in edges]
        if actual != wanted:
            raise BundleError(
                f"{self._path} must take and give {wanted}, but has {actual}; "
                "export it with edgecrack-export."
            )

    def answer(self, image: RgbImage) -> Answer:
        """Return what the network says of an RGB picture (H, W, 3) of its size.

        Raises:
            BundleError: The picture has another size, the network fails on it, or this is closed.
        """
        session = self._session
        if session is None:
            raise BundleError(f"{self._path} is closed; load it again.")
        try:
            planes = session.run(self._outputs, {"frame": image[np.newaxis]}, self._run_options)
        except _REFUSALS as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise BundleError(f"{self._path} cannot be run: {reason}.") from error
        return Answer(*(np.asarray(plane[0], np.uint8) for plane in planes))

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far by ONNX Runtime's threads."""
        return self._closed_cpu_s if self._session is None else cpu_seconds(self._own_threads)

    def close(self) -> None:
        """Let go of the network and its threads; what still runs, ends. May be called again."""
        self._closed_cpu_s = self.cpu_s()  # read while the threads are still there to be asked
        self._session = None
        self._run_options.terminate = True
