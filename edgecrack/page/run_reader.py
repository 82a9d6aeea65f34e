"""Reads a run folder for the page: a file or key that is missing is None, not an error.

The page must also show runs of other versions, which may lack a key. Only a folder without a
``run.json``, or with broken JSON, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CrackFrame:
    """One frame in which the run saw cracks.

    Attributes:
        frame: Zero-based number of the frame.
        time_s: Time within the video.
        utc: Time of capture as the run wrote it; empty when unknown.
        place_deg: Latitude and longitude, or None when not located.
        area_share: Crack pixels over pixels of the region, 0 to 1.
        crack_count: Connected crack regions.
        heading_deg: Course of the vehicle.
        speed_mps: Speed of the vehicle.
        picture: File of the frame's picture, if the run kept it.
        mask: File of the frame's mask, if the run kept it.
    """

    frame: int
    time_s: float
    utc: str
    place_deg: tuple[float, float] | None
    area_share: float
    crack_count: int | None
    heading_deg: float | None
    speed_mps: float | None
    picture: Path | None
    mask: Path | None


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The content of a run directory.

    Attributes:
        run: The content of ``run.json``.
        report: The content of ``report.json``; empty if there is none.
        crack_frames: The lines of ``cracks.geojsonl``, in order of time.
        overlay: The overlay video, if there is one.
    """

    run: Json
    report: Json
    crack_frames: tuple[CrackFrame, ...]
    overlay: Path | None


def read_run(folder: Path) -> FinishedRun:
    """Read a run directory.

    Raises:
        InputError: The folder holds no ``run.json``, or one of its files is broken JSON.
    """
    if not (folder / "run.json").is_file():
        raise InputError(f"{folder} should hold a run but has no run.json; name the run's folder")
    overlay = folder / "overlay.mp4"
    return FinishedRun(
        run=_read_object(folder / "run.json"),
        report=_read_object(folder / "report.json"),
        crack_frames=_read_crack_frames(folder),
        overlay=overlay if overlay.is_file() else None,
    )


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
    """Return a JSON value as a number, or None if it is not one.

    >>> number(3), number(True), number("3")
    (3.0, None, None)
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None  # type: ignore[arg-type]


def _read_object(path: Path) -> Json:
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} should be JSON but is not: {error}; run again") from error
    return data if isinstance(data, Mapping) else {}


def _read_crack_frames(folder: Path) -> tuple[CrackFrame, ...]:
    path = folder / "cracks.geojsonl"
    if not path.is_file():
        return ()
    crack_frames = []
    # A line counts once its newline is there: a power cut may have torn the last one.
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            feature = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path} holds a line that is not JSON: {error}; run again") from error
        crack_frames.append(_crack_frame(folder, feature))
    return tuple(sorted(crack_frames, key=lambda frame: frame.time_s))


def _crack_frame(folder: Path, feature: object) -> CrackFrame:
    properties = look_up(feature, "properties")
    count = number(look_up(properties, "crack_count"))
    return CrackFrame(
        frame=int(number(look_up(properties, "frame")) or 0),
        time_s=number(look_up(properties, "media_time_s")) or 0.0,
        utc=str(look_up(properties, "t_utc") or ""),
        place_deg=_place(feature),
        area_share=number(look_up(properties, "area_share")) or 0.0,
        crack_count=None if count is None else int(count),
        heading_deg=number(look_up(properties, "heading_deg")),
        speed_mps=number(look_up(properties, "speed_mps")),
        picture=_inside(folder, look_up(properties, "picture")),
        mask=_inside(folder, look_up(properties, "mask")),
    )


def _place(feature: object) -> tuple[float, float] | None:
    """Return (latitude, longitude); GeoJSON has longitude first."""
    coordinates = look_up(feature, "geometry", "coordinates")
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return None
    lon_deg, lat_deg = number(coordinates[0]), number(coordinates[1])
    return None if lat_deg is None or lon_deg is None else (lat_deg, lon_deg)


def _inside(folder: Path, name: object) -> Path | None:
    """Return a file that the run names, or None if it is outside the run's folder or missing."""
    if not isinstance(name, str) or not name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
