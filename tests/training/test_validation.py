"""A network is scored at the size of the camera's picture, and the score says how."""

import cv2
import numpy as np
import pytest
import torch

from edgecrack.errors import InputError
from edgecrack.metrics import count_matches, ods, ois, total
from training.config import DataConfig
from training.dataset import part_of, read_pair
from training.unet import UNet, UNetSpec
from training.validation import (
    count_pairs,
    held_sets,
    predict_full,
    probability,
    protocol_of,
    score,
)


@pytest.fixture(scope="module")
def net():
    """A small network that has learnt nothing, yet answers differently everywhere."""
    torch.manual_seed(2)
    return UNet(UNetSpec(widths=(4, 8), stem=2)).eval()


def test_a_probability_is_the_rounded_sigmoid(net):
    """RGB / 255 in, 255 times the sigmoid out, at the size of the picture, odd or even."""
    picture = np.random.default_rng(0).integers(0, 256, (21, 34, 3), np.uint8)
    tensor = torch.tensor(picture / 255, dtype=torch.float32).permute(2, 0, 1)[None]
    with torch.no_grad():
        wanted = 255 / (1 + np.exp(-net(tensor)[0, 0].double().numpy()))
    found = probability(net, picture)
    assert found.dtype == np.uint8
    np.testing.assert_allclose(found, wanted, atol=0.5001)
    assert found.std() > 1


def test_a_shrunk_prediction_is_enlarged_to_the_full_picture(net):
    """At half scale the network sees a quarter of the pixels, and its answer covers them all."""
    picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    mask = np.zeros((32, 48), np.uint8)
    small = np.asarray(cv2.resize(picture, (24, 16), interpolation=cv2.INTER_AREA), np.uint8)
    found = predict_full(net, picture, mask, 0.5)
    assert found.shape == (32, 48)
    blocks = found.reshape(16, 2, 24, 2).mean(axis=(1, 3)).ravel()
    seen = probability(net, small).ravel()
    assert blocks.mean() == pytest.approx(seen.mean(), abs=0.5)
    assert np.corrcoef(blocks, seen)[0, 1] > 0.9
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
        for pair, found in zip(pairs, counts, strict=True):
            picture, mask = read_pair(pair, data)
            chance = predict_full(net, picture, mask, scale)
            wanted = count_matches(chance, mask, tolerance)
            assert [found.at(t) for t in range(256)] == [wanted.at(t) for t in range(256)]


def test_pictures_of_several_sizes_say_so(own_road, configured, net):
    """One resolution is not claimed for pictures that have two."""
    (data,) = configured(data={"split": None}).data
    for part in ("images", "masks"):
        plane = np.full((40, 40), 255, np.uint8)
        (own_road / "lines" / part / "004.png").write_bytes(
            cv2.imencode(".png", plane)[1].tobytes()
        )
    pairs = part_of(data, own_road, "train")
    assert count_pairs(net, data, pairs, [0]).resolution == "2 sizes"


def test_a_score_is_ods_ois_and_a_fixed_threshold(road, configured, net):
    """Each is the one that the metrics define, over the same counts."""
    (data,) = configured().data
    counts = count_pairs(net, data, part_of(data, road, "test"), [1]).counts[1]
    protocol = protocol_of(data, 1, "test (3)", "48x48")
    found = score("lines", counts, protocol, 100)
    assert (found.name, found.pictures, found.protocol) == ("lines", 3, protocol)
    assert (found.ods, found.ois) == (ods(counts), ois(counts))
    assert found.at_threshold == total(counts).at(100)
    assert score("lines", counts, protocol).at_threshold is None


@pytest.mark.parametrize(
    ("values", "said"),
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
def test_a_protocol_names_all_that_a_score_depends_on(values, said):
    """Ground truth with its field, tolerance, split and resolution, whatever the set."""
    data = DataConfig.model_validate({"name": "roads", "images": ["i"], **values})
    assert str(protocol_of(data, 2, "test (46)", "480x320")) == said


def test_only_what_is_to_be_validated_is_held(road, configured):
    """A set without a tolerance or without validation pictures is left out."""
    ((data, pairs),) = held_sets(configured(), road)
    assert data.name == "lines"
    assert [pair.name for pair in pairs] == ["001", "009", "045"]
    assert held_sets(configured(data={"validate_px": None}), road) == []
    assert held_sets(configured(data={"split": None}), road) == []


def test_a_broken_validation_picture_is_found_at_the_start(own_road, configured):
    """And not after the first epoch."""
    (own_road / "lines/masks/001.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"masks/001\.png"):
        held_sets(configured(), own_road)
