"""Sample i is always the same, in any order and in any process."""

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from edgecrack.errors import ConfigError, InputError
from training import samples as samples_module
from training.augment import AugmentSpec
from training.samples import TrainingSamples, training_sets, use_one_thread

NO_WARP = {"rotation_deg": 0, "shift_share": 0, "zoom_min": 1, "zoom_max": 1, "shear": 0}
NO_AUGMENTATION = {**NO_WARP, "flip_horizontal": False, "flip_vertical": False}


def samples_of(config, root):
    """Return the samples of a run."""
    return TrainingSamples(training_sets(config, root), config)


def same(one, other):
    """Whether two samples are the same, bit for bit."""
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_sample_is_a_picture_and_its_mask(road, configured):
    """Both are float32: three channels in [0, 1], and two of 0, 1 and unknown, -1."""
    picture, truth = samples_of(configured(), road)[0]
    assert (picture.shape, truth.shape) == ((3, 32, 32), (2, 32, 32))
    assert picture.dtype == truth.dtype == torch.float32
    assert 0 <= picture.min() < picture.max() <= 1
    assert set(truth[0].unique().tolist()) <= {0.0, 1.0}
    assert (truth[1] == torch.where(truth[0] == 1, 1, -1)).all()  # a crack is on road


@pytest.fixture
def street(own_road, configured):
    """Return a function: an area mask -> a run on three streets without crack labels."""

    def make(area, **changes):
        folder = own_road / "lines" / "areas"
        folder.mkdir(exist_ok=True)
        for name in ("001", "003", "004"):
            cv2.imwrite(str(folder / f"{name}.png"), area)
        data = {"masks": [], "areas": ["lines/areas"], "split": None, **changes}
        return configured(data=data, augment={"rotation_deg": 20})

    return make


HALF_ROAD = np.repeat(np.array([[0], [1]], np.uint8), 24, axis=0).repeat(48, axis=1)


def test_a_sample_of_a_street_teaches_only_what_is_known(street, own_road):
    """What is not road has no crack, and of road that is unknown, through every warp."""
    samples = samples_of(street(HALF_ROAD), own_road)
    pixels = torch.cat([samples[n][1].flatten(1) for n in range(8)], dim=1)
    assert pixels.unique(dim=1).T.tolist() == [[-1, 1], [0, 0]]


def test_what_is_known_stays_with_its_pixels(own_road, street):
    """Bright pixels are not road, dark ones are: each sample's truth says so."""
    picture = np.where(HALF_ROAD == 0, 220, 40).astype(np.uint8)
    for file in (own_road / "lines/images").iterdir():
        cv2.imwrite(str(file), picture)
    samples = samples_of(street(HALF_ROAD), own_road)
    for number in range(8):
        picture, truth = samples[number]
        assert ((picture[0] > 0.5) == (truth[0] == 0)).float().mean() > 0.95


def test_a_set_of_which_nothing_is_known_is_refused(own_road, street):
    """The set is named before training starts."""
    everything = np.full((48, 48), 1, np.uint8)
    with pytest.raises(InputError, match="'lines'"):
        samples_of(street(everything), own_road)


def test_crack_pixels_off_the_road_are_counted(own_road, street):
    """Their share of all crack pixels is told, by set; they are unknown to the loss."""
    for name in ("001", "003", "004"):
        mask = np.zeros((48, 48), np.uint8)
        mask[20:23, :] = 255  # off the road
        mask[30, :] = 255
        cv2.imwrite(str(own_road / f"lines/masks/{name}.png"), mask)
    samples = samples_of(street(HALF_ROAD, masks=["lines/masks"]), own_road)
    assert samples.disputed == {"lines": pytest.approx(0.75)}
    assert -1.0 in samples[0][1].unique().tolist()


def test_crops_find_the_cracks_between_what_is_unknown(own_road, street):
    """With crack_share 1 each crop has a crack, however little of the picture is known."""
    area = np.full((48, 48), 255, np.uint8)
    area[20:] = 1
    config = street(area, masks=["lines/masks"], labelled="road", crack_share=1)
    config = config.model_copy(update={"fit": config.fit.model_copy(update={"crop_px": 16})})
    samples = samples_of(config, own_road)
    assert sum(bool((samples[n][1] == 1).any()) for n in range(30)) >= 28


def test_cracks_are_pasted_from_every_labelled_set(road, own_road, configured):
    """With copy_from = "all" a road without cracks gets those of another set."""
    bare = configured(augment={"copy_paste": 1.0, "copy_from": "all"}, data={"split": None})
    for file in (own_road / "lines/masks").iterdir():
        cv2.imwrite(str(file), np.zeros((48, 48), np.uint8))
    (own_road / "other").symlink_to(road / "lines")
    clean = bare.data[0].model_copy(update={"name": "clean", "crack_share": 0.0})
    other = clean.model_copy(
        update={
            "name": "other",
            "images": ("other/images",),
            "masks": ("other/masks",),
            "crack_share": 1.0,
        }
    )
    alone = samples_of(bare.model_copy(update={"data": (clean,)}), own_road)
    assert not any((alone[n][1][0] == 1).any() for n in range(8))
    (own_road / "lines/areas").mkdir()
    for name in ("001", "003", "004"):
        stripes = np.tile(np.array([0, 0, 255, 255], np.uint8), (48, 12))
        cv2.imwrite(str(own_road / "lines/areas" / f"{name}.png"), stripes)
    street = {"name": "street", "masks": (), "areas": ("lines/areas",), "weight": 8.0}
    street = clean.model_copy(update=street)
    samples = samples_of(bare.model_copy(update={"data": (clean, other, street)}), own_road)
    labelled = [truth for _, truth in map(samples.__getitem__, range(300)) if (truth[0] >= 0).all()]
    # half are of the other set; of the rest half get its cracks, none looks for them in a street
    assert np.mean([bool((truth[0] == 1).any()) for truth in labelled]) > 0.65


def test_a_sample_does_not_depend_on_those_before(road, configured):
    """Forwards, backwards or alone, in two objects, samples are equal."""
    one, other = samples_of(configured(), road), samples_of(configured(), road)
    backwards = {number: other[number] for number in reversed(range(12))}
    assert all(same(one[number], backwards[number]) for number in range(12))
    assert same(samples_of(configured(), road)[7], one[7])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns of any fork
def test_processes_prepare_the_same_samples(road, configured):
    """Two worker processes return the samples of this process, in order."""
    samples = samples_of(configured(), road)
    loader = DataLoader(
        Subset(samples, range(4, 12)), batch_size=2, num_workers=2, worker_init_fn=use_one_thread
    )
    for first, batch in zip(range(4, 12, 2), loader, strict=True):
        assert same((batch[0][0], batch[1][0]), samples[first])
        assert same((batch[0][1], batch[1][1]), samples[first + 1])


def test_samples_differ(road, configured):
    """Another number or another seed gives another sample."""
    samples, reseeded = (samples_of(configured(fit={"seed": seed}), road) for seed in (0, 1))
    assert not same(samples[0], samples[1])
    assert not any(same(samples[number], reseeded[number]) for number in range(8))


def test_crops_are_inside_the_picture(own_road, configured):
    """No row or column is repeated, so no crop reaches beyond an edge."""
    ramp = np.zeros((48, 48, 3), np.uint8)
    ramp[..., 0] = ramp[..., 1].T[:] = 5 * np.arange(48)
    for file in (own_road / "lines/images").iterdir():
        file.write_bytes(cv2.imencode(".png", ramp[..., ::-1])[1].tobytes())
    samples = samples_of(configured(augment=NO_AUGMENTATION, fit={"crop_px": 24}), own_road)
    corners = set()
    for number in range(20):
        picture = 255 * samples[number][0]
        steps = (picture[0].diff(dim=1), picture[1].diff(dim=0))
        assert all((step >= 4).all() for step in steps)  # a repeated edge would have steps of 0
        corners.add(tuple(picture[:2, 0, 0].tolist()))
    assert len(corners) > 15


def test_crops_are_centred_on_cracks_as_often_as_asked(road, configured):
    """With crack_share 1 nearly every crop has a crack; with 0 fewer have one."""
    always = samples_of(configured(data={"crack_share": 1}, fit={"crop_px": 16}), road)
    never = samples_of(configured(data={"crack_share": 0}, fit={"crop_px": 16}), road)
    with_crack = [sum(bool(v[n][1][0].any()) for n in range(30)) for v in (always, never)]
    assert with_crack[0] >= 29
    assert with_crack[1] < with_crack[0]


def test_a_crop_larger_than_the_picture_is_filled(road, configured):
    """A small picture is extended at its border, not refused."""
    picture, truth = samples_of(configured(fit={"crop_px": 64}), road)[0]
    assert (picture.shape, truth.shape) == ((3, 64, 64), (2, 64, 64))
    assert picture.min() > 0


def test_sets_are_drawn_by_weight(road, configured):
    """A set of weight 0 is not opened; one with three quarters of the weight comes as often."""
    config = configured(augment=NO_AUGMENTATION)
    first = config.data[0]
    heavy = first.model_copy(update={"name": "heavy", "weight": 3.0, "scale": 0.5})
    absent = first.model_copy(update={"name": "absent", "weight": 0.0, "images": ("nowhere",)})
    whole = config.fit.model_copy(update={"crop_px": 48})
    both = config.model_copy(update={"data": (first, heavy, absent), "fit": whole})
    sets = training_sets(both, road)
    assert [training_set.config.name for training_set in sets] == ["lines", "heavy"]
    samples = TrainingSamples(sets, both)
    # A picture at half size is extended by its edge row; one at full size is not.
    filled = [bool((samples[n][0][:, 0] == samples[n][0][:, 1]).all()) for n in range(120)]
    assert np.mean(filled) == pytest.approx(0.75, abs=0.12)


def test_only_the_training_part_is_used(road, configured):
    """Validation and test pictures are in no training set."""
    names = {pair.name for pair in training_sets(configured(), road)[0].pairs}
    assert names == {"003", "004", "005", "010", "011", "012", "013", "014"}


def test_the_zoom_of_a_set_is_its_own(road, configured):
    """A set's zoom_max replaces that of [augment]."""
    (only,) = training_sets(configured(data={"zoom_max": 3.0}), road)
    assert only.augment == AugmentSpec(flip_vertical=True, zoom_max=3.0)


def test_pictures_beyond_the_cache_are_read_again(road, configured, monkeypatch):
    """The samples do not depend on how many pictures are cached."""
    samples = samples_of(configured(), road)
    monkeypatch.setattr(samples_module, "CACHE_BYTES", 20_000)
    uncached = samples_of(configured(), road)
    assert all(same(samples[number], uncached[number]) for number in range(8))


def test_a_broken_picture_is_found_before_the_first_sample(own_road, configured):
    """Any damaged training picture is named before training starts."""
    (own_road / "lines/images/004.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"images/004\.png"):
        samples_of(configured(), own_road)


def test_whole_pictures_must_be_of_one_size(own_road, configured):
    """Without crop_px, pictures of several sizes are refused, and the sizes named."""
    for part in ("images", "masks"):
        plane = np.full((40, 40), 255, np.uint8)
        (own_road / "lines" / part / "004.png").write_bytes(
            cv2.imencode(".png", plane)[1].tobytes()
        )
    with pytest.raises(ConfigError, match=r"40x40, 48x48.*fit\.crop_px"):
        samples_of(configured(fit={"crop_px": None}), own_road)


def test_nothing_to_train_on_is_a_config_error(road, configured):
    """With all weights 0 the configuration is named."""
    with pytest.raises(ConfigError, match="'tiny'"):
        training_sets(configured(data={"weight": 0}), road)


def test_a_worker_uses_one_opencv_thread():
    """A forked process has none of its parent's threads, so OpenCV must not wait for them."""
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(2)
        use_one_thread(0)
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)
