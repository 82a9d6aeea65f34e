"""A sentence is read as the NMEA 0183 standard defines it."""

from datetime import date

import pytest

from edgecrack.positions.sentence import checksum, is_position, parse_sentence

RMC = "GPRMC,123519.25,A,4807.038,N,01131.000,W,022.4,084.4,230394,003.1,W"
GGA = "GPGGA,123519,4807.038,S,01131.000,E,1,08,0.9,545.4,M,46.9,M,,"


def read(content):
    """Return the reading of a sentence that must have one."""
    reading = parse_sentence(content)
    assert reading is not None
    return reading


def test_an_rmc_is_read_in_our_units():
    """48 degrees 7.038 minutes north, 11 degrees 31 minutes west, 22.4 knots, in 1994."""
    reading = read(RMC)
    assert reading.kind == "RMC"
    assert reading.time_of_day_ns == (12 * 3600 + 35 * 60 + 19) * 10**9 + 250_000_000
    assert reading.place_deg == pytest.approx((48 + 7.038 / 60, -(11 + 31 / 60)), abs=1e-9)
    assert reading.day == date(1994, 3, 23)
    assert reading.speed_mps == pytest.approx(22.4 * 1852 / 3600)
    assert (reading.heading_deg, reading.alt_m, reading.hdop) == (84.4, None, None)


def test_a_gga_is_read_in_our_units():
    """Height above the sea and HDOP; no date, speed or course."""
    reading = read(GGA)
    assert reading.kind == "GGA"
    assert reading.place_deg == pytest.approx((-(48 + 7.038 / 60), 11 + 31 / 60), abs=1e-9)
    assert (reading.alt_m, reading.hdop) == (545.4, 0.9)
    assert (reading.day, reading.speed_mps, reading.heading_deg) == (None, None, None)


@pytest.mark.parametrize(
    ("digits", "year"), [("69", 2069), ("79", 2079), ("80", 1980), ("99", 1999), ("00", 2000)]
)
def test_two_digit_years_begin_in_1980(digits, year):
    """GPS time began in 1980, so no receiver's year lies before."""
    assert read(RMC.replace("230394", f"2303{digits}")).day == date(year, 3, 23)


def test_the_leap_day_of_a_moved_year_exists():
    """29 February 1972 becomes 29 February 2072."""
    assert read(RMC.replace("230394", "290272")).day == date(2072, 2, 29)


@pytest.mark.parametrize(
    "content",
    [
        RMC.replace(",A,", ",V,"),
        RMC + ",N",  # positioning mode: not valid
        "GNRMC,,V,,,,,,,,,,N",
        GGA.replace(",1,08", ",0,08"),
        GGA.replace(",1,08", ",,08"),
        "GPGGA,,,,,,0,00,99.99,,,,,,",
    ],
)
def test_a_sentence_without_a_fix_has_no_place(content):
    """Whatever coordinates it contains."""
    assert read(content).place_deg is None


@pytest.mark.parametrize(
    "content",
    [
        "GPRMC",
        "GPGGA,",
        RMC.replace("4807.038,N", "9507.038,N"),  # beyond the pole
        RMC.replace("01131.000,W", "18131.000,W"),
        RMC.replace("4807.038,N", "4807.038,"),  # which hemisphere?
        RMC.replace("4807.038,N", "x,N"),
        RMC.replace("123519.25", "256199"),
        RMC.replace("123519.25", ""),
        GGA.replace(",1,08", ",one,08"),
    ],
)
def test_a_fix_without_time_or_place_is_no_reading(content):
    """A sentence that claims a fix but lacks its time or place is refused or has no place."""
    reading = parse_sentence(content)
    assert reading is None or reading.place_deg is None


@pytest.mark.parametrize("talker", ["GP", "GN", "GL", "GA", "GB"])
def test_every_satellite_system_is_read(talker):
    """GPS, mixed, GLONASS, Galileo and BeiDou alike; depth sounders do not count."""
    assert is_position(f"{talker}RMC,")
    assert is_position(f"{talker}GGA,")
    assert not is_position(f"{talker}GSV,")
    assert not is_position("IIRMC,")
    assert parse_sentence(talker + RMC[2:]) == parse_sentence(RMC)


def test_a_checksum_is_the_exclusive_or_of_the_bytes():
    """It equals the definition, written out in the test."""
    total = 0
    for byte in RMC.encode():
        total ^= byte
    assert checksum(RMC) == f"{total:02X}"


@pytest.mark.parametrize(
    "content",
    [
        RMC.replace("4807.038", "4860.000"),
        RMC.replace("4807.038", "5099.9999"),
        RMC.replace("01131.000", "01199.9999"),
        GGA.replace("4807.038", "5099.9999"),
        RMC.replace("022.4", "fast"),
        RMC.replace("230394", "310294"),
    ],
)
def test_a_field_that_breaks_the_standard_is_no_reading(content):
    """Sixty minutes are a degree: a receiver that says 99.9999 minutes is not to be believed."""
    assert parse_sentence(content) is None
