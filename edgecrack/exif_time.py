"""When a picture was taken, from its EXIF data."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PIL import ExifTags

from edgecrack.image_files import BROKEN_IMAGE

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

# A date outside of these means that the camera's clock was never set.
_YEAR_2000_NS, _YEAR_2100_NS = 946_684_800 * 10**9, 4_102_444_800 * 10**9


def exif_time_ns(exif: Exif) -> int | None:
    """Return UTC of capture in nanoseconds since 1970, or None without a valid time.

    ``DateTimeOriginal`` with its sub-seconds and offset comes first, the GPS date and time second.
    A ``DateTimeOriginal`` without an offset is taken as UTC: a place does not always give a time
    zone, cameras on survey vehicles are set to UTC, and GPS times are UTC by definition.
    (CIPA DC-008, Exif 3.0: tags 0x9003, 0x9291, 0x9011 and GPS 0x07, 0x1D.)
    """
    time_ns = _original_ns(exif)
    if time_ns is None:
        time_ns = _gps_ns(exif)
    return time_ns if time_ns is not None and _YEAR_2000_NS <= time_ns < _YEAR_2100_NS else None


def read_exif(picture: Image) -> Exif | None:
    """Return the EXIF data of a picture; None without any, or where it cannot be taken apart."""
    try:
        return picture.getexif()
    except BROKEN_IMAGE:
        return None


def directory(exif: Exif, ifd: ExifTags.IFD) -> dict[int, Any]:
    """Return the tags of a directory, such as GPS; none where they cannot be taken apart."""
    try:
        return exif.get_ifd(ifd)
    except BROKEN_IMAGE:
        return {}


def _original_ns(exif: Exif) -> int | None:
    tags = directory(exif, ExifTags.IFD.Exif)
    moment = _moment(str(tags.get(ExifTags.Base.DateTimeOriginal, "")))
    if moment is None:
        return None
    offset = re.fullmatch(
        r"([+-])(\d\d):(\d\d)", str(tags.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
    )
    ahead_of_utc_s = 0
    if offset is not None:
        ahead_of_utc_s = int(f"{offset[1]}1") * (int(offset[2]) * 3600 + int(offset[3]) * 60)
    digits = str(tags.get(ExifTags.Base.SubsecTimeOriginal, "")).strip("\0 ")
    # "5" means half a second: the digits are those after the decimal point.
    subsec_ns = int(digits[:9].ljust(9, "0")) if re.fullmatch(r"[0-9]+", digits) else 0
    return (int(moment.timestamp()) - ahead_of_utc_s) * 10**9 + subsec_ns


def _gps_ns(exif: Exif) -> int | None:
    tags = directory(exif, ExifTags.IFD.GPSInfo)
    day = _moment(f"{tags.get(ExifTags.GPS.GPSDateStamp, '')}".strip("\0 ") + " 00:00:00")
    clock = tags.get(ExifTags.GPS.GPSTimeStamp)
    if day is None or not isinstance(clock, tuple) or len(clock) != 3:
        return None
    try:
        hours, minutes, seconds = (float(part) for part in clock)
        time_of_day_ns = round((hours * 3600 + minutes * 60 + seconds) * 1000) * 10**6
    except (ValueError, ZeroDivisionError, OverflowError):  # some cameras write 0/0 for "not known"
        return None
    if not 0 <= time_of_day_ns < 86_401 * 10**9:  # a leap second makes a day 86 401 s long
        return None
    return int(day.timestamp()) * 10**9 + time_of_day_ns


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip("\0 ") + " +0000", "%Y:%m:%d %H:%M:%S %z")
    except ValueError:
        return None
