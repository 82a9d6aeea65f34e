"""Where and when a picture was taken, as EXIF 2.32 that survey and map programs read.

What is unknown is left out, never written as zero: a reader takes 0, 0 for a place off Ghana.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ExifTags

from edgecrack.sinks.tiff import fractions, octets, text, tiff_bytes, undefined
from edgecrack.utc import to_datetime

if TYPE_CHECKING:
    from datetime import datetime

    from edgecrack.records import Fix, Observation
    from edgecrack.sinks.tiff import Tags, Value

_GPS = ExifTags.GPS
_BASE = ExifTags.Base
_MARK = b"Exif\0\0"
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
    main: Tags = {
        _BASE.ImageDescription: text(f"frame {observation.frame.index}"),
        _BASE.Software: text("edgecrack"),
    }
    details = {_BASE.ExifVersion: undefined(b"0232"), **_capture_tags(captured)}
    gps = _gps_tags(observation.placement.pose, captured)
    return _MARK + tiff_bytes(main, {ExifTags.IFD.Exif: details, ExifTags.IFD.GPSInfo: gps})


def _capture_tags(captured: datetime | None) -> Tags:
    if captured is None:
        return {}
    return {
        _BASE.DateTimeOriginal: text(_date(captured) + captured.strftime(" %H:%M:%S")),
        _BASE.SubsecTimeOriginal: text(f"{captured.microsecond:06d}"),
        _BASE.OffsetTimeOriginal: text("+00:00"),
    }


def _gps_tags(pose: Fix | None, captured: datetime | None) -> Tags:
    tags: Tags = {
        _GPS.GPSVersionID: octets(b"\x02\x03\x00\x00"),
        _GPS.GPSStatus: text("V" if pose is None else "A"),
    }
    if captured is not None:
        seconds = (captured.second * _MICRO + captured.microsecond, _MICRO)
        tags[_GPS.GPSTimeStamp] = fractions((captured.hour, 1), (captured.minute, 1), seconds)
        tags[_GPS.GPSDateStamp] = text(_date(captured))
    if pose is not None:
        tags |= _place_tags(pose) | _motion_tags(pose)
    return tags


def _place_tags(pose: Fix) -> Tags:
    tags: Tags = {
        # "< 0" keeps the equator, -0.0 and sea level on the positive side.
        _GPS.GPSLatitudeRef: text("S" if pose.lat_deg < 0 else "N"),
        _GPS.GPSLatitude: _degrees_minutes_seconds(pose.lat_deg),
        _GPS.GPSLongitudeRef: text("W" if pose.lon_deg < 0 else "E"),
        _GPS.GPSLongitude: _degrees_minutes_seconds(pose.lon_deg),
        _GPS.GPSMapDatum: text("WGS-84"),
    }
    if pose.alt_m is not None and abs(pose.alt_m) < _MOST:
        tags[_GPS.GPSAltitudeRef] = octets(b"\x01" if pose.alt_m < 0 else b"\x00")
        tags[_GPS.GPSAltitude] = _rational(abs(pose.alt_m))
    if pose.hdop is not None and 0 <= pose.hdop < _MOST:
        tags[_GPS.GPSDOP] = _rational(pose.hdop)
    return tags


def _motion_tags(pose: Fix) -> Tags:
    tags: Tags = {}
    if pose.speed_mps is not None and 0 <= pose.speed_mps < _MOST / 3.6:  # -1 is "unknown" to some
        tags[_GPS.GPSSpeedRef] = text("K")
        tags[_GPS.GPSSpeed] = _rational(pose.speed_mps * 3.6)
    if pose.heading_deg is not None:
        heading = fractions((round(pose.heading_deg % 360 * 1000) % 360_000, 1000))
        tags[_GPS.GPSTrackRef] = tags[_GPS.GPSImgDirectionRef] = text("T")
        tags[_GPS.GPSTrack] = tags[_GPS.GPSImgDirection] = heading
    return tags


def _date(captured: datetime) -> str:
    return f"{captured.year:04d}:{captured.month:02d}:{captured.day:02d}"


def _degrees_minutes_seconds(angle_deg: float) -> Value:
    """Split an angle in whole microseconds of arc, so that no part ever reads 60."""
    minutes, micro_seconds = divmod(round(abs(angle_deg) * 3600 * _MICRO), 60 * _MICRO)
    degrees, minutes = divmod(minutes, 60)
    return fractions((degrees, 1), (minutes, 1), (micro_seconds, _MICRO))


def _rational(value: float) -> Value:
    """Return a value that is not negative, to three decimals."""
    return fractions((round(value * 1000), 1000))
