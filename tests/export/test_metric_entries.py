"""A manifest lists the scores of every set, each with its protocol."""

import cv2
import numpy as np
import pytest

from export.metric_entries import metrics
from export.scoring import alarms_of, score_pairs
from export.torch_segmenter import TorchSegmenter
from training.dataset import part_of

THRESHOLD = 120


@pytest.fixture(scope="module")
def segmenter(tiny_net):
    """Return the tiny network at a threshold of its own."""
    return TorchSegmenter(tiny_net, 96, 64, THRESHOLD, 128)


@pytest.fixture(scope="module")
def made(checkpoint):
    """Return the set that has a split, with a tolerance of its own."""
    data = next(data for data in checkpoint.config.data if data.split)
    return data.model_copy(update={"validate_px": 2.0})


@pytest.fixture(scope="module")
def streets(made, made_data):
    """Return the same pictures with area masks instead of crack masks."""
    (made_data / "areas").mkdir(exist_ok=True)
    area = np.ones((96, 128), np.uint8)
    area[:30], area[60:, 40:60] = 0, 2
    for mask in (made_data / "masks").iterdir():
        cv2.imwrite(str(made_data / "areas" / mask.name), area)
    return made.model_copy(update={"name": "streets", "masks": (), "areas": ("areas",)})


def test_a_set_with_crack_labels_is_scored_by_f1_and_by_cells(segmenter, made, made_data):
    """Of both held parts, under the tolerances asked for and the set's own, cells once a part."""
    entries = metrics(segmenter, [made], made_data, [5.0])
    assert [entry.name for entry in entries] == 2 * ["F1 made", "cell F1 made", "F1 made"]
    of_test = score_pairs(segmenter, made, part_of(made, made_data, "test"), "test", [2.0, 5.0])
    narrow, wide = of_test.scores
    assert [entry.value for entry in entries[3:]] == [
        round(value, 4) for value in (narrow.fixed.f1, narrow.cells.f1, wide.fixed.f1)
    ]
    for entry, words in zip(entries[3:], (" 2 px", "cells of a 32nd", " 5 px"), strict=True):
        assert words in entry.protocol
        assert "test (2)" in entry.protocol
        assert entry.protocol.endswith(f"threshold {THRESHOLD} from validation")


def test_a_set_without_is_scored_by_what_it_marks(segmenter, streets, made_data):
    """Of what is not road and of paint, as counted by alarms_of."""
    entries = metrics(segmenter, [streets], made_data, [5.0])
    names = ["marked of not road, streets", "marked of paint, streets"]
    assert [entry.name for entry in entries] == 2 * names
    marked = alarms_of(segmenter, streets, part_of(streets, made_data, "test"))
    assert [entry.value for entry in entries[2:]] == [
        pytest.approx(marked.not_road, abs=1e-6),
        pytest.approx(marked.paint, abs=1e-6),
    ]
    assert marked.paint > 0  # an untrained network marks something
    assert f"test (2), threshold {THRESHOLD}" in entries[2].protocol


def test_a_set_without_held_pictures_has_no_score(segmenter, checkpoint, made_data):
    """Nothing can be said of pictures that were trained on."""
    whole = next(data for data in checkpoint.config.data if not data.split)
    assert metrics(segmenter, [whole], made_data, [5.0]) == ()
