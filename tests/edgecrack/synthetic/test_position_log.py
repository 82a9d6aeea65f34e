"""The NMEA log."""

import math

import pynmeagps
import pytest

from edgecrack.records import Fix
from edgecrack.synthetic.drive import DriveSpec, drive_fixes
from edgecrack.synthetic.position_log import nmea


def test_every_checksum_is_the_xor_of_its_sentence():
    """Each line carries the exclusive or of the bytes between $ and *."""
    lines = nmea(drive_fixes(DriveSpec())).splitlines()
    assert len(lines) == 2 * len(drive_fixes(DriveSpec())) > 90
    for line in lines:
        body, check = line[1:].split("*")
        value = 0
        for byte in body.encode():
            value ^= byte
        assert int(check, 16) == value


def test_pynmeagps_reads_back_what_was_driven():
    """An independent parser reads every fix within 2 cm, a millisecond and 0.01 m/s."""
    fixes = drive_fixes(DriveSpec(seconds=2))
    lines = nmea(fixes).splitlines()
    for fix, rmc, gga in zip(fixes, lines[::2], lines[1::2], strict=True):
        position, height = (pynmeagps.NMEAReader.parse(line) for line in (rmc, gga))
        assert position.status == "A"
        assert position.lat == pytest.approx(fix.lat_deg, abs=2e-7)
        assert position.lon == pytest.approx(fix.lon_deg, abs=2e-7)
        assert position.spd * 1852 / 3600 == pytest.approx(fix.speed_mps, abs=0.01)
        assert position.cog == pytest.approx(fix.heading_deg, abs=0.01)
        assert height.alt == pytest.approx(fix.alt_m, abs=0.06)
        seconds = position.time.hour * 3600 + position.time.minute * 60 + position.time.second
        wanted = fix.time_ns / 1e9 % 86400
        assert seconds + position.time.microsecond / 1e6 == pytest.approx(wanted, abs=1e-3)


def test_minutes_never_reach_sixty():
    """A place just short of a whole degree is not written as 60 minutes, and south is S."""
    log = nmea([Fix(0, -12.999999999, 7.0, alt_m=0.0, heading_deg=0.0, speed_mps=0.0, hdop=1.0)])
    assert ",1300.00000,S,00700.00000,E," in log
    assert math.isclose(pynmeagps.NMEAReader.parse(log.splitlines()[0]).lat, -13.0, abs_tol=1e-6)
