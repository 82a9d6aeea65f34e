"""Clips that GStreamer encodes for the tests of the pipelines."""

import pytest

from edgecrack.gst.runtime import Gst, launch, stop


@pytest.fixture
def clip_of(tmp_path):
    """Return a function that writes a clip of 20 pictures by the end of a pipeline."""

    def _clip_of(coding):
        path = tmp_path / "clip"
        raw = "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
        pipeline = launch(
            f"videotestsrc num-buffers=20 ! {raw} ! {coding} ! filesink location={path}"
        )
        pipeline.set_state(Gst.State.PLAYING)
        kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = pipeline.get_bus().timed_pop_filtered(30 * 10**9, kinds)
        assert message.type == Gst.MessageType.EOS
        stop(pipeline)
        return path

    return _clip_of
