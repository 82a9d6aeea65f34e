"""Where pictures were taken, as a track."""

import struct
import zlib

import pytest
from PIL import ExifTags, Image

from edgecrack.errors import InputError
from edgecrack.positions.exif_place import exif_fixes

_TAGS, _GPS = ExifTags.Base, ExifTags.GPS
_NOON_NS = 1_719_835_200 * 10**9  # 2024-07-01T12:00:00Z
_PLACE = {
    _GPS.GPSLatitudeRef: "S",
    _GPS.GPSLatitude: (33.0, 51.0, 24.5),
    _GPS.GPSLongitudeRef: "W",
    _GPS.GPSLongitude: (151.0, 12.0, 36.0),
}


@pytest.fixture
def save(tmp_path):
    """Save a picture with GPS tags, taken so many seconds after noon."""

    def _save(name, gps, seconds=0):
        exif = Image.Exif()
        if seconds is not None:
            taken = f"2024:07:01 12:00:{seconds:02}"
            exif.get_ifd(ExifTags.IFD.Exif)[_TAGS.DateTimeOriginal] = taken
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
        Image.new("RGB", (8, 8)).save(tmp_path / name, exif=exif.tobytes())
        return tmp_path

    return _save


def test_a_place_is_read_with_all_that_is_known(save):
    """South and west are negative; height, course and speed come in their units."""
    (fix,) = exif_fixes(
        save(
            "a.jpg",
            _PLACE
            | {
                _GPS.GPSAltitudeRef: b"\1",
                _GPS.GPSAltitude: 12.5,
                _GPS.GPSTrack: 271.5,
                _GPS.GPSImgDirection: 3.0,
                _GPS.GPSSpeedRef: "K",
                _GPS.GPSSpeed: 72.0,
                _GPS.GPSDOP: 1.5,
            },
        )
    )
    assert fix.time_ns == _NOON_NS
    assert fix.lat_deg == pytest.approx(-(33 + 51 / 60 + 24.5 / 3600))
    assert fix.lon_deg == pytest.approx(-151.21)
    assert (fix.alt_m, fix.heading_deg, fix.hdop) == (-12.5, 271.5, 1.5)
    assert fix.speed_mps == pytest.approx(20.0)


def test_what_a_picture_does_not_say_is_none(save):
    """Height, course, speed and HDOP are not made up."""
    (fix,) = exif_fixes(save("a.jpg", _PLACE))
    assert (fix.alt_m, fix.heading_deg, fix.speed_mps, fix.hdop) == (None, None, None, None)


def test_knots_and_miles_are_converted(save):
    """The speed's unit is the one its tag names."""
    save("a.jpg", _PLACE | {_GPS.GPSSpeedRef: "N", _GPS.GPSSpeed: 10.0})
    folder = save("b.jpg", _PLACE | {_GPS.GPSSpeedRef: "M", _GPS.GPSSpeed: 10.0}, 1)
    assert [fix.speed_mps for fix in exif_fixes(folder)] == pytest.approx(
        [5.14444, 4.4704], abs=1e-4
    )


def test_a_magnetic_direction_is_no_course(save):
    """Only a direction from true north is a heading; without a course, the camera's is used."""
    save("a.jpg", _PLACE | {_GPS.GPSImgDirectionRef: "M", _GPS.GPSImgDirection: 10.0})
    folder = save("b.jpg", _PLACE | {_GPS.GPSImgDirectionRef: "T", _GPS.GPSImgDirection: 10.0}, 1)
    assert [fix.heading_deg for fix in exif_fixes(folder)] == [None, 10.0]


def test_places_come_in_order_of_time(save):
    """The track is sorted by time, not by file name."""
    save("a.jpg", _PLACE, 30)
    folder = save("b.png", _PLACE, 10)
    assert [fix.time_ns - _NOON_NS for fix in exif_fixes(folder)] == [10 * 10**9, 30 * 10**9]


def test_a_picture_without_place_or_time_gives_no_fix(save, tmp_path):
    """No GPS, half a place, null island, no time, a place off Earth, a broken or huge file."""
    save("plain.jpg", {})
    save("half.jpg", {key: _PLACE[key] for key in (_GPS.GPSLatitude, _GPS.GPSLatitudeRef)})
    save("null.jpg", {_GPS.GPSLatitude: (0.0, 0.0, 0.0), _GPS.GPSLongitude: (0.0, 0.0, 0.0)})
    save("timeless.jpg", _PLACE, None)
    save("far.jpg", _PLACE | {_GPS.GPSLatitude: (91.0, 0.0, 0.0)})
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    data = struct.pack(">I4s12x", 8, b"IDAT")
    (tmp_path / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + data)
    assert exif_fixes(tmp_path) == []


def test_a_directory_without_pictures_is_refused(tmp_path):
    """No pictures at all is an InputError that names the directory, as for frames."""
    with pytest.raises(InputError, match=tmp_path.name):
        exif_fixes(tmp_path)
