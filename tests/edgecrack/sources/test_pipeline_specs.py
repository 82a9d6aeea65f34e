"""An address becomes a pipeline with the right manners."""

import pytest

from edgecrack.errors import InputError
from edgecrack.gst.runtime import launch
from edgecrack.sources.address import parse_address
from edgecrack.sources.pipeline_specs import pipeline_spec


def _feed(spec, live=None):
    return pipeline_spec(parse_address(spec), live=live)


def test_a_camera_is_read_live_and_its_pipeline_is_sound():
    """v4l2 becomes a pipeline that GStreamer can build without the hardware."""
    feed = _feed("v4l2:///dev/video7")
    pipeline = launch(f"{feed.description} ! fakesink")
    assert pipeline.get_by_name("source").get_factory().get_name() == "v4l2src"
    assert feed.settings == (("device", "/dev/video7"),)
    assert (feed.is_live, feed.is_endless, feed.may_return) == (True, True, True)


def test_a_camera_stream_is_live_unless_told_otherwise():
    """RTSP drops by default, and not when every picture is asked for."""
    assert _feed("rtsp://cam/1").is_live
    assert not _feed("rtsp://cam/1", live=False).is_live
    assert _feed("rtsp://cam/1", live=False).is_endless


def test_a_served_file_ends_but_its_server_may_come_back():
    """An HTTP address is a file over a network: lossless, finite, and worth another try."""
    feed = _feed("http://host/a.mp4")
    assert (feed.is_live, feed.is_endless, feed.may_return) == (False, False, True)


def test_a_served_file_is_downloaded_and_a_served_stream_is_not():
    """Read as it arrives, a file can lose its end; a stream has none and would fill the disk."""
    assert dict(_feed("http://host/a.mp4").settings)["download"]
    assert not dict(_feed("http://host/a.mp4", live=True).settings)["download"]


def test_a_file_read_live_is_held_to_its_own_pace(clip):
    """Live over a file shows pictures at their times; otherwise it runs as fast as it can."""
    assert _feed(str(clip("h264.mp4")), live=True).is_paced
    assert not _feed(str(clip("h264.mp4"))).is_paced


@pytest.mark.parametrize(
    ("name", "reason"), [("none.mp4", "no such file"), ("empty.mp4", "it is empty")]
)
def test_a_file_that_is_none_is_refused_at_once(tmp_path, name, reason):
    """Missing and empty files are told apart before any pipeline starts."""
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(InputError, match=reason):
        _feed(str(tmp_path / name))


def test_a_name_too_long_for_a_file_is_refused():
    """What the system cannot even look up is an InputError too."""
    with pytest.raises(InputError, match="aaaa"):
        _feed("a" * 5000)
