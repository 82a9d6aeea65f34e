"""Whether pictures are decoded by a board's own units or by the processor: a pure choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError, UsageError
from edgecrack.gst.hardware_chain import CAMERA, CONVERTER, DECODER, NEEDED, can_crop

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.records import Region

    PropertiesOf = Callable[[str], frozenset[str] | None]

_PACKAGES = "JetPack's packages nvidia-l4t-camera and nvidia-l4t-gstreamer hold it"
_ASKED = "asked for"
_OTHERWISE = "--decoder software decodes on the processor instead"


@dataclass(frozen=True, slots=True)
class DecoderChoice:
    """What decodes, crops and scales.

    Attributes:
        is_hardware: The board's units do, where they can; otherwise the processor.
        why: The reason; empty where there was nothing to choose from.
    """

    is_hardware: bool
    why: str


def choose_decoder(
    wanted: str, region: Region | None, properties_of: PropertiesOf, *, is_csi: bool = False
) -> DecoderChoice:
    """Choose by what is wanted and by the elements at hand.

    Args:
        wanted: ``auto``, ``hardware`` or ``software``.
        region: What the network sees of the picture; None is all of it.
        properties_of: The properties of an element; None where it is not installed.
        is_csi: The source is a camera that only the board's units can read.

    Raises:
        UsageError: The hardware is asked for and is not there, or cannot do what is asked.
        EdgecrackError: An element is there, but without a property that is needed.

    Example:
        >>> choose_decoder("auto", None, {}.get)
        DecoderChoice(is_hardware=False, why='')
    """
    if is_csi:
        _demand((CAMERA, CONVERTER), properties_of, "a csi: camera needs", _PACKAGES)
    if wanted == "software":
        return DecoderChoice(is_hardware=False, why=_ASKED)
    elements = (CONVERTER, CAMERA if is_csi else DECODER)
    if wanted == "auto" and not all(map(_is_known(properties_of), elements)):
        return DecoderChoice(is_hardware=False, why="")
    _demand(elements, properties_of, "hardware decoding needs", f"{_PACKAGES}, or {_OTHERWISE}")
    if region is None or can_crop(region):
        return DecoderChoice(is_hardware=True, why="found here" if wanted == "auto" else _ASKED)
    asked = f"{region.width_px}x{region.height_px} at {region.x_px},{region.y_px}"
    if wanted == "auto":
        why = f"{CONVERTER} cuts at even pixels only, and the region is {asked}"
        return DecoderChoice(is_hardware=False, why=why)
    raise UsageError(
        f"hardware decoding needs a region whose edges are even, and not {asked}: move them by a "
        f"pixel, or {_OTHERWISE}"
    )


def needed_properties(element: str, properties: frozenset[str], remedy: str) -> frozenset[str]:
    """Return the properties of an element that is at hand.

    Raises:
        EdgecrackError: One that is needed is not among them.
    """
    missing = sorted(NEEDED[element] - properties)
    if missing:
        raise EdgecrackError(
            f"the element {element} needs the property {', '.join(missing)}, which this release of "
            f"JetPack does not give it: {remedy}"
        )
    return properties


def _is_known(properties_of: PropertiesOf) -> Callable[[str], bool]:
    return lambda element: properties_of(element) is not None


def _demand(
    elements: tuple[str, ...], properties_of: PropertiesOf, wanted_by: str, remedy: str
) -> None:
    for element in elements:
        properties = properties_of(element)
        if properties is None:
            raise UsageError(f"{wanted_by} {element}, which is not installed here: {remedy}")
        needed_properties(element, properties, f"use another release, or {_OTHERWISE}")
