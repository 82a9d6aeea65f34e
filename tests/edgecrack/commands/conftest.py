"""A clip and a track that bad input is made from."""

import pytest

from edgecrack.gst.runtime import Gst, launch, stop

GPX = "<gpx xmlns='http://www.topografix.com/GPX/1/1' version='1.1' creator='t'><trk><trkseg>{}"
GPX += "</trkseg></trk></gpx>"
POINT = "<trkpt lat='51.3' lon='12.3'>{}</trkpt>"


def _encode(description, path):
    pipeline = launch(f"{description} ! filesink location={path}")
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(30 * 10**9, Gst.MessageType.EOS)
    assert message is not None
    stop(pipeline)
    return path


@pytest.fixture(scope="session")
def encode():
    """Return a function that runs a pipeline into a file and returns its path."""
    return _encode


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Return a clip of 90 frames, 3.6 s, whose index is at its beginning."""
    camera = "videotestsrc num-buffers=90 pattern=snow"
    raw = "video/x-raw,format=I420,width=320,height=240,framerate=25/1"
    coded = "x264enc speed-preset=ultrafast key-int-max=10 ! h264parse ! mp4mux faststart=true"
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return _encode(f"{camera} ! {raw} ! {coded}", path)


@pytest.fixture
def track(tmp_path):
    """Return a track of ten seconds in 1970."""
    times = (f"<time>1970-01-01T00:00:{second:02d}Z</time>" for second in range(10))
    path = tmp_path / "track.gpx"
    path.write_text(GPX.format("".join(map(POINT.format, times))))
    return path
