"""Motion JPEG without a container: pictures that carry neither times nor a rate."""

import io
import itertools
import threading
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def picture():
    """Return a JPEG file of noise, some 12 kB."""
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (80, 120, 3), np.uint8)
    Image.fromarray(noise).save(file, "JPEG", quality=95)
    return file.getvalue()


def test_pictures_without_a_time_are_taken_at_none(source, tmp_path, picture):
    """Even with a start the time of each frame after the first is unknown, so it has no place."""
    path = tmp_path / "a.mjpeg"
    path.write_bytes(picture * 5)
    frames = list(source(path, start="2026-05-01T12:00:00Z"))
    assert [frame.captured_ns for frame in frames[1:]] == [None] * 4


def test_a_slow_camera_is_shown_from_its_first_pictures(source, serve_with, picture, request):
    """The first of a server's small pictures is there long before they fill a buffer."""
    closed = threading.Event()
    request.addfinalizer(closed.set)
    part = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        handler.end_headers()
        with suppress(OSError):
            while not closed.wait(0.1):
                handler.wfile.write(part % (len(picture), picture))

    video = source(f"{serve_with(answer)}/camera", live=True)
    frame = next(frame for frame in itertools.islice(video, 8) if frame is not None)
    assert frame.captured_ns is not None
    assert frame.evidence.shape == (80, 120, 3)
