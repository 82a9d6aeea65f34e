"""ONNX Runtime on the processor: laptops, servers, CI, and any vehicle without a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as binding

from edgecrack.errors import BundleError

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle, ModelEntry
    from edgecrack.records import GrayImage, RgbImage

_ERRORS_ONLY = 3
# All that ONNX Runtime raises of its own; the classes share no parent but Exception itself.
_REFUSALS = tuple(
    kind
    for kind in vars(binding).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)


class OnnxRuntimeSegmenter:
    """Runs one network of a bundle through ONNX Runtime's CPU provider.

    The network is loaded from the bytes whose digest was checked, so nothing can be put in its
    place in between. Idle threads sleep instead of spinning: the decoder needs the core.
    """

    def __init__(self, bundle: Bundle, entry: ModelEntry, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                bundle.read(entry.file), options, providers=["CPUExecutionProvider"]
            )
        except _REFUSALS as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise BundleError(f"{bundle.path / entry.file} cannot be loaded: {reason}.") from error
        self._path = bundle.path / entry.file
        self.width_px, self.height_px = entry.width_px, entry.height_px
        self.threshold = bundle.manifest.threshold
        self.backend = f"ONNX Runtime {onnxruntime.__version__} CPU, {threads} thread(s) a picture"
        self.precision = entry.precision
        self._check_contract(bundle)

    def _check_contract(self, bundle: Bundle) -> None:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        wanted = [
            ("frame", "tensor(uint8)", [1, self.height_px, self.width_px, 3]),
            ("probability", "tensor(uint8)", [1, self.height_px, self.width_px]),
        ]
        found = [(each.name, each.type, each.shape) for each in (*inputs, *outputs)]
        if found != wanted:
            raise BundleError(
                f"the network of {bundle.path} must take and give {wanted}, but has {found}; "
                "export it with edgecrack-export."
            )

    def probability(self, image: RgbImage) -> GrayImage:
        """Return 0..255, (H, W), for an RGB picture (H, W, 3) of the network's size.

        Raises:
            BundleError: If the picture has another size, or the network fails on it.
        """
        try:
            (answer,) = self._session.run(["probability"], {"frame": image[np.newaxis]})
        except _REFUSALS as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise BundleError(f"{self._path} cannot be run: {reason}.") from error
        return np.asarray(answer[0], np.uint8)
