"""The pipelines of the stream as text, and as GStreamer understands it."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from edgecrack.gst import stream_chain
from edgecrack.gst.hardware_chain import stream_encoding
from edgecrack.gst.picture_input import KEY_EVERY_S, STUCK_S, PictureInput, even_size_px
from edgecrack.gst.runtime import Gst, launch, stop
from edgecrack.gst.stream_chain import (
    hls_chain,
    hls_settings,
    rtsp_chain,
    software_encoding,
    source_chain,
    srt_chain,
    udp_chain,
)
from tests.edgecrack.gst.test_hardware_chain import ORIN, THOR

ENCODERS = ["x264enc", "openh264enc"]


def encoding(encoder):
    """Return the encoding by one of the processor's encoders."""
    return software_encoding(25, 1500, lambda name: name == encoder)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("chain", [rtsp_chain, udp_chain, srt_chain, hls_chain])
def test_every_pipeline_is_understood(encoder, chain):
    """Elements and properties of each are there in this release."""
    text = chain(source_chain((320, 240), Fraction(25), encoding(encoder)))
    pipeline = launch(text.removeprefix("( ").removesuffix(" )"))
    names = ["in", "pay0" if chain is rtsp_chain else "sink"]
    assert all(pipeline.get_by_name(name) for name in names)
    stop(pipeline)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_source_keeps_one_picture_and_nobody_waits_for_it(encoder):
    """It is live, gives up the older one, and each picture has the time at which it comes."""
    source = source_chain((320, 240), Fraction(25), encoding(encoder)).partition(" ! ")[0]
    for setting in ("max-buffers=1", "leaky-type=downstream", "do-timestamp=true", "is-live=true"):
        assert setting in source
    assert "block" not in source


def test_the_encoder_keeps_no_picture_back():
    """Low latency, a key picture a second, and the bit rate in the unit of each."""
    x264, openh264 = (encoding(name) for name in ENCODERS)
    assert "tune=zerolatency speed-preset=ultrafast bitrate=1500 key-int-max=25" in x264
    assert "rate-control=bitrate bitrate=1500000 gop-size=25" in openh264


def test_a_boards_encoder_is_given_what_it_has():
    """An Orin's and a Thor's differ; the bit rate is in bits."""
    for properties, settings in (
        (ORIN, "iframeinterval=25 idrinterval=25 bitrate=1500000"),
        (THOR, "iframeinterval=25 bitrate=1500000"),
    ):
        assert stream_encoding(25, 1500, properties).endswith(f"nvv4l2h264enc {settings}")


def test_a_folder_may_have_any_name():
    """The name of a segment is a format of C, the playlist's is not."""
    settings = dict(hls_settings("/a b/50%d"))
    assert settings["location"] == "/a b/50%%d/live-%05d.ts"
    assert settings["playlist-location"] == "/a b/50%d/live.m3u8"


def test_nothing_of_the_text_needs_gstreamer():
    """It can be read and tested where GStreamer is not installed."""
    program = "import sys; sys.modules['gi'] = None; import edgecrack.gst.stream_chain"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_odd_sizes_lose_a_row_or_a_column():
    """Video of H.264 has none; smaller than a macroblock there is nothing."""
    assert even_size_px((161, 121)) == (160, 120)
    with pytest.raises(Exception, match="at least 16x16, not 15x40"):
        even_size_px((15, 40))


class Coded:
    """A stream into memory, with a clock that a test sets."""

    def __init__(self, encoder, *, size_px=(320, 240), pace="", gap=1000):
        chosen = encoding(encoder).replace("=25", f"={gap}")
        text = source_chain(size_px, Fraction(25), chosen)
        self.now_s = 0.0
        self.pipeline = launch(f"{text} ! {pace}appsink name=out sync=false max-buffers=0")
        self.input = PictureInput(
            self.pipeline.get_by_name("in"), size_px, clock=lambda: self.now_s
        )  # fmt: skip
        self.pipeline.set_state(Gst.State.PLAYING)

    def push(self, value):
        """Push a gray picture."""
        width_px, height_px = self.input._size_px  # noqa: SLF001
        return self.input.push(np.full((height_px + 1, width_px + 1, 3), value, np.uint8))

    def pull(self):
        """Return the next coded picture: whether it is a key picture."""
        sample = self.pipeline.get_by_name("out").try_pull_sample(10**10)
        return not sample.get_buffer().has_flags(Gst.BufferFlags.DELTA_UNIT)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_key_picture_comes_each_second_however_few_come(encoder):
    """The encoder itself would make none for a thousand pictures."""
    coded, keys = Coded(encoder), []
    for _ in range(9):
        assert coded.push(100)
        keys.append(coded.pull())
        coded.now_s += KEY_EVERY_S * 0.34
    stop(coded.pipeline)
    assert keys == [True, False, False] * 3


def test_what_takes_no_picture_for_long_is_given_up():
    """Until then the newest picture takes the place of the older one, and that is told."""
    coded = Coded("x264enc", pace="identity sleep-time=10000000 ! ")
    answers = []
    while len(answers) < 2 or any(answers[-2:]):
        answers.append(coded.push(100))
        assert coded.input.problem is None
        coded.pipeline.set_state(Gst.State.PAUSED)
    coded.now_s += STUCK_S
    coded.push(100)
    stop(coded.pipeline)
    assert "no picture was taken" in coded.input.problem
    assert stream_chain.MOST_LISTED < stream_chain.MOST_FILES
