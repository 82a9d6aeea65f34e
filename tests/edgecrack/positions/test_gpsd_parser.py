"""Reports of gpsd become fixes of one receiver, one for each epoch; what else comes is counted."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.positions.gpsd_parser import (
    HDOP_S,
    LONGEST_BYTES,
    SETTLE_S,
    SILENT_S,
    GpsdParser,
)
from edgecrack.utc import utc_ns

START = datetime(2026, 6, 1, 9, tzinfo=timezone.utc)
# As gpsd 3.22 sent it.
REAL = (
    b'{"class":"TPV","device":"tcp://127.0.0.1:44667","mode":3,"time":"2026-11-28T12:46:55.610Z",'
    b'"ept":0.005,"lat":51.334894833,"lon":12.366666667,"altHAE":145.0000,"altMSL":100.0000,'
    b'"alt":100.0000,"epv":27.600,"track":12.0000,"magtrack":15.6915,"magvar":3.7,"speed":11.112,'
    b'"climb":0.000,"epc":110.40,"geoidSep":45.000,"eph":15.200,"sep":28.500}\r\n'
)
VERSION = b'{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}\r\n'


def line(**report):
    """Return a report as gpsd sends it; None leaves a key out."""
    return (
        json.dumps({key: value for key, value in report.items() if value is not None}).encode()
        + b"\r\n"
    )


def tpv(second=0.0, **changed):
    """Return a TPV with a 3D fix, driving north, with some values changed."""
    time = (START + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    whole = {
        "device": "/dev/ttyACM0",
        "mode": 3,
        "time": time,
        "lat": 50 + second * 1e-4,
        "lon": 8.0,
    }
    return line(
        **{"class": "TPV", **whole, "altMSL": 123.4, "track": 0.5, "speed": 11.1, **changed}
    )


def sky(hdop=0.8, device="/dev/ttyACM0", **more):
    """Return a SKY with this HDOP."""
    return line(**{"class": "SKY", "device": device, "hdop": hdop, "satellites": [], **more})


def above_zero(parser):
    """Return the counts above zero."""
    return {key: count for key, count in parser.counts.items() if count}


def parse(*lines, now_s=0.0):
    """Return the fixes of a whole stream, and the counts above zero."""
    parser = GpsdParser()
    fixes = parser.push(b"".join(lines), now_s) + parser.push(b"", now_s + SETTLE_S)
    return fixes, above_zero(parser)


def test_a_report_of_the_real_gpsd_is_read():
    """Time of the fix and not of its arrival, height above the sea, course and speed."""
    (fix,), counts = parse(VERSION, REAL)
    assert fix.time_ns == utc_ns("2026-11-28T12:46:55.610Z")
    assert (fix.lat_deg, fix.lon_deg, fix.alt_m) == (51.334894833, 12.366666667, 100.0)
    assert (fix.heading_deg, fix.speed_mps, fix.hdop) == (12.0, 11.112, None)
    assert counts == {"reports": 2, "fixes": 1}


def test_the_protocol_is_what_the_version_says():
    """Not known before; 0 where a VERSION does not say it."""
    parser = GpsdParser()
    assert parser.protocol is None
    parser.push(VERSION, 0)
    assert parser.protocol == 3
    parser.push(line(**{"class": "VERSION", "proto_major": "three"}), 0)
    assert parser.protocol == 0


def test_a_fix_is_returned_as_soon_as_nothing_can_be_missing():
    """Nothing waits for the next second; further reports of the epoch are no further fixes."""
    parser = GpsdParser()
    assert len(parser.push(tpv(), 0)) == 1
    assert parser.push(tpv() + tpv(altMSL=200), 0) == []
    assert above_zero(parser) == {"reports": 3, "merged": 2, "fixes": 1}


@pytest.mark.parametrize(
    "missing", [("track",), ("speed", "track"), ("altMSL",), ("lat",), ("lon", "speed")]
)
def test_reports_of_one_epoch_make_one_fix(missing):
    """What the first does not say the second does, in either order."""
    part, rest = tpv(**dict.fromkeys(missing)), tpv()
    for order in ([part, rest], [rest, part]):
        (fix,), counts = parse(*order)
        assert (fix.lat_deg, fix.alt_m, fix.speed_mps, fix.heading_deg) == (50.0, 123.4, 11.1, 0.5)
        assert counts["merged"] == 1


def test_the_speed_of_the_receiver_counts_and_not_that_of_gpsd():
    """As gpsd 3.22 reported a recorded walk: 0.823 m/s by the places, 0.643 by the receiver."""
    (fix,), _ = parse(tpv(speed=0.823, track=None), tpv(speed=0.643, track=199.58))
    assert (fix.speed_mps, fix.heading_deg) == (0.643, 199.58)


def test_an_epoch_that_lacks_something_is_settled_by_time():
    """A receiver that never says its speed is not held back for a second."""
    parser = GpsdParser()
    assert parser.push(tpv(speed=None), 5.0) == []
    assert parser.push(b"", 5.0 + 0.9 * SETTLE_S) == []
    (fix,) = parser.push(b"", 5.0 + 1.01 * SETTLE_S)
    assert fix.speed_mps is None
    assert parser.push(b"", 9.0) == []


def test_an_epoch_that_lacks_something_is_settled_by_the_next():
    """So fixes come in the order of time."""
    parser = GpsdParser()
    fixes = parser.push(tpv(0, speed=None) + tpv(1), 0)
    assert [round(fix.lat_deg, 4) for fix in fixes] == [50.0, 50.0001]


def test_a_2d_fix_has_no_height_and_waits_for_none():
    """Whatever height is said beside it is of before."""
    parser = GpsdParser()
    (fix,) = parser.push(tpv(mode=2), 0)
    assert fix.alt_m is None


def test_the_deprecated_height_counts_where_there_is_no_other():
    """An old gpsd has but ``alt``."""
    assert parse(tpv(altMSL=None, alt=77.0))[0][0].alt_m == 77.0
    assert parse(tpv(altMSL=1.0, alt=77.0))[0][0].alt_m == 1.0


@pytest.mark.parametrize("mode", [0, 1, None, "3", True, -3, float("nan"), 10**400])
def test_a_mode_below_2_is_no_fix(mode):
    """Whatever place stands beside it; so is a mode that is no number."""
    assert parse(tpv(mode=mode)) == ([], {"reports": 1, "no_fix": 1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"time": None},
        {"time": 5},
        {"time": "yesterday"},
        {"time": "9999-12-31T23:59:59Z"},
        {"time": "1970-01-01T00:00:00Z"},
        {"time": "0001-01-01T00:00:00+23:59"},
        {"time": "\ud800"},
        {"lat": None},
        {"lat": 90.1},
        {"lat": "50"},
        {"lat": True},
        {"lon": float("nan")},
        {"lon": float("inf")},
        {"lon": 10**400},
        {"lon": [8.0]},
    ],
)
def test_a_fix_without_a_time_or_a_place_is_malformed(wrong):
    """Nothing is guessed, and no number is too large."""
    assert parse(tpv(**wrong)) == ([], {"reports": 1, "malformed": 1})


def test_the_hdop_is_of_the_last_sky_of_the_same_receiver():
    """One that says nothing of it changes nothing; another receiver's is not meant."""
    stream = sky(0.8) + sky(None) + sky(9.0, device="/dev/ttyUSB3") + tpv()
    assert parse(stream)[0][0].hdop == 0.8


def test_an_old_hdop_says_nothing_of_now():
    """Ten seconds is the most."""
    for age_s, hdop in ((HDOP_S, 0.8), (HDOP_S + 0.1, None)):
        parser = GpsdParser()
        parser.push(sky(0.8), 0)
        assert parser.push(tpv(), age_s)[0].hdop == hdop


def test_the_first_with_a_3d_fix_is_listened_to():
    """A 2D fix will do until another has 3D; then that one is kept, also where it falls to 2D."""
    parser = GpsdParser()
    a, b = {"device": "/dev/a", "lon": 1.0}, {"device": "/dev/b", "lon": 2.0}
    stream = [(a, 1), (b, 1), (b, 2), (a, 2), (a, 3), (b, 3), (a, 2), (b, 3)]
    fixes = [
        fix
        for second, (device, mode) in enumerate(stream)
        for fix in parser.push(tpv(second, mode=mode, **device), second / 4)
    ]
    assert [fix.lon_deg for fix in fixes] == [2.0, 1.0, 1.0]
    assert parser.counts["other_receiver"] == 3


@pytest.mark.parametrize("last_words", [b"", tpv(2, device="/dev/a", mode=1)])
def test_one_that_falls_silent_gives_way(last_words):
    """After three seconds without a fix, though it may go on saying that it has none."""
    parser = GpsdParser()
    a, b = {"device": "/dev/a"}, {"device": "/dev/b"}
    assert len(parser.push(tpv(0, **a), 0.0)) == 1
    parser.push(last_words, 2.0)
    assert parser.push(tpv(3, **b), SILENT_S) == []
    assert len(parser.push(tpv(4, **b), SILENT_S + 0.1)) == 1
    assert parser.push(tpv(4, **a), SILENT_S + 0.2) == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\x00\xfe\n",
        b"$GPRMC,134730.361,A,5540.3220,N\r\n",
        b"[]\n",
        b"5\n",
        b"null\n",
        REAL[40:],
        b"[" * (LONGEST_BYTES - 1) + b"\n",
        b'{"class":' * 1000 + b"\n",
        b'{"class":"TPV",' + b" " * LONGEST_BYTES + b'"mode":3}\n',
        b"x" * 10 * LONGEST_BYTES + b"\n",
        b"9" * 5000 + b"\n",
    ],
)
def test_garbage_between_reports_is_skipped_and_counted(garbage):
    """The reports before and after it are read."""
    fixes, counts = parse(tpv(0), garbage, tpv(1))
    assert len(fixes) == 2
    assert counts == {"reports": 2, "garbage": 1, "fixes": 2}


def test_the_end_of_a_line_that_was_too_long_is_no_report():
    """Though it may look like one, after whatever pieces the line came in."""
    parser = GpsdParser()
    for _ in range(20):
        assert parser.push(b" " * 4000, 0) == []
    assert parser.push(tpv(0) + tpv(1), 0)[0].lat_deg == pytest.approx(50.0001)
    assert above_zero(parser) == {"garbage": 1, "reports": 1, "fixes": 1}


@pytest.mark.parametrize("report", [{"class": "TPV", "mode": 3, "device": [[]]}, {"class": {}}, {}])
def test_reports_of_odd_types_do_no_harm(report):
    """A device that is no text is the nameless one."""
    assert parse(line(**report))[0] == []


def test_a_stream_of_new_devices_takes_no_memory():
    """HDOPs are kept for a few receivers only, those that spoke last."""
    parser = GpsdParser()
    for number in range(1000):
        parser.push(sky(0.8, device=f"/dev/{number}"), 0)
    assert len(parser._hdops) == 16  # noqa: SLF001  what is kept
    assert "/dev/999" in parser._hdops  # noqa: SLF001


NUMBERS = st.one_of(st.floats(), st.integers(), st.integers(0, 4), st.floats(-180, 180))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = (
    "mode",
    "time",
    "lat",
    "lon",
    "alt",
    "altMSL",
    "speed",
    "track",
    "hdop",
    "device",
    "proto_major",
    "real_sec",
    "clock_nsec",
    "uSat",
    "satellites",
)
TIMES = st.integers(0, 5).map(lambda s: (START + timedelta(seconds=s)).isoformat())
REPORTS = st.builds(
    lambda name, device, time, rest: {"class": name, "device": device, "time": time, **rest},
    st.sampled_from(["TPV", "TPV", "SKY", "VERSION", "DEVICES", "PPS"]),
    st.sampled_from(["/dev/a", "/dev/b"]),
    TIMES,
    st.dictionaries(st.sampled_from(KEYS), NUMBERS | VALUES, max_size=len(KEYS)),
)
LINES = st.one_of(
    REPORTS.map(lambda report: json.dumps(report).encode() + b"\n"),
    st.integers(0, 9).map(tpv),
    st.floats(0, 20).map(sky),
    st.binary(max_size=40).map(lambda noise: noise + b"\n"),
    st.binary(max_size=40),
    st.integers(LONGEST_BYTES - 3, LONGEST_BYTES + 3).map(lambda size: b"[" * size + b"\n"),
)


STREAMS = st.lists(st.tuples(LINES, st.floats(0, 5)), max_size=12)


def check_stream(stream):
    """Assert what holds for any pieces of a stream, each with the time since the one before."""
    parser, now_s, count = GpsdParser(), 0.0, 0
    for data, after_s in stream:
        now_s += after_s
        for fix in parser.push(data, now_s):
            assert utc_ns("1980-01-01") < fix.time_ns < utc_ns("2100-01-01")
            count += 1
        assert len(parser._rest) <= LONGEST_BYTES  # noqa: SLF001  what is kept
        assert len(parser._hdops) <= 16  # noqa: SLF001
    assert count == parser.counts["fixes"]


@pytest.mark.slow
@given(STREAMS)
def test_no_stream_breaks_the_parser(stream):
    """Every fix is on Earth and of these times, and what is kept stays bounded."""
    check_stream(stream)


@pytest.mark.slow
@given(st.lists(LINES, max_size=12), st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_it_does_not_matter_where_the_stream_is_cut(stream, sizes):
    """The fixes and the counts are those of the whole, but for lines far too long."""
    data = b"".join(piece for piece in stream if len(piece) < LONGEST_BYTES - 500)
    whole, cut = GpsdParser(), GpsdParser()
    wanted, got, at, turn = whole.push(data, 0), [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        got += cut.push(data[at : at + size], 0)
        at, turn = at + size, turn + 1
    assert (got, cut.counts) == (wanted, whole.counts)
