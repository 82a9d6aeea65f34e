"""A bundle is scored as a vehicle runs it: its own network, its own threshold."""

from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest

from edgecrack.bundle import Bundle
from edgecrack.cells import count_cells
from edgecrack.errors import ConfigError, UsageError
from edgecrack.metrics import count_matches, total
from edgecrack.segmenters import load_segmenter
from export.scoring import score_bundle
from training.dataset import part_of, read_pair


@pytest.fixture(scope="module")
def trained(tiny, checkpoint):
    """Return the tiny bundle as one that was trained with the made set."""
    provenance = replace(tiny.manifest.provenance, config=checkpoint.config.model_dump(mode="json"))
    return Bundle(tiny.path, replace(tiny.manifest, provenance=provenance), tiny.sha256)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_score_is_that_of_the_shipped_network(trained, made_data, checkpoint, part):
    """Each picture through the segmenter, its aspect kept, matched at its own size."""
    segmenter = load_segmenter(trained)
    data = next(data for data in checkpoint.config.data if data.split)
    counts, cells = [], []
    for pair in part_of(data, made_data, part):
        picture, mask = read_pair(pair, data)
        shown = cv2.resize(picture, (85, 64), interpolation=cv2.INTER_AREA)  # of 128x96
        frame = cv2.copyMakeBorder(shown, 0, 0, 5, 6, cv2.BORDER_REFLECT_101)
        answer = np.ascontiguousarray(segmenter.answer(frame).probability[:, 5:90])
        probability = cv2.resize(answer, mask.shape[::-1])
        counts.append(count_matches(np.asarray(probability, np.uint8), mask, 3.0))
        cells.append(count_cells(np.asarray(probability, np.uint8), mask))
    wanted = total(counts).at(trained.manifest.threshold)

    narrow, wide = score_bundle(trained, made_data, None, part, (0.0, 3.0))
    assert asdict(wide.at_threshold) == asdict(wanted)
    assert wide.cells == narrow.cells == total(cells).at(trained.manifest.threshold)
    assert (wide.name, wide.pictures) == ("made", len(counts))
    assert wide.protocol.tolerance_px == 3.0
    assert narrow.at_threshold.f1 <= wide.at_threshold.f1
    assert f"{part} ({len(counts)})" in str(wide.protocol)
    assert "predicted at 96x64" in str(wide.protocol)


def test_a_set_it_was_not_trained_with_is_refused(trained, made_data):
    """The sets that are known are named."""
    with pytest.raises(UsageError, match="'made'"):
        score_bundle(trained, made_data, "others", "test", (3.0,))


def test_a_bundle_with_another_configuration_is_named(tiny, made_data):
    """What no training wrote cannot say what it was trained with."""
    with pytest.raises(ConfigError, match=str(tiny.path)):
        score_bundle(tiny, made_data, None, "test", (3.0,))
