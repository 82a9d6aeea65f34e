"""The elements of a Jetson by its release of L4T, registered under their real names.

What is registered stays for the whole process, so only processes of their own do it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgecrack.gst.runtime import Gst
from tests.edgecrack.gst.jetson import cameras, decoder, encoder
from tests.edgecrack.gst.jetson.converter import Converter, RenamedConverter

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERY = {
    "nvvidconv": Converter,
    "nvarguscamerasrc": cameras.CsiCamera,
    "nvjpegdec": decoder.JpegDecoder,
    "v4l2src": cameras.UsbCamera,
}
RELEASES: Mapping[str, Mapping[str, Any]] = {
    "l4t36": {
        **_EVERY,
        "nvv4l2decoder": decoder.OrinDecoder,
        "nvv4l2h264enc": encoder.OrinEncoder,
    },
    "l4t39": {
        **_EVERY,
        "nvv4l2decoder": decoder.ThorDecoder,
        "nvv4l2h264enc": encoder.ThorEncoder,
    },
}
"""JetPack 6 on an Orin, and JetPack 7 on a Thor."""

_OTHERS = {
    "nano": {"nvv4l2h264enc": encoder.NanoEncoder},
    "locked": {"nvv4l2decoder": decoder.LockedDecoder},
    "refusing": {"nvv4l2decoder": decoder.RefusingDecoder},
    "muted": {"nvv4l2decoder": decoder.MutedDecoder},
    "renamed": {"nvvidconv": RenamedConverter},
}


def install(release: str) -> None:
    """Register the elements of a release, such as ``l4t36``.

    ``l4t36+nano`` is a board without an encoder, ``l4t36+locked`` one whose decoder cannot be
    opened, ``l4t36+refusing`` and ``l4t36+muted`` ones whose decoder refuses every stream, aloud or
    in silence, ``l4t36+renamed`` one whose converter has another name for a property, and
    ``l4t36-nvvidconv`` one without that element.
    """
    name, _, less = release.partition("-")
    name, _, other = name.partition("+")
    elements = {**RELEASES[name], **_OTHERS.get(other, {})}
    elements.pop(less, None)
    for element, kind in elements.items():
        rank = Gst.Rank.PRIMARY + 11 if "dec" in element else Gst.Rank.NONE
        assert Gst.Element.register(None, element, rank, kind)
