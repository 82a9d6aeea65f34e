"""One number says which epoch is best: F1 of the cracks, less the alarms off the road."""

import cv2
import numpy as np
import pytest
import torch

from edgecrack.metrics import count_matches
from training.alarms import count_alarms
from training.config import TrainConfig
from training.scoring import held_sets
from training.truth import NOT_ROAD, ROAD
from training.unet import UNet, UNetSpec
from training.validation import Validation, best_threshold, validate


def quality_at(threshold, cracks, streets):
    """Return the quality by its formula, pixel by pixel."""
    f1s = []
    for probability, crack in cracks:
        marked = probability >= threshold
        hits = (marked & crack).sum()
        f1s.append(2 * hits / (marked.sum() + crack.sum()))
    shares = [
        (probability >= threshold)[truth == NOT_ROAD].mean() for probability, truth in streets
    ]
    return np.mean(f1s) - 100 * (np.mean(shares) if shares else 0)


@pytest.mark.parametrize("streets", [0, 2])
def test_the_best_threshold_weighs_cracks_against_alarms(streets):
    """It has the highest mean F1 less 100 times the mean share marked off the road."""
    rng = np.random.default_rng(streets)
    cracks, scenes = [], []
    for _ in range(2):
        crack = rng.random((40, 50)) < 0.1
        noise = rng.integers(0, 200, crack.shape)
        cracks.append(((noise + 50 * crack).astype(np.uint8), crack))
    for _ in range(streets):
        truth = rng.choice(np.array([NOT_ROAD, ROAD], np.uint8), (40, 50))
        scenes.append((rng.integers(0, 230, truth.shape, np.uint8), truth))
    threshold, quality = best_threshold(
        [count_matches(*picture) for picture in cracks], [count_alarms(*scene) for scene in scenes]
    )
    expected = [quality_at(t, cracks, scenes) for t in range(1, 256)]
    assert quality == pytest.approx(max(expected))
    assert threshold == 1 + int(np.argmax(expected))


@pytest.fixture
def street(own_road, configured):
    """Return a configuration of drawn cracks and a street whose upper half is not road."""
    folder = own_road / "lines" / "areas"
    folder.mkdir()
    area = np.zeros((48, 48), np.uint8)
    area[24:] = 1
    for name in ("001", "003", "004"):
        cv2.imwrite(str(folder / f"{name}.png"), area)
    cracks = configured().data[0]
    scenes = cracks.model_copy(
        update={"name": "street", "masks": (), "areas": ("lines/areas",), "validate_px": None}
    )
    return configured().model_copy(update={"data": (cracks, scenes)})


def test_sets_without_crack_labels_are_validated_by_their_alarms(street, own_road):
    """They have no F1, but the share that is marked of what is not road, at the threshold."""
    torch.manual_seed(2)
    net = UNet(UNetSpec(widths=(4, 8))).eval()
    result = validate(net, held_sets(street, own_road))
    assert list(result.scores) == ["lines"]
    assert result.alarms["street"].threshold == result.threshold
    assert 0 <= (result.alarms["street"].not_road or 0) <= 1
    assert result.alarms["street"].paint is None
    assert result.quality is not None
    assert result.quality <= result.scores["lines"]["ods"]["f1"]


def test_without_cracks_there_is_no_quality(street, own_road):
    """Alarms alone would call a network best that never marks anything."""
    only = TrainConfig.model_validate({**street.model_dump(), "data": [street.data[1]]})
    net = UNet(UNetSpec(widths=(4, 8))).eval()
    assert validate(net, held_sets(only, own_road)) == Validation()
