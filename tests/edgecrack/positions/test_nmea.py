"""Damaged or not, a stream gives the fixes that are in it, and a count of what was skipped."""

from calendar import timegm
from functools import reduce
from itertools import pairwise
from operator import xor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgecrack.errors import InputError
from edgecrack.positions import read_positions
from edgecrack.positions.nmea import NmeaParser


def sentence(content):
    """Return a whole line with its checksum."""
    return f"${content}*{reduce(xor, content.encode(), 0):02X}\r\n".encode()


def rmc(clock="120000.00", day="010224", status="A", lat="5000.0000", talker="GP"):
    """Return an RMC line at 50 N 8 E, 10 knots due east."""
    return sentence(f"{talker}RMC,{clock},{status},{lat},N,00800.0000,E,10.0,90.0,{day},,,A")


def gga(clock="120000.00", quality=1, lat="5000.0000", talker="GP"):
    """Return a GGA line at 50 N 8 E, 123.4 m high."""
    return sentence(f"{talker}GGA,{clock},{lat},N,00800.0000,E,{quality},08,0.9,123.4,M,46.9,M,,")


def parse(*lines):
    """Return the fixes and the counts above zero of a whole stream."""
    parser = NmeaParser()
    fixes = parser.push(b"".join(lines)) + parser.finish()
    return fixes, {key: count for key, count in parser.counts.items() if count}


def utc_ns(year, month, day, *clock):
    """Return nanoseconds since 1970 of a UTC calendar time."""
    return timegm((year, month, day, *clock, 0, 0, 0)[:6]) * 10**9


@pytest.mark.parametrize("lines", [(rmc(), gga()), (gga(), rmc())])
def test_rmc_and_gga_of_one_instant_make_one_fix(lines):
    """In either order: time, speed and course of one, height and HDOP of the other."""
    (fix,), counts = parse(*lines)
    assert fix.time_ns == utc_ns(2024, 2, 1, 12)
    assert (fix.lat_deg, fix.lon_deg, fix.alt_m, fix.hdop) == (50.0, 8.0, 123.4, 0.9)
    assert (fix.heading_deg, fix.speed_mps) == (90.0, pytest.approx(5.14444, abs=1e-5))
    assert counts == {"sentences": 2, "fixes": 1}


def test_a_fix_is_returned_as_soon_as_it_is_complete():
    """A live receiver's second sentence completes it; nothing waits for the next second."""
    parser = NmeaParser()
    assert parser.push(gga()) == []
    assert len(parser.push(rmc())) == 1
    assert parser.push(rmc(clock="120001.00")) == []
    assert parser.finish()[0].time_ns == utc_ns(2024, 2, 1, 12, 0, 1)


def test_two_talkers_of_one_instant_make_one_fix():
    """Receivers that repeat themselves for each satellite system do not double the track."""
    fixes, _ = parse(rmc(), rmc(talker="GN"), gga(), gga(talker="GN"), rmc(talker="GL"))
    assert len(fixes) == 1


def test_the_place_of_rmc_is_taken_where_both_differ():
    """In either order of the two sentences."""
    for lines in ((gga(lat="5100.0000"), rmc()), (rmc(), gga(lat="5100.0000"))):
        (fix,), _ = parse(*lines)
        assert fix.lat_deg == 50.0


def test_an_instant_without_gga_has_no_height():
    """And one without RMC has no course; both are fixes."""
    (first, second), _ = parse(rmc(), gga(clock="120001.00"))
    assert (first.alt_m, first.hdop, first.heading_deg) == (None, None, 90.0)
    assert (second.alt_m, second.heading_deg) == (123.4, None)
    assert second.time_ns - first.time_ns == 10**9


def test_gga_takes_the_next_day_after_midnight():
    """GGA has no date: 00:00:01 after 23:59:59 is tomorrow, even on a leap day."""
    fixes, _ = parse(rmc(clock="235959.00", day="280224"), gga(clock="000001.00"))
    assert fixes[1].time_ns == utc_ns(2024, 2, 29, 0, 0, 1)


def test_gga_takes_the_day_before_when_it_comes_late():
    """23:59:59 just after 00:00:00 was yesterday, not in a day."""
    fixes, _ = parse(rmc(clock="000000.00", day="010324"), gga(clock="235959.00"))
    assert fixes[1].time_ns == utc_ns(2024, 2, 29, 23, 59, 59)


def test_half_a_day_after_the_last_fix_is_later():
    """Exactly twelve hours lie as far ahead as behind; time goes on."""
    fixes, _ = parse(rmc(clock="120000.00", day="010224"), gga(clock="000000.00"))
    assert fixes[1].time_ns == utc_ns(2024, 2, 2)


def test_gga_alone_counts_the_days():
    """However long no RMC comes, days follow each other."""
    clocks = ["180000.00", "000000.00", "060000.00", "120000.00"] * 2
    fixes, _ = parse(rmc(), *(gga(clock=clock) for clock in clocks))
    steps_ns = [b.time_ns - a.time_ns for a, b in pairwise(fixes)]
    assert steps_ns == [6 * 3600 * 10**9] * 8


def test_gga_before_any_date_is_counted_and_left_out():
    """A place without a day cannot be matched with a picture."""
    fixes, counts = parse(gga(clock="115959.00"), rmc(), gga())
    assert (len(fixes), counts["undated"]) == (1, 1)


def test_the_same_time_next_day_is_another_instant():
    """A logger that wakes at noon each day makes one fix a day."""
    fixes, _ = parse(rmc(day="010224"), rmc(day="020224"))
    assert [fix.time_ns for fix in fixes] == [utc_ns(2024, 2, 1, 12), utc_ns(2024, 2, 2, 12)]


@pytest.mark.parametrize(
    "lines",
    [
        (rmc(status="V"), gga()),
        (gga(), rmc(status="V")),
        (rmc(), gga(quality=0)),
        (gga(quality=0), rmc()),
    ],
)
def test_one_sentence_without_a_fix_leaves_its_instant_without_one(lines):
    """When the two contradict each other the place is not known."""
    fixes, counts = parse(rmc(clock="115959.00"), *lines)
    assert ([fix.time_ns for fix in fixes], counts["no_fix"]) == (
        [utc_ns(2024, 2, 1, 11, 59, 59)],
        1,
    )


def test_a_sentence_with_a_wrong_checksum_is_not_used():
    """One flipped digit, and the sentence is counted and skipped."""
    broken = rmc().replace(b"5000.0000", b"5100.0000")
    fixes, counts = parse(broken, gga(), rmc(clock="120001.00"))
    assert counts["bad_checksum"] == 1
    assert [fix.lat_deg for fix in fixes] == [50.0]


@pytest.mark.parametrize(
    ("noise", "key"),
    [
        (b"# a comment\n", "not_nmea"),
        (b"# $GPRMC commented out" + rmc(clock="110000.00"), "not_nmea"),
        (b"\x00\xb5\x62\xff\xfe\n", "not_nmea"),
        (b"134730.361,5540.3220,N,01231.2858,E\r\n", "not_nmea"),
        (b"$GPRMC,110000.00,A,5100.0\r\n", "no_checksum"),
        (b"$ADVER,3080,2.4P\r\n", "no_checksum"),
        (b"$*\r\n", "no_checksum"),
        (b"$*00\r\n", "sentences"),
        (b"$GPRMC\xff,\xe9*11\r\n", "bad_checksum"),
        (sentence("GPRMC,110000.00,A,x,N,00800.0000,E,1,1,010224,,"), "malformed"),
        (sentence("GPGSV,1,1,00"), "sentences"),
        (b"\x07" * 5000, "not_nmea"),
    ],
)
def test_noise_is_skipped_and_counted(noise, key):
    """The sentences around it are read, and the noise is counted."""
    _, clean = parse(rmc(), rmc(clock="120001.00"))
    fixes, counts = parse(rmc(), noise, rmc(clock="120001.00"))
    assert len(fixes) == 2
    assert counts[key] > clean.get(key, 0)


def test_a_time_or_noise_before_a_sentence_does_not_hide_it():
    """Loggers write a time in front, ports a few wrong bytes; the checksum still holds."""
    fixes, counts = parse(b"1706788800.123 " + rmc(), b"\xff\x00" + gga())
    assert (len(fixes), counts["not_nmea"], counts["sentences"]) == (1, 2, 2)


def test_a_cut_last_line_is_left_out():
    """A log that ends in the middle of a sentence loses just that sentence."""
    fixes, counts = parse(rmc(), gga(clock="120001.00")[:40])
    assert (len(fixes), counts["no_checksum"]) == (1, 1)


def test_a_complete_last_line_needs_no_line_end():
    """Its checksum shows that it is complete."""
    assert len(parse(rmc().rstrip())[0]) == 1


def test_a_checksum_in_lower_case_is_read():
    """Some receivers write the checksum in lower case."""
    line = sentence("GPRMC,120001.00,A,5000.0000,N,00800.0000,E,10.0,90.0,010224,,,A")
    assert len(parse(line[:-4] + line[-4:].lower())[0]) == 1


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200) | st.sampled_from([rmc(), gga(), b"$", b"*", b"\n"])))
@example([b"$GPRMC,\xff*00\n"])
def test_no_bytes_crash_the_parser(parts):
    """Any bytes give right fixes or none."""
    fixes, _ = parse(*parts)
    assert all(fix.lat_deg == 50.0 for fix in fixes)


@settings(deadline=None)
@given(st.text("$*GPRMCANEV,.0123456789-", max_size=80))
def test_no_fields_crash_the_parser(fields):
    """Even with a right checksum the fields may hold anything."""
    body = fields.replace("$", "").replace("*", "")
    for kind in ("GPRMC", "GNGGA"):
        parse(sentence(f"{kind},{body}"))


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), max_size=40))
def test_it_does_not_matter_where_the_bytes_are_cut(sizes):
    """A serial port delivers a sentence in any pieces."""
    stream = b"\xff" + rmc() + gga() + b"#x\n" + rmc(clock="120001.00") + gga(clock="120002.00")
    whole, counts = parse(stream)
    parser, pieces, at = NmeaParser(), [], 0
    for size in sizes:
        pieces += parser.push(stream[at : at + size])
        at += size
    pieces += parser.push(stream[at:]) + parser.finish()
    assert pieces == whole
    assert {key: count for key, count in parser.counts.items() if count} == counts


def test_endless_noise_takes_no_memory():
    """A port that never sends a line end is cut, and the sentence after it is still read."""
    parser = NmeaParser()
    for _ in range(1000):
        parser.push(b"\xaa" * 4096)
        assert len(parser._rest) <= 1024  # noqa: SLF001  # memory is what this test is about
    assert len(parser.push(b"\n" + rmc() + gga())) == 1


def whole_log(first_s, seconds):
    """Return what a receiver writes in a drive over midnight, with all that goes wrong on it.

    Ten times a minute there is no fix, once a minute a sentence arrives broken and a port adds
    noise, and now and then another satellite system repeats what was said.
    """
    lines = [b"# gpsd log of a made drive\n"]
    for second in range(first_s, first_s + seconds):
        day, rest = divmod(second, 86_400)
        clock = f"{rest // 3600:02d}{rest // 60 % 60:02d}{rest % 60:02d}.00"
        lost = second % 6 == 0
        at = {"clock": clock, "lat": f"50{second * 0.004 % 60:07.4f}"}
        lines += [gga(quality=0 if lost else 1, **at), sentence("GPGSV,1,1,00")]
        lines += [rmc(day=f"{28 + day:02d}0224", status="V" if lost else "A", **at)]
        if second % 60 == 1:
            lines += [lines[-1].replace(b",E,", b",W,"), b"\xb5\x62\x01\x07\r\n"]
        if second % 60 == 2:
            lines += [rmc(day=f"{28 + day:02d}0224", talker="GL", **at)]
    return b"".join(lines)


def test_a_long_log_is_read_whole(tmp_path):
    """Every instant with a fix is there, over midnight, and all the rest is counted."""
    path = tmp_path / "drive.nmea"
    path.write_bytes(whole_log(86_400 - 300, 600))
    log = read_positions(path)
    assert log.name == path.name
    assert {key: count for key, count in log.counts.items() if count} == {
        "sentences": 1810, "fixes": 500, "no_fix": 200, "bad_checksum": 10, "not_nmea": 11,
    }  # fmt: skip
    times_s = [(fix.time_ns - utc_ns(2024, 2, 28)) / 1e9 for fix in log.fixes]
    assert times_s == [second for second in range(86_100, 86_700) if second % 6]
    assert all(fix.speed_mps and fix.alt_m for fix in log.fixes)
    assert [b.lat_deg > a.lat_deg for a, b in pairwise(log.fixes)].count(False) <= 1


@pytest.mark.real_data
def test_the_walk_is_read_whole(shared_data):
    """2,831 right checksums, none wrong; 603 RMC and 622 GGA share all but a few instants."""
    path = shared_data / "gps" / "walk-amod.nmea"
    log = read_positions(path)
    assert (log.counts["sentences"], log.counts["bad_checksum"], log.name) == (2831, 0, path.name)
    lines = path.read_text().split()
    clocks = {
        kind: {line.split(",")[1] for line in lines if line.startswith(kind)}
        for kind in ("$GPRMC", "$GPGGA")
    }
    assert sum(line.startswith("$GPRMC") and line.split(",")[2] == "A" for line in lines) == 603
    assert len(log.fixes) == len(clocks["$GPRMC"] | clocks["$GPGGA"])
    assert sum(fix.speed_mps is not None for fix in log.fixes) == 603
    first = log.fixes[0]
    assert first.time_ns == utc_ns(2012, 11, 4, 13, 47, 30) + 361_000_000
    assert (first.lat_deg, first.lon_deg) == pytest.approx((55 + 40.322 / 60, 12 + 31.2858 / 60))
    assert first.heading_deg == 86.57


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "fixes", "sentences", "no_fix"),
    [
        ("gpsd-bt451.log", 14, 144, 8),
        ("gpsd-nl2008u.log", 9, 127, 0),
        ("gpsd-bundg_zeus_9.log", 147, 4999, 0),
        ("gpsd-nmea-fuzzy-cases.log", 14, 28, 0),
    ],
)
def test_real_receivers_are_understood(shared_data, name, fixes, sentences, no_fix):
    """Logs of four makes, with comments, other talkers and stretches without a fix."""
    log = read_positions(shared_data / "gps" / name)
    assert (len(log.fixes), log.counts["sentences"], log.counts["no_fix"]) == (
        fixes,
        sentences,
        no_fix,
    )


def test_a_log_without_a_position_says_why(tmp_path):
    """The file is named, with how many sentences were read and what was wrong with them."""
    path = tmp_path / "indoors.nmea"
    path.write_bytes(rmc(status="V") * 3 + rmc()[:-4] + b"00\r\n" + sentence("GPGSV,1,1,00"))
    with pytest.raises(InputError, match=r"indoors\.nmea .*\b4 .*\b3 .*\b0 .*\b0 .*\b1 "):
        read_positions(path)


def test_a_log_of_gga_alone_says_that_the_date_is_missing(tmp_path):
    """Both instants are counted, and RMC is asked for."""
    path = tmp_path / "gga.nmea"
    path.write_bytes(gga() + gga(clock="120001.00"))
    with pytest.raises(InputError, match=r"gga\.nmea .*\b2 instants .*RMC"):
        read_positions(path)


@pytest.mark.parametrize(
    "content", [b"\xa0\xa2\x00\x12\x29" * 900, b"\xb5\x62\x01\x07\x5c\x00" * 700]
)
def test_a_receiver_of_another_protocol_is_no_nmea(tmp_path, content):
    """Binary logs, as SiRF and u-blox receivers write, hold no sentence."""
    path = tmp_path / "binary.log"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"binary\.log"):
        read_positions(path)


@pytest.mark.real_data
def test_a_real_receiver_of_another_protocol_is_no_nmea(shared_data):
    """A recorded SiRF log holds no sentence."""
    with pytest.raises(InputError, match=r"gpsd-bu303-nofix\.log"):
        read_positions(shared_data / "gps" / "gpsd-bu303-nofix.log")
