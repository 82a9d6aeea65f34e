"""Video that is missing, cut, damaged or none: what can be read is read, and the rest is named."""

import os

import pytest

from edgecrack.errors import InputError
from edgecrack.sources import SourceCounts


def test_what_is_no_video_is_refused_in_one_sentence(source, sound_only, clip, tmp_path):
    """Missing, empty, text, noise, sound only, a head without body: the file and its fault."""
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is no video\n" * 99)
    (tmp_path / "noise.mp4").write_bytes(os.urandom(50_000))
    (tmp_path / "head.mp4").write_bytes(clip("h264.mp4").read_bytes()[:60])
    reasons = {
        tmp_path / "missing.mp4": "no such file",
        tmp_path / "empty.mp4": "it is empty",
        tmp_path / "text.mp4": "text file",
        tmp_path / "noise.mp4": "Could not determine type",
        tmp_path / "head.mp4": r"only 60 of at least \d+ bytes",
        sound_only: "no video track",
    }
    for path, reason in reasons.items():
        with pytest.raises(InputError, match=rf"{path.name} .*{reason}"):
            source(path)


def _cut_in_its_index(path, target):
    """Write the head of an MP4 file, which ends in the middle of its index."""
    content = path.read_bytes()
    index_at = content.index(b"moov") - 4
    size = int.from_bytes(content[index_at : index_at + 4], "big")
    target.write_bytes(content[: index_at + size * 3 // 4])
    return target


def test_a_swallowed_error_does_not_stall(source, clip, tmp_path):
    """A demuxer's error that decodebin loses, as it does in most of such tries, ends no worse."""
    path = _cut_in_its_index(clip("h264.mp4"), tmp_path / "head.mp4")
    for _ in range(8):
        with pytest.raises(InputError, match=str(path.stat().st_size)) as caught:
            source(path)
        assert "stalled" not in str(caught.value)


@pytest.mark.real_data
def test_a_swallowed_error_of_a_real_file_does_not_stall(source, shared_data, tmp_path):
    """So it is with the head of the motorway clip."""
    path = _cut_in_its_index(shared_data / "video/motorway-540p-h264.mp4", tmp_path / "head.mp4")
    with pytest.raises(InputError, match=str(path.stat().st_size)):
        source(path)


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "vp9.webm", "mjpeg.avi"])
def test_a_cut_file_gives_what_it_holds_and_then_says_so(source, clip, tmp_path, name):
    """The frames before the cut are delivered; then the error tells how many there were."""
    whole = clip(name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: len(whole) * 2 // 3])
    video, frames = source(path), []
    with pytest.raises(InputError, match=rf"{name} .*\d+ frames") as caught:
        frames.extend(video)
    frames_told = int(str(caught.value).split(" after ")[1].split()[0])
    assert video.counts() == SourceCounts(frames_told)
    assert 10 <= frames_told < 50


def test_a_file_that_ends_before_its_time_is_told(source, clip, tmp_path):
    """Damage that makes the demuxer end early is no quiet end, though no byte is missing."""
    content = bytearray(clip("vp9.webm").read_bytes())
    middle = len(content) // 3
    content[middle:] = bytes(len(content) - middle)
    path = tmp_path / "damaged.webm"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged\.webm"):
        list(source(path))


def test_sound_that_lasts_longer_is_no_damage(source, long_sound):
    """A file whose sound goes on after the last picture is whole."""
    assert len(list(source(long_sound))) == 25


def _damaged_in_the_middle(path, target, length_bytes):
    """Write a file with zeros in its middle."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + length_bytes] = bytes(length_bytes)
    target.write_bytes(content)
    return target


def test_a_damaged_middle_does_not_end_a_file(source, clip, tmp_path):
    """Frames after a damaged stretch still come."""
    path = _damaged_in_the_middle(clip("h264.mp4"), tmp_path / "damaged.mp4", 200)
    frames = [frame.pts_ns for frame in source(path)]
    assert len(frames) > 40
    assert frames[-1] == 49 * 40_000_000


@pytest.mark.real_data
def test_a_damaged_middle_does_not_end_the_motorway_clip(source, shared_data, tmp_path):
    """Frames after four damaged kilobytes of a real file still come."""
    clip = shared_data / "video" / "motorway-540p-h264.mp4"
    path = _damaged_in_the_middle(clip, tmp_path / "damaged.mp4", 4000)
    frames = [frame.pts_ns for frame in source(path)]
    assert len(frames) > 200
    assert frames[-1] == 8_800_000_000
