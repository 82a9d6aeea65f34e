"""A result of the benchmark as a picture: frames a second and latency of each variant."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from edgecrack.bench.figure import figure
from edgecrack.bench.markdown import device_name
from edgecrack.bench.result import LEAST_MASK_IOU

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.bench.result import BenchResult, Row

WIDTH_PX = 1280
_MARGIN_PX, _TITLE_PX, _HEAD_PX, _ROW_PX, _FOOT_PX = 24, 84, 34, 58, 44
_LABEL_PX, _PANEL_PX, _VALUE_PX = 372, 406, 150  # a panel is a bar and, right of it, its value
_BAR_PX = 26
_INK, _FAINT, _LINE = "#1b1b1b", "#5a5a5a", "#d9d9d9"
_WHOLE, _ALONE, _LATENCY, _LOW = "#0072b2", "#8ecae6", "#7a7a7a", "#b00020"


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar: how long, how it is told, in what colour."""

    value: float
    text: str
    colour: str


def chart_png(result: BenchResult) -> bytes:
    """Return the chart as PNG, 1280 pixels wide, a row for each variant.

    The left bars are frames a second: of a whole run where there was one, else of inference alone.
    The right bars are the median latency. A variant whose masks agree with FP32 by an IoU below
    0.98 says so in red.
    """
    height = _TITLE_PX + _HEAD_PX + _ROW_PX * max(1, len(result.rows)) + _FOOT_PX
    image = Image.new("RGB", (WIDTH_PX, height), "white")
    draw = ImageDraw.Draw(image)
    _title(draw, result)
    panels = (
        (_LABEL_PX + _MARGIN_PX, "frames a second (more is better)", _rates(result.rows)),
        (
            _LABEL_PX + _MARGIN_PX + _PANEL_PX + _MARGIN_PX,
            "median latency of one inference (less is better)",
            [_latency(row) for row in result.rows],
        ),
    )
    for row, name in enumerate(result.rows):
        _label(draw, _row_top(row), name)
    for left, heading, bars in panels:
        _panel(draw, left, heading, bars)
    _foot(draw, height)
    return _png(image)


def _rates(rows: Sequence[Row]) -> list[_Bar]:
    return [
        _Bar(row.end_to_end.fps, f"{figure(row.end_to_end.fps)} whole run", _WHOLE)
        if row.end_to_end and row.end_to_end.fps is not None
        else _Bar(row.throughput_fps, f"{figure(row.throughput_fps)} inference alone", _ALONE)
        for row in rows
    ]


def _latency(row: Row) -> _Bar:
    return _Bar(row.latency.p50_ms, f"{figure(row.latency.p50_ms)} ms", _LATENCY)


def _title(draw: ImageDraw.ImageDraw, result: BenchResult) -> None:
    model = f"{result.model.name} {result.model.release}"
    _text(draw, (_MARGIN_PX, 16), f"{model} on {device_name(result.device)}", 26)
    what = f"edgecrack {result.edgecrack}, {result.written_utc[:10]}"
    video = f", whole runs over {result.source}" if result.source is not None else ""
    _text(draw, (_MARGIN_PX, 52), what + video, 16, _FAINT)


def _label(draw: ImageDraw.ImageDraw, top: int, row: Row) -> None:
    """Write a variant's name, and below it how far it agrees with FP32."""
    iou = row.agreement.mask_iou
    is_low = iou < LEAST_MASK_IOU
    agreement = f"mask IoU with FP32 {iou:.4f}{': too low' if is_low else ''}"
    _text(draw, (_MARGIN_PX, top + 8), row.name, 18, most_px=_LABEL_PX - 12)
    _text(draw, (_MARGIN_PX, top + 32), agreement, 14, _LOW if is_low else _FAINT)


def _panel(draw: ImageDraw.ImageDraw, left: int, heading: str, bars: Sequence[_Bar]) -> None:
    """Draw one kind of bar for all variants, on one scale from 0."""
    _text(draw, (left, _TITLE_PX + 4), heading, 15, _FAINT)
    longest = max((bar.value for bar in bars), default=0.0)
    bottom = _row_top(len(bars))
    draw.line((left, _row_top(0), left, bottom), _LINE, 1)
    for row, bar in enumerate(bars):
        top = _row_top(row) + (_ROW_PX - _BAR_PX) // 2
        share = bar.value / longest if longest > 0 else 0.0
        right = left + max(1, round(share * (_PANEL_PX - _VALUE_PX)))
        draw.rectangle((left, top, right, top + _BAR_PX), bar.colour)
        _text(draw, (right + 8, top + 3), bar.text, 16)


def _foot(draw: ImageDraw.ImageDraw, height: int) -> None:
    text = f"red: the masks differ from those of FP32 (IoU below {LEAST_MASK_IOU:g})"
    _text(draw, (_MARGIN_PX, height - 30), text, 14, _FAINT)


def _row_top(row: int) -> int:
    return _TITLE_PX + _HEAD_PX + row * _ROW_PX


def _text(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size_px: int,
    colour: str = _INK,
    most_px: int | None = None,
) -> None:
    """Write one line, shortened to what the picture or ``most_px`` leaves for it."""
    font = ImageFont.load_default(size_px)
    room_px = most_px if most_px is not None else WIDTH_PX - _MARGIN_PX - at[0]
    shown = " ".join(text.split())
    while len(shown) > 1 and draw.textlength(shown, font) > room_px:
        shown = f"{shown[:-4]}..." if shown.endswith("...") else f"{shown[:-1]}..."
    draw.text(at, shown, colour, font)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    return buffer.getvalue()
