"""Reads a run folder: what ``edgecrack run`` left behind, as frozen records.

A run that is still going on, was interrupted, or lost its power is read as far as it came. What
this version knows and the folder does not say is None, so runs of other versions are read, too.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecrack.clock.neighbours import entries_that_tell
from edgecrack.clock.record import FILE_NAME, read_entries, resolve_ns
from edgecrack.errors import InputError
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from edgecrack.clock.record import ClockEntry


@dataclass(frozen=True, slots=True)
class CrackFrame:
    """One line of ``cracks.geojsonl``: a frame with cracks, and its place.

    It is the camera's place when it took the frame, not yet that of each crack in it. The
    attributes are named as in the file; what is not known is None (``frame``, ``media_time_s`` and
    ``area_share`` stand in every line that a run wrote).

    Attributes:
        frame: Zero-based number of the frame within the source.
        name: File name of the picture, where the source is a folder of pictures.
        t_utc: Time of capture, ISO 8601, UTC.
        t_utc_from: ``clock.jsonl`` where the record did not know that time, which was found out
            later, in this folder or in one beside it; else None.
        t_monotonic_s: Time of capture by the monotonic clock of the machine, of a live run.
        media_time_s: Time within the source.
        lat_deg: Latitude, WGS 84; None when not located.
        lon_deg: Longitude, WGS 84; None when not located.
        position_quality: How the place is known, or why it is not: see ``PositionQuality``.
        alt_msl_m: Height above mean sea level.
        heading_deg: Course over ground, clockwise from true north.
        speed_mps: Speed over ground.
        hdop: Horizontal dilution of precision.
        area_px: Crack pixels of the mask.
        area_share: Crack pixels over pixels of the region that the network saw, 0 to 1.
        road_share: Road over pixels of that region, 0 to 1; None where the network does not say.
        area_share_of_road: Crack over road, 0 to 1; None where there is none, or it is not known.
        crack_count: Connected pieces of crack.
        peak_probability: The highest probability in the frame, 0 to 1.
        model: Identity of the bundle that detected it, as in ``record["models"]``.
        mask: The mask, if the run kept it.
        picture: The evidence picture, if the run kept it.
    """

    frame: int
    name: str | None
    t_utc: str | None
    t_utc_from: str | None
    t_monotonic_s: float | None
    media_time_s: float
    lat_deg: float | None
    lon_deg: float | None
    position_quality: str | None
    alt_msl_m: float | None
    heading_deg: float | None
    speed_mps: float | None
    hdop: float | None
    area_px: int | None
    area_share: float
    road_share: float | None
    area_share_of_road: float | None
    crack_count: int | None
    peak_probability: float | None
    model: str | None
    mask: Path | None
    picture: Path | None

    @property
    def place_deg(self) -> tuple[float, float] | None:
        """Latitude and longitude, or None when not located."""
        if self.lat_deg is None or self.lon_deg is None:
            return None
        return self.lat_deg, self.lon_deg


@dataclass(frozen=True, slots=True)
class Run:
    """The content of a run folder.

    Attributes:
        folder: The folder itself.
        record: ``run.json``: what ran, with which settings, and how it ended (``exit_reason``).
        report: ``report.json``: counts, rates and times; empty where the run has not ended.
        observations: The frames with cracks, in order of time.
        overlay: The overlay video, if the run wrote one.
    """

    folder: Path
    record: Mapping[str, Any]
    report: Mapping[str, Any]
    observations: tuple[CrackFrame, ...]
    overlay: Path | None

    @property
    def masks(self) -> tuple[Path, ...]:
        """Every mask that the run kept, in order; with ``all_masks`` also those without a crack."""
        return tuple(sorted((self.folder / "masks").glob("*.png")))


def read_run(folder: str | Path) -> Run:
    """Read a run folder.

    Frames without a time get the one that ``clock.jsonl`` tells. A segment that was sealed before
    the time was known asks the segments beside it, of the same start of the machine.

    Args:
        folder: What ``edgecrack run --out`` named.

    Raises:
        InputError: The folder holds no ``run.json``, or one of its files cannot be read.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "run.json").write_text('{"exit_reason": "running"}')
        ...     run = read_run(folder)
        >>> run.record["exit_reason"], run.observations, run.overlay
        ('running', (), None)
    """
    folder = Path(folder)
    record = _read_object(folder / "run.json")
    if record is None:
        raise InputError(f"{folder} should hold a run but has no run.json; name the run's folder")
    overlay = folder / "overlay.mp4"
    return Run(
        folder=folder,
        record=record,
        report=_read_object(folder / "report.json") or {},
        observations=_observations(folder, record.get("boot_id")),
        overlay=overlay if overlay.is_file() and not overlay.is_symlink() else None,
    )


def dated_frames(
    frames: Iterable[CrackFrame], entries: Sequence[ClockEntry], boot_id: object
) -> Iterator[CrackFrame]:
    """Yield frames, those without a time with the one that ``clock.jsonl`` tells, if it does.

    Args:
        frames: As they were written.
        entries: The lines of ``clock.jsonl``.
        boot_id: Which start of the machine the frames' monotonic times count from.
    """
    for frame in frames:
        at_ns, t_utc = _undated_ns(frame), None
        if at_ns is not None and isinstance(boot_id, str):
            t_utc = _resolved(entries, at_ns, boot_id)
        yield frame if t_utc is None else replace(frame, t_utc=t_utc, t_utc_from=FILE_NAME)


def _observations(folder: Path, boot_id: object) -> tuple[CrackFrame, ...]:
    """Return the frames with cracks in order of time, each with its UTC where anything tells it."""
    frames, entries = [*_crack_frames(folder)], _clock_entries(folder)
    undated_ns = [at_ns for frame in frames if (at_ns := _undated_ns(frame)) is not None]
    if undated_ns and isinstance(boot_id, str):
        entries = entries_that_tell(folder, entries, max(undated_ns), boot_id)
    dated = dated_frames(frames, entries, boot_id)
    return tuple(sorted(dated, key=lambda frame: frame.media_time_s))


def _undated_ns(frame: CrackFrame) -> int | None:
    """Return the monotonic time of a frame without a UTC, or None where it has one, or neither."""
    if frame.t_utc is not None or frame.t_monotonic_s is None:
        return None
    at_ns = frame.t_monotonic_s * 1e9
    return round(at_ns) if math.isfinite(at_ns) else None


def _resolved(entries: Sequence[ClockEntry], at_ns: int, boot_id: str) -> str | None:
    time_ns = resolve_ns(entries, at_ns, boot_id)
    try:
        return None if time_ns is None else to_iso(time_ns)
    except OverflowError:  # a damaged line, of a year that cannot be
        return None


def look_up(data: object, *keys: str) -> object:
    """Return the value under nested keys, or None where any of them is missing.

    >>> look_up({"stages": {"infer": {"p50_ms": 18.5}}}, "stages", "infer", "p50_ms")
    18.5
    >>> look_up({"stages": None}, "stages", "infer") is None
    True
    """
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def number(value: object) -> float | None:
    """Return a JSON value as a number, or None if it is not one, or not finite.

    >>> number(3), number(True), number("3"), number(float("inf"))
    (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer of hundreds of digits
        return None


def _read_object(path: Path) -> Mapping[str, Any] | None:
    """Return what a file holds, or None where there is no such file."""
    try:
        if not path.is_file():
            return None
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} should be readable JSON but is not: {error}; run again"
        ) from error
    return data if isinstance(data, Mapping) else {}


def _clock_entries(folder: Path) -> list[ClockEntry]:
    path = folder / FILE_NAME
    try:
        return read_entries(path.read_bytes()) if path.is_file() else []
    except OSError as error:
        raise InputError(f"{path} should be readable but is not: {error.strerror}") from error


def _crack_frames(folder: Path) -> Iterator[CrackFrame]:
    path = folder / "cracks.geojsonl"
    try:
        if not path.is_file():
            return
        kept = _kept_files(folder)
        with path.open("rb") as file:
            for line in file:
                # A line counts once its newline is there: a power cut may have torn the last one.
                if line.endswith(b"\n"):
                    yield _crack_frame(kept, json.loads(line))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} should be lines of JSON but is not: {error}; run again"
        ) from error


def _crack_frame(kept: Mapping[object, Path], feature: object) -> CrackFrame:
    properties = look_up(feature, "properties")
    lat_deg, lon_deg = _place(feature) or (None, None)

    def figure(key: str) -> float | None:
        return number(look_up(properties, key))

    return CrackFrame(
        frame=_whole(figure("frame")) or 0,
        name=_text(look_up(properties, "name")),
        t_utc=_text(look_up(properties, "t_utc")),
        t_utc_from=None,
        t_monotonic_s=figure("t_monotonic_s"),
        media_time_s=figure("media_time_s") or 0.0,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        position_quality=_text(look_up(properties, "position_quality")),
        alt_msl_m=figure("alt_msl_m"),
        heading_deg=figure("heading_deg"),
        speed_mps=figure("speed_mps"),
        hdop=figure("hdop"),
        area_px=_whole(figure("area_px")),
        area_share=figure("area_share") or 0.0,
        road_share=figure("road_share"),
        area_share_of_road=figure("area_share_of_road"),
        crack_count=_whole(figure("crack_count")),
        peak_probability=figure("peak_probability"),
        model=_text(look_up(properties, "model")),
        mask=kept.get(_text(look_up(properties, "mask"))),
        picture=kept.get(_text(look_up(properties, "picture"))),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _place(feature: object) -> tuple[float, float] | None:
    """Return (latitude, longitude); GeoJSON has longitude first."""
    coordinates = look_up(feature, "geometry", "coordinates")
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return None
    lon_deg, lat_deg = number(coordinates[0]), number(coordinates[1])
    if lat_deg is None or lon_deg is None or abs(lat_deg) > 90 or abs(lon_deg) > 180:
        return None
    return lat_deg, lon_deg


def _kept_files(folder: Path) -> Mapping[object, Path]:
    """Return the masks and pictures of a run by their name in it, such as ``masks/00000007.png``.

    Links are left out, as they may lead out of the folder.
    """
    return {
        f"{room.name}/{file.name}": Path(file.path)
        for room in os.scandir(folder)
        if room.is_dir(follow_symlinks=False)
        for file in os.scandir(room)
        if file.is_file(follow_symlinks=False)
    }
