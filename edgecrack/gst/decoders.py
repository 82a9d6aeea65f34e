"""Which decoder works on a source's pictures: GStreamer chooses, and may try one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgecrack.errors import EdgecrackError
from edgecrack.gst.hardware import opening_problem
from edgecrack.gst.hardware_chain import DECODER
from edgecrack.signal_delivery import library_callback

if TYPE_CHECKING:
    from edgecrack.gst.bus import Bus
    from edgecrack.gst.chain import PipelineSpec


class Decoders:
    """The decoders of pictures that were tried in a pipeline.

    Attributes:
        tried: Their names, in order; the last one works.
    """

    def __init__(self, pipeline: Any, bus: Bus, spec: PipelineSpec) -> None:  # noqa: ANN401
        """Look at what is added to this pipeline, which does not run yet.

        Args:
            pipeline: A ``Gst.Pipeline``.
            bus: What it says.
            spec: What it is made from.
        """
        self.tried: list[str] = []
        self._bus, self._spec = bus, spec
        pipeline.connect("deep-element-added", self._on_element)

    @property
    def name(self) -> str:
        """The one that works; empty where pictures come as they are."""
        return self.tried[-1] if self.tried else ""

    @property
    def tried_hardware(self) -> bool:
        """Whether the hardware's decoder was tried."""
        return DECODER in self.tried

    def refusal(self) -> str | None:
        """Say why the hardware's decoder lets no picture through; None where it is not at fault.

        A file that it was tried on has no other fault that could not be found without it.
        """
        if not self.tried_hardware:
            return None
        if self.name != DECODER:
            return opening_problem(DECODER) or "it refuses how these pictures are coded"
        if self._bus.is_about_decoding or not self._spec.may_return:
            return self._bus.problem or "it gives no picture"
        return None

    def refuse_a_stand_in(self) -> None:
        """Raise an error where the hardware's decoder was tried and another took its place.

        GStreamer changes over without a word; whoever counts on the hardware must know.
        """
        if self.tried_hardware and self.name != DECODER:
            raise EdgecrackError(
                f"{self._spec.name}: the hardware's decoder {DECODER} does not work "
                f"({self.refusal()}), and {self.name} would take its place; if that is to be, use "
                "--decoder software"
            )

    @library_callback
    def _on_element(self, _pipeline: Any, parent: Any, element: Any) -> None:  # noqa: ANN401
        # A decoder may be made of others.
        if is_decoder(element) and not is_decoder(parent):
            self.tried.append(element.get_factory().get_name())


def is_decoder(element: Any) -> bool:  # noqa: ANN401
    """Tell whether an element decodes pictures."""
    factory = element.get_factory()
    kinds = "" if factory is None else factory.get_metadata("klass") or ""
    return "Decoder" in kinds and ("Video" in kinds or "Image" in kinds)
