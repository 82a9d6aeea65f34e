"""The reports as tables for people; machines read the JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgecrack.engines.sidecar import Sidecar
    from edgecrack.models.selftest import SelfTest
    from edgecrack.report import RunReport

_COLUMNS = ("mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "core_ms")


def report_table(report: RunReport) -> Table:
    """Lay out the FPS report: counts and rates above, a row for each stage below."""
    standing = report.frames_dropped.get("standstill", 0)
    dropped = sum(report.frames_dropped.values()) - standing
    left_out = f", {standing} left out at a standstill" if standing else ""
    title = (
        f"{report.frames_in} frames in, {report.frames_inferred} inferred, {dropped} dropped"
        f"{left_out}"
        f"\n{_figure(report.fps_out)} FPS out ({_figure(report.fps_in)} in), "
        f"{report.frames_with_crack} frames with cracks{_roadless(report)}{_interrupted(report)}"
    )
    caption = (
        f"{report.backend}, {report.precision}, "
        f"{report.input.width_px}x{report.input.height_px}; "
        f"{report.core_ms_per_frame:.1f} core-ms a frame, "
        f"{report.overhead_core_ms:.1f} of them not inference; "
        f"first {report.warm_up_frames} frames left out of times and rates"
    )
    table = Table("stage", *(column.replace("_ms", " ms") for column in _COLUMNS), title=title)
    reasons = (report.backend_choice, report.decoder and f"decoder: {report.decoder}")
    table.caption = "\n".join(filter(None, (caption, *reasons)))
    rows = {**report.stages, "capture to result": report.capture_to_result_ms}
    for name, times in rows.items():
        values = asdict(times)
        table.add_row(name, *(_figure(values.get(column)) for column in _COLUMNS))
    return table


def selftest_table(result: SelfTest) -> Table:
    """Lay out a self-test: a row for each network and backend, and for each answer that differs."""
    table = Table("network", "input", "backend", "precision", "worst of 255", "mask IoU", "ms", "")
    table.title = f"{result.name} {result.release} ({result.sha256[:12]})"
    table.caption = "\n".join(f"not run: {what}: {why}" for what, why in result.not_run.items())
    for network in result.networks:
        worst = max((golden.worst_levels for golden in network.golden), default=0)
        table.add_row(
            network.file,
            f"{network.width_px}x{network.height_px}",
            network.backend,
            network.precision,
            str(worst),
            f"{network.mask_iou:.5f}",
            f"{network.latency_ms:.1f}",
            "ok" if network.passed else f"FAILED: {network.reason}",
        )
    return table


def engines_table(engines: Sequence[Sidecar], misfits: Mapping[str, str | None]) -> Table:
    """Lay out the TensorRT engines that are kept: a row for each, with why it does not fit here."""
    table = Table("key", "network", "input", "precision", "MB", "built", "here")
    for each in engines:
        misfit = misfits[each.key]
        table.add_row(
            each.key,
            f"{each.file} of {each.bundle}",
            each.fingerprint.size,
            " ".join((each.precision, *each.fingerprint.flags)),
            f"{each.plan_bytes / 1e6:.1f}",
            each.built_utc.partition("T")[0],
            "unknown" if misfit is None else misfit or "fits",
        )
    return table


def _roadless(report: RunReport) -> str:
    """Return how many frames show no road, where the network says what is road."""
    return f", {report.road.frames_without_road} without road" if report.road else ""


def _interrupted(report: RunReport) -> str:
    """Return how often a source came back, in a line of its own, where it had to."""
    seen = report.interruptions
    if seen is None or not seen.last_reason:
        return ""
    return (
        f"\ncame back {seen.reconnections} times, {seen.without_pictures_s:,.1f} s without pictures"
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
