"""A result in Markdown."""

from dataclasses import replace

from edgecrack.bench.markdown import markdown
from tests.edgecrack.bench.bench_parts import FP32, INT8, RESULT, result


def cells(text):
    """Return the table's rows: variant -> title -> cell."""
    lines = [line.strip("| ") for line in text.splitlines() if line.startswith("|")]
    titles, rule, *rows = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    assert len(rule) == len(titles)
    return {row[0]: dict(zip(titles[1:], row[1:], strict=True)) for row in rows}


def test_the_table_has_every_figure():
    """Each figure below its title; what was not measured is a dash."""
    table = cells(markdown(RESULT))
    assert table["onnxruntime fp32 960x544"] == {
        "load ms": "310",
        "latency p50 ms": "39.5",
        "p95 ms": "43.0",
        "p99 ms": "45.0",
        "CV": "4.0 %",
        "throughput FPS": "26.0",
        "inference core-ms": "80.0",
        "end-to-end FPS": "21.5",
        "core-ms a frame": "95.0",
        "live age p95 ms": "61.0",
        "dropped": "80 of 300",
        "peak MB": "700",
        "mask IoU with FP32": "1.0000",
        "max difference": "0.000",
        "mean difference": "0.00000",
    }
    without = table["openvino int8 960x544"]
    assert [title for title, cell in without.items() if cell == "-"] == [
        "end-to-end FPS", "core-ms a frame", "live age p95 ms", "dropped",
    ]  # fmt: skip
    assert without["peak MB"] == "450"


def test_what_stands_below_the_table():
    """Warnings, what was not run and why, the machine, and trtexec's lines as code."""
    text = markdown(RESULT)
    assert text.startswith("# crack-n 1.2.0 on NVIDIA Jetson Orin NX, 8 cores\n")
    assert "- openvino int8 960x544: latency varies by 8 %" in text
    assert "- tensorrt fp16: TensorRT is not installed" in text
    assert "- NVIDIA Jetson Orin NX, aarch64, 8 cores, Linux-5.15.148-tegra, Python 3.10" in text
    assert "- whole runs over drive.mp4; live at 30 pictures a second" in text
    assert "- hottest place 55.0 (50.0 to 60.0) °C, CPU clock 2.00 (1.00 to 3.00) MHz, " in text
    code = text.split("```")[1].splitlines()
    assert code[1] == f"onnxruntime fp32 960x544: {FP32.latency.as_trtexec()}"
    assert len(code) == 3
    assert text.endswith("\n```\n")


def test_a_heading_without_lines_is_left_out():
    """A quiet machine that ran everything."""
    quiet = replace(FP32, live=None)
    text = markdown(result(quiet, not_run={}, failed={}, sensors=None))
    assert "Warnings" not in text
    assert "Failed" not in text
    assert "Not run" not in text
    assert "hottest" not in text


def test_without_a_video_none_is_told():
    """Inference alone."""
    assert "whole runs" not in markdown(result(INT8, source=None))


def test_a_bar_in_a_name_does_not_end_its_cell():
    """It is escaped."""
    assert "| open\\|vino int8 960x544 |" in markdown(result(replace(INT8, backend="open|vino")))
