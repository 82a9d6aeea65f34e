"""Charts as PNG: lines or points over two axes. The only file that knows Matplotlib."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE_INCHES = (8.0, 5.5)
DOTS_PER_INCH = 120


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart, or points.

    Attributes:
        label: Its name in the legend.
        x: Where its points are.
        y: As many values; NaN breaks the line.
        mark: Number of a point to emphasise, or None.
        style: ``-`` a line, ``--`` a dashed one, ``o`` points, ``s`` square ones, ``o-`` both.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    mark: int | None = None
    style: str = "-"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of lines over two named axes.

    Attributes:
        title: What it shows.
        x_label: Name and unit of the horizontal axis.
        y_label: Name and unit of the vertical axis.
        lines: The lines, in the order of the legend.
        x_range: First and last value; None fits the lines.
        y_range: Likewise.
        log_x: Whether the horizontal axis is logarithmic.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    log_x: bool = False


def chart_png(chart: Chart) -> bytes:
    """Draw a chart and return it as PNG."""
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=chart.title, xlabel=chart.x_label, ylabel=chart.y_label)
    if chart.log_x:
        axes.set_xscale("log")
    for line in chart.lines:
        (drawn,) = axes.plot(line.x, line.y, line.style, label=line.label, linewidth=1.6)
        if line.mark is not None:
            at = slice(line.mark, line.mark + 1)
            axes.plot(line.x[at], line.y[at], "o", color=drawn.get_color(), markersize=7)
    if chart.x_range:
        axes.set_xlim(*chart.x_range)
    if chart.y_range:
        axes.set_ylim(*chart.y_range)
    axes.grid(visible=True, alpha=0.3)
    if chart.lines:
        axes.legend(fontsize="small")
    png = io.BytesIO()
    FigureCanvasAgg(figure)  # what draws the figure, whatever the machine's default is
    figure.savefig(png, format="png")
    return png.getvalue()
