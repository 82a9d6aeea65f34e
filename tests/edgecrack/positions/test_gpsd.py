"""The receivers of a gpsd, mostly the real one, are read as they send."""

import json
import signal
import socket
import threading
import time
from contextlib import closing
from itertools import chain

import pytest

from edgecrack.errors import InputError, SourceError
from edgecrack.positions import open_receiver, read_positions
from edgecrack.positions.gpsd import ASK_S, SILENT_S, GpsdReceiver
from edgecrack.positions.gpsd_parser import LONGEST_BYTES
from edgecrack.positions.receiver_address import GpsdAddress
from tests.edgecrack.real_gpsd import (
    SECOND_NS,
    START_NS,
    PlayedReceiver,
    drive,
    epochs,
    free_port,
    gpsd_with,
)

VERSION = b'{"class":"VERSION","release":"3.22","proto_major":3,"proto_minor":14}\r\n'
ROLLOVER_NS = 1024 * 7 * 86_400 * SECOND_NS  # gpsd takes an old date for one of weeks to come


def connected(gpsd):
    """Return a receiver as soon as gpsd takes it."""
    while True:
        try:
            return open_receiver(str(gpsd.address))
        except SourceError:  # noqa: PERF203  it has just been started
            assert gpsd.process.poll() is None


def poll_until(receiver, count):
    """Poll until so many fixes came."""
    fixes = [*receiver.poll()]
    while len(fixes) < count:
        fixes += receiver.poll()
    return fixes


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_the_fixes_of_a_receiver_arrive_through_gpsd(tmp_path):
    """Each once and in order: time, place, height, speed and course are those of the drive."""
    sent = drive(60)
    played = PlayedReceiver(epochs(sent))
    with gpsd_with(tmp_path, played) as gpsd, closing(connected(gpsd)) as receiver:
        got = poll_until(receiver, 20)
    by_time = {fix.time_ns: fix for fix in sent}
    assert len({fix.time_ns for fix in got}) == len(got)
    assert got == sorted(got, key=lambda fix: fix.time_ns)
    for fix in got[1:]:  # of its first epoch gpsd may have missed a sentence
        wanted = by_time[fix.time_ns]
        assert (fix.lat_deg, fix.lon_deg) == pytest.approx((wanted.lat_deg, 8.0), abs=1e-6)
        assert (fix.alt_m, fix.speed_mps) == (100.0, pytest.approx(11.0, abs=1e-3))
    assert receiver.counts["garbage"] == 0


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_garbage_between_sentences_costs_no_more_than_an_epoch(tmp_path):
    """The real gpsd gets over noise, and so do we over what it makes of that."""
    noise = b"\xff\x00\x81{]" * 20 + b"\r\n$GPRMC,garbage*00\r\n"
    pieces = [noise + piece if n % 3 == 0 else piece for n, piece in enumerate(epochs(drive(90)))]
    played = PlayedReceiver(pieces)
    with gpsd_with(tmp_path, played) as gpsd, closing(connected(gpsd)) as receiver:
        got = poll_until(receiver, 30)
    assert {round((fix.time_ns - START_NS) / SECOND_NS) for fix in got} <= set(range(90))
    assert all(fix.lat_deg == pytest.approx(50, abs=0.01) for fix in got)


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_of_two_receivers_one_is_listened_to_until_it_is_silent(tmp_path):
    """The other one takes over after that, and is not mixed in before."""
    heard = threading.Event()
    waits = iter(lambda: b"" if not heard.is_set() else None, None)
    lively = PlayedReceiver(chain(waits, epochs(drive(3000, 9.0))))
    brief = PlayedReceiver(epochs(drive(40)))
    with gpsd_with(tmp_path, brief, lively) as gpsd:
        connected(gpsd).close()
        thrice = GpsdReceiver(gpsd.address, clock=lambda: 3 * time.monotonic())
        with closing(thrice) as receiver:
            ways = [fix.lon_deg for fix in poll_until(receiver, 5)]
            heard.set()
            while ways[-1] == pytest.approx(8.0):
                ways += [fix.lon_deg for fix in receiver.poll()]
    assert ways == [pytest.approx(8.0)] * (len(ways) - 1) + [pytest.approx(9.0)]
    assert receiver.counts["other_receiver"] > 0


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.timeout(60)
def test_gpsd_and_our_own_parser_read_the_same_of_a_recorded_walk(shared_data, tmp_path):
    """Two minds: place and speed of 150 epochs agree, after the same sentences."""
    path = shared_data / "gps" / "walk-amod.nmea"
    ours = {fix.time_ns % ROLLOVER_NS: fix for fix in read_positions(path).fixes}
    lines = path.read_bytes().splitlines(keepends=True)
    pieces = [b"".join(lines[at : at + 6]) for at in range(0, len(lines), 6)]
    played = PlayedReceiver(pieces, 0.005)
    with gpsd_with(tmp_path, played) as gpsd, closing(connected(gpsd)) as receiver:
        theirs = poll_until(receiver, 150)
    both = [(fix, ours[at]) for fix in theirs if (at := fix.time_ns % ROLLOVER_NS) in ours]
    assert len(both) > 140
    for fix, our in both:
        assert (fix.lat_deg, fix.lon_deg) == pytest.approx((our.lat_deg, our.lon_deg), abs=1e-8)
        if our.speed_mps is not None:  # gpsd works it out where the receiver sent none
            assert fix.speed_mps == pytest.approx(our.speed_mps, abs=1e-3)


@pytest.mark.timeout(60)
def test_a_gpsd_that_is_killed_is_a_source_that_may_come_back(tmp_path):
    """Exit code 75, and its address is named; a gpsd without receivers is nothing bad before."""
    with gpsd_with(tmp_path) as gpsd, closing(connected(gpsd)) as receiver:
        assert receiver.poll() == []
        gpsd.kill()
        with pytest.raises(SourceError, match=str(gpsd.address)) as caught:
            poll_until(receiver, 1)
    assert caught.value.exit_code == 75


@pytest.mark.timeout(60)
def test_a_gpsd_that_hangs_is_given_up_and_one_without_receivers_is_not(tmp_path):
    """It is asked for its version when it says nothing: only who hangs does not answer."""
    now_s = [0.0]
    with gpsd_with(tmp_path) as gpsd:
        connected(gpsd).close()
        with closing(GpsdReceiver(gpsd.address, clock=lambda: now_s[0])) as receiver:
            for _ in range(3):
                now_s[0] += ASK_S
                reports = receiver.counts["reports"]
                while receiver.counts["reports"] == reports:
                    assert receiver.poll() == []
            gpsd.process.send_signal(signal.SIGSTOP)
            now_s[0] += SILENT_S - 1
            assert receiver.poll() == []
            now_s[0] += 1
            with pytest.raises(SourceError, match="said nothing for 30 s"):
                receiver.poll()


def serve(*pieces, stay=True):
    """Answer one connection with these bytes; return where, and what was received meanwhile."""
    server, received = socket.create_server(("127.0.0.1", 0)), []

    def talk():
        with server, server.accept()[0] as connection:
            for piece in pieces:
                connection.sendall(piece)
            while stay and (data := connection.recv(100)):
                received.append(data)

    threading.Thread(target=talk, daemon=True).start()
    return GpsdAddress("127.0.0.1", server.getsockname()[1]), received


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is something else"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "is something else"),
        (b"x" * 2 * LONGEST_BYTES + b"\n", "is something else"),
        (VERSION.replace(b'"proto_major":3', b'"proto_major":2'), "protocol 3, not 2"),
        (b'{"class":"VERSION"}\n', "protocol 3, not 0"),
    ],
)
def test_what_is_no_gpsd_can_never_work(answer, words):
    """Exit code 66, so that the service does not start again; the address is named."""
    address, _ = serve(answer)
    with pytest.raises(InputError, match=words) as caught:
        GpsdReceiver(address)
    assert str(address) in str(caught.value)
    assert caught.value.exit_code == 66


def test_what_does_not_answer_may_come():
    """Nobody listens, who listens says nothing, or hangs up: exit code 75 each time."""
    for address, words in (
        (GpsdAddress("127.0.0.1", free_port()), "Connection refused"),
        (serve()[0], "timed out"),
        (serve(b'{"class":"DEVICES"}\n', stay=False)[0], "version"),
        (GpsdAddress("no-such-host.invalid"), "no gpsd answers"),
    ):
        with pytest.raises(SourceError, match=words) as caught:
            GpsdReceiver(address, answer_s=0.2)
        assert str(address) in str(caught.value)


def test_polling_a_silent_gpsd_does_not_wait():
    """What it was asked for is all reports, and no more than that."""
    address, received = serve(VERSION[:9], VERSION[9:])
    receiver = GpsdReceiver(address)
    assert receiver.poll() == []
    while not received:
        assert receiver.poll() == []
    assert json.loads(received[0].removeprefix(b"?WATCH=").rstrip(b";\n")) == {
        "enable": True,
        "json": True,
        "pps": True,
    }
    receiver.close()


def test_a_poll_of_gpsd_reads_64_kib_at_most():
    """However much gpsd sends, a poll returns, and the next one goes on from there."""
    report = b'{"class":"DEVICE"}' + b" " * 80 + b"\n"
    address, _ = serve(VERSION, *(report * 100 for _ in range(20)))
    receiver = GpsdReceiver(address)
    seen = []
    while receiver.counts["reports"] < 2001:
        before = receiver.counts["reports"]
        receiver.poll()
        seen.append(receiver.counts["reports"] - before)
    assert max(seen) * len(report) <= 65_536 + len(report)
    assert sum(seen) <= 2000
    receiver.close()


def test_fixes_that_came_with_the_end_are_not_lost():
    """The poll after them hears of it."""
    tpv = b'{"class":"TPV","mode":2,"time":"2026-06-01T09:00:00Z","lat":50,"lon":8,'
    tpv += b'"speed":1,"track":0}\n'
    server = socket.create_server(("127.0.0.1", 0))
    address = GpsdAddress("127.0.0.1", server.getsockname()[1])

    def talk():
        with server, server.accept()[0] as connection:
            connection.sendall(VERSION)
            connection.recv(100)
            connection.sendall(tpv)

    thread = threading.Thread(target=talk)
    thread.start()
    receiver = GpsdReceiver(address)
    thread.join()  # it has sent all and hung up
    assert len(poll_until(receiver, 1)) == 1
    with pytest.raises(SourceError, match="closed the connection"):
        receiver.poll()
    receiver.close()


def test_a_closed_receiver_of_gpsd_cannot_be_polled():
    """Closing twice is safe, polling afterwards is not."""
    receiver = GpsdReceiver(serve(VERSION)[0])
    receiver.close()
    receiver.close()
    with pytest.raises(SourceError, match="open it again"):
        receiver.poll()
