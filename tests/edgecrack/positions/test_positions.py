"""A log is read by what it holds; a wrong one ends in one sentence."""

import os

import pytest

from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.positions import PositionLog, open_receiver, read_positions, track_of
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
def test_the_format_is_told_by_the_content(tmp_path, name, content, key):
    """Suffixes lie."""
    (tmp_path / name).write_bytes(content)
    log = read_positions(str(tmp_path / name))
    assert (len(log.fixes), log.counts[key], log.name) == (1, 1, name)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "no NMEA sentence"),
        (b"a diary, not a track\n" * 100, "no NMEA sentence"),
        (bytes(range(256)) * 5000, "no NMEA sentence"),
        (b"\xff\xfe\x00\x01rubbish", "must be UTF-8"),
    ],
)
def test_what_is_no_track_is_refused(tmp_path, content, says):
    """Empty, blank, text, binary and half a byte order mark."""
    path = tmp_path / "track"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        read_positions(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    """Each with its path."""
    with pytest.raises(InputError, match=r"nowhere\.gpx cannot be read: No such file"):
        read_positions(tmp_path / "nowhere.gpx")
    with pytest.raises(InputError, match="is not a file"):
        read_positions(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    """Nobody may ever write into it."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a file"):
        read_positions(tmp_path / "pipe")


def test_a_big_file_without_a_sentence_is_given_up_early(tmp_path):
    """A film taken for a track is not read to its end: its only sentence comes too late."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\x00" * (5 << 20) + b"\n" + RMC)
    with pytest.raises(InputError, match="no NMEA sentence"):
        read_positions(path)


def test_a_track_keeps_the_gap_it_was_given():
    """Three seconds are a gap or not, as the run says."""
    log = PositionLog((Fix(0, 50.0, 8.0), Fix(3 * 10**9, 50.0001, 8.0)), {}, "a.gpx")
    assert track_of(log).at(10**9).pose is None
    assert track_of(log, max_gap_s=3.0).at(10**9).pose is not None


def test_a_log_whose_every_fix_is_refused_is_no_track():
    """The reasons are counted in the sentence."""
    log = PositionLog((Fix(0, 0.0, 0.0), Fix(1, 50.0, 8.0, hdop=50.0)), {}, "b.nmea")
    with pytest.raises(InputError, match="all 2 were refused: 1 null_island, 1 hdop"):
        track_of(log)


def test_a_feed_is_opened_by_its_address():
    """With a rate or without."""
    receiver, port = os.openpty()
    for options in ("", "?baud=4800"):
        feed = open_receiver(f"serial://{os.ttyname(port)}{options}")
        assert list(feed.poll()) == []
        feed.close()
    os.close(receiver)
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
def test_an_address_that_means_nothing_is_a_mistake_of_the_caller(spec):
    """Exit code 2: no restart helps."""
    with pytest.raises(UsageError):
        open_receiver(spec)


def test_a_receiver_that_is_not_there_may_come(tmp_path):
    """Exit code 75: the service tries again."""
    with pytest.raises(SourceError):
        open_receiver(f"serial://{tmp_path}/ttyUSB0")
