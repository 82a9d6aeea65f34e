"""A network is scored at the size of the camera's picture, and every score has its protocol."""

import cv2
import numpy as np
import pytest
import torch

from edgecrack.errors import InputError
from edgecrack.metrics import count_matches, ods, ois, total
from training.config import DataConfig
from training.dataset import part_of, read_pair
from training.scoring import (
    count_pairs,
    held_sets,
    predict_full,
    probability,
    protocol_of,
    score,
)
from training.unet import UNet, UNetSpec


@pytest.fixture(scope="module")
def net():
    """A small untrained network whose predictions vary within a picture."""
    torch.manual_seed(2)
    return UNet(UNetSpec(widths=(4, 8), stem=2)).eval()


def test_a_probability_is_the_rounded_sigmoid(net):
    """The input is RGB / 255, the output 255 times the sigmoid, for odd and even sizes."""
    picture = np.random.default_rng(0).integers(0, 256, (21, 34, 3), np.uint8)
    tensor = torch.tensor(picture / 255, dtype=torch.float32).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = 255 / (1 + np.exp(-net(tensor)[0, 0].double().numpy()))
    prediction = probability(net, picture)
    assert prediction.dtype == np.uint8
    np.testing.assert_allclose(prediction, expected, atol=0.5001)
    assert prediction.std() > 1


def test_a_crack_off_the_road_is_no_crack():
    """Where the network answers that there is no road, the probability of crack is 0."""
    torch.manual_seed(3)
    both = UNet(UNetSpec(widths=(4, 8), stem=2, road=True)).eval()
    picture = np.random.default_rng(0).integers(0, 256, (20, 32, 3), np.uint8)
    tensor = torch.tensor(picture / 255, dtype=torch.float32).permute(2, 0, 1)[None]
    with torch.no_grad():
        crack, road = both(tensor)[0].numpy()
    is_road = road > 0.01
    is_off_road = road < -0.01
    assert is_road.any()
    assert is_off_road.any()
    prediction = probability(both, picture)
    assert not prediction[is_off_road].any()
    expected = 255 / (1 + np.exp(-crack.astype(np.float64)))
    np.testing.assert_allclose(prediction[is_road], expected[is_road], atol=0.5001)


def test_a_shrunk_prediction_is_enlarged_to_the_full_picture(net):
    """At half scale the network gets a quarter of the pixels; its output has all of them."""
    picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    mask = np.zeros((32, 48), np.uint8)
    small = np.asarray(cv2.resize(picture, (24, 16), interpolation=cv2.INTER_AREA), np.uint8)
    prediction = predict_full(net, picture, mask, 0.5)
    assert prediction.shape == (32, 48)
    blocks = prediction.reshape(16, 2, 24, 2).mean(axis=(1, 3)).ravel()
    small_prediction = probability(net, small).ravel()
    assert blocks.mean() == pytest.approx(small_prediction.mean(), abs=0.5)
    assert np.corrcoef(blocks, small_prediction)[0, 1] > 0.9
    np.testing.assert_array_equal(predict_full(net, picture, mask, 1), probability(net, picture))


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_pairs_are_counted_one_by_one_under_each_tolerance(road, configured, net, scale):
    """The counts are those of each picture's own match, predicted at the set's scale."""
    (data,) = configured(data={"scale": scale}).data
    pairs = part_of(data, road, "test")
    matches = count_pairs(net, data, pairs, [0, 2])
    assert matches.resolution == "48x48"
    assert list(matches.counts) == [0, 2]
    for tolerance, counts in matches.counts.items():
        for pair, pair_counts in zip(pairs, counts, strict=True):
            picture, mask = read_pair(pair, data)
            expected = count_matches(predict_full(net, picture, mask, scale), mask, tolerance)
            assert [pair_counts.at(t) for t in range(256)] == [expected.at(t) for t in range(256)]


def test_only_known_pixels_are_scored(own_road, configured, net):
    """Outside the road, where cracks were not labelled, nothing is predicted and nothing true."""
    (own_road / "lines/areas").mkdir()
    area = np.full((48, 48), 255, np.uint8)
    area[:, 24:] = 1
    for name in ("001", "003", "004"):
        cv2.imwrite(str(own_road / "lines/areas" / f"{name}.png"), area)
    changes = {"split": None, "areas": ["lines/areas"], "labelled": "road"}
    (data,) = configured(data=changes).data
    pairs = part_of(data, own_road, "train")
    for pair, counts in zip(pairs, count_pairs(net, data, pairs, [2]).counts[2], strict=True):
        picture, truth = read_pair(pair, data)
        prediction = probability(net, picture)
        expected = count_matches(prediction, truth == 255, 2, area == 1)
        assert [counts.at(t) for t in range(256)] == [expected.at(t) for t in range(256)]
        assert counts.predicted[0] == 48 * 24
    assert "on road" in str(protocol_of(data, 2, "test", "48x48"))


def test_validation_pictures_of_which_nothing_is_known_are_refused(own_road, configured):
    """The set is named before the first epoch."""
    (own_road / "lines/areas").mkdir()
    for name in ("001", "003", "004"):
        everything = np.ones((48, 48), np.uint8)
        cv2.imwrite(str(own_road / "lines/areas" / f"{name}.png"), everything)
    with pytest.raises(InputError, match="'lines'"):
        held_sets(configured(data={"masks": [], "areas": ["lines/areas"]}), own_road)


def test_pictures_of_several_sizes_have_no_one_resolution(own_road, configured, net):
    """The number of sizes takes its place."""
    (data,) = configured(data={"split": None}).data
    for part in ("images", "masks"):
        plane = np.full((40, 40), 255, np.uint8)
        (own_road / "lines" / part / "004.png").write_bytes(
            cv2.imencode(".png", plane)[1].tobytes()
        )
    pairs = part_of(data, own_road, "train")
    assert count_pairs(net, data, pairs, [0]).resolution == "2 sizes"


def test_a_score_is_ods_ois_and_a_fixed_threshold(road, configured, net):
    """Each is computed by edgecrack.metrics from the same counts."""
    (data,) = configured().data
    counts = count_pairs(net, data, part_of(data, road, "test"), [1]).counts[1]
    protocol = protocol_of(data, 1, "test (3)", "48x48")
    lines = score("lines", counts, protocol, 100)
    assert (lines.name, lines.pictures, lines.protocol) == ("lines", 3, protocol)
    assert (lines.ods, lines.ois) == (ods(counts), ois(counts))
    assert lines.at_threshold == total(counts).at(100)
    assert score("lines", counts, protocol).at_threshold is None


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"kind": "crackforest", "field": "Segmentation"},
            "many-to-one, 2 px, roads Segmentation == 2, test (46), 480x320",
        ),
        (
            {"kind": "crackforest", "field": "Boundaries"},
            "many-to-one, 2 px, roads Boundaries > 0, test (46), 480x320",
        ),
        (
            {"masks": ["m"], "mask_threshold": 0, "scale": 0.5},
            "many-to-one, 2 px, roads masks > 0, test (46), 480x320 predicted at x0.5",
        ),
    ],
)
def test_a_protocol_names_all_that_a_score_depends_on(values, text):
    """Ground truth with its field, tolerance, split and resolution are in its text."""
    data = DataConfig.model_validate({"name": "roads", "images": ["i"], **values})
    assert str(protocol_of(data, 2, "test (46)", "480x320")) == text


def test_sets_with_a_tolerance_and_validation_pictures_are_validated(road, configured):
    """A set without one of the two is left out."""
    ((data, pairs),) = held_sets(configured(), road)
    assert data.name == "lines"
    assert [pair.name for pair in pairs] == ["001", "009", "045"]
    assert held_sets(configured(data={"validate_px": None}), road) == []
    assert held_sets(configured(data={"split": None}), road) == []


def test_a_broken_validation_picture_is_found_at_the_start(own_road, configured):
    """It is named before the first epoch."""
    (own_road / "lines/masks/001.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"masks/001\.png"):
        held_sets(configured(), own_road)
