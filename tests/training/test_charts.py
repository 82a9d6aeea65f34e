"""A chart is a PNG on which every line can be seen."""

import cv2
import numpy as np
import pytest

from training.charts import Chart, Line, chart_png

RISING = Line("rising", (1.0, 10.0, 100.0), (0.0, 0.5, 1.0))


def drawn(*lines, **settings):
    """Return the pixels of a chart, RGB."""
    chart = Chart("title", "across", "up", lines, **settings)
    picture = cv2.imdecode(np.frombuffer(chart_png(chart), np.uint8), cv2.IMREAD_COLOR)
    return picture[..., ::-1].astype(int)


def coloured(picture):
    """Return where something is drawn in colour, which only lines are."""
    return picture.max(axis=2) - picture.min(axis=2) > 60


@pytest.mark.parametrize(("log_x", "middle"), [(True, 0.5), (False, 0.09)])
def test_a_line_is_drawn_between_its_points(log_x, middle):
    """On the logarithmic axis its middle point is in the middle, on the linear one at the left."""
    line = Line("rising", RISING.x, RISING.y, style="o")
    picture = drawn(line, x_range=(1.0, 100.0), y_range=(-1.0, 2.0), log_x=log_x)
    columns = np.nonzero(coloured(picture)[330 - 40 : 330 + 20].any(axis=0))[0]
    share = (columns.mean() - 80) / (picture.shape[1] - 100)
    assert share == pytest.approx(middle, abs=0.06)


def test_a_point_is_emphasised():
    """A mark is a disc in the colour of its line, which adds to what is coloured."""
    plain = coloured(drawn(RISING)).sum()
    marked = coloured(drawn(Line("rising", RISING.x, RISING.y, mark=1))).sum()
    assert plain + 40 < marked < plain + 400


@pytest.mark.parametrize("lines", [[], [Line("gap", (1.0, 2.0), (float("nan"),) * 2)]])
def test_a_chart_without_a_value_is_still_a_chart(lines):
    """Nothing is drawn in colour but the legend's own sample, and nothing warns."""
    assert coloured(drawn(*lines, x_range=(0, 1), y_range=(0, 1))).sum() < 400
