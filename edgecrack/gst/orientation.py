"""Pictures that were filmed on their side, turned upright by the hardware.

In the processor's pipeline ``videoflip`` looks at the orientation itself.
"""

from __future__ import annotations

from typing import Any

from edgecrack.gst.hardware_chain import FLIPS
from edgecrack.gst.runtime import Gst


def turn_upright(converter: Any, tags: Any) -> None:  # noqa: ANN401 - gi has no types
    """Set how ``nvvidconv`` turns, where a file declares an orientation.

    Args:
        converter: The element through which all pictures go.
        tags: What the file says of itself; it comes before the first picture.
    """
    is_known, orientation = tags.get_string(Gst.TAG_IMAGE_ORIENTATION)
    if is_known and orientation in FLIPS:
        Gst.util_set_object_arg(converter, "flip-method", FLIPS[orientation])
