"""A board's own elements, asked whether they are there, what they take, and whether they open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.gst.decoder_choice import needed_properties
from edgecrack.gst.hardware_chain import CONVERTER, DECODER, ENCODER, encoding, stream_encoding
from edgecrack.gst.runtime import Gst, bus_error, has_element

if TYPE_CHECKING:
    from fractions import Fraction

_JPEG_DECODER = "nvjpegdec"  # its elder sibling does Motion JPEG too, and is one thing less to try


def properties_of(element: str) -> frozenset[str] | None:
    """Return the names of an element's properties; None where it is not installed."""
    factory = Gst.ElementFactory.find(element)
    made = None if factory is None else factory.create(None)
    if made is None:
        return None
    return frozenset(declared.name for declared in made.list_properties())


def opening_problem(element: str) -> str | None:
    """Say why an element does not open the unit it stands for; None where it does.

    The encoder's element is installed with the others on a board that has no encoder, such as an
    Orin Nano.
    """
    made = Gst.ElementFactory.make(element)
    pipeline = Gst.Pipeline()
    pipeline.add(made)
    is_open = pipeline.set_state(Gst.State.READY) != Gst.StateChangeReturn.FAILURE
    problem = None if is_open else bus_error(pipeline) or "it gives no reason"
    pipeline.set_state(Gst.State.NULL)
    return problem


def rank_decoders(*, is_hardware: bool) -> None:
    """Let GStreamer choose the hardware's decoder before all others, or never.

    Its pictures lie in a memory that elements of the processor cannot read; and GStreamer, left to
    itself, prefers it.
    """
    first = Gst.Rank.PRIMARY + 1000
    for name, rank in ((DECODER, first), (_JPEG_DECODER, Gst.Rank.NONE)):
        factory = Gst.ElementFactory.find(name)
        if factory is not None:
            factory.set_rank(rank if is_hardware else Gst.Rank.NONE)


def hardware_encoding(size_px: tuple[int, int], rate: Fraction) -> str | None:
    """Return the pipeline from RGB pictures to H.264; None where no unit encodes.

    Args:
        size_px: Width and height of the pictures, even.
        rate: Nominal frames a second.

    Raises:
        EdgecrackError: The encoder lacks a property that is needed.
    """
    properties = _encoder_properties("--overlay")
    return None if properties is None else encoding(size_px, rate, properties)


def hardware_stream_encoding(gap: int, bitrate_kbps: int) -> str | None:
    """Return the pipeline from RGB pictures to H.264 for a network; None where no unit encodes.

    Args:
        gap: Pictures from one key picture to the next.
        bitrate_kbps: Of the video.

    Raises:
        EdgecrackError: The encoder lacks a property that is needed.
    """
    properties = _encoder_properties("--stream")
    return None if properties is None else stream_encoding(gap, bitrate_kbps, properties)


def _encoder_properties(wanted_by: str) -> frozenset[str] | None:
    properties = properties_of(ENCODER)
    if properties is None or not has_element(CONVERTER) or opening_problem(ENCODER) is not None:
        return None
    return needed_properties(
        ENCODER, properties, f"leave out {wanted_by}, or use --decoder software"
    )
