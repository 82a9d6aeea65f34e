"""A log's content decides its format; a file that is no log is refused in one sentence."""

import os
import termios

import pytest

from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.positions import LIMIT_BYTES, PositionLog, open_receiver, read_positions, track_of
from edgecrack.records import Fix

RMC = b"$GPRMC,134730.361,A,5540.3220,N,01231.2858,E,1.06,86.57,041112,,,A*55\r\n"
GPX = (
    b'\n <gpx version="1.1"><trk><trkseg><trkpt lat="50" lon="8">'
    b"<time>2024-01-01T00:00:00Z</time></trkpt></trkseg></trk></gpx>"
)


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.txt", RMC, "sentences"),
        ("b.gpx", RMC, "sentences"),
        ("c.nmea", GPX, "points"),
        ("d", b"\xef\xbb\xbf" + GPX.strip(), "points"),
    ],
)
def test_the_content_decides_the_format(tmp_path, name, content, key):
    """The file's name does not matter."""
    (tmp_path / name).write_bytes(content)
    log = read_positions(str(tmp_path / name))
    assert (len(log.fixes), log.counts[key], log.name) == (1, 1, name)


@pytest.mark.parametrize(
    ("content", "format_named"),
    [
        (b"", "empty"),
        (b" \n\n", "NMEA"),
        (b"a diary, not a track\n" * 100, "NMEA"),
        (bytes(range(256)) * 5000, "NMEA"),
        (b"\xff\xfe\x00\x01rubbish", "UTF-8"),
    ],
)
def test_what_is_no_track_is_refused(tmp_path, content, format_named):
    """Empty, blank, text, binary and half a byte order mark: the file is named."""
    path = tmp_path / "track"
    path.write_bytes(content)
    with pytest.raises(InputError, match=format_named) as caught:
        read_positions(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    """Each is named by its path."""
    with pytest.raises(InputError, match=r"/nowhere\.gpx\b"):
        read_positions(tmp_path / "nowhere.gpx")
    with pytest.raises(InputError, match=tmp_path.name):
        read_positions(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    """Opening a pipe that nothing writes to would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"/pipe\b"):
        read_positions(tmp_path / "pipe")


def test_a_sentence_is_searched_for_in_the_first_4_mib_only(tmp_path):
    """A video given as a track is not read to its end: a sentence behind 4 MiB comes too late."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\x00" * ((4 << 20) - 1) + b"\n" + RMC)
    with pytest.raises(InputError, match=r"/film\.mp4\b"):
        read_positions(path)
    path.write_bytes(b"\x00" * ((4 << 20) - 1 - len(RMC)) + b"\n" + RMC)
    assert len(read_positions(path).fixes) == 1


def test_a_log_longer_than_4_mib_is_read_whole(tmp_path):
    """The limit holds only until a sentence was found: the first and the last are both read."""
    path = tmp_path / "drive.nmea"
    path.write_bytes(
        RMC + b"\x00" * (5 << 20) + b"\n" + RMC.replace(b"134730", b"134731")[:-4] + b"54\r\n"
    )
    first, last = read_positions(path).fixes
    assert last.time_ns - first.time_ns == 10**9


def test_a_track_keeps_the_gap_it_was_given():
    """Three seconds are a gap by default, and none with max_gap_s=3."""
    log = PositionLog((Fix(0, 50.0, 8.0), Fix(3 * 10**9, 50.0001, 8.0)), {}, "a.gpx")
    assert track_of(log).at(10**9).pose is None
    assert track_of(log, max_gap_s=3.0).at(10**9).pose is not None


def test_a_log_whose_every_fix_is_refused_is_no_track():
    """The message counts the reasons."""
    log = PositionLog((Fix(0, 0.0, 0.0), Fix(1, 50.0, 8.0, hdop=50.0)), {}, "b.nmea")
    with pytest.raises(InputError, match=r"b\.nmea .*\b2 .*1 null_island, 1 hdop"):
        track_of(log)


@pytest.mark.parametrize(("options", "speed"), [("", termios.B9600), ("?baud=4800", termios.B4800)])
def test_a_receiver_is_opened_by_its_address(options, speed):
    """At the rate the address names, or at 9600 baud."""
    terminal, port = os.openpty()
    receiver = open_receiver(f"serial://{os.ttyname(port)}{options}")
    assert list(receiver.poll()) == []
    assert termios.tcgetattr(port)[4] == speed
    receiver.close()
    os.close(terminal)
    os.close(port)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "serial:",
        "serial://",
        "/dev/ttyUSB0",
        "serial://host/dev/ttyUSB0",
        "tcp:///dev/ttyUSB0",
        "serial:///dev/ttyUSB0?parity=odd",
        "serial:///dev/null?baud=fast",
        "serial:///dev/null?baud=",
    ],
)
def test_an_address_of_another_form_is_a_usage_error(spec):
    """Exit code 2, so that the service does not start again."""
    with pytest.raises(UsageError) as caught:
        open_receiver(spec)
    assert caught.value.exit_code == 2


def test_a_receiver_that_is_not_there_may_come(tmp_path):
    """Exit code 75, so that the service tries again."""
    with pytest.raises(SourceError, match=r"/ttyUSB0\b") as caught:
        open_receiver(f"serial://{tmp_path}/ttyUSB0")
    assert caught.value.exit_code == 75


def test_a_log_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    """Its size is asked for first; the file is named."""
    path = tmp_path / "large.nmea"
    path.write_bytes(RMC)
    os.truncate(path, LIMIT_BYTES + 1)
    with pytest.raises(InputError, match=r"large\.nmea"):
        read_positions(path)


@pytest.mark.parametrize(
    "content", [RMC * 3000, GPX.replace(b"</trkpt>", b"x" * 200_000 + b"</trkpt>")]
)
def test_progress_is_told_while_a_log_is_read(tmp_path, content):
    """The share grows from piece to piece up to 1; what the listener raises ends the reading."""
    (tmp_path / "log").write_bytes(content)
    shares = []
    read_positions(tmp_path / "log", shares.append)
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def stop(_share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_positions(tmp_path / "log", stop)


def test_a_log_that_may_not_be_read_is_refused(forbidden):
    """Neither the folder's owner nor a name of any length makes a traceback."""
    for path in (forbidden / "file", forbidden, forbidden.parent / ("x" * 300)):
        with pytest.raises(InputError, match=path.name):
            read_positions(path)
