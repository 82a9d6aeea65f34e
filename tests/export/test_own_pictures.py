"""Any bundle or checkpoint is scored on any pictures and masks, by area where areas are given."""

import shutil

import cv2
import numpy as np
import pytest

from edgecrack.errors import InputError
from edgecrack.metrics import count_matches, total
from edgecrack.segmenters import load_segmenter
from edgecrack.segmenters.picture import picture_answer
from export.own_pictures import Folders, score_folders


@pytest.fixture
def own(made_data, tmp_path):
    """Return folders of pictures and masks that a test may change."""
    for name in ("pictures", "masks"):
        shutil.copytree(made_data / name, tmp_path / name)
    return Folders(tmp_path / "pictures", tmp_path / "masks")


def write(path, gray):
    """Write a mask."""
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.asarray(gray, np.uint8))


def scored(path, folders):
    """Return the score within 3 px."""
    return score_folders(path, folders, [3.0], (96, 64), 100)


def test_pictures_reach_a_bundle_with_their_aspect_kept(own, tiny, tiny_bundle):
    """128x96 into 96x64: each probability is that of the picture between borders."""
    counts = []
    for path in sorted(own.images.iterdir()):
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        mask = cv2.imread(str(own.masks / path.name), cv2.IMREAD_GRAYSCALE)
        probability = picture_answer(load_segmenter(tiny), picture).probability
        counts.append(count_matches(probability, mask > 0, 3.0))
    (score,) = scored(tiny_bundle, own).scores
    assert score.at_threshold == total(counts).at(tiny.manifest.threshold)
    assert (score.pictures, score.protocol.tolerance_px) == (6, 3.0)
    assert "all (6)" in str(score.protocol)


def test_a_checkpoint_scores_as_the_bundle_made_from_it(own, tiny_bundle, checkpoint_file):
    """At the same input size, its best F1 is that of the exported network."""
    (of_bundle,) = scored(tiny_bundle, own).scores
    (of_checkpoint,) = scored(checkpoint_file, own).scores
    assert of_checkpoint.ods.f1 == pytest.approx(of_bundle.ods.f1, abs=0.005)
    assert of_checkpoint.at_threshold.threshold == 100


def test_areas_leave_out_what_is_not_known(own, tiny_bundle, tmp_path):
    """Where nothing is known nothing counts; what is marked off the road is told."""
    for path in own.masks.iterdir():
        area = np.full((96, 128), 1)
        area[:, 64:] = 255
        area[:20] = 0
        write(tmp_path / "areas" / path.name, area)
    by_area = Folders(own.images, own.masks, tmp_path / "areas")
    before = scored(tiny_bundle, by_area)
    for path in own.masks.iterdir():
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        mask[30:, 64:] = 255 - mask[30:, 64:]
        write(path, mask)
    assert scored(tiny_bundle, by_area) == before
    assert 0 <= before.alarms.not_road <= 1
    assert before.alarms.paint is None
    assert scored(tiny_bundle, own).alarms is None


@pytest.mark.parametrize("damage", ["missing", "size", "values", "broken", "area", "unreadable"])
def test_what_does_not_fit_a_picture_is_named(own, tiny_bundle, tmp_path, damage):
    """No mask, one of another size, of other values, that is no picture; a folder that is none."""
    mask, folders = own.masks / "APFD_01.png", own
    if damage == "missing":
        mask.unlink()
    elif damage == "size":
        write(mask, np.zeros((48, 64)))
    elif damage == "values":
        write(mask, np.full((96, 128), 7))
    elif damage == "broken":
        mask.write_bytes(b"no picture")
    elif damage == "area":
        for path in own.masks.iterdir():
            write(tmp_path / "areas" / path.name, np.full((96, 128), 9))
        folders = Folders(own.images, own.masks, tmp_path / "areas")
    else:
        shutil.rmtree(own.masks)
    with pytest.raises(InputError, match=r"areas/APFD_01" if damage == "area" else "masks"):
        scored(tiny_bundle, folders)


def test_other_masks_are_taken_with_a_threshold(own, tiny_bundle):
    """Masks of 0 and 1 score as those of 0 and 255."""
    before = scored(tiny_bundle, own).scores[0].at_threshold
    for path in own.masks.iterdir():
        write(path, cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) // 255)
    with pytest.raises(InputError, match="--mask-threshold"):
        scored(tiny_bundle, own)
    by_threshold = Folders(own.images, own.masks, mask_threshold=0)
    assert scored(tiny_bundle, by_threshold).scores[0].at_threshold == before
