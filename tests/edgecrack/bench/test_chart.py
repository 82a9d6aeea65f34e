"""The chart: what its pixels say."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from edgecrack.bench.chart import WIDTH_PX, chart_png
from tests.edgecrack.bench.bench_parts import END_TO_END, FP32, INT8, LATENCY, result

WHOLE, ALONE, LATENCY_GREY, LOW = (0, 114, 178), (142, 202, 230), (122, 122, 122), (176, 0, 32)


def pixels(*rows, **changes):
    """Return the chart of these variants, RGB uint8 (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(chart_png(result(*rows, **changes)))))


def bars(image, colour):
    """Return the length of each bar of a colour, from the top down, in pixels."""
    counts = (image == colour).all(axis=2).sum(axis=1)
    starts = np.flatnonzero((counts[1:] > 20) & (counts[:-1] <= 20)) + 2  # inside, not the edge
    return [int(counts[start]) for start in starts]


def agreeing(row, iou):
    """Return the row with another agreement."""
    return replace(row, agreement=replace(row.agreement, mask_iou=iou))


def test_bars_are_as_long_as_their_values():
    """On one scale from 0: twice as fast is twice as long."""
    fast = replace(FP32, end_to_end=replace(END_TO_END, fps=43.0))
    half = replace(FP32, latency=replace(LATENCY, p50_ms=39.5 / 2))
    longest, shorter = bars(pixels(fast, half), WHOLE)
    assert longest / shorter == pytest.approx(2, abs=0.02)
    longest, shorter = bars(pixels(fast, half), LATENCY_GREY)
    assert longest / shorter == pytest.approx(2, abs=0.02)


def test_a_whole_run_and_inference_alone_differ_in_colour():
    """A variant whose whole run was left out must not pass for one that was run."""
    image = pixels(FP32, INT8)
    assert len(bars(image, WHOLE)) == 1
    assert len(bars(image, ALONE)) == 1
    stopped = replace(FP32, end_to_end=replace(END_TO_END, fps=None))
    assert bars(pixels(stopped), WHOLE) == []


def test_low_agreement_is_red():
    """Below 0.98, not at it."""
    assert (pixels(agreeing(FP32, 0.9799)) == LOW).all(axis=2).any()
    assert not (pixels(agreeing(FP32, 0.98)) == LOW).all(axis=2).any()


def test_the_picture_grows_with_the_variants():
    """Each has a row; none at all is a picture, too."""
    one, three = pixels(FP32), pixels(FP32, INT8, FP32)
    assert one.shape[1] == three.shape[1] == WIDTH_PX
    assert three.shape[0] - one.shape[0] == 2 * 58
    empty = replace(result(), rows=())
    assert chart_png(empty).startswith(b"\x89PNG")


def test_a_long_name_ends_before_the_bars():
    """And a long title within the picture."""
    row = replace(FP32, backend="w" * 200)
    image = pixels(row, source="v" * 500 + "\n.mp4")
    assert (image[118:, 384:395] == 255).all()
    assert (image[:, -20:] == 255).all()


def test_a_variant_that_took_no_time_has_a_bar():
    """No division by 0."""
    nothing = replace(
        INT8, throughput_fps=0.0, latency=replace(LATENCY, p50_ms=0.0), agreement=FP32.agreement
    )
    image = pixels(nothing)
    assert (image == ALONE).all(axis=2).any()
