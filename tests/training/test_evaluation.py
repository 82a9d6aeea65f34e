"""The test pictures choose nothing: their threshold comes from validation."""

import pytest
import torch

from edgecrack.errors import InputError
from edgecrack.metrics import ods, total
from training.dataset import part_of
from training.evaluation import evaluate, ods_threshold, ods_thresholds
from training.unet import UNet, UNetSpec
from training.validation import count_pairs


@pytest.fixture(scope="module")
def net():
    """A small network that has learnt nothing, yet answers differently everywhere."""
    torch.manual_seed(2)
    return UNet(UNetSpec(widths=(4, 8), stem=2)).eval()


def counts_of(net, data, root, part, tolerance):
    """Match one part under one tolerance."""
    return count_pairs(net, data, part_of(data, root, part), [tolerance]).counts[tolerance]


def test_the_threshold_is_the_best_on_validation(road, configured, net):
    """It is ODS's own, under the same tolerance."""
    (data,) = configured().data
    for tolerance in (0.0, 3.0):
        wanted = ods(counts_of(net, data, road, "validation", tolerance)).threshold
        assert ods_threshold(net, data, road, tolerance) == wanted


def test_a_part_is_scored_under_each_tolerance(road, configured, net):
    """One score a tolerance, in the order asked for, each saying its protocol."""
    (data,) = configured().data
    scores = evaluate(net, data, road, "test", [0.0, 3.0])
    assert [str(each.protocol) for each in scores] == [
        "many-to-one, 0 px, lines masks > 127, test (3), 48x48",
        "many-to-one, 3 px, lines masks > 127, test (3), 48x48",
    ]
    for each, tolerance in zip(scores, (0.0, 3.0), strict=True):
        counts = counts_of(net, data, road, "test", tolerance)
        threshold = ods_threshold(net, data, road, tolerance)
        assert each.at_threshold == total(counts).at(threshold)
        assert each.ods == ods(counts)
        assert each.at_threshold.f1 <= each.ods.f1


def test_folders_are_also_scored_one_by_one(road, configured, net):
    """A set of several folders has a score for each, named after its view, and one for all."""
    (data,) = configured().data
    twice = data.model_copy(
        update={"images": ("lines/images", "views/near/Raw_images"), "masks": ("lines/masks",) * 2}
    )
    (road / "views/near").mkdir(parents=True, exist_ok=True)
    if not (road / "views/near/Raw_images").exists():
        (road / "views/near/Raw_images").symlink_to(road / "lines/images")
    found = evaluate(net, twice, road, "test", [1.0])
    assert [(each.name, each.pictures) for each in found] == [
        ("lines", 6),
        ("lines images", 3),
        ("lines near", 3),
    ]
    assert "test (6)" in str(found[0].protocol)
    assert "test (3)" in str(found[1].protocol)
    assert len({each.at_threshold.threshold for each in found if each.at_threshold}) == 1


@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_part_without_pictures_is_no_perfect_score(road, configured, net, part):
    """It is refused by name instead."""
    (data,) = configured(data={"split": None}).data
    with pytest.raises(InputError, match=f"'lines' has no {part} pictures"):
        evaluate(net, data, road, part, [1.0])


def test_without_validation_there_is_no_threshold(road, configured, net):
    """A fixed threshold is never invented for a score; a bundle begins in the middle."""
    (data,) = configured(data={"split": None}).data
    assert ods_thresholds(net, data, road, [1.0]) == {}
    assert ods_threshold(net, data, road, 1.0) == 128
    (found,) = evaluate(net, data, road, "train", [1.0])
    assert found.at_threshold is None
