"""EXIF as an independent program reads it back."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from edgecrack.records import Fix
from edgecrack.sinks.exif import exif_bytes
from edgecrack.sinks.jpeg import jpeg_bytes
from edgecrack.sinks.png import png_bytes

FIX = Fix(0, 51.3401234, 12.3712345, 112.5, 271.25, 13.9, 0.9)
CASES = {
    "usual": FIX,
    "null island, at sea level, due north, standing": Fix(0, -0.0, -0.0, 0.0, 0.0, 0.0, 0.0),
    "south pole": replace(FIX, lat_deg=-90.0, lon_deg=-180.0, alt_m=2835.0, heading_deg=359.9999),
    "north pole, antimeridian": replace(FIX, lat_deg=90.0, lon_deg=180.0, heading_deg=360.0),
    "Dead Sea": replace(FIX, lat_deg=31.55, lon_deg=35.4749999, alt_m=-430.5),
    "just west of Greenwich": replace(FIX, lat_deg=-0.0000001, lon_deg=-0.0000001),
    "a hair below a degree": replace(FIX, lat_deg=49.99999999999, lon_deg=-9.99999999999),
}


@pytest.fixture
def written(tmp_path):
    """Return a function that writes observations as PNG and as JPEG and returns the paths."""

    def write(observations):
        paths = []
        for number, observation in enumerate(observations):
            exif = exif_bytes(observation)
            for ending, content in (
                ("png", png_bytes(observation.mask, exif)),
                ("jpg", jpeg_bytes(observation.frame.evidence, exif)),
            ):
                paths.append(tmp_path / f"{number}.{ending}")
                paths[-1].write_bytes(content)
        return paths

    return write


def test_exiftool_reads_every_tag_back(make_observation, exiftool, written):
    """Place, height, time, direction, speed and precision come back from PNG and JPEG alike."""
    observations = [make_observation(0, pose=pose) for pose in CASES.values()]
    found = exiftool(*written(observations))

    assert len(found) == 2 * len(CASES)
    for tags, pose in zip(found, [p for p in CASES.values() for _ in "pj"], strict=True):
        assert pose.alt_m is not None
        assert pose.speed_mps is not None
        assert tags["GPSLatitude"] == pytest.approx(pose.lat_deg, abs=1e-7)
        assert tags["GPSLongitude"] == pytest.approx(pose.lon_deg, abs=1e-7)
        assert tags["GPSLatitudeRef"] == ("S" if pose.lat_deg < 0 else "N")
        assert tags["GPSLongitudeRef"] == ("W" if pose.lon_deg < 0 else "E")
        assert tags["GPSAltitude"] == pytest.approx(pose.alt_m, abs=1e-3)
        assert tags["GPSAltitudeRef"] == (1 if pose.alt_m < 0 else 0)
        assert tags["GPSTimeStamp"] == "09:46:40.123456"
        assert tags["GPSDateStamp"] == "2026:03:20"
        turn_deg = (tags["GPSImgDirection"] - pose.heading_deg + 180) % 360 - 180
        assert turn_deg == pytest.approx(0, abs=1e-3)
        assert 0 <= tags["GPSImgDirection"] < 360
        assert tags["GPSTrack"] == tags["GPSImgDirection"]
        assert tags["GPSImgDirectionRef"] == tags["GPSTrackRef"] == "T"
        assert tags["GPSSpeed"] == pytest.approx(pose.speed_mps * 3.6, abs=1e-3)
        assert tags["GPSSpeedRef"] == "K"
        assert tags["GPSDOP"] == pytest.approx(pose.hdop, abs=1e-3)
        assert (tags["GPSStatus"], tags["GPSMapDatum"]) == ("A", "WGS-84")
        assert tags["GPSVersionID"] == "2 3 0 0"
        assert tags["DateTimeOriginal"] == "2026:03:20 09:46:40"
        assert str(tags["SubSecTimeOriginal"]) == "123456"
        assert tags["OffsetTimeOriginal"] == "+00:00"
        assert (tags["ExifVersion"], tags["Software"]) == ("0232", "edgecrack")
        assert tags["ImageDescription"] == "frame 0"


def test_what_is_unknown_is_omitted(make_observation, exiftool, written):
    """Without place and time no such tag exists, and the status says void."""
    unknown = make_observation(0, pose=None, captured_ns=None)
    place_only = make_observation(0, pose=Fix(0, 1.0, 2.0), captured_ns=None)
    minus_one = make_observation(0, pose=Fix(0, 1.0, 2.0, None, None, -1.0, -1.0), captured_ns=None)
    found = exiftool(*written([unknown, place_only, minus_one]))

    place = {"GPSLatitude", "GPSLatitudeRef", "GPSLongitude", "GPSLongitudeRef", "GPSMapDatum"}
    for number, tags in enumerate(found):
        # exiftool adds the position it composes from the others
        gps = {tag for tag in tags if tag.startswith("GPS")} - {"GPSPosition"}
        assert gps == {"GPSVersionID", "GPSStatus"} | (place if number > 1 else set())
        assert tags["GPSStatus"] == ("A" if number > 1 else "V")
        assert not {"DateTimeOriginal", "SubSecTimeOriginal", "OffsetTimeOriginal"} & tags.keys()


def test_time_without_place_is_kept(make_observation, exiftool, written):
    """A tunnel hides the place and not the time."""
    for tags in exiftool(*written([make_observation(0, pose=None)])):
        assert (tags["GPSDateStamp"], tags["GPSTimeStamp"]) == ("2026:03:20", "09:46:40.123456")
        assert tags["DateTimeOriginal"] == "2026:03:20 09:46:40"
        assert "GPSLatitude" not in tags


def test_exiftool_finds_no_fault_in_the_gps_block(make_observation, exiftool, written):
    """The validator of exiftool has no warning about GPS, and PNG has no fault at all."""
    found = exiftool("-validate", "-warning", "-a", *written([make_observation(0)]))

    for tags in found:
        assert "GPS" not in str(tags.get("Warning", ""))
    assert str(found[0]["Validate"]).startswith("0")


def _read(block: bytes):
    exif = Image.Exif()
    exif.load(block)
    return exif.get_ifd(ExifTags.IFD.GPSInfo)


def _angle(parts) -> Fraction:
    degrees, minutes, seconds = (Fraction(p.numerator, p.denominator) for p in parts)
    assert degrees <= 180
    assert 0 <= minutes < 60
    assert 0 <= seconds < 60
    return degrees + minutes / 60 + seconds / 3600


@settings(deadline=None)
@given(
    lat_deg=st.floats(-90, 90) | st.sampled_from([-90.0, -0.0, 0.0, 90.0]),
    lon_deg=st.floats(-180, 180) | st.sampled_from([-180.0, -0.0, 0.0, 180.0]),
    alt_m=st.none() | st.floats(-11_000, 100_000),
    heading_deg=st.none() | st.floats(0, 360),
    captured_ns=st.integers(0, 4_000_000_000_000_000_000),
)
def test_any_place_on_earth_survives(make_observation, **drawn):
    """Every pose comes back within a centimetre, with parts in range and the right side named."""
    captured_ns = drawn.pop("captured_ns")
    pose = Fix(0, **drawn)
    gps = _read(exif_bytes(make_observation(0, pose=pose, captured_ns=captured_ns)))

    lat = _angle(gps[2]) * (-1 if gps[1] == "S" else 1)
    lon = _angle(gps[4]) * (-1 if gps[3] == "W" else 1)
    assert abs(lat - Fraction(pose.lat_deg)) < 1e-9
    assert abs(lon - Fraction(pose.lon_deg)) < 1e-9
    assert (gps[1], gps[3]) == ("S" if pose.lat_deg < 0 else "N", "W" if pose.lon_deg < 0 else "E")
    assert (5 in gps, 6 in gps) == (pose.alt_m is not None,) * 2
    if pose.alt_m is not None:
        assert gps[5] == (b"\x01" if pose.alt_m < 0 else b"\x00")
        assert float(gps[6]) * (-1 if pose.alt_m < 0 else 1) == pytest.approx(pose.alt_m, abs=1e-3)
    if pose.heading_deg is not None:
        assert 0 <= float(gps[17]) < 360
    hour, minute, second = (Fraction(p.numerator, p.denominator) for p in gps[7])
    of_day_s = Fraction(captured_ns, 10**9) % 86_400
    assert 0 <= of_day_s - (hour * 3600 + minute * 60 + second) < Fraction(1, 10**6)
    assert second < 60


@pytest.mark.parametrize("value", [1e10, -1e10, 1.7e308, -1.7e308])
def test_absurd_numbers_break_nothing(make_observation, value):
    """What EXIF cannot hold is left out, and the place beside it still reads."""
    pose = Fix(0, 1.0, 2.0, alt_m=value, heading_deg=value, speed_mps=value, hdop=value)
    gps = _read(exif_bytes(make_observation(0, pose=pose)))

    assert not {5, 6, 11, 12, 13} & gps.keys()
    assert 0 <= float(gps[17]) < 360
    assert float(_angle(gps[2])) == 1.0
