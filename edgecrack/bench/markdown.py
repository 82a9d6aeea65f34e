"""A result of the benchmark in Markdown: for a README, a ticket or a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.bench.figure import figure, megabytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bench.result import BenchResult, Row
    from edgecrack.bench.sensors import SensorSummary, Spread
    from edgecrack.device import Device

_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("load ms", lambda row: figure(row.load_ms)),
    ("latency p50 ms", lambda row: figure(row.latency.p50_ms)),
    ("p95 ms", lambda row: figure(row.latency.p95_ms)),
    ("p99 ms", lambda row: figure(row.latency.p99_ms)),
    ("CV", lambda row: f"{100 * row.latency.variation:.1f} %"),
    ("throughput FPS", lambda row: figure(row.throughput_fps)),
    ("inference core-ms", lambda row: figure(row.core_ms)),
    ("end-to-end FPS", lambda row: figure(row.end_to_end.fps if row.end_to_end else None)),
    ("core-ms a frame", lambda row: figure(row.end_to_end.core_ms if row.end_to_end else None)),
    ("live age p95 ms", lambda row: figure(row.live.age_p95_ms if row.live else None)),
    ("dropped", lambda row: f"{row.live.dropped} of {row.live.frames}" if row.live else "-"),
    ("peak MB", lambda row: megabytes(peak_memory_bytes(row))),
    ("mask IoU with FP32", lambda row: f"{row.agreement.mask_iou:.4f}"),
    ("max difference", lambda row: f"{row.agreement.max_difference:.3f}"),
    ("mean difference", lambda row: f"{row.agreement.mean_difference:.5f}"),
)


def markdown(result: BenchResult) -> str:
    """Return the result as a table, what makes its figures less than they seem, and the machine."""
    parts = [
        [f"# {result.model.name} {result.model.release} on {device_name(result.device)}"],
        _table(result),
        _bullets("Warnings", warnings(result)),
        _bullets("Not run", [f"{what}: {why}" for what, why in result.not_run.items()]),
        _bullets("Failed", [f"{what}: {why}" for what, why in result.failed.items()]),
        _bullets("Measured", _circumstances(result)),
        ["```", *(f"{row.name}: {row.latency.as_trtexec()}" for row in result.rows), "```"],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def warnings(result: BenchResult) -> list[str]:
    """Return the warnings of all variants, each with its variant's name."""
    return [f"{row.name}: {warning}" for row in result.rows for warning in row.warnings]


def device_name(device: Device) -> str:
    """Return what a person calls the machine.

    Example:
        >>> from edgecrack.device import Device
        >>> device_name(Device("x86_64", None, "AMD EPYC", 2, "Linux", "3.11"))
        'AMD EPYC, 2 cores'
    """
    return f"{device.board or device.processor or device.machine}, {device.cores} cores"


def peak_memory_bytes(row: Row) -> int:
    """Return the largest resident size, of a whole run where there was one."""
    return row.end_to_end.peak_memory_bytes if row.end_to_end else row.peak_memory_bytes


def sensor_line(sensors: SensorSummary) -> str:
    """Return what the sensors told, with units, in one line."""
    told = (
        ("hottest place", sensors.hottest_c, "°C"),
        ("power", sensors.total_w, "W"),
        ("CPU clock", sensors.cpu_mhz, "MHz"),
        ("GPU clock", sensors.gpu_mhz, "MHz"),
    )
    spreads = [f"{what} {_spread(spread)} {unit}" for what, spread, unit in told if spread]
    mode = [f"power mode {sensors.power_mode}"] if sensors.power_mode else []
    return ", ".join([*spreads, *mode])


def _table(result: BenchResult) -> list[str]:
    titles = [title for title, _ in _COLUMNS]
    lines = [_line(["variant", *titles]), _line(["---", *("--:" for _ in titles)])]
    return lines + [_line([row.name, *(cell(row) for _, cell in _COLUMNS)]) for row in result.rows]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _bullets(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", "", *(f"- {line}" for line in lines)] if lines else []


def _circumstances(result: BenchResult) -> list[str]:
    device = result.device
    names = (device.board, device.processor, device.machine, f"{device.cores} cores")
    lines = [
        ", ".join([*(name for name in names if name), device.system, f"Python {device.python}"]),
        f"edgecrack {result.edgecrack}, {result.written_utc}, bundle {result.model.sha256[:12]}",
    ]
    if result.source is not None:
        rates = sorted({row.live.camera_fps for row in result.rows if row.live})
        camera = "".join(f"; live at {rate:g} pictures a second" for rate in rates)
        lines.append(f"whole runs over {result.source}{camera}")
    if result.sensors is not None:
        lines.append(sensor_line(result.sensors))
    return lines + [f"{row.name}: {row.runs_on}" for row in result.rows]


def _spread(spread: Spread) -> str:
    return f"{figure(spread.mean)} ({figure(spread.min)} to {figure(spread.max)})"
