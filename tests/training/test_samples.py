"""View i is view i, whoever asks, in whatever order."""

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from edgecrack.errors import ConfigError, InputError
from training import samples
from training.augment import AugmentSpec
from training.samples import TrainingSamples, training_sets, work_alone

STILL = {"rotation_deg": 0, "shift_share": 0, "zoom_min": 1, "zoom_max": 1, "shear": 0}
PLAIN = {**STILL, "flip_horizontal": False, "flip_vertical": False}


def views_of(config, root):
    """Return the views of a run."""
    return TrainingSamples(training_sets(config, root), config)


def same(one, other):
    """Whether two views are the same, bit for bit."""
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_view_is_a_picture_and_its_truth(road, configured):
    """float32 in [0, 1], three planes of picture and one of 0 and 1."""
    picture, truth = views_of(configured(), road)[0]
    assert (picture.shape, truth.shape) == ((3, 32, 32), (1, 32, 32))
    assert picture.dtype == truth.dtype == torch.float32
    assert 0 <= picture.min() < picture.max() <= 1
    assert set(truth.unique().tolist()) <= {0.0, 1.0}


def test_a_view_does_not_depend_on_who_asked_before(road, configured):
    """Forwards, backwards or alone, in one object or another: the same views."""
    one, other = views_of(configured(), road), views_of(configured(), road)
    backwards = {number: other[number] for number in reversed(range(12))}
    assert all(same(one[number], backwards[number]) for number in range(12))
    assert same(views_of(configured(), road)[7], one[7])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns of any fork
def test_processes_prepare_the_same_views(road, configured):
    """Two worker processes hand over what this one would have made, in order."""
    kept = views_of(configured(), road)
    loader = DataLoader(
        Subset(kept, range(4, 12)), batch_size=2, num_workers=2, worker_init_fn=work_alone
    )
    for first, batch in zip(range(4, 12, 2), loader, strict=True):
        assert same((batch[0][0], batch[1][0]), kept[first])
        assert same((batch[0][1], batch[1][1]), kept[first + 1])


def test_views_differ(road, configured):
    """Another number or another seed is another view."""
    kept, reseeded = (views_of(configured(fit={"seed": seed}), road) for seed in (0, 1))
    assert not same(kept[0], kept[1])
    assert not any(same(kept[number], reseeded[number]) for number in range(8))


def test_crops_lie_in_the_picture(own_road, configured):
    """Wherever a crop lies, each of its columns and rows shows another one of the picture."""
    ramp = np.zeros((48, 48, 3), np.uint8)
    ramp[..., 0] = ramp[..., 1].T[:] = 5 * np.arange(48)
    for file in (own_road / "lines/images").iterdir():
        file.write_bytes(cv2.imencode(".png", ramp[..., ::-1])[1].tobytes())
    kept = views_of(configured(augment=PLAIN, fit={"crop_px": 24}), own_road)
    corners = set()
    for number in range(20):
        picture = 255 * kept[number][0]
        steps = (picture[0].diff(dim=1), picture[1].diff(dim=0))
        assert all((step >= 4).all() for step in steps)  # a continued border would stand still
        corners.add(tuple(picture[:2, 0, 0].tolist()))
    assert len(corners) > 15


def test_crops_are_centred_on_cracks_as_often_as_asked(road, configured):
    """crack_share 1 shows a crack each time; 0 leaves it to chance."""
    always = views_of(configured(data={"crack_share": 1}, fit={"crop_px": 16}), road)
    never = views_of(configured(data={"crack_share": 0}, fit={"crop_px": 16}), road)
    with_crack = [sum(bool(v[n][1].any()) for n in range(30)) for v in (always, never)]
    assert with_crack[0] >= 29
    assert with_crack[1] < with_crack[0]


def test_a_crop_larger_than_the_picture_is_filled(road, configured):
    """A small picture is continued at its border rather than refused."""
    picture, truth = views_of(configured(fit={"crop_px": 64}), road)[0]
    assert (picture.shape, truth.shape) == ((3, 64, 64), (1, 64, 64))
    assert picture.min() > 0


def test_sets_are_drawn_by_weight(road, configured):
    """A set of weight 0 is not even opened, and one of three quarters comes three times of four."""
    config = configured(augment=PLAIN)
    first = config.data[0]
    heavy = first.model_copy(update={"name": "heavy", "weight": 3.0, "scale": 0.5})
    absent = first.model_copy(update={"name": "absent", "weight": 0.0, "images": ("nowhere",)})
    whole = config.fit.model_copy(update={"crop_px": 48})
    both = config.model_copy(update={"data": (first, heavy, absent), "fit": whole})
    sets = training_sets(both, road)
    assert [each.config.name for each in sets] == ["lines", "heavy"]
    kept = TrainingSamples(sets, both)
    # A picture at half size is continued with its border row; one at full size is not.
    filled = [bool((kept[n][0][:, 0] == kept[n][0][:, 1]).all()) for n in range(120)]
    assert np.mean(filled) == pytest.approx(0.75, abs=0.12)


def test_only_the_training_part_is_shown(road, configured):
    """Validation and test pictures never become views."""
    names = {pair.name for pair in training_sets(configured(), road)[0].pairs}
    assert names == {"003", "004", "005", "010", "011", "012", "013", "014"}


def test_the_zoom_of_a_set_is_its_own(road, configured):
    """What a set overrides reaches its views."""
    (only,) = training_sets(configured(data={"zoom_max": 3.0}), road)
    assert only.augment == AugmentSpec(flip_vertical=True, zoom_max=3.0)


def test_what_does_not_fit_into_memory_is_read_again(road, configured, monkeypatch):
    """The views do not depend on how much is remembered."""
    kept = views_of(configured(), road)
    monkeypatch.setattr(samples, "ROOM_BYTES", 20_000)
    forgetful = views_of(configured(), road)
    assert all(same(kept[number], forgetful[number]) for number in range(8))


def test_a_broken_picture_is_found_before_the_first_view(own_road, configured):
    """Damage anywhere in the training part ends the run at its start, in one sentence."""
    (own_road / "lines/images/004.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"images/004\.png is no picture"):
        views_of(configured(), own_road)


def test_whole_pictures_must_be_of_one_size(own_road, configured):
    """Without crop_px, pictures of several sizes cannot be a batch, and both are named."""
    for part in ("images", "masks"):
        plane = np.full((40, 40), 255, np.uint8)
        (own_road / "lines" / part / "004.png").write_bytes(
            cv2.imencode(".png", plane)[1].tobytes()
        )
    with pytest.raises(ConfigError, match=r"40x40, 48x48.*need fit\.crop_px"):
        views_of(configured(fit={"crop_px": None}), own_road)


def test_nothing_to_train_on_is_a_fault_of_the_configuration(road, configured):
    """All weights 0 leaves nothing, and says so."""
    with pytest.raises(ConfigError, match="no data set with pictures to train on"):
        training_sets(configured(data={"weight": 0}), road)
