"""Video that is written can be read, whatever its size, its times, or its end."""

import resource
import subprocess
import sys

import cv2
import numpy as np
import pytest

from edgecrack.errors import SinkError, UsageError
from edgecrack.gst import writer
from edgecrack.gst.writer import VideoWriter
from edgecrack.synthetic.drive import DriveSpec, render_frames

_NOISE = np.random.default_rng(3).integers(0, 256, (240, 320, 3), np.uint8)
_MS = 1_000_000


def _flat(color, height_px=48, width_px=64):
    return np.full((height_px, width_px, 3), color, np.uint8)


def _write(path, times_ms, picture, fps=15.0):
    height_px, width_px, _ = picture.shape
    video = VideoWriter(path, width_px, height_px, fps)
    for time_ms in times_ms:
        video.write(picture, time_ms * _MS)
    video.close()


def _read(path):
    capture, times_ms, pictures = cv2.VideoCapture(str(path)), [], []
    while True:
        found, picture = capture.read()
        if not found:
            return times_ms, pictures
        times_ms.append(capture.get(cv2.CAP_PROP_POS_MSEC))
        pictures.append(picture[:, :, ::-1])


@pytest.mark.parametrize("encoder", ["x264enc", "openh264enc"])
def test_every_picture_comes_back_in_its_colour(tmp_path, monkeypatch, encoder):
    """Both encoders keep each picture, the last too, with red still red."""
    monkeypatch.setattr(writer, "has_element", lambda name: name == encoder)
    _write(tmp_path / "a.mp4", range(0, 2000, 40), _flat((250, 10, 10)))
    _times, pictures = _read(tmp_path / "a.mp4")
    assert len(pictures) == 50
    assert np.abs(pictures[-1].astype(int).mean((0, 1)) - (250, 10, 10)).max() < 12


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ["x264enc", "openh264enc"])
def test_the_texture_of_a_road_is_kept(tmp_path, monkeypatch, encoder):
    """Both encoders keep every picture of a textured road at a PSNR of 35 dB or more."""
    monkeypatch.setattr(writer, "has_element", lambda name: name == encoder)
    spec = DriveSpec(seconds=1.0)
    drawn = [frame.picture for frame in render_frames(spec)]
    video = VideoWriter(tmp_path / "a.mp4", spec.width_px, spec.height_px, spec.fps)
    for index, picture in enumerate(drawn):
        video.write(picture, spec.pts_ns(index))
    video.close()

    _times, decoded = _read(tmp_path / "a.mp4")
    assert min(map(cv2.PSNR, drawn, map(np.ascontiguousarray, decoded))) >= 35.0
    assert len(decoded) == len(drawn)


def test_irregular_times_are_kept(tmp_path):
    """Each picture is shown at its own time, to the muxer's millisecond."""
    times_ms = [0, 100, 130, 500, 501, 1800, 1833, 4000]
    _write(tmp_path / "a.mp4", times_ms, _flat(90))
    found_ms, _pictures = _read(tmp_path / "a.mp4")
    np.testing.assert_allclose(found_ms, times_ms, atol=1)


def test_pictures_of_one_time_all_come_back(tmp_path):
    """A time that is repeated, or runs backwards, costs no picture."""
    _write(tmp_path / "a.mp4", [0, 40, 40, 40, 10, 80], _flat(90))
    found_ms, _pictures = _read(tmp_path / "a.mp4")
    assert len(found_ms) == 6
    assert found_ms == sorted(set(found_ms))


@pytest.mark.parametrize(("height_px", "width_px"), [(49, 65), (48, 65), (49, 64), (50, 66)])
def test_odd_sizes_lose_their_last_line_only(tmp_path, height_px, width_px):
    """A picture of odd size is written without its last row or column."""
    _write(tmp_path / "a.mp4", [0, 40], _flat(128, height_px, width_px))
    _times, pictures = _read(tmp_path / "a.mp4")
    assert pictures[0].shape == (height_px // 2 * 2, width_px // 2 * 2, 3)


def test_a_killed_writer_leaves_a_readable_file(tmp_path):
    """After a kill in mid-writing all but the last seconds can be read."""
    path = tmp_path / "a.mp4"
    script = (
        "import os, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from edgecrack.gst.writer import VideoWriter\n"
        "video = VideoWriter(Path(sys.argv[1]), 320, 240, 15.0)\n"
        "for i in range(150):\n"
        "    video.write(np.full((240, 320, 3), i, np.uint8), i * 66_666_667)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    result = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert result.returncode == -9
    assert len(_read(path)[0]) >= 100


def test_without_pictures_no_file_is_left(tmp_path):
    """Closing a video that got no picture leaves nothing behind."""
    VideoWriter(tmp_path / "a.mp4", 64, 48, 25.0).close()
    assert list(tmp_path.iterdir()) == []


def test_closing_twice_is_harmless_and_writing_then_is_not(tmp_path):
    """A closed video stays closed."""
    video = VideoWriter(tmp_path / "a.mp4", 64, 48, 25.0)
    video.write(_flat(1), 0)
    video.close()
    video.close()
    with pytest.raises(SinkError, match="closed"):
        video.write(_flat(1), _MS)


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path):
    """A missing directory is a SinkError that names the file."""
    with pytest.raises(SinkError, match=r"nowhere/a\.mp4"):
        VideoWriter(tmp_path / "nowhere" / "a.mp4", 64, 48, 25.0)


def test_a_full_disk_is_an_error_and_no_endless_wait(tmp_path):
    """When the disk is full some write, or the close, raises SinkError."""
    path = tmp_path / "full.mp4"
    path.symlink_to("/dev/full")
    video = VideoWriter(path, 320, 240, 25.0)
    with pytest.raises(SinkError):  # noqa: PT012 - which of them is open
        for index in range(200):
            video.write(_NOISE, index * 40 * _MS)
        video.close()
    video.close()


def test_another_size_is_refused(tmp_path):
    """One video holds pictures of one size, and both sizes are told."""
    video = VideoWriter(tmp_path / "a.mp4", 64, 48, 25.0)
    with pytest.raises(SinkError, match="320x240"):
        video.write(_NOISE, 0)
    video.close()


@pytest.mark.parametrize(
    ("width_px", "height_px", "fps"),
    [(15, 48, 25.0), (64, 0, 25.0), (64, 48, 0.0), (64, 48, 1e999)],
)
def test_a_video_that_cannot_be_is_refused(tmp_path, width_px, height_px, fps):
    """No size below 16x16 and no rate that is not positive and finite."""
    with pytest.raises(UsageError):
        VideoWriter(tmp_path / "a.mp4", width_px, height_px, fps)


def test_memory_is_bounded_by_the_encoder_and_not_by_the_caller(tmp_path):
    """Pictures handed in faster than they are encoded wait outside, so memory stays flat."""
    video = VideoWriter(tmp_path / "a.mp4", 320, 240, 25.0)
    for index in range(20):
        video.write(_NOISE, index * 40 * _MS)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for index in range(20, 300):
        video.write(_NOISE, index * 40 * _MS)
    video.close()
    after_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after_kib - before_kib < 280 * _NOISE.nbytes / 1024 / 2
