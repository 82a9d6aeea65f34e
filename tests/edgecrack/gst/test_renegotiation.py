"""A size that is set behind a pad asks nothing of what comes before it."""

import pytest

from edgecrack.gst.renegotiation import contain
from edgecrack.gst.runtime import Gst, launch, stop


@pytest.mark.parametrize("is_contained", [True, False])
def test_a_new_size_is_no_concern_of_what_comes_before(is_contained):
    """The request of a capsfilter stops at the pad, and only there."""
    pipeline = launch(
        "videotestsrc num-buffers=1 ! identity name=before ! queue name=queue ! "
        "capsfilter name=size ! fakesink async=false"
    )
    requests = []

    def note(_pad, info):
        requests.append(info.get_event().type == Gst.EventType.RECONFIGURE)
        return Gst.PadProbeReturn.OK

    before = pipeline.get_by_name("before").get_static_pad("src")
    before.add_probe(Gst.PadProbeType.EVENT_UPSTREAM, note)
    if is_contained:
        contain(pipeline.get_by_name("queue").get_static_pad("src"))
    pipeline.set_state(Gst.State.PLAYING)
    pipeline.get_bus().timed_pop_filtered(10 * Gst.SECOND, Gst.MessageType.EOS)
    requests.clear()
    caps = Gst.Caps.from_string("video/x-raw,width=64")
    pipeline.get_by_name("size").set_property("caps", caps)
    stop(pipeline)
    assert any(requests) != is_contained
