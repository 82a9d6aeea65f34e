"""When a picture was taken, from EXIF tags as cameras write them."""

import io

import pytest
from PIL import ExifTags, Image

from edgecrack.exif_time import exif_time_ns

_TAGS, _GPS = ExifTags.Base, ExifTags.GPS
_NOON_NS = 1_719_835_200 * 10**9  # 2024-07-01T12:00:00Z


def _time_ns(original=None, gps=None):
    """Write the tags to a JPEG and read them back, as they would be from a camera."""
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update(original or {})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=exif)
    file.seek(0)
    return exif_time_ns(Image.open(file).getexif())


@pytest.mark.parametrize(
    ("tags", "after_noon_ns"),
    [
        ({}, 0),
        ({_TAGS.SubsecTimeOriginal: "5"}, 500_000_000),
        ({_TAGS.SubsecTimeOriginal: "007"}, 7_000_000),
        ({_TAGS.SubsecTimeOriginal: "123456789012"}, 123_456_789),
        ({_TAGS.SubsecTimeOriginal: "  "}, 0),
        ({_TAGS.OffsetTimeOriginal: "+02:00"}, -7_200_000_000_000),
        ({_TAGS.OffsetTimeOriginal: "-03:30"}, 12_600_000_000_000),
        ({_TAGS.OffsetTimeOriginal: "Z?"}, 0),
    ],
)
def test_the_time_of_capture_is_read_with_its_parts(tags, after_noon_ns):
    """Sub-seconds are decimals, an offset is subtracted, and no offset means UTC."""
    original = {_TAGS.DateTimeOriginal: "2024:07:01 12:00:00"} | tags
    assert _time_ns(original) == _NOON_NS + after_noon_ns


def test_gps_time_is_used_where_there_is_no_original_time():
    """It is UTC, to the millisecond; where both exist the original time is used."""
    gps = {_GPS.GPSDateStamp: "2024:07:01", _GPS.GPSTimeStamp: (12.0, 0.0, 1.25)}
    assert _time_ns(gps=gps) == _NOON_NS + 1_250_000_000
    original = {_TAGS.DateTimeOriginal: "2024:07:01 12:00:00"}
    assert _time_ns(original, gps) == _NOON_NS


@pytest.mark.parametrize("text", ["", "0000:00:00 00:00:00", "1999:12:31 23:59:59", "yesterday"])
def test_a_clock_that_was_never_set_gives_no_time(text):
    """Empty, zero, unreadable dates and those before 2000 give None."""
    assert _time_ns({_TAGS.DateTimeOriginal: text}) is None
    assert _time_ns({_TAGS.DateTimeOriginal: "2000:01:01 00:00:00"}) == 946_684_800 * 10**9


@pytest.mark.parametrize(
    "gps",
    [
        {_GPS.GPSDateStamp: "2024:07:01"},
        {_GPS.GPSTimeStamp: (12.0, 0.0, 0.0)},
        {_GPS.GPSDateStamp: "2024:07:01", _GPS.GPSTimeStamp: (24.0, 0.0, 1.0)},
    ],
)
def test_half_a_gps_time_gives_no_time(gps):
    """A date without a time, a time without a date, and a second that no day has."""
    assert _time_ns(gps=gps) is None


def test_no_exif_no_time():
    """A picture without EXIF has no time."""
    assert _time_ns() is None


@pytest.mark.parametrize("offset", ["+14:00", "-14:00"])
@pytest.mark.parametrize("date", ["9999:12:31 23:59:59", "0001:01:01 00:00:00"])
def test_a_time_at_the_ends_of_the_calendar_is_none(date, offset):
    """With its offset it would lie outside of the calendar; no camera was there."""
    original = {_TAGS.DateTimeOriginal: date, _TAGS.OffsetTimeOriginal: offset}
    assert _time_ns(original) is None
    assert _time_ns(gps={_GPS.GPSDateStamp: date[:10], _GPS.GPSTimeStamp: (24.0, 0.0, 0.0)}) is None
