"""From a frame to a detection: the network's answer, a mask of it, and what it amounts to."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgecrack.letterbox import letterbox
from edgecrack.mask import measure, on_road, region_on_canvas, road_share, to_mask
from edgecrack.mirrored_borders import add_borders
from edgecrack.records import NO_PICTURE, Detection, Region
from edgecrack.settings import setting

if TYPE_CHECKING:
    from edgecrack.records import Frame
    from edgecrack.segmenters import Segmenter


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionSpec:
    """What counts as a crack.

    Attributes:
        min_crack_share: A frame has a crack from this share of the region on, 0 to 1.
    """

    min_crack_share: float = setting(
        0.0005,
        flag="--min-crack-share",
        help="Smallest crack area that counts, as a share of the region.",
    )

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 <= self.min_crack_share <= 1:
            raise ValueError(f"min_crack_share must be 0 to 1, not {self.min_crack_share}")


class Detector:
    """Finds the cracks of one frame. May be called by many threads at the same time.

    Where the network says what is road, cracks are on the road only.

    Args:
        segmenter: What says how likely each pixel is crack, and perhaps road.
        spec: What counts as a crack.
    """

    def __init__(self, segmenter: Segmenter, spec: DetectionSpec) -> None:
        self._segmenter, self._spec = segmenter, spec
        self._input_px = (segmenter.width_px, segmenter.height_px)

    def __call__(self, frame: Frame) -> Detection:
        """Return what is in ``frame``.

        The detection holds the frame without the network's input: nobody looks at that again, and
        many detections may wait for their place.

        Raises:
            BundleError: The network fails on it.
        """
        watch = _Stopwatch()
        box = letterbox(frame.image.shape[1::-1], self._input_px)
        answer = self._segmenter.answer(add_borders(frame.image, box.borders)).changed(box.crop)
        watch.lap("infer")
        canvas_px = (frame.evidence.shape[1], frame.evidence.shape[0])
        region = _region_on(frame, canvas_px)
        probability = on_road(answer, self._segmenter.road_threshold)
        mask = to_mask(probability, self._segmenter.threshold, region, canvas_px)
        watch.lap("mask")
        road = road_share(answer, self._segmenter.road_threshold)
        measured = measure(mask, probability, region, road)
        watch.lap("measure")
        is_enough = measured.area_share >= self._spec.min_crack_share
        return Detection(
            frame=replace(frame, image=NO_PICTURE),
            mask=mask,
            measure=measured,
            has_crack=measured.area_px > 0 and is_enough,
            model_sha256=self._segmenter.model_sha256,
            took=watch.laps,
        )


def _region_on(frame: Frame, canvas_px: tuple[int, int]) -> Region:
    """Return where the network looked, in pixels of the evidence picture."""
    geometry = frame.geometry
    if geometry.is_whole:
        return Region(0, 0, *canvas_px)
    return region_on_canvas(geometry.region, (geometry.width_px, geometry.height_px), canvas_px)


class _Stopwatch:
    """Wall and CPU seconds of this thread, lap by lap."""

    def __init__(self) -> None:
        self.laps: dict[str, tuple[float, float]] = {}
        self._wall_s, self._cpu_s = time.perf_counter(), time.thread_time()

    def lap(self, name: str) -> None:
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        self.laps[name] = (wall_s - self._wall_s, cpu_s - self._cpu_s)
        self._wall_s, self._cpu_s = wall_s, cpu_s
