"""Pictures that were filmed on their side, turned upright by the hardware.

In the processor's pipeline ``videoflip`` looks at the orientation itself, and cannot scale.
"""

from __future__ import annotations

from typing import Any

from edgecrack.gst.hardware_chain import FLIPS, TURNED_ON_ITS_SIDE, upright_caps
from edgecrack.gst.runtime import Gst


class Upright:
    """Turns what goes through ``head``, and holds it to its own size.

    Left free, the element might scale: to the size of the pictures before, when another one comes.
    """

    def __init__(self, pipeline: Any) -> None:  # noqa: ANN401 - gi has no types
        self._converter = pipeline.get_by_name("head")
        self._filter = pipeline.get_by_name("upright")
        self._size_px = (0, 0)
        self._orientation = "rotate-0"

    def take(self, event: Any) -> None:  # noqa: ANN401
        """Take in a size, or an orientation, before the pictures that it is of."""
        if event.type == Gst.EventType.CAPS:
            caps = event.parse_caps().get_structure(0)
            self._size_px = caps.get_value("width"), caps.get_value("height")
        elif event.type == Gst.EventType.TAG:
            is_known, orientation = event.parse_tag().get_string(Gst.TAG_IMAGE_ORIENTATION)
            if not is_known or orientation not in FLIPS or orientation == self._orientation:
                return
            self._orientation = orientation
            Gst.util_set_object_arg(self._converter, "flip-method", FLIPS[orientation])
        if all(self._size_px):
            is_turned = self._orientation in TURNED_ON_ITS_SIDE
            size_px = self._size_px[::-1] if is_turned else self._size_px
            Gst.util_set_object_arg(self._filter, "caps", upright_caps(*size_px))
