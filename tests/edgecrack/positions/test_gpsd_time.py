"""gpsd tells the time: by its 3D fixes, by pulses, and by when a second's data began.

No gpsd has pulses here: `serve` is a double that speaks the protocol of gpsd_json(5).
"""

import json
import socket
import threading
import time
from contextlib import closing, suppress
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.clock import SECOND_NS, Arrival, Comparison
from edgecrack.clock.dating import Dating
from edgecrack.clock.gate import ClockGate
from edgecrack.clock.kernel import read_clock
from edgecrack.positions.gpsd import GpsdReceiver
from edgecrack.positions.gpsd_parser import GpsdParser
from edgecrack.positions.receiver_address import GpsdAddress
from edgecrack.positions.reception import HEARD, NO_FIX_S, ReceiverChange, ReceiverState
from edgecrack.utc import to_datetime, utc_ns

START = datetime(2026, 6, 1, 9, tzinfo=timezone.utc)
VERSION = b'{"class":"VERSION","release":"3.22","proto_major":3,"proto_minor":14}\r\n'


def line(name, **report):
    """Return a report as gpsd sends it."""
    return json.dumps({"class": name, "device": "/dev/ttyACM0", **report}).encode() + b"\r\n"


def tpv(second=0.0, **changed):
    """Return a TPV with a whole 3D fix, with some values changed."""
    time_utc = (START + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    whole = {"mode": 3, "time": time_utc, "lat": 50.0, "lon": 8.0, "altMSL": 9.0}
    return line("TPV", **{**whole, "track": 0.5, "speed": 11.1, **changed})


def comparison(name, real_ns, clock_ns, **changed):
    """Return a PPS or TOFF."""
    times = {
        "real_sec": real_ns // SECOND_NS, "real_nsec": real_ns % SECOND_NS,
        "clock_sec": clock_ns // SECOND_NS, "clock_nsec": clock_ns % SECOND_NS,
    }  # fmt: skip
    return line(name, **{**times, "precision": -20, **changed})


def heard_of(*pieces):
    """Return what a parser tells of the time when these come one second after the other."""
    heard = []
    parser = GpsdParser(heard.append)
    for number, piece in enumerate(pieces):
        parser.push(piece, float(number))
    return heard, parser


def test_a_3d_fix_tells_the_time_of_its_first_report():
    """Once, however often it is reported; a 2D fix tells none."""
    heard, _ = heard_of(tpv(0, speed=None), tpv(0), tpv(2, mode=2), tpv(3), tpv(3))
    first_ns = utc_ns("2026-06-01T09:00:00Z")
    assert heard == [Arrival(first_ns, 0), Arrival(first_ns + 3 * SECOND_NS, 3 * SECOND_NS)]


def test_pulses_and_beginnings_of_a_second_are_told_with_both_clocks():
    """As gpsd_json(5) documents them, to the nanosecond; both are counted."""
    real_ns, clock_ns = 1_780_304_400_000_000_000, 1_780_304_398_765_432_109
    heard, parser = heard_of(
        comparison("PPS", real_ns, clock_ns), comparison("TOFF", real_ns, clock_ns)
    )
    assert heard == [
        Comparison(real_ns, clock_ns, is_pulse=True),
        Comparison(real_ns, clock_ns, is_pulse=False),
    ]
    assert (parser.counts["pps"], parser.counts["toff"], parser.counts["malformed"]) == (1, 1, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"real_sec": None}, {"real_sec": "5"}, {"clock_sec": -1}, {"real_nsec": 10**9},
        {"clock_nsec": float("nan")}, {"real_sec": 10**400}, {"clock_sec": True},
        {"real_sec": 4_102_444_801}, {"clock_nsec": [1]},
    ],
)  # fmt: skip
def test_a_pulse_that_cannot_be_read_is_malformed(wrong):
    """Nothing is guessed, and no number is too large."""
    heard, parser = heard_of(comparison("PPS", 10**18, 10**18, **wrong))
    assert (heard, parser.counts["malformed"], parser.counts["pps"]) == ([], 1, 0)


NUMBERS = st.one_of(st.floats(), st.integers(), st.integers(0, 2 * 10**9), st.booleans())
NAMES = ("real_sec", "real_nsec", "clock_sec", "clock_nsec", "uSat", "nSat", "satellites")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["PPS", "TOFF", "SKY"]),
            st.dictionaries(
                st.sampled_from(NAMES), NUMBERS | st.text() | st.lists(NUMBERS, max_size=3)
            ),
        ),
        max_size=6,
    )
)
def test_no_report_of_the_time_breaks_the_parser_or_the_gate(reports):
    """Whatever stands in them."""
    gate = ClockGate()
    gate.sample(read_clock())
    parser = GpsdParser(gate.hear)
    for name, report in reports:
        parser.push(line(name, **report), 0)
    gate.sample(read_clock())
    assert parser.lack()
    assert parser.counts["garbage"] == 0


@pytest.mark.parametrize(
    ("reports", "words"),
    [
        ([], "hears no receiver"),
        ([tpv(mode=1)], "does not know where it is"),
        ([line("SKY", uSat=2, nSat=9)], "2 of 9 satellites"),
        ([line("SKY", satellites=[{"used": True}, {"used": False}, 7])], "1 of 3 satellites"),
        ([line("SKY", uSat=3, nSat=4), line("SKY", hdop=1.0)], "3 of 4 satellites"),
    ],
)
def test_why_there_is_no_fix_is_said_by_the_satellites(reports, words):
    """What gpsd said last; and whether it hears any receiver at all."""
    assert words in heard_of(*reports)[1].lack()


def serve(answers):
    """Stand for a gpsd: answer one client's WATCH with what ``answers`` yields; return where."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk():
        with suppress(OSError), server, server.accept()[0] as connection:
            connection.sendall(VERSION)
            watch = json.loads(connection.recv(200).removeprefix(b"?WATCH=").rstrip(b";\n"))
            assert watch["pps"] is True
            for answer in answers:
                connection.sendall(answer)
            connection.recv(1)  # until it hangs up

    threading.Thread(target=talk, daemon=True).start()
    return GpsdAddress("127.0.0.1", server.getsockname()[1])


def seconds_of_pulses(ahead_ns, late_ns):
    """Yield each tenth of a second what gpsd sends in a second, of a receiver so far ahead."""
    pause = threading.Event()
    for tenth in range(300):
        pause.wait(0.1)
        now_ns = time.time_ns()
        fix_utc = to_datetime(now_ns + ahead_ns - late_ns).isoformat().replace("+00:00", "Z")
        yield tpv(tenth, time=fix_utc) + comparison("PPS", now_ns + ahead_ns, now_ns)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("ahead_ns", [3600 * SECOND_NS, 0])
def test_the_pulses_of_a_gpsd_date_a_unit_to_some_milliseconds(ahead_ns):
    """Its own clock is an hour off, or right and not kept by anything; fixes come 0.3 s late."""
    gate = ClockGate()
    dating = Dating(gate)
    address = serve(seconds_of_pulses(ahead_ns, 300_000_000))
    with closing(GpsdReceiver(address, on_time=dating.hear)) as receiver:
        sources = set()
        while gate.mapping.source.value != "pps":
            receiver.poll()
            gate.sample(read_clock())
            sources.add(gate.mapping.source.value)
    now = read_clock()
    assert abs(gate.utc_ns(now.monotonic_ns) - now.utc_ns - ahead_ns) < 20_000_000
    assert gate.mapping.error_s < 0.05
    assert sources <= {"none", "gps", "pps"}


@pytest.mark.timeout(60)
def test_a_gpsd_without_a_fix_says_so():
    """After a while, with its satellites; and that it has one as soon as it has one."""
    now_s, go = [0.0], threading.Event()

    def answers():
        yield line("SKY", uSat=1, nSat=7) + tpv(mode=1)
        go.wait()
        yield tpv()

    address = serve(answers())
    with closing(GpsdReceiver(address, clock=lambda: now_s[0])) as receiver:
        while not receiver.counts["no_fix"]:
            receiver.poll()
        now_s[0] = NO_FIX_S - 1
        said = [receiver.reception]
        now_s[0] = NO_FIX_S
        said.append(receiver.reception)
        go.set()
        while not receiver.poll():
            pass
        said.append(receiver.reception)
    why = "1 of 7 satellites are used; see to its antenna"
    assert said == [None, ReceiverChange(ReceiverState.NO_FIX, why), HEARD]
