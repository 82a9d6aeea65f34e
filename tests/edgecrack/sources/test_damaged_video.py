"""Video that is missing, cut, damaged or none: what can be read is read, and the rest is named."""

import os

import numpy as np
import pytest

from edgecrack.errors import InputError, SourceError
from edgecrack.sources import SourceCounts


@pytest.mark.slow
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


@pytest.mark.slow
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
    assert video.counts().delivered == frames_told
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


def _with_a_hole(path, target, share, filler=b"\0"):
    """Write a file a share of whose bytes, from two fifths on, are lost; its index stays."""
    content = bytearray(path.read_bytes())
    first = len(content) * 2 // 5
    last = min(first + int(len(content) * share), len(content))
    index_at = content.find(b"moov") - 4
    if index_at > first:
        last = min(last, index_at)
    content[first:last] = filler * (last - first)
    target.write_bytes(content)
    return target


def _taken(video):
    """Return the times of the frames that a damaged video gives before its error, and the error."""
    times_ns = []
    with pytest.raises(InputError) as caught:
        times_ns.extend(frame.pts_ns for frame in video)
    return times_ns, caught.value


def test_a_damaged_middle_does_not_end_a_file(source, clip, tmp_path):
    """Frames behind a damaged stretch still come, from the next key picture on; then the error."""
    video = source(_with_a_hole(clip("h264.mp4"), tmp_path / "damaged.mp4", 0.05))
    times_ns, _error = _taken(video)
    assert times_ns[-1] == 49 * 40_000_000
    assert video.counts() == SourceCounts(len(times_ns), missing=50 - len(times_ns))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize(
    "name",
    ["sound.mp4", "bframes.mp4", "h264.mkv", "sound.mkv", "clusters.mkv", "clusters.webm",
     "vp9.webm"],
)  # fmt: skip
def test_a_hole_is_counted_in_every_container(source, clip, tmp_path, name, share):
    """Where a demuxer skips a damaged stretch, its frames are counted by the time they took."""
    video = source(_with_a_hole(clip(name), tmp_path / name, share))
    times_ns, _error = _taken(video)
    assert abs(len(times_ns) + video.counts().missing - 50) <= 2


@pytest.mark.parametrize("share", [0.01, 0.2, 0.4])
@pytest.mark.parametrize("name", ["sound.mp4", "bframes.mp4", "opengop.mp4", "hevc.mp4"])
def test_no_frame_of_a_damaged_file_is_made_up(source, clip, tmp_path, name, share):
    """Each frame that is taken shows what the whole file shows at its time, pixel by pixel."""
    whole = {frame.pts_ns: frame.image.copy() for frame in source(clip(name))}
    video, taken = source(_with_a_hole(clip(name), tmp_path / name, share)), []
    with pytest.raises(InputError):
        taken.extend(video)
    assert 0 < len(taken) < 50
    assert all(np.array_equal(frame.image, whole[frame.pts_ns]) for frame in taken)


@pytest.mark.parametrize("name", ["h264.mkv", "sound.mkv", "vp9.webm", "h264.mp4"])
def test_a_served_file_that_breaks_off_is_told(source, clip, serve_bytes, name):
    """Where no length is announced, the file's own duration tells; the server may come back."""
    content = clip(name).read_bytes()
    video = source(serve_bytes(content[: len(content) // 2], name))
    with pytest.raises(SourceError, match=name):
        list(video)


@pytest.mark.parametrize(
    "name",
    ["sound.mp4", "bframes.mp4", "opengop.mp4", "hevc.mp4", "h264.mkv", "sound.mkv",
     "clusters.mkv", "vp8.webm", "vp9.webm", "mjpeg.avi", "lossless.mkv", "h264.ts",
     "interlaced.ts"],
)  # fmt: skip
def test_a_whole_file_misses_nothing(source, clip, name):
    """Hidden and reordered pictures, sound, and containers without durations are no damage."""
    video = source(clip(name))
    frames = len(list(video))
    assert video.counts() == SourceCounts(frames)
    assert frames >= 49


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("motorway-540p-h264.mp4", 221),  # with sound
        ("gopro-gpmf-gps.mp4", 315),  # with sound and other tracks
        ("city-portrait-hevc.mp4", 146),
    ],
)
def test_every_frame_of_a_damaged_clip_is_counted(
    source, shared_data, tmp_path, name, frames, share
):
    """Each frame is either taken or missing, whatever the codec and the size of the hole."""
    video = source(_with_a_hole(shared_data / "video" / name, tmp_path / name, share))
    times_ns, error = _taken(video)
    missing = frames - len(times_ns)
    assert video.counts() == SourceCounts(len(times_ns), missing=missing)
    assert missing >= share * frames / 2
    assert f" {missing} of its {frames} frames" in str(error)


@pytest.mark.slow
@pytest.mark.real_data
def test_no_frame_of_a_damaged_clip_is_made_up(source, shared_data, tmp_path):
    """Each frame that is taken shows what the whole clip shows at its time, pixel by pixel."""
    clip = shared_data / "video" / "motorway-540p-h264.mp4"
    whole = {frame.pts_ns: frame.image.copy() for frame in source(clip)}
    video, taken = source(_with_a_hole(clip, tmp_path / "damaged.mp4", 0.05)), []
    with pytest.raises(InputError):
        taken.extend(video)
    assert len(taken) > 150
    assert all(np.array_equal(frame.image, whole[frame.pts_ns]) for frame in taken)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(
    "name",
    [
        "video/motorway-540p-h264.mp4",
        "video/gopro-gpmf-gps.mp4",
        "video/city-portrait-hevc.mp4",
        "dashcam/clips/us-desert-yellow-tar-day.mp4",
    ],
)
def test_a_whole_clip_misses_nothing(source, shared_data, name):
    """Edit lists, variable rates, sound and other tracks are no damage."""
    video = source(shared_data / name)
    assert len(list(video)) > 100
    assert video.counts().missing == 0


def test_a_file_that_is_cut_while_it_is_read_is_told(source, clip, tmp_path):
    """What a file claimed at the start is what its end is held against."""
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip("h264.mp4").read_bytes())
    video = source(path)
    os.truncate(path, 0)
    with pytest.raises(InputError, match=r"cut\.mp4"):
        list(video)


def test_a_file_that_is_removed_while_it_is_read_is_read_to_its_end(source, clip, tmp_path):
    """An open file is all there until it is closed, so its removal costs nothing."""
    path = tmp_path / "removed.mp4"
    path.write_bytes(clip("h264.mp4").read_bytes())
    video = source(path)
    path.unlink()
    assert len(list(video)) == 50
