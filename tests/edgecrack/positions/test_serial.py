"""A receiver on a pseudo terminal is read as it sends, and its loss is noticed."""

import errno
import os
import termios

import pytest

from edgecrack.clock import Arrival
from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.positions.reception import NO_FIX_S
from edgecrack.positions.serial import SILENT_S, SerialReceiver

RMC = b"$GPRMC,134730.361,A,5540.3220,N,01231.2858,E,1.06,86.57,041112,,,A*55\r\n"
GGA = b"$GPGGA,134730.361,5540.3220,N,01231.2858,E,1,10,0.8,36.1,M,41.5,M,,0000*66\r\n"


@pytest.fixture
def terminal():
    """Yield the receiver's end and the name of the port."""
    terminal_fd, port = os.openpty()
    with open(terminal_fd, "wb", buffering=0) as sender:  # noqa: PTH123  # there is no path
        yield sender, os.ttyname(port), port
    os.close(port)


def poll_until(receiver, count):
    """Poll until so many fixes came; a terminal may deliver bytes a moment later."""
    fixes: list[object] = []
    while len(fixes) < count:
        fixes += receiver.poll()
    return fixes


def test_polling_a_silent_receiver_does_not_wait(terminal):
    """A poll before any byte has arrived returns no fix at once."""
    receiver = SerialReceiver(terminal[1], 9600)
    assert receiver.poll() == []
    receiver.close()


@pytest.mark.timeout(20)
def test_a_sentence_in_two_pieces_arrives(terminal):
    """It makes one fix when its second piece and its GGA have come."""
    sender, name, _ = terminal
    receiver = SerialReceiver(name, 4800)
    sender.write(b"noise\r\n" + RMC[:30])
    while not receiver.counts["not_nmea"]:
        assert receiver.poll() == []
    sender.write(RMC[30:] + GGA)
    (fix,) = poll_until(receiver, 1)
    assert (fix.lat_deg, fix.heading_deg, fix.alt_m) == (pytest.approx(55.6720333), 86.57, 36.1)
    receiver.close()


@pytest.mark.timeout(20)
def test_the_port_is_raw_and_at_the_rate_asked_for(terminal):
    """No echo, editing or modem lines: binary noise cannot send signals or stop the flow."""
    sender, name, port = terminal
    receiver = SerialReceiver(name, 115200)
    iflag, oflag, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(port)
    assert (iflag, oflag, lflag) == (0, 0, 0)
    assert cflag & (termios.CSIZE | termios.CLOCAL) == termios.CS8 | termios.CLOCAL
    assert (ispeed, ospeed) == (termios.B115200, termios.B115200)
    sender.write(b"\x03\x04\x13\x1a\x00\xff\n" + RMC + GGA)
    assert len(poll_until(receiver, 1)) == 1
    receiver.close()


def test_a_poll_reads_64_kib_at_most(terminal, tmp_path):
    """However much has arrived, a poll returns, and the next one goes on from there."""
    receiver = SerialReceiver(terminal[1], 9600)
    (tmp_path / "noise").write_bytes(b"\n" * 100_000)
    noise = os.open(tmp_path / "noise", os.O_RDONLY)
    os.dup2(noise, receiver._fd)  # noqa: SLF001  a port that never runs dry
    assert receiver.poll() == []
    assert os.lseek(noise, 0, os.SEEK_CUR) == 65_536
    receiver.close()
    os.close(noise)


@pytest.mark.timeout(20)
def test_a_pulled_plug_is_a_source_that_may_come_back(terminal):
    """Exit code 75, so that the service starts again; the port is named."""
    sender, name, _ = terminal
    receiver = SerialReceiver(name, 9600)
    sender.close()
    with pytest.raises(SourceError, match=name) as caught:
        receiver.poll()
    assert caught.value.exit_code == 75
    receiver.close()


def test_fixes_that_came_with_the_hang_up_are_not_lost(terminal, tmp_path):
    """The poll after them hears of it."""
    receiver = SerialReceiver(terminal[1], 9600)
    (tmp_path / "last").write_bytes(RMC + GGA)
    last = os.open(tmp_path / "last", os.O_RDONLY)
    os.dup2(last, receiver._fd)  # noqa: SLF001  a port that hangs up when all is read
    assert len(receiver.poll()) == 1
    with pytest.raises(SourceError, match="hung up"):
        receiver.poll()
    receiver.close()
    os.close(last)


def test_a_closed_receiver_cannot_be_polled(terminal):
    """Closing twice is safe, polling afterwards is not."""
    receiver = SerialReceiver(terminal[1], 9600)
    receiver.close()
    receiver.close()
    with pytest.raises(SourceError, match=terminal[1]):
        receiver.poll()


def test_a_port_that_is_not_there_may_come_later(tmp_path):
    """A receiver that is not plugged in is worth another try."""
    with pytest.raises(SourceError, match=r"/ttyUSB0\b"):
        SerialReceiver(str(tmp_path / "ttyUSB0"), 9600)


def test_a_file_is_no_serial_port(tmp_path):
    """Nor is a directory; both are named."""
    path = tmp_path / "log.nmea"
    path.write_bytes(RMC)
    for wrong in (path, tmp_path):
        with pytest.raises(InputError, match=wrong.name):
            SerialReceiver(str(wrong), 9600)


def test_a_port_that_loses_its_power_while_it_is_opened_may_come_back(terminal, monkeypatch):
    """Its reason is what happened, not that it is no serial port; nothing stays open."""

    def gone(_fd):
        raise termios.error(errno.EIO, "Input/output error")

    monkeypatch.setattr(termios, "tcgetattr", gone)
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    with pytest.raises(SourceError, match=r"went away \(Input/output error\)"):
        SerialReceiver(terminal[1], 9600)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208


@pytest.mark.parametrize("baud", [0, 1234, 10**9])
def test_a_rate_that_no_port_has_is_a_usage_error(terminal, baud):
    """So is 0, which would hang up."""
    with pytest.raises(UsageError, match=rf"\b{baud}\b"):
        SerialReceiver(terminal[1], baud)


def reception(receiver):
    """Return the state of what is heard, and why; None where nothing is known."""
    heard = receiver.reception
    return None if heard is None else (heard.state.value, heard.reason)


class Clock:
    """A monotonic clock that a test turns."""

    now_ns = 0

    def __call__(self):
        """Return what it says."""
        return self.now_ns


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("sent", "words"), [(b"", "nothing comes at 4800"), (b"\x86\x18\xe6\n", "not 4800?")]
)
def test_a_port_that_is_open_and_says_nothing_that_can_be_read_is_silent(terminal, sent, words):
    """A cable is off, or the baud rate is wrong: the reason names it."""
    sender, name, _ = terminal
    clock = Clock()
    receiver = SerialReceiver(name, 4800, clock_ns=clock)
    assert reception(receiver) is None
    sender.write(sent)
    while sent and not receiver.counts["not_nmea"]:
        assert receiver.poll() == []
    clock.now_ns = round(SILENT_S * 1e9) - 1
    assert reception(receiver) is None
    clock.now_ns += 1
    state, reason = reception(receiver)
    assert (state, words in reason, name in reason) == ("silent", True, True)
    receiver.close()


@pytest.mark.timeout(20)
def test_a_receiver_without_a_fix_is_heard_and_says_so(terminal):
    """After a while; and it tells that it has one again as soon as it has."""
    sender, name, _ = terminal
    clock = Clock()
    receiver = SerialReceiver(name, 9600, clock_ns=clock)
    sender.write(b"$GPGLL,,,,,,V,N*64\r\n")
    while not receiver.counts["sentences"]:
        receiver.poll()
    assert reception(receiver)[0] == "connected"
    clock.now_ns = round(NO_FIX_S * 1e9)
    assert reception(receiver)[0] == "no fix"
    sender.write(RMC + GGA)
    poll_until(receiver, 1)
    assert reception(receiver)[0] == "connected"
    receiver.close()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("gga", "tells"),
    [
        (GGA, True),
        (GGA.replace(b",1,10,", b",1,03,").replace(b"*66", b"*64"), False),
        (GGA.replace(b",1,10,", b",6,10,").replace(b"*66", b"*61"), False),
    ],
    ids=["ten satellites", "three", "dead reckoning"],
)
def test_a_3d_fix_tells_the_time_at_which_its_first_sentence_was_heard(terminal, gga, tells):
    """Four satellites make one; a place by fewer, or by dead reckoning, tells none."""
    sender, name, _ = terminal
    clock, heard = Clock(), []
    receiver = SerialReceiver(name, 9600, heard.append, clock)
    clock.now_ns = 70
    sender.write(RMC)
    while not receiver.counts["sentences"]:
        receiver.poll()
    clock.now_ns = 90
    sender.write(gga)
    (fix,) = poll_until(receiver, 1)
    assert heard == ([Arrival(fix.time_ns, 70)] if tells else [])
    receiver.close()
