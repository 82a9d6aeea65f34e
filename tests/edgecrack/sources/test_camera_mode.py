"""What a camera is asked for."""

import pytest

from edgecrack.errors import UsageError
from edgecrack.sources.camera_mode import CameraMode, parse_camera_mode


def test_a_camera_that_is_asked_for_nothing_is_free():
    """No parameter holds it to anything."""
    assert parse_camera_mode("", "v4l2:") == CameraMode()
    assert CameraMode().caps == CameraMode().size_and_rate == ""


@pytest.mark.parametrize(
    ("form", "media"), [("mjpeg", "image/jpeg"), ("h264", "video/x-h264"), ("raw", "video/x-raw")]
)
def test_a_format_holds_the_camera_to_it(form, media):
    """Format, size and rate go together."""
    mode = parse_camera_mode(f"format={form}&width=1920&height=1080&fps=30", "v4l2:")
    assert mode == CameraMode(1920, 1080, 30, form)
    assert mode.caps == f"{media},width=1920,height=1080,framerate=30/1"


def test_a_size_alone_leaves_the_format_to_the_camera():
    """Any format of that size will do."""
    caps = parse_camera_mode("width=640", "v4l2:").caps
    assert caps == "video/x-raw,width=640;image/jpeg,width=640;video/x-h264,width=640"


@pytest.mark.parametrize(
    ("query", "scheme"),
    [
        ("width=0", "v4l2:"),
        ("width=x", "csi:"),
        ("fps=29.97", "csi:"),
        ("height=", "csi:"),
        ("format=mjpg", "v4l2:"),
        ("format=mjpeg", "csi:"),
        ("mode=2", "csi:"),
    ],
)
def test_what_no_camera_can_be_asked_for_is_refused(query, scheme):
    """The parameter and the scheme are told."""
    with pytest.raises(UsageError, match=f"^{scheme}.*{query.split('=')[0]}"):
        parse_camera_mode(query, scheme)
