"""Two results side by side."""

import json
from dataclasses import replace

import pytest

from edgecrack.bench.bench_file import BenchFile
from edgecrack.bench.change import latency_limit
from edgecrack.bench.comparison import compare
from tests.edgecrack.bench.bench_parts import (
    DEVICE,
    END_TO_END,
    FP32,
    INT8,
    LATENCY,
    LIVE,
    MODEL,
    result,
)


def compared(before, after):
    """Return the comparison of two variants, each alone in its file."""
    return compare(BenchFile("old.json", result(before)), BenchFile("new.json", result(after)))


def verdicts(before, after):
    """Return what changed: figure -> verdict."""
    (variant,) = compared(before, after).variants
    return {one.figure: one.verdict for one in variant.changes if one.verdict != "same"}


def test_the_same_result_has_not_changed():
    """Every figure is compared, none is told."""
    comparison = compared(FP32, FP32)
    (variant,) = comparison.variants
    assert len(variant.changes) == 11
    assert not comparison.got_worse
    assert comparison.differences == variant.notes == ()
    assert "None of 11 figures changed beyond the noise." in comparison.as_text()


@pytest.mark.parametrize(
    ("changed", "figure", "verdict"),
    [
        ({"latency": replace(LATENCY, p50_ms=39.5 * 1.06)}, "latency median, ms", "worse"),
        ({"latency": replace(LATENCY, p50_ms=39.5 * 0.94)}, "latency median, ms", "better"),
        ({"throughput_fps": 26 * 1.06}, "throughput, FPS", "better"),
        ({"throughput_fps": 26 * 0.94}, "throughput, FPS", "worse"),
        ({"core_ms": 85.0}, "inference, core-ms a frame", "worse"),
        ({"load_ms": 345.0}, "load time, ms", "worse"),
        ({"peak_memory_bytes": 400_000_000}, "peak memory, MB", "better"),
        ({"end_to_end": replace(END_TO_END, fps=20.0)}, "end to end, FPS", "worse"),
        ({"end_to_end": replace(END_TO_END, core_ms=89)}, "end to end, core-ms a frame", "better"),
        (
            {"end_to_end": replace(END_TO_END, peak_memory_bytes=800_000_000)},
            "end to end peak memory, MB",
            "worse",
        ),
        ({"live": replace(LIVE, age_p95_ms=68.0)}, "live age p95, ms", "worse"),
        ({"live": replace(LIVE, dropped=81)}, "live, share of frames dropped", "worse"),
        ({"live": replace(LIVE, dropped=0)}, "live, share of frames dropped", "better"),
        (
            {"agreement": replace(FP32.agreement, mask_iou=0.9985)},
            "mask IoU with FP32",
            "worse",
        ),
    ],
)
def test_each_figure_is_told_when_it_changes(changed, figure, verdict):
    """It alone, and in which way."""
    assert verdicts(FP32, replace(FP32, **changed)) == {figure: verdict}


@pytest.mark.parametrize(
    "changed",
    [
        {"latency": replace(LATENCY, p50_ms=39.5 * 1.04)},
        {"throughput_fps": 26 * 0.96},
        {"load_ms": 310 * 1.09},
        {"live": replace(LIVE, age_p95_ms=61 * 0.92)},
        {"live": replace(LIVE, frames=600, dropped=160)},  # the same share of twice as many
        {"agreement": replace(FP32.agreement, mask_iou=0.999)},
        {"agreement": replace(FP32.agreement, max_difference=0.3)},
    ],
)
def test_noise_is_no_change(changed):
    """Within the limit of each figure."""
    assert verdicts(FP32, replace(FP32, **changed)) == {}


def test_a_latency_that_varies_must_differ_by_more():
    """Few inferences on a busy machine: 2 * 1.25 * hypot(0.3, 0.3) / sqrt(9) = 35 %."""
    busy = replace(LATENCY, count=9, variation=0.3)
    assert latency_limit(busy, busy) == pytest.approx(0.3536, abs=1e-4)
    assert latency_limit(LATENCY, LATENCY) == 0.05
    before = replace(FP32, latency=busy)
    slower = {share: replace(before, latency=replace(busy, p50_ms=39.5 * share))
              for share in (1.3, 1.4)}  # fmt: skip
    assert verdicts(before, slower[1.3]) == {}
    assert verdicts(before, slower[1.4]) == {"latency median, ms": "worse"}


def test_from_nothing_any_figure_is_a_change():
    """There is no share of 0."""
    before = replace(FP32, live=replace(LIVE, dropped=0, age_p95_ms=0.0))
    (variant,) = compared(before, FP32).variants
    told = {one.figure: one.share for one in variant.changes if one.verdict == "worse"}
    assert told == {"live, share of frames dropped": None, "live age p95, ms": None}


def test_what_one_file_lacks_is_told():
    """Variants, and runs that were left out."""
    old = BenchFile("old.json", result(FP32, INT8))
    new = BenchFile("new.json", result(replace(FP32, live=None), replace(INT8, width_px=1280)))
    comparison = compare(old, new)
    assert comparison.only_before == ("openvino int8 960x544",)
    assert comparison.only_after == ("openvino int8 1280x544",)
    assert comparison.variants[0].notes == ("live age p95, ms: only before",)
    text = comparison.as_text()
    assert "- openvino int8 960x544: only in old.json" in text
    assert "- openvino int8 1280x544: only in new.json" in text


def test_a_variant_that_fails_now_is_worse():
    """It has no figures any more, but a reason; one that failed before, too, is no change."""
    old = BenchFile("old.json", result(FP32, INT8, failed={"tensorrt fp16 960x544": "no memory"}))
    failed = {INT8.name: "it broke", "tensorrt fp16 960x544": "no memory"}
    comparison = compare(old, BenchFile("new.json", result(FP32, failed=failed)))
    assert comparison.now_failing == {INT8.name: "it broke"}
    assert comparison.got_worse
    assert "**openvino int8 960x544 failed in new.json:** it broke" in comparison.as_text()
    assert not compare(old, old).got_worse


def test_cameras_of_other_rates_are_not_compared():
    """More frames are dropped of more."""
    faster = replace(FP32, live=replace(LIVE, camera_fps=60.0, dropped=200, age_p95_ms=99.0))
    assert verdicts(FP32, faster) == {}
    assert "live: 30 pictures a second, then 60; not compared" in compared(FP32, faster).as_text()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"device": replace(DEVICE, cores=4)}, "aarch64, 8 cores, then aarch64, 4 cores"),
        ({"device": replace(DEVICE, board=None)}, "board: NVIDIA Jetson Orin NX, then -"),
        ({"model": replace(MODEL, sha256="f" * 64)}, "ffff"),
        ({"edgecrack": "0.2.0"}, "edgecrack: 0.1.0, then 0.2.0"),
        ({"source": None}, "video: drive.mp4, then -"),
        ({"sensors": None}, "power mode: 0 MAXN, then -"),
    ],
)
def test_results_of_different_things_say_so(changes, told):
    """Figures of two machines or models are no before and after."""
    comparison = compare(BenchFile("a", result()), BenchFile("b", result(**changes)))
    assert len(comparison.differences) == 1
    assert told in comparison.differences[0]
    assert "not of the same thing" in comparison.as_text()


def test_another_version_of_a_backend_is_noted():
    """It may be why."""
    after = replace(FP32, runs_on="ONNX Runtime 1.33.0, 8 threads", inspected="fp16")
    assert compared(FP32, after).variants[0].notes == (
        "runs on: ONNX Runtime 1.32.0, 8 threads, then ONNX Runtime 1.33.0, 8 threads",
        "precision as inspected: fp32, then fp16",
    )


def test_text_and_json_say_the_rule():
    """Whoever reads either knows what a change is."""
    comparison = compared(FP32, replace(FP32, throughput_fps=13.0))
    assert "| throughput, FPS | 26 | 13 | -50.0 % | 5 % | worse |" in comparison.as_text()
    assert "more than 5 %" in comparison.as_text()
    values = json.loads(json.dumps(comparison.as_json(), allow_nan=False))
    assert values["got_worse"] is True
    assert "more than 5 %" in values["rule"]
    assert values["variants"][0]["changes"][1] == {
        "figure": "throughput, FPS",
        "before": 26.0,
        "after": 13.0,
        "share": -0.5,
        "limit": 0.05,
        "is_step": False,
        "verdict": "worse",
    }
