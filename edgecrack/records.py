"""What flows through edgecrack: frozen records, checked once, at birth.

Times are integer nanoseconds. ``*_ns`` named after an event is UTC since 1970; ``monotonic_ns`` is
``time.monotonic_ns()`` and only ever subtracted. Pictures are RGB ``uint8`` of shape (H, W, 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RgbImage = NDArray[np.uint8]
"""RGB, ``uint8``, (H, W, 3)."""

NO_PICTURE: RgbImage = np.zeros((0, 0, 3), np.uint8)
"""What stands for a picture that was needed no more, or could not be kept."""

GrayImage = NDArray[np.uint8]
"""One channel, ``uint8``, (H, W): a probability (255 = certain crack) or a mask (0 or 255)."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a network says of each pixel of a picture.

    Attributes:
        probability: How likely it is crack: 255 is certainly crack.
        road: How likely it is road: 255 is certainly road; None where the network does not say.
    """

    probability: GrayImage
    road: GrayImage | None = None

    def __post_init__(self) -> None:
        """Refuse a road of another size."""
        if self.road is not None and self.road.shape != self.probability.shape:
            wanted, actual = self.probability.shape, self.road.shape
            raise ValueError(f"road must be as large as probability, {wanted}, not {actual}")

    @property
    def planes(self) -> dict[str, GrayImage]:
        """Output of the network -> what it says."""
        return {"probability": self.probability} | (
            {} if self.road is None else {"road": self.road}
        )

    def changed(self, change: Callable[[GrayImage], GrayImage]) -> Answer:
        """Return the answer with the same done to each plane, such as a crop."""
        return Answer(change(self.probability), None if self.road is None else change(self.road))


class PositionQuality(str, Enum):
    """How a place came to be known, or why it is not."""

    FIX = "fix"  # a receiver reading at this very instant
    INTERPOLATED = "interpolated"  # between two readings close enough together
    GAP = "gap"  # the readings before and after are too far apart
    OUTSIDE = "outside"  # before the first reading or after the last
    NO_CLOCK = "no_clock"  # there is a receiver, but when the frame was taken is not known
    NONE = "none"  # there is no track, or the frame of a file has no time


@dataclass(frozen=True, slots=True)
class Fix:
    """One reading of a positioning receiver, WGS 84. What the receiver did not say is None.

    Attributes:
        time_ns: UTC of the reading itself, not of its arrival.
        lat_deg: Latitude, -90 to 90.
        lon_deg: Longitude, -180 to 180.
        alt_m: Height above mean sea level.
        heading_deg: Course over ground, clockwise from true north, 0 to 360.
        speed_mps: Speed over ground.
        hdop: Horizontal dilution of precision.
    """

    time_ns: int
    lat_deg: float
    lon_deg: float
    alt_m: float | None = None
    heading_deg: float | None = None
    speed_mps: float | None = None
    hdop: float | None = None

    def __post_init__(self) -> None:
        """Refuse a place that is not on Earth."""
        if not (abs(self.lat_deg) <= 90 and abs(self.lon_deg) <= 180):  # also refuses NaN
            raise ValueError(f"a fix must lie on Earth, not at {self.lat_deg}, {self.lon_deg}")
        for value in (self.alt_m, self.heading_deg, self.speed_mps, self.hdop):
            if value is not None and not math.isfinite(value):
                raise ValueError(f"what a fix does not know must be None, not {value}")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the camera was at an instant.

    Attributes:
        quality: How the place is known, or why it is not.
        pose: The reading, or the one between two readings; None when not located.
    """

    quality: PositionQuality
    pose: Fix | None = None

    def __post_init__(self) -> None:
        """Refuse a quality that contradicts the pose."""
        located = self.quality in {PositionQuality.FIX, PositionQuality.INTERPOLATED}
        if located != (self.pose is not None):
            raise ValueError(f"quality {self.quality.value!r} contradicts pose {self.pose}")


UNPLACED = Placement(PositionQuality.NONE)
NOT_TIMED = Placement(PositionQuality.NO_CLOCK)


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the source picture, in its pixels, origin at the top left."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        """Refuse an empty rectangle or a negative corner."""
        if min(self.x_px, self.y_px) < 0 or min(self.width_px, self.height_px) <= 0:
            raise ValueError(f"a region must have a size and start inside the picture, not {self}")


@dataclass(frozen=True, slots=True)
class FrameGeometry:
    """Which part of a source picture the network sees.

    Attributes:
        width_px: Width of the source picture, after rotation.
        height_px: Its height.
        region: What the network sees of it, in its pixels.
    """

    width_px: int
    height_px: int
    region: Region

    def __post_init__(self) -> None:
        """Refuse a region that reaches outside the picture."""
        right_px = self.region.x_px + self.region.width_px
        bottom_px = self.region.y_px + self.region.height_px
        if right_px > self.width_px or bottom_px > self.height_px:
            size = f"{self.width_px}x{self.height_px}"
            raise ValueError(f"the region must lie inside the picture of {size}, not {self.region}")

    @property
    def is_whole(self) -> bool:
        """Whether the network sees all of the picture."""
        return self.region == Region(0, 0, self.width_px, self.height_px)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from a source, in the two sizes the rest of the program needs.

    Attributes:
        index: Zero-based count of the pictures the decoder delivered; a gap is a dropped frame.
        pts_ns: Presentation time within the source.
        captured_ns: UTC of capture, or None when nothing tells it.
        monotonic_ns: When the decoder delivered it (file) or the camera took it (live).
        image: The region of interest, as large as the network's input holds, its aspect kept.
        evidence: The whole source picture, at most 1280 wide.
        geometry: The size of the source picture, and the region of it that ``image`` shows.
        name: What a person calls this picture, such as its file name; empty for video.
        server_ns: UTC of capture by the account of the server that sent it, believed or not.
        input_px: Width and height of the network's input that ``image`` was scaled for; None where
            nobody scaled it.
        degraded: How the unit went easy when it was taken, such as ``half_rate``; empty where it
            did all it could.
    """

    index: int
    pts_ns: int
    captured_ns: int | None
    monotonic_ns: int
    image: RgbImage
    evidence: RgbImage
    geometry: FrameGeometry
    name: str = ""
    server_ns: int | None = None
    input_px: tuple[int, int] | None = None
    degraded: str = ""

    def __post_init__(self) -> None:
        """Refuse anything that is not an RGB picture."""
        for label, picture in (("image", self.image), ("evidence", self.evidence)):
            if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
                actual = f"{picture.dtype} {picture.shape}"
                raise ValueError(f"{label} must be uint8 (H, W, 3), not {actual}")


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model it is.

    Attributes:
        name: The model's name.
        release: Its version.
        sha256: Digest of its manifest, which holds all other digests.
    """

    name: str
    release: str
    sha256: str


LEAST_ROAD_SHARE = 0.01
"""A picture with less road than this share shows none: so much is called road by mistake."""


@dataclass(frozen=True, slots=True)
class CrackMeasure:
    """What a mask amounts to, in pixels of the evidence picture.

    Attributes:
        area_px: Crack pixels.
        area_share: Crack pixels over the pixels of the region of interest, 0 to 1.
        crack_count: Connected crack pieces (8-neighbourhood).
        peak_probability: The highest probability found, on the road where that is known, 0 to 1.
        road_share: Road over the region of interest, 0 to 1; None where the network does not say.
    """

    area_px: int
    area_share: float
    crack_count: int
    peak_probability: float
    road_share: float | None = None

    @property
    def is_without_road(self) -> bool:
        """Whether the network says what is road, and that there is none."""
        return self.road_share is not None and self.road_share < LEAST_ROAD_SHARE

    @property
    def area_share_of_road(self) -> float | None:
        """Crack over road, 0 to 1; None where there is no road, or the network does not say."""
        # Road is counted in the network's pixels, cracks in those of the evidence picture.
        return min(self.area_share / self.road_share, 1.0) if self.road_share else None


@dataclass(frozen=True, slots=True)
class Detection:
    """What the network saw in one frame.

    Attributes:
        frame: The picture and its times.
        mask: 0 or 255, same height and width as ``frame.evidence``; 0 outside the region.
        measure: What the mask amounts to.
        has_crack: Whether the crack area reaches the run's minimum.
        model_sha256: Identity of the bundle whose network it was.
        took: Stage -> (wall, CPU) seconds it took.
    """

    frame: Frame
    mask: GrayImage
    measure: CrackMeasure
    has_crack: bool
    model_sha256: str
    took: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        """Refuse a mask that does not lie on its picture."""
        if self.mask.dtype != np.uint8 or self.mask.shape != self.frame.evidence.shape[:2]:
            wanted, actual = self.frame.evidence.shape[:2], f"{self.mask.dtype} {self.mask.shape}"
            raise ValueError(f"mask must be uint8 {wanted}, not {actual}")

    @property
    def picture_bytes(self) -> int:
        """Memory that the pictures and the mask take."""
        return self.frame.image.nbytes + self.frame.evidence.nbytes + self.mask.nbytes


@dataclass(frozen=True, slots=True)
class Observation:
    """A detection and its place: what sinks receive.

    Attributes:
        detection: What the network saw.
        placement: Where the camera was.
    """

    detection: Detection
    placement: Placement

    @property
    def frame(self) -> Frame:
        """The picture and its times."""
        return self.detection.frame

    @property
    def mask(self) -> GrayImage:
        """The mask: 0 or 255, same height and width as ``frame.evidence``."""
        return self.detection.mask

    @property
    def measure(self) -> CrackMeasure:
        """What the mask amounts to."""
        return self.detection.measure

    @property
    def has_crack(self) -> bool:
        """Whether the crack area reaches the run's minimum."""
        return self.detection.has_crack
