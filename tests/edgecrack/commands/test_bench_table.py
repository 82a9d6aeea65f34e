"""What a person sees of the benchmark."""

import io
from dataclasses import replace

from rich.console import Console

from edgecrack.commands.bench_table import bench_table
from tests.edgecrack.bench.bench_parts import END_TO_END, FP32, INT8, LATENCY, LIVE, RESULT, result


def shown(table):
    """Return what a table looks like on a terminal of 120 columns."""
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(table)
    return console.export_text()


def cells(text, name):
    """Return the cells of the row that begins with a name."""
    line = next(line for line in text.splitlines() if line.startswith(f"│ {name}"))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_a_row_shows_each_figure():
    """What was not measured is a dash."""
    text = shown(bench_table(RESULT))
    assert "crack-n 1.2.0 on NVIDIA Jetson Orin NX, 8 cores" in text
    assert cells(text, "onnxruntime")[1:] == [
        "310", "39.5", "43.0", "26.0", "80.0", "21.5", "95.0", "61.0", "80", "700", "1.0000",
    ]  # fmt: skip
    assert cells(text, "openvino")[1:] == [
        "1,250", "10.8", "13.0", "110", "22.0", "-", "-", "-", "-", "450", "0.9510",
    ]  # fmt: skip


def test_the_caption_tells_what_the_figures_do_not():
    """The video, warnings, what was not run, sensors."""
    text = shown(bench_table(result(not_run={"tensorrt fp16": "install edgecrack[tensorrt]"})))
    assert "run: drive.mp4, everything written" in text
    assert "warning: openvino int8 960x544: latency varies by 8 %" in text
    assert "not run: tensorrt fp16: install edgecrack[tensorrt]" in text
    assert "power mode 0 MAXN" in text
    bare = shown(bench_table(result(replace(INT8, inspected="int8"), sensors=None, not_run={})))
    assert "run:" not in bare
    assert "power mode" not in bare


def test_large_figures_fit_120_columns():
    """A slow machine and a large input: no digit is cut."""
    slow = replace(LATENCY, p50_ms=12345.0, p95_ms=12347.0)
    row = replace(
        FP32,
        width_px=1920,
        height_px=1088,
        load_ms=23456.0,
        latency=slow,
        core_ms=98765.0,
        end_to_end=replace(END_TO_END, peak_memory_bytes=12_345_000_000),
        live=replace(LIVE, dropped=1234, age_p95_ms=34567.0),
    )
    text = shown(bench_table(result(row, INT8)))
    assert max(len(line) for line in text.splitlines()) <= 120
    assert "…" not in text
    for digits in ("23,456", "12,345", "12,347", "98,765", "34,567", "1234", "12,345", "1.0000"):
        assert digits in cells(text, "onnxruntime")
