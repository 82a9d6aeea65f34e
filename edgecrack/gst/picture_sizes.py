"""What the sizes of a stream's pictures come to: where the region lies, and the network's input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import RegionError
from edgecrack.gst.geometry import frame_geometry
from edgecrack.letterbox import best_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.records import FrameGeometry, Region


class PictureSizes:
    """Follow the sizes that are announced; only one that a picture has counts.

    A file that was filmed on its side announces the size on its side first, and then the upright
    one.

    Attributes:
        region: What the network sees; None is all of a picture.
        input_px: The network's input, chosen by the first picture; another one after `refit`.
        wanted_px: The input that is to be; may be set by any thread, None leaves it as it is.
        geometry: Of the last size that holds the region; None before it.
        refusal: Why the last picture cannot be taken, or None.

    Example:
        >>> from edgecrack.records import Region
        >>> sizes = PictureSizes(Region(0, 0, 120, 160), [(160, 120), (120, 160)])
        >>> for size_px in ((160, 120), (120, 160)):
        ...     fitted, input_px = sizes.announce(*size_px)
        >>> sizes.admit().width_px, sizes.input_px, sizes.refusal
        (120, (120, 160), None)
    """

    def __init__(self, region: Region | None, inputs_px: Sequence[tuple[int, int]]) -> None:
        self.region, self._inputs_px = region, inputs_px
        self.input_px: tuple[int, int] | None = None
        self.wanted_px: tuple[int, int] | None = None
        self.geometry: FrameGeometry | None = None
        self.refusal: RegionError | None = None
        self._objection: RegionError | None = None
        self._has_begun = False

    def announce(self, width_px: int, height_px: int) -> tuple[FrameGeometry, tuple[int, int]]:
        """Take in a size; return what to fit the pipeline to: the geometry, and the input."""
        if not self._has_begun:
            self.input_px = None
        self.input_px = self.wanted_px or self.input_px
        try:
            self.geometry = frame_geometry(width_px, height_px, self.region)
        except RegionError as error:  # an error once such a picture comes
            self._objection = error
            whole = frame_geometry(width_px, height_px, None)
            return whole, self.input_px or self._inputs_px[0]
        self._objection = None
        region_px = (self.geometry.region.width_px, self.geometry.region.height_px)
        self.input_px = self.input_px or best_input(region_px, self._inputs_px)
        return self.geometry, self.input_px

    def admit(self) -> FrameGeometry | None:
        """Take in that a picture of the last size came; return its geometry, None if refused."""
        self._has_begun = True
        self.refusal = self._objection
        return None if self.refusal is not None else self.geometry

    def refit(self) -> tuple[FrameGeometry, tuple[int, int]] | None:
        """Take in that another input is wanted; return what to fit the pipeline to, if it is."""
        if self.geometry is None or self.wanted_px in {None, self.input_px}:
            return None
        self.input_px = self.wanted_px
        return self.geometry, self.input_px
