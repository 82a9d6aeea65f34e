"""The charts of an evaluation show what its scores say."""

import cv2
import pytest
import torch

from edgecrack.errors import SinkError
from edgecrack.metrics import total
from training.evaluation import evaluate
from training.panel import panel
from training.score_charts import (
    f1_chart,
    precision_recall_chart,
    reliability_chart,
    worst,
    write_charts,
)
from training.unet import UNet, UNetSpec


@pytest.fixture(scope="module")
def net():
    """A small untrained network whose predictions vary within a picture."""
    torch.manual_seed(2)
    return UNet(UNetSpec(widths=(4, 8), stem=2)).eval()


@pytest.fixture(scope="module")
def evaluation(road, configured, net):
    """The test part of the drawn lines, under two tolerances."""
    (data,) = configured().data
    return evaluate(net, data, road, "test", [2.0, 0.0])


def test_f1_is_shown_at_each_threshold(evaluation):
    """Under the first tolerance and by cells, with a dot at the threshold in use."""
    by_pixels, by_cells = f1_chart([evaluation]).lines
    for line, counts in (
        (by_pixels, evaluation.matches.counts[2.0]),
        (by_cells, evaluation.matches.cells),
    ):
        assert line.y == [100 * total(counts).at(threshold).f1 for threshold in line.x]
        assert line.x[line.mark] == evaluation.whole.fixed.threshold
    assert by_pixels.y[by_pixels.mark] == 100 * evaluation.whole.fixed.f1
    assert by_cells.y[by_cells.mark] == 100 * evaluation.whole.cells.f1


def test_precision_is_shown_against_recall(evaluation):
    """The dot is at those of the score; where nothing is marked there is no point."""
    (line,) = precision_recall_chart([evaluation]).lines
    fixed = evaluation.whole.fixed
    assert (line.x[line.mark], line.y[line.mark]) == (100 * fixed.recall, 100 * fixed.precision)
    counts = total(evaluation.matches.counts[2.0])
    assert len(line.x) == sum(counts.predicted[1:] > 0) < 255


def test_reliability_is_shown_beside_what_was_predicted(evaluation):
    """Its points are the bins of the table."""
    promised, found = reliability_chart([evaluation]).lines
    assert list(promised.x) == list(promised.y)
    bins = evaluation.whole.reliability.bins
    assert found.x == [100 * entry.probability for entry in bins]
    assert found.y == [100 * entry.crack_share for entry in bins]


def test_the_worst_pictures_are_those_with_the_lowest_f1(evaluation):
    """Of all sets together, the worst first."""
    fixed, counts = evaluation.whole.fixed, evaluation.matches.counts[2.0]
    f1 = [picture.at(fixed.threshold).f1 for picture in counts]
    found = worst([evaluation, evaluation], most=4)
    assert len(found) == 4
    order = [f1[evaluation.pairs.index(pair)] for _, pair in found]
    assert order == sorted([*f1, *f1])[:4]
    assert f1[evaluation.pairs.index(found[0][1])] < max(f1)


def test_charts_and_the_worst_pictures_are_written(evaluation, net, tmp_path):
    """Each is a picture, and the worst are a panel; a second evaluation replaces them."""
    folder = tmp_path / "new" / "plots"
    for _ in range(2):
        files = write_charts(net, [evaluation], folder)
    assert sorted(folder.iterdir()) == sorted(files)
    assert [file.name for file in files] == [
        "f1.png",
        "precision_recall.png",
        "reliability.png",
        "worst.png",
    ]
    assert all(cv2.imread(str(file)) is not None for file in files)
    shown = cv2.imread(str(folder / "worst.png"))[..., ::-1]
    assert (shown == panel(net, worst([evaluation]))).all()


def test_charts_that_cannot_be_written_are_a_sink_error(evaluation, net, tmp_path):
    """A file where the folder should be is named."""
    (tmp_path / "plots").write_text("a file")
    with pytest.raises(SinkError, match="plots"):
        write_charts(net, [evaluation], tmp_path / "plots")
