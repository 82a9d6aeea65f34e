"""The report of the first hour for people: what held, what did not, and how fast it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgecrack.bench.figure import figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def markdown(hours: Mapping[str, Any]) -> str:
    """Return the report as Markdown.

    Args:
        hours: Power mode -> JSON values of its hour.
    """
    parts = [
        ["# edgecrack: the first hour of a board"],
        list(_modes(hours)),
        list(_latencies(hours)),
        *(list(_hour(mode, hour)) for mode, hour in hours.items()),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def modes_left(hours: Mapping[str, Any]) -> list[str]:
    """Return the power modes that the board has and that no hour was spent in."""
    known = dict.fromkeys(mode for hour in hours.values() for mode in hour["modes"])
    return [mode for mode in known if mode not in hours]


def how_to_go_on(modes: list[str]) -> list[str]:
    """Return what to type for each power mode that is left; the mode is changed by nobody else."""
    return [f"sudo nvpmodel -m {mode.split()[0]}   # {mode}; then run it again" for mode in modes]


def _modes(hours: Mapping[str, Any]) -> Iterator[str]:
    yield f"Measured in: {', '.join(hours)}."
    left = modes_left(hours)
    if left:
        yield "\nNot measured; the same --out collects them:\n\n```"
        yield from how_to_go_on(left)
        yield "```"


def _latencies(hours: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of latencies, a row for each variant and power mode."""
    rows = [
        (mode, row)
        for mode, hour in hours.items()
        for step in hour["steps"]
        if step["line"]["subject"] == "speed"
        for row in step["figures"].get("rows", ())
    ]
    if not rows:
        return
    yield "| power mode | variant | p50 ms | p95 ms | throughput FPS | whole run FPS | mask IoU |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for mode, row in rows:
        latency, whole = row["latency"], row["end_to_end"] or {}
        cells = (
            mode,
            f"{row['backend']} {row['inspected']} {row['width_px']}x{row['height_px']}",
            figure(latency["p50_ms"]),
            figure(latency["p95_ms"]),
            figure(row["throughput_fps"]),
            figure(whole.get("fps")),
            f"{row['agreement']['mask_iou']:.4f}",
        )
        yield f"| {' | '.join(cells)} |"


def _hour(mode: str, hour: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {mode}"
    yield f"\nedgecrack {hour['edgecrack']}, {hour['written_utc']}\n"
    for step in hour["steps"]:
        yield from _line(step["line"], f" ({step['took_s']:g} s)")
        for line in step["figures"].get("lines", ()):
            yield from (f"  {text}" for text in _line(line))


def _line(line: Mapping[str, str], took: str = "") -> Iterator[str]:
    yield f"- **{line['state']}** {line['subject']}{took}: {line['says']}"
    if line["what_to_do"]:
        yield f"  - to do: {line['what_to_do']}"
