"""Where and when a picture was taken, as EXIF 2.32 that survey and map programs read.

What is unknown is left out, never written as zero: a reader takes 0, 0 for a place off Ghana.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

from edgecrack.utc import to_datetime

if TYPE_CHECKING:
    from datetime import datetime

    from edgecrack.records import Fix, Observation

_GPS = ExifTags.GPS
_BASE = ExifTags.Base
_MICRO = 1_000_000
_MOST = 4_000_000  # about what an EXIF rational (32 bits) can hold in thousandths


def exif_bytes(observation: Observation) -> bytes:
    r"""Return the EXIF block of an observation's mask and evidence picture.

    Direction is the direction of travel: the camera looks forward. Altitude is above mean sea
    level. Time is to the microsecond.

    Returns:
        A TIFF structure behind ``b"Exif\0\0"``, as JPEG holds it.
    """
    captured_ns = observation.frame.captured_ns
    captured = None if captured_ns is None else to_datetime(captured_ns)
    exif = Image.Exif()
    exif[_BASE.ImageDescription] = f"frame {observation.frame.index}"
    exif[_BASE.Software] = "edgecrack"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[_BASE.ExifVersion] = b"0232"
    if captured is not None:
        details.update(_capture_tags(captured))
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(_gps_tags(observation.placement.pose, captured))
    return exif.tobytes()


def _capture_tags(captured: datetime) -> dict[int, object]:
    return {
        _BASE.DateTimeOriginal: _date(captured) + captured.strftime(" %H:%M:%S"),
        _BASE.SubsecTimeOriginal: f"{captured.microsecond:06d}",
        _BASE.OffsetTimeOriginal: "+00:00",
    }


def _gps_tags(pose: Fix | None, captured: datetime | None) -> dict[int, object]:
    tags: dict[int, object] = {
        _GPS.GPSVersionID: b"\x02\x03\x00\x00",
        _GPS.GPSStatus: "V" if pose is None else "A",
    }
    if captured is not None:
        seconds = Fraction(captured.second * _MICRO + captured.microsecond, _MICRO)
        tags[_GPS.GPSTimeStamp] = (captured.hour, captured.minute, seconds)
        tags[_GPS.GPSDateStamp] = _date(captured)
    if pose is not None:
        tags |= _place_tags(pose) | _motion_tags(pose)
    return tags


def _place_tags(pose: Fix) -> dict[int, object]:
    tags: dict[int, object] = {
        # "< 0" keeps the equator, -0.0 and sea level on the positive side.
        _GPS.GPSLatitudeRef: "S" if pose.lat_deg < 0 else "N",
        _GPS.GPSLatitude: _degrees_minutes_seconds(pose.lat_deg),
        _GPS.GPSLongitudeRef: "W" if pose.lon_deg < 0 else "E",
        _GPS.GPSLongitude: _degrees_minutes_seconds(pose.lon_deg),
        _GPS.GPSMapDatum: "WGS-84",
    }
    if pose.alt_m is not None and abs(pose.alt_m) < _MOST:
        tags[_GPS.GPSAltitudeRef] = b"\x01" if pose.alt_m < 0 else b"\x00"
        tags[_GPS.GPSAltitude] = _rational(abs(pose.alt_m))
    if pose.hdop is not None and 0 <= pose.hdop < _MOST:
        tags[_GPS.GPSDOP] = _rational(pose.hdop)
    return tags


def _motion_tags(pose: Fix) -> dict[int, object]:
    tags: dict[int, object] = {}
    if pose.speed_mps is not None and 0 <= pose.speed_mps < _MOST / 3.6:  # -1 is "unknown" to some
        tags[_GPS.GPSSpeedRef] = "K"
        tags[_GPS.GPSSpeed] = _rational(pose.speed_mps * 3.6)
    if pose.heading_deg is not None:
        heading = Fraction(round(pose.heading_deg % 360 * 1000) % 360_000, 1000)
        tags[_GPS.GPSTrackRef] = tags[_GPS.GPSImgDirectionRef] = "T"
        tags[_GPS.GPSTrack] = tags[_GPS.GPSImgDirection] = heading
    return tags


def _date(captured: datetime) -> str:
    return f"{captured.year:04d}:{captured.month:02d}:{captured.day:02d}"


def _degrees_minutes_seconds(angle_deg: float) -> tuple[int, int, Fraction]:
    """Split an angle in whole microseconds of arc, so that no part ever reads 60."""
    minutes, micro_seconds = divmod(round(abs(angle_deg) * 3600 * _MICRO), 60 * _MICRO)
    degrees, minutes = divmod(minutes, 60)
    return degrees, minutes, Fraction(micro_seconds, _MICRO)


def _rational(value: float) -> Fraction:
    """Return a value that is not negative, to three decimals."""
    return Fraction(round(value * 1000), 1000)
