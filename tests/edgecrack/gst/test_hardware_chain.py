"""The pipelines of a Jetson as text: what a source, its region and the sizes make of them."""

import subprocess
import sys
from fractions import Fraction

import pytest

from edgecrack.gst import chain, hardware_chain
from edgecrack.gst.chain import PipelineSpec
from edgecrack.gst.hardware_chain import (
    SQUARE_PIXELS,
    can_crop,
    encoding,
    fit,
    interpolation,
    reader_chain,
    upright_caps,
)
from edgecrack.records import FrameGeometry, Region

SPEC = PipelineSpec("clip", "a name=source")
PART = FrameGeometry(1920, 1080, Region(100, 540, 1000, 500))
ORIN = {
    *("bitrate", "control-rate", "iframeinterval", "idrinterval", "maxperf-enable"),
    *("ratecontrol-enable", "quant-i-frames", "quant-p-frames", "quant-b-frames"),
}
THOR = {"bitrate", "control-rate", "iframeinterval", "gpu-id"}


def values(changes, element):
    """Return property -> value of one element, in order."""
    return {change.name: change.value for change in changes if change.element == element}


def test_pictures_stay_in_the_hardwares_memory_up_to_each_branch():
    """Each branch fetches them itself, in four bytes a pixel, when they have their size."""
    head, image, evidence = reader_chain(SPEC).split("split. ! ")
    assert head.startswith("a name=source ! nvvidconv name=head ! capsfilter name=upright ")
    assert " caps=video/x-raw(memory:NVMM),pixel-aspect-ratio=1/1 ! queue" in head
    for name, branch in (("image", image), ("evidence", evidence)):
        steps = f"nvvidconv name={name}-scale ! capsfilter name={name}-rgba "
        assert f"{steps}caps=video/x-raw,format=RGBA,{SQUARE_PIXELS} ! videoconvert" in branch
    assert "width=" not in head + image + evidence


def test_behind_each_converter_the_pixel_aspect_is_fixed():
    """Before a size is known and after: GStreamer 1.20 else stands still when it changes."""
    assert reader_chain(SPEC).count(f",{SQUARE_PIXELS} ! ") == reader_chain(SPEC).count("nvvidconv")
    sized = [upright_caps(64, 48), *values(fit(PART, (96, 64)), "image-rgba").values()]
    assert all(caps.endswith(f",{SQUARE_PIXELS}") for caps in sized)


@pytest.mark.parametrize("wish", [{}, {"is_live": True}, {"is_paced": True}])
def test_pictures_wait_and_are_dropped_as_in_the_processors_pipeline(wish):
    """Queue, pace and sinks are the same, so live and lossless mean the same."""
    spec = PipelineSpec("clip", "a name=source", **wish)
    for text in (chain.reader_chain(spec), reader_chain(spec)):
        assert f"{chain.pace(spec)}{chain.latest_queue(spec)} ! tee name=split" in text
        assert text.count("queue") == 1
        assert all(chain.appsink(name) in text for name in ("image", "evidence"))


def test_all_four_edges_are_counted_from_the_left_and_the_top():
    """Left and top come first: a far edge becomes a size by the near one that then holds."""
    assert list(values(fit(PART, (960, 540)), "image-scale").items())[:4] == [
        *(("left", "100"), ("top", "540"), ("right", "1100"), ("bottom", "1040"))
    ]


def test_nothing_is_cut_from_a_whole_picture():
    """Without a region no edge is set, whatever size follows."""
    whole = FrameGeometry(1920, 1080, Region(0, 0, 1920, 1080))
    assert set(values(fit(whole, (960, 540)), "image-scale")) == {"interpolation-method"}


@pytest.mark.parametrize(
    ("region", "input_px"),
    [
        (Region(0, 0, 1920, 1080), (960, 544)),
        (Region(0, 540, 1920, 540), (960, 540)),
        (Region(100, 540, 1000, 500), (480, 288)),
        (Region(0, 0, 960, 540), (960, 540)),
    ],
)
def test_sizes_are_those_of_the_processors_pipeline(region, input_px):
    """Region, scale and evidence do not depend on what does the work."""
    geometry = FrameGeometry(1920, 1080, region)
    hardware, software = fit(geometry, input_px), chain.fit(geometry, input_px)
    for element in ("image-caps", "evidence-caps", "evidence-valve"):
        assert values(hardware, element) == values(software, element)
    for name in ("image", "evidence"):
        rgb = values(hardware, f"{name}-caps")["caps"]
        assert values(hardware, f"{name}-rgba")["caps"] == rgb.replace("RGB", "RGBA")


@pytest.mark.parametrize(
    ("size_px", "to_px", "name"),
    [
        ((960, 540), (960, 540), "Bilinear"),
        ((1920, 1080), (960, 540), "Bilinear"),
        ((1920, 1080), (950, 540), "5-Tap"),
        ((1920, 1080), (384, 216), "5-Tap"),
        ((3840, 2160), (480, 270), "10-Tap"),
        ((9600, 540), (480, 270), "10-Tap"),
    ],
)
def test_the_filter_sees_every_pixel(size_px, to_px, name):
    """As many taps as the larger of both factors; never the nearest pixel alone."""
    assert interpolation(size_px, to_px) == name


@pytest.mark.parametrize("edges", [(1, 0, 8, 8), (0, 1, 8, 8), (0, 0, 7, 8), (0, 0, 8, 7)])
def test_odd_edges_cannot_be_cut(edges):
    """Colour has half the resolution, so an odd edge would be moved; an even one is kept."""
    assert not can_crop(Region(*edges))
    assert can_crop(Region(*(edge // 2 * 2 for edge in edges)))


def test_an_orin_encodes_at_a_constant_quality():
    """The quantizer is the software encoder's; a key picture a second."""
    text = encoding((1280, 720), Fraction(25, 2), ORIN)
    for setting in ("iframeinterval=12", "idrinterval=12", "ratecontrol-enable=0"):
        assert f" {setting}" in text
    assert "quant-i-frames=21 quant-p-frames=21" in text
    assert "nvvidconv ! video/x-raw(memory:NVMM),format=NV12 ! nvv4l2h264enc" in text


def test_a_thor_is_given_a_bit_rate():
    """Its encoder takes no quantizer; only what it has is set."""
    text = encoding((1280, 720), Fraction(25), THOR)
    assert text.endswith("nvv4l2h264enc iframeinterval=25 bitrate=5760000")


def test_every_orientation_of_a_file_is_known():
    """All eight that GStreamer has, each by another way of turning."""
    assert len(set(hardware_chain.FLIPS.values())) == len(hardware_chain.FLIPS) == 8


def test_neither_text_nor_choice_needs_gstreamer():
    """The modules can be read and tested where GStreamer is not installed."""
    program = "import sys; sys.modules['gi'] = None; import edgecrack.gst.decoder_choice"
    subprocess.run([sys.executable, "-c", program], check=True)
