"""Which decoder works on a source's pictures: GStreamer chooses, and may try one after another."""

from __future__ import annotations

from typing import Any

from edgecrack.errors import EdgecrackError
from edgecrack.gst.hardware import opening_problem
from edgecrack.gst.hardware_chain import DECODER
from edgecrack.signal_delivery import library_callback


class Decoders:
    """The decoders of pictures that were tried in a pipeline.

    Attributes:
        tried: Their names, in order; the last one works.
    """

    def __init__(self, pipeline: Any) -> None:  # noqa: ANN401 - gi has no types
        """Look at what is added to this pipeline, which does not run yet."""
        self.tried: list[str] = []
        pipeline.connect("deep-element-added", self._on_element)

    @property
    def name(self) -> str:
        """The one that works; empty where pictures come as they are."""
        return self.tried[-1] if self.tried else ""

    @property
    def tried_hardware(self) -> bool:
        """Whether the hardware's decoder was tried."""
        return DECODER in self.tried

    def refuse_a_stand_in(self, source: str) -> None:
        """Raise an error where the hardware's decoder was tried and another took its place.

        GStreamer changes over without a word; whoever counts on the hardware must know.

        Args:
            source: What messages call the source.
        """
        if self.tried_hardware and self.name != DECODER:
            reason = opening_problem(DECODER) or "it refuses how these pictures are coded"
            raise EdgecrackError(
                f"{source}: the hardware's decoder {DECODER} does not work ({reason}), and "
                f"{self.name} would take its place; if that is to be, use --decoder software"
            )

    @library_callback
    def _on_element(self, _pipeline: Any, parent: Any, element: Any) -> None:  # noqa: ANN401
        # A decoder may be made of others.
        if _is_decoder(element) and not _is_decoder(parent):
            self.tried.append(element.get_factory().get_name())


def _is_decoder(element: Any) -> bool:  # noqa: ANN401
    factory = element.get_factory()
    kinds = "" if factory is None else factory.get_metadata("klass") or ""
    return "Decoder" in kinds and ("Video" in kinds or "Image" in kinds)
