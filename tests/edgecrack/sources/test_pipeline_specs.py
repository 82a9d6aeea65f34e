"""An address becomes a pipeline that is read as its kind needs."""

import errno
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from edgecrack.errors import InputError
from edgecrack.gst.runtime import launch
from edgecrack.sources.address import parse_address
from edgecrack.sources.pipeline_specs import in_hardware, pipeline_spec


def _spec(address, live=None):
    return pipeline_spec(parse_address(address), live=live)


def test_a_camera_is_read_live_and_its_pipeline_is_sound():
    """v4l2 becomes a pipeline that GStreamer can build without the hardware."""
    spec = _spec("v4l2:///dev/video7")
    pipeline = launch(f"{spec.description} ! fakesink")
    assert pipeline.get_by_name("source").get_factory().get_name() == "v4l2src"
    assert spec.settings == (("device", "/dev/video7"),)
    assert (spec.is_live, spec.is_endless, spec.may_return) == (True, True, True)


def test_a_camera_is_held_to_what_it_is_asked_for():
    """Format, size and rate stand behind the camera, in a pipeline that can be built."""
    spec = _spec("v4l2:///dev/video7?format=mjpeg&width=1280&height=720&fps=30")
    held = 'capsfilter caps="image/jpeg,width=1280,height=720,framerate=30/1"'
    assert spec.description.endswith(f" ! {held} ! decodebin")
    launch(f"{spec.description} ! fakesink")


def test_a_csi_camera_sends_into_the_hardwares_memory():
    """From there it is fetched where the processor is to do the work."""
    address = parse_address("csi://1?width=1920&height=1080&fps=30")
    spec = pipeline_spec(address, live=None)
    size = "width=1920,height=1080,framerate=30/1,pixel-aspect-ratio=1/1"
    camera = f"nvarguscamerasrc name=source ! video/x-raw(memory:NVMM),format=NV12,{size}"
    assert spec.description == camera
    assert spec.settings == (("sensor-id", 1),)
    assert (spec.is_live, spec.is_endless, spec.may_return) == (True, True, True)
    fetched = in_hardware(spec, address, is_hardware=False)
    raw = "video/x-raw,format=NV12,pixel-aspect-ratio=1/1"
    assert fetched.description == f"{camera} ! nvvidconv ! {raw}"
    assert not fetched.is_hardware
    assert in_hardware(spec, address, is_hardware=True) == replace(spec, is_hardware=True)


def test_a_camera_stream_is_live_unless_told_otherwise():
    """RTSP drops by default, and not when every picture is asked for."""
    assert _spec("rtsp://cam/1").is_live
    assert not _spec("rtsp://cam/1", live=False).is_live
    assert _spec("rtsp://cam/1", live=False).is_endless


def test_a_served_file_ends_but_its_server_may_come_back():
    """An HTTP address is a file over a network: lossless, finite, and worth another try."""
    spec = _spec("http://host/a.mp4")
    assert (spec.is_live, spec.is_endless, spec.may_return) == (False, False, True)


def test_a_served_file_is_downloaded_and_a_served_stream_is_not():
    """Read as it arrives, a file can lose its end; a stream has none and would fill the disk."""
    assert dict(_spec("http://host/a.mp4").settings)["download"]
    assert not dict(_spec("http://host/a.mp4", live=True).settings)["download"]


def test_a_file_read_live_is_held_to_its_own_pace(clip):
    """Live over a file shows pictures at their times; otherwise it runs as fast as it can."""
    assert _spec(str(clip("h264.mp4")), live=True).is_paced
    assert not _spec(str(clip("h264.mp4"))).is_paced


@pytest.mark.parametrize(
    ("name", "reason"), [("none.mp4", "no such file"), ("empty.mp4", "it is empty")]
)
def test_a_file_that_is_none_is_refused_at_once(tmp_path, name, reason):
    """Missing and empty files are told apart before any pipeline starts."""
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(InputError, match=reason):
        _spec(str(tmp_path / name))


def test_a_name_too_long_for_a_file_is_refused():
    """What the system cannot even look up is an InputError too."""
    with pytest.raises(InputError):
        _spec("a" * 5000)


@pytest.fixture
def as_nobody():
    """Give up the right to read everything, which root has and nobody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.usefixtures("as_nobody")
def test_a_file_that_may_not_be_read_is_refused_in_the_systems_words():
    """It is there and closed to this user: another input error than a missing file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "closed.mp4"
        path.write_bytes(b"pictures")
        path.chmod(0)
        with pytest.raises(InputError, match=os.strerror(errno.EACCES)):
            _spec(str(path))
