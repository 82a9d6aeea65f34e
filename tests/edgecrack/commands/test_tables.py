"""What a person sees at the end."""

import io
from dataclasses import replace

from rich.console import Console

from edgecrack.capture_state import Interruptions
from edgecrack.commands.tables import report_table, selftest_table
from edgecrack.meter import Meter
from edgecrack.models.golden_result import GoldenResult
from edgecrack.models.selftest import NetworkResult, SelfTest
from edgecrack.report import InputSize, Totals, make_report
from tests.edgecrack.survey_parts import frame, no_detection
from tests.edgecrack.test_meter import Clock
from tests.edgecrack.test_report import SETUP


def shown(table):
    """Return what a table looks like on a wide terminal."""
    console = Console(width=160, file=io.StringIO(), record=True)
    console.print(table)
    return console.export_text()


def report(frames, has_crack=False):
    """Return the report of a run of this many frames, 40 ms apart, with 18.5 ms of inference."""
    clock = Clock()
    meter = Meter(clock_ns=clock)

    def arriving():
        for index in range(frames):
            clock.now_ns = index * 40_000_000
            yield frame(index)

    for seen in meter.timed(arriving()):
        took = {"infer": (0.0185, 0.018)}
        meter.detected(replace(no_detection(seen), took=took, has_crack=has_crack))
    totals = Totals(frames + 2, {"source": 2, "output": 0}, 9.0, 0.02 * max(frames, 1), 0.0, 10**8)
    setup = replace(SETUP, backend="ONNX Runtime 1", input=InputSize(960, 540))
    return make_report(meter.snapshot(), totals, setup)


def test_a_report_shows_counts_rates_and_stages():
    """Frames in, inferred and dropped, the rates, each stage and what is overhead."""
    text = shown(report_table(report(100, has_crack=True)))
    assert "102 frames in, 100 inferred, 2 dropped" in text
    assert "25.0 FPS out (25.0 in), 100 frames with cracks" in text
    assert "960x540" in text
    assert "first 5 frames left out" in text
    infer = next(line for line in text.splitlines() if " infer " in line)
    assert infer.count("18.5") >= 3
    assert "capture to result" in text


def test_frames_left_out_at_a_standstill_are_no_drops():
    """They are told apart from what was lost; where there are none, nothing is said."""
    driven = report(100)
    stood = replace(driven, frames_dropped={**driven.frames_dropped, "standstill": 40})
    wanted = "100 inferred, 2 dropped, 40 left out at a standstill"
    assert wanted in shown(report_table(stood))
    assert "standstill" not in shown(report_table(driven))


def test_a_camera_that_had_to_come_back_is_told():
    """How often, and how long it was away; one that never went is not mentioned."""
    driven = report(100)
    gone = Interruptions(3, 1234.56, last_reason="the camera is gone")
    text = shown(report_table(replace(driven, interruptions=gone)))
    assert "came back 3 times, 1,234.6 s without pictures" in text
    for quiet in (None, Interruptions()):
        assert "came back" not in shown(report_table(replace(driven, interruptions=quiet)))


def test_a_run_without_frames_has_a_table_too():
    """What is unknown is a dash."""
    text = shown(report_table(report(0)))
    assert "- FPS out (- in)" in text


def test_a_self_test_shows_each_network_and_its_verdict():
    """What failed stands out, and what was not run is told."""
    worst = GoldenResult("dark", "probability", 9, 0.5, 5, 10, passed=False, refuses_zeros=True)
    good = GoldenResult("crack", "probability", 1, 0.75, 3, 4, passed=True, refuses_zeros=True)
    size_px = (96, 64)
    networks = (
        NetworkResult("model.onnx", "fast", "fp32", *size_px, (good,), 12.34, ""),
        NetworkResult("model.onnx", "slow", "int8", *size_px, (good, worst), 56.78, "differs"),
    )
    result = SelfTest("vehicle", "1.0", "ab" * 32, networks, {"fast bf16": "no such thing"}, 1)
    text = shown(selftest_table(result))
    assert "vehicle 1.0 (abababababab)" in text
    rows = [line for line in text.splitlines() if "model.onnx" in line]
    assert [("FAILED" in row, "ok" in row, "differs" in row) for row in rows] == [
        (False, True, False),
        (True, False, True),
    ]
    for row, words in zip(rows, (("96x64", "12.3", "0.75"), ("56.8", "9", "0.57")), strict=True):
        assert all(word in row for word in words)
    assert "not run: fast bf16: no such thing" in text
