"""Where pictures were taken, from EXIF: the track of a directory given without one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PIL import ExifTags

from edgecrack.exif_time import directory, exif_time_ns, read_exif
from edgecrack.image_files import BROKEN_IMAGE, list_images, open_image
from edgecrack.records import Fix

if TYPE_CHECKING:
    from pathlib import Path

_MPS_PER_UNIT = {"K": 1 / 3.6, "M": 1609.344 / 3600, "N": 1852 / 3600}
_GPS = ExifTags.GPS


def exif_fixes(folder: Path) -> list[Fix]:
    """Return the positions of a directory's pictures, in order of time.

    A picture without a time or a position, or that cannot be read, gives none; nor does latitude
    and longitude 0, which cameras without a fix write.

    Raises:
        InputError: The directory cannot be read or holds no pictures.
    """
    fixes = [fix for path in list_images(folder) if (fix := _fix_of(path)) is not None]
    return sorted(fixes, key=lambda fix: fix.time_ns)


def _fix_of(path: Path) -> Fix | None:
    try:
        with open_image(path) as picture:
            exif = read_exif(picture)
    except BROKEN_IMAGE:
        return None
    if exif is None:
        return None
    time_ns, tags = exif_time_ns(exif), directory(exif, ExifTags.IFD.GPSInfo)
    lat_deg = _degrees(tags, _GPS.GPSLatitude, _GPS.GPSLatitudeRef, "S")
    lon_deg = _degrees(tags, _GPS.GPSLongitude, _GPS.GPSLongitudeRef, "W")
    if time_ns is None or lat_deg is None or lon_deg is None or lat_deg == lon_deg == 0:
        return None
    if abs(lat_deg) > 90 or abs(lon_deg) > 180:
        return None
    return Fix(
        time_ns,
        lat_deg,
        lon_deg,
        alt_m=_altitude_m(tags),
        heading_deg=_heading_deg(tags),
        speed_mps=_speed_mps(tags),
        hdop=_number(tags.get(_GPS.GPSDOP)),
    )


def _degrees(tags: dict[int, Any], tag: int, ref_tag: int, negative: str) -> float | None:
    parts = tags.get(tag)
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees, minutes, seconds = (_number(part) for part in parts)
    if degrees is None or minutes is None:
        return None
    value = degrees + minutes / 60 + (seconds or 0) / 3600
    return -value if str(tags.get(ref_tag, "")).startswith(negative) else value


def _altitude_m(tags: dict[int, Any]) -> float | None:
    height_m = _number(tags.get(_GPS.GPSAltitude))
    is_below = tags.get(_GPS.GPSAltitudeRef) in (1, b"\x01")
    return -height_m if height_m is not None and is_below else height_m


def _heading_deg(tags: dict[int, Any]) -> float | None:
    """Return the course; without one, the camera's direction. Only those from true north."""
    for tag, ref_tag in (
        (_GPS.GPSTrack, _GPS.GPSTrackRef),
        (_GPS.GPSImgDirection, _GPS.GPSImgDirectionRef),
    ):
        heading_deg = _number(tags.get(tag))
        is_magnetic = str(tags.get(ref_tag, "T")).startswith("M")
        if heading_deg is not None and 0 <= heading_deg <= 360 and not is_magnetic:
            return heading_deg % 360
    return None


def _speed_mps(tags: dict[int, Any]) -> float | None:
    speed, unit = _number(tags.get(_GPS.GPSSpeed)), str(tags.get(_GPS.GPSSpeedRef, "K"))
    return None if speed is None else speed * _MPS_PER_UNIT.get(unit[:1], 1 / 3.6)


def _number(value: Any) -> float | None:  # noqa: ANN401 - EXIF fields hold anything
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None
