"""A made-up result of the benchmark, and the parts of it."""

from dataclasses import replace

from edgecrack.bench.result import Agreement, BenchResult, EndToEnd, Latency, Live, Row
from edgecrack.bench.sensors import SensorSummary, Spread
from edgecrack.device import Device
from edgecrack.records import ModelIdentity

DEVICE = Device("aarch64", "NVIDIA Jetson Orin NX", None, 8, "Linux-5.15.148-tegra", "3.10.12")
MODEL = ModelIdentity("crack-n", "1.2.0", "0123456789abcdef" * 4)
LATENCY = Latency(200, 38.0, 40.0, 39.5, 42.0, 43.0, 45.0, 50.0, 0.04)
END_TO_END = EndToEnd(300, 21.5, 95.0, 15.0, 700_000_000)
LIVE = Live(30.0, 300, 80, 52.0, 61.0, 70.0)
FP32 = Row(
    backend="onnxruntime",
    precision="fp32",
    inspected="fp32",
    runs_on="ONNX Runtime 1.32.0, 8 threads",
    width_px=960,
    height_px=544,
    load_ms=310.0,
    latency=LATENCY,
    throughput_fps=26.0,
    core_ms=80.0,
    peak_memory_bytes=450_000_000,
    agreement=Agreement(52, 1.0, 0.0, 0.0),
    end_to_end=END_TO_END,
    live=LIVE,
)
INT8 = replace(
    FP32,
    backend="openvino",
    precision="int8",
    inspected="int8+fp32",
    runs_on="OpenVINO 2026.4.1, 8 threads",
    load_ms=1250.0,
    latency=Latency(900, 10.0, 11.0, 10.8, 12.0, 13.0, 14.0, 25.0, 0.08),
    throughput_fps=110.0,
    core_ms=22.0,
    agreement=Agreement(52, 0.951, 0.4, 0.0021),
    end_to_end=None,
    live=None,
)
RESULT = BenchResult(
    edgecrack="0.1.0",
    written_utc="2026-11-30T10:00:00+00:00",
    device=DEVICE,
    model=MODEL,
    source="drive.mp4",
    not_run={"tensorrt fp16": "TensorRT is not installed"},
    failed={"openvino fp32 960x544": "it broke"},
    sensors=SensorSummary(
        40, Spread(50.0, 55.0, 60.0), None, Spread(1.0, 2.0, 3.0), None, "0 MAXN"
    ),
    rows=(FP32, INT8),
)


def result(*rows, **changes):
    """Return the made-up result with other rows, where there are some, and other fields."""
    return replace(RESULT, rows=rows or RESULT.rows, **changes)
