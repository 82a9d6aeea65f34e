"""Pipelines as text: what a source, its region and the sizes make of them, without GStreamer."""

import subprocess
import sys
from fractions import Fraction

import pytest

from edgecrack.gst.chain import (
    PipelineSpec,
    Property,
    fit,
    reader_chain,
    software_encoding,
    writer_chain,
)
from edgecrack.records import FrameGeometry, Region

SPEC = PipelineSpec("clip", "videotestsrc name=source")


def values(changes, element):
    """Return property -> value of one element."""
    return {change.name: change.value for change in changes if change.element == element}


def test_a_file_waits_and_a_camera_drops():
    """The one queue holds a file back, and lets the newest picture of a camera through."""
    lossless, live = (
        reader_chain(PipelineSpec("clip", "a", is_live=is_live)) for is_live in (False, True)
    )
    assert "max-size-buffers=3" in lossless
    assert "leaky" not in lossless
    assert "max-size-buffers=1 leaky=downstream" in live
    assert lossless.count("queue") == live.count("queue") == 1


def test_only_a_paced_source_is_held_to_the_clock():
    """A live run over a file shows pictures at their times; anything else runs freely."""
    assert "clocksync" not in reader_chain(SPEC)
    assert "clocksync" in reader_chain(PipelineSpec("clip", "a", is_paced=True))


def test_the_source_comes_first_and_sizes_come_later():
    """The text begins with the source; what depends on its size is not in it."""
    text = reader_chain(SPEC)
    assert text.startswith("videotestsrc name=source ! ")
    image, evidence = text.split("split. ! ")[1:]
    assert "videocrop name=crop" in image
    assert "crop" not in evidence
    assert "width=" not in text


def test_a_region_is_cut_out_of_the_source():
    """What lies left, above, right and below of the region is cropped."""
    changes = fit(FrameGeometry(1920, 1080, Region(100, 540, 1000, 500)), (960, 540))
    assert values(changes, "crop") == {"left": "100", "top": "540", "right": "-1", "bottom": "-1"}


@pytest.mark.parametrize(
    ("region", "size"),
    [
        (Region(0, 0, 1920, 1080), "width=960,height=540"),
        (Region(240, 0, 1440, 1080), "width=720,height=540"),
        (Region(0, 540, 1920, 540), "width=960,height=270"),
    ],
)
def test_the_region_keeps_its_aspect(region, size):
    """It becomes as large as the network's input holds, never wider or higher than its aspect."""
    changes = fit(FrameGeometry(1920, 1080, region), (960, 540))
    caps = f"video/x-raw,format=RGB,{size},pixel-aspect-ratio=1/1"
    assert values(changes, "image-caps") == {"caps": caps}


def test_evidence_is_the_whole_picture_at_most_1280_wide():
    """Its size follows from the source, whatever the region."""
    changes = fit(FrameGeometry(1920, 1080, Region(0, 540, 1920, 540)), (960, 540))
    caps = "video/x-raw,format=RGB,width=1280,height=720,pixel-aspect-ratio=1/1"
    assert values(changes, "evidence-caps") == {"caps": caps}


@pytest.mark.parametrize(
    ("picture_px", "region", "input_px", "is_shut"),
    [
        ((960, 540), Region(0, 0, 960, 540), (960, 540), "true"),
        ((960, 540), Region(0, 0, 960, 540), (960, 544), "true"),
        ((960, 540), Region(0, 0, 960, 540), (480, 270), "false"),
        ((960, 540), Region(0, 10, 960, 530), (960, 540), "false"),
        ((1920, 1080), Region(0, 0, 1920, 1080), (960, 540), "false"),
        ((1920, 1080), Region(0, 0, 1920, 1080), (1280, 720), "true"),
    ],
)
def test_the_evidence_is_made_only_where_it_differs(picture_px, region, input_px, is_shut):
    """Its valve is shut where the network's picture is the very same."""
    changes = fit(FrameGeometry(picture_px[0], picture_px[1], region), input_px)
    assert values(changes, "evidence-valve") == {"drop": is_shut}


def test_each_branch_scales_by_its_own_factor():
    """Within a factor of two two taps serve; the region's size decides for the network."""
    whole = fit(FrameGeometry(1920, 1080, Region(0, 0, 1920, 1080)), (480, 320))
    assert values(whole, "image-scale") == {"method": "hermite"}
    assert values(whole, "evidence-scale") == {"method": "bilinear"}
    part = fit(FrameGeometry(3840, 2160, Region(0, 0, 960, 640)), (480, 320))
    assert values(part, "image-scale") == {"method": "bilinear"}
    assert values(part, "evidence-scale") == {"method": "hermite"}
    assert all(isinstance(change, Property) for change in part)


@pytest.mark.parametrize(
    ("at_hand", "encoder", "gap"),
    [({"x264enc"}, "x264enc", "key-int-max=12"), (set(), "openh264enc", "gop-size=12")],
)
def test_the_encoder_is_the_one_at_hand(at_hand, encoder, gap):
    """x264 where it is installed, OpenH264 elsewhere; a key frame a second."""
    rate = Fraction(25, 2)
    text = writer_chain(64, 48, rate, software_encoding(rate, at_hand.__contains__))
    assert f" {encoder} " in text
    assert gap in text
    assert "format=RGB,width=64,height=48,framerate=25/2" in text
    assert "mp4mux name=mux fragment-duration=1000" in text
    assert text.endswith("filesink name=file buffer-mode=unbuffered")


def test_a_slow_video_still_has_key_frames():
    """Below one picture a second each picture is a key frame."""
    assert software_encoding(Fraction(1, 10), lambda _name: True).endswith("key-int-max=1")


def test_the_text_needs_no_gstreamer():
    """The module can be read and tested where GStreamer is not installed."""
    program = "import sys; sys.modules['gi'] = None; import edgecrack.gst.chain"
    subprocess.run([sys.executable, "-c", program], check=True)
