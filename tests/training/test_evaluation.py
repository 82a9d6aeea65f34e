"""A part of a set is scored as a whole and in groups, and nothing is chosen on it."""

import pytest
import torch

from edgecrack.cells import count_cells
from edgecrack.errors import ConfigError, InputError
from edgecrack.metrics import ods, total
from training import scoring
from training.dataset import part_of, read_pair
from training.evaluation import evaluate, ods_threshold, ods_thresholds
from training.reliability import reliability
from training.scoring import count_pairs, predict_full
from training.unet import UNet, UNetSpec


@pytest.fixture(scope="module")
def net():
    """A small untrained network whose predictions vary within a picture."""
    torch.manual_seed(2)
    return UNet(UNetSpec(widths=(4, 8), stem=2)).eval()


def counts_of(net, data, root, part, tolerance):
    """Match one part under one tolerance."""
    return count_pairs(net, data, part_of(data, root, part), [tolerance]).counts[tolerance]


def test_the_threshold_is_the_best_on_validation(road, configured, net):
    """It is the ODS threshold of the validation pictures, under the same tolerance."""
    (data,) = configured().data
    for tolerance in (0.0, 3.0):
        expected = ods(counts_of(net, data, road, "validation", tolerance)).threshold
        assert ods_threshold(net, data, road, tolerance) == expected


def test_a_part_is_scored_under_each_tolerance(road, configured, net):
    """There is one score for each tolerance, in the order given, with its protocol."""
    (data,) = configured().data
    scores = evaluate(net, data, road, "test", [0.0, 3.0]).scores
    assert [str(set_score.protocol) for set_score in scores] == [
        "many-to-one, 0 px, lines masks > 127, test (3), 48x48",
        "many-to-one, 3 px, lines masks > 127, test (3), 48x48",
    ]
    for set_score, tolerance in zip(scores, (0.0, 3.0), strict=True):
        counts = counts_of(net, data, road, "test", tolerance)
        threshold = ods_threshold(net, data, road, tolerance)
        assert set_score.at_threshold == total(counts).at(threshold)
        assert set_score.ods == ods(counts)
        assert set_score.at_threshold.f1 <= set_score.ods.f1


def test_folders_are_also_scored_one_by_one(road, configured, net):
    """A set of several folders has a score for each, named after it, and one for all."""
    (data,) = configured().data
    twice = data.model_copy(
        update={
            "images": ("lines/images", "pictures/near/Raw_images"),
            "masks": ("lines/masks",) * 2,
        }
    )
    (road / "pictures/near").mkdir(parents=True, exist_ok=True)
    if not (road / "pictures/near/Raw_images").exists():
        (road / "pictures/near/Raw_images").symlink_to(road / "lines/images")
    scores = evaluate(net, twice, road, "test", [1.0]).scores
    assert [(set_score.name, set_score.pictures) for set_score in scores] == [
        ("lines", 6),
        ("lines images", 3),
        ("lines near", 3),
    ]
    assert "test (6)" in str(scores[0].protocol)
    assert "test (3)" in str(scores[1].protocol)
    assert len({set_score.at_threshold.threshold for set_score in scores}) == 1


@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_part_without_pictures_is_refused(road, configured, net, part):
    """The set and the part are named; there is no score of nothing."""
    (data,) = configured(data={"split": None}).data
    with pytest.raises(InputError, match=rf"'lines' .*\b{part}\b"):
        evaluate(net, data, road, part, [1.0])


def test_without_validation_there_is_no_threshold(road, configured, net):
    """A score has no fixed threshold then; a bundle gets 128."""
    (data,) = configured(data={"split": None}).data
    assert ods_thresholds(net, data, road, [1.0]) == {}
    assert ods_threshold(net, data, road, 1.0) == 128
    (set_score,) = evaluate(net, data, road, "train", [1.0]).scores
    assert set_score.at_threshold is None


def test_a_part_is_also_scored_by_cells_and_for_reliability(road, configured, net):
    """Cells are at the fixed threshold; without one they are at the best threshold of the part."""
    for changes, part in (({}, "test"), ({"split": None}, "train")):
        (data,) = configured(data=changes).data
        (result,) = evaluate(net, data, road, part, [1.0]).scores
        pairs = part_of(data, road, part)
        read = [read_pair(pair, data) for pair in pairs]
        cells = [count_cells(predict_full(net, *both, 1), both[1]) for both in read]
        assert result.cells == total(cells).at(result.fixed.threshold)
        assert result.reliability == reliability(total(counts_of(net, data, road, part, 1.0)))
        assert result.as_json()["cells"]["threshold"] == result.fixed.threshold


def test_a_part_is_scored_by_road(road, configured, net):
    """The group finds the road in the id; a road that is alone has no score of its own."""
    (data,) = configured(data={"group": "^00[0-6]|^007"}).data
    scores = evaluate(net, data, road, "test", [1.0]).scores
    assert [(entry.name, entry.pictures) for entry in scores] == [
        ("lines", 3),
        ("lines 002", 1),
        ("lines 006", 1),
        ("lines 007", 1),
    ]
    pairs = part_of(data, road, "test")
    alone = count_pairs(net, data, pairs[1:2], [1.0]).counts[1.0]
    assert scores[2].ods == ods(alone)
    (data,) = configured(data={"group": "(0)0"}).data
    assert len(evaluate(net, data, road, "test", [1.0]).scores) == 1


def test_an_id_without_a_road_is_named(road, configured, net):
    """The group must be found in every id."""
    (data,) = configured(data={"group": "00[26]"}).data
    with pytest.raises(ConfigError, match="'007'"):
        evaluate(net, data, road, "test", [1.0])


@pytest.mark.parametrize(("part", "predictions"), [("test", 6), ("validation", 3)])
def test_each_picture_is_predicted_once(road, configured, net, monkeypatch, part, predictions):
    """The part and, for the threshold, validation; under any number of tolerances."""
    calls = []
    real = scoring.probability

    def counted(*inputs):
        """Predict, and remember that."""
        calls.append(inputs)
        return real(*inputs)

    monkeypatch.setattr(scoring, "probability", counted)
    (data,) = configured(data={"group": "[0-9]"}).data
    evaluate(net, data, road, part, [0.0, 1.0, 3.0])
    assert len(calls) == predictions
