"""A receiver on a real (pseudo) terminal is read as it talks, and its loss is noticed."""

import os
import termios

import pytest

from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.positions.serial import SerialReceiver

RMC = b"$GPRMC,134730.361,A,5540.3220,N,01231.2858,E,1.06,86.57,041112,,,A*55\r\n"
GGA = b"$GPGGA,134730.361,5540.3220,N,01231.2858,E,1,10,0.8,36.1,M,41.5,M,,0000*66\r\n"


@pytest.fixture
def terminal():
    """Yield the receiver's end and the name of the port."""
    receiver_fd, port = os.openpty()
    with open(receiver_fd, "wb", buffering=0) as receiver:  # noqa: PTH123  # there is no path
        yield receiver, os.ttyname(port), port
    os.close(port)


def poll_until(feed, count):
    """Poll until so many fixes came; a terminal may deliver bytes a moment later."""
    fixes: list[object] = []
    while len(fixes) < count:
        fixes += feed.poll()
    return fixes


def test_a_silent_receiver_does_not_hold_anyone_up(terminal):
    """A poll with nothing there returns at once, with nothing."""
    feed = SerialReceiver(terminal[1], 9600)
    assert feed.poll() == []
    feed.close()


@pytest.mark.timeout(20)
def test_what_the_receiver_says_arrives(terminal):
    """A sentence in two pieces makes one fix, when the second piece and its GGA are there."""
    receiver, name, _ = terminal
    feed = SerialReceiver(name, 4800)
    receiver.write(b"noise\r\n" + RMC[:30])
    while not feed.counts["not_nmea"]:
        assert feed.poll() == []
    receiver.write(RMC[30:] + GGA)
    (fix,) = poll_until(feed, 1)
    assert (fix.lat_deg, fix.heading_deg, fix.alt_m) == (pytest.approx(55.6720333), 86.57, 36.1)
    feed.close()


@pytest.mark.timeout(20)
def test_the_port_is_raw_and_as_fast_as_asked(terminal):
    """No echo, editing or modem lines: binary noise cannot send signals or stop the flow."""
    receiver, name, port = terminal
    feed = SerialReceiver(name, 115200)
    iflag, oflag, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(port)
    assert (iflag, oflag, lflag) == (0, 0, 0)
    assert cflag & (termios.CSIZE | termios.CLOCAL) == termios.CS8 | termios.CLOCAL
    assert (ispeed, ospeed) == (termios.B115200, termios.B115200)
    receiver.write(b"\x03\x04\x13\x1a\x00\xff\n" + RMC + GGA)
    assert len(poll_until(feed, 1)) == 1
    feed.close()


@pytest.mark.timeout(20)
def test_a_pulled_plug_is_a_source_that_may_come_back(terminal):
    """Exit code 75, so that the service starts again."""
    receiver, name, _ = terminal
    feed = SerialReceiver(name, 9600)
    receiver.close()
    with pytest.raises(SourceError, match="went away"):
        feed.poll()
    feed.close()


def test_a_closed_feed_says_so(terminal):
    """Closing twice is safe, polling afterwards is not."""
    feed = SerialReceiver(terminal[1], 9600)
    feed.close()
    feed.close()
    with pytest.raises(SourceError, match="is closed"):
        feed.poll()


def test_a_port_that_is_not_there_may_come(tmp_path):
    """A receiver that is not plugged in is worth another try."""
    with pytest.raises(SourceError, match="plug it in"):
        SerialReceiver(str(tmp_path / "ttyUSB0"), 9600)


def test_a_file_is_no_serial_port(tmp_path):
    """Neither is a directory."""
    path = tmp_path / "log.nmea"
    path.write_bytes(RMC)
    for wrong in (path, tmp_path):
        with pytest.raises(InputError, match="must be a serial port"):
            SerialReceiver(str(wrong), 9600)


@pytest.mark.parametrize("baud", [0, 1234, 10**9])
def test_a_rate_that_no_port_has_is_a_mistake_of_the_caller(terminal, baud):
    """And B0 would hang up."""
    with pytest.raises(UsageError, match="4800, 9600 or 115200"):
        SerialReceiver(terminal[1], baud)
