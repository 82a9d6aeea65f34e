"""One picture as it leaves a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgecrack.records import FrameGeometry, RgbImage


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture as it leaves the pipeline.

    Attributes:
        index: Zero-based count of the pictures the decoder delivered.
        pts_ns: Time within the stream; a picture without one follows its forerunner.
        has_time: Whether the stream tells its time, or a rate that gives it.
        duration_ns: How long it is shown, 0 where the stream does not say.
        arrived_ns: Monotonic time at which the decoder delivered it.
        taken_ns: Monotonic time that its own time stands for; of use for live sources alone.
        reference_ns: UTC at which it was taken by its server's account; None where it says nothing.
        image: The region as large as the network's input holds, read-only.
        evidence: The whole picture, read-only.
        geometry: Size of the source picture, and the region of it that ``image`` shows.
        input_px: Width and height of the network's input that ``image`` was scaled for.
    """

    index: int
    pts_ns: int
    has_time: bool
    duration_ns: int
    arrived_ns: int
    taken_ns: int
    reference_ns: int | None
    image: RgbImage
    evidence: RgbImage
    geometry: FrameGeometry
    input_px: tuple[int, int]
