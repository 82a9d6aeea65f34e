"""Cracks as GeoJSON: one RFC 7946 Feature a line, appended only when its pictures are durable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.sinks.record_only import has_pictures
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from edgecrack.records import CrackMeasure, Fix, Frame, Observation
    from edgecrack.storage.run_folder import RunFolder


class GeoJsonSink:
    """Append a line to ``cracks.geojsonl`` for each observation with a crack.

    Lines wait in memory until ``sync``. A line counts once its newline is there; every line that
    does is whole.

    Attributes:
        missed: Always 0: a record is never dropped.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        frames: bool = True,
        run_id: str | None = None,
        live: bool = False,
    ) -> None:
        """Create the file.

        Args:
            folder: Where to write.
            frames: Whether evidence pictures are kept, so that a line may name them.
            run_id: What ties the lines of one run together, if anything.
            live: Lines also say when a frame was taken by the monotonic clock.

        Raises:
            SinkError: The file exists or cannot be created.
        """
        self.missed = 0
        self._frames, self._run_id, self._live = frames, run_id, live
        self._path, self._disk = folder.path / "cracks.geojsonl", folder.disk
        self._waiting: list[bytes] = []
        if self._path.name in self._disk.names(folder.path):
            raise SinkError(f"{self._path} should be new but exists; choose another --out")
        self._disk.write(self._path, b"")
        self._disk.sync(folder.path)

    def write(self, observation: Observation) -> None:
        """Remember the line of an observation with a crack."""
        if observation.has_crack:
            feature = to_feature(
                observation, frames=self._frames, run_id=self._run_id, live=self._live
            )
            line = json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            self._waiting.append(line.encode() + b"\n")

    def sync(self) -> None:
        """Append all lines so far and make them durable.

        Raises:
            SinkError: The disk is full or broken; the file ends with a whole line.
        """
        if not self._waiting:
            return
        lines, self._waiting = self._waiting, []
        try:
            for line in lines:  # one by one: what does not fit is left out as a whole line
                self._disk.append(self._path, line)
        finally:
            self._disk.sync(self._path)

    def close(self) -> None:
        """Let go of lines that were never synced; safe to call twice."""
        self._waiting.clear()


def to_feature(
    observation: Observation, *, frames: bool, run_id: str | None = None, live: bool = False
) -> dict[str, object]:
    """Return an observation as a GeoJSON Feature; the geometry is null where not located.

    The point has no third coordinate: RFC 7946 wants a height above the ellipsoid there, and what
    receivers report is above mean sea level, tens of metres apart. It is ``alt_msl_m`` instead.
    """
    frame, pose = observation.frame, observation.placement.pose
    properties: dict[str, object] = {"frame": frame.index}
    if run_id is not None:
        properties = {"run_id": run_id, **properties}
    if frame.name:
        properties["name"] = frame.name
    if frame.degraded:
        properties["degraded"] = frame.degraded
    properties |= _time_properties(frame)
    if live:  # by a clock that nobody sets, so that a time can be found later
        properties["t_monotonic_s"] = round(frame.monotonic_ns / 1e9, 6)
    properties["position_quality"] = observation.placement.quality.value
    properties |= _motion_properties(pose)
    properties |= _measure_properties(observation.measure)
    properties["model"] = observation.detection.model_sha256
    number, kept = f"{frame.index:08d}", has_pictures(observation)
    properties["mask"] = f"masks/{number}.png" if kept else None
    properties["picture"] = f"frames/{number}.jpg" if kept and frames else None
    return {"type": "Feature", "geometry": _point(pose), "properties": properties}


def _point(pose: Fix | None) -> dict[str, object] | None:
    if pose is None:
        return None
    # Seven decimals are a centimetre; adding 0.0 turns -0.0 into 0.0.
    return {
        "type": "Point",
        "coordinates": [round(pose.lon_deg, 7) + 0.0, round(pose.lat_deg, 7) + 0.0],
    }


def _time_properties(frame: Frame) -> dict[str, object]:
    return {
        "t_utc": None if frame.captured_ns is None else to_iso(frame.captured_ns),
        "media_time_s": round(frame.pts_ns / 1e9, 6),
    }


def _motion_properties(pose: Fix | None) -> dict[str, object]:
    return {
        "alt_msl_m": _rounded(pose.alt_m if pose else None, 2),
        "heading_deg": _rounded(pose.heading_deg if pose else None, 2),
        "speed_mps": _rounded(pose.speed_mps if pose else None, 3),
        "hdop": _rounded(pose.hdop if pose else None, 2),
    }


def _measure_properties(measure: CrackMeasure) -> dict[str, object]:
    return {
        "area_px": measure.area_px,
        "area_share": _rounded(measure.area_share, 8),
        "crack_count": measure.crack_count,
        "peak_probability": _rounded(measure.peak_probability, 4),
        "road_share": _rounded(measure.road_share, 8),
        "area_share_of_road": _rounded(measure.area_share_of_road, 8),
    }


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
