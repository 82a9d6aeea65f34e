"""Pictures are paired with their masks, parts do not overlap, and damaged files are named."""

import cv2
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from edgecrack.errors import ConfigError, InputError
from training.config import DataConfig
from training.dataset import (
    Pair,
    digest,
    find_pairs,
    part_of,
    read_pair,
    read_shrunk,
    shrink,
)
from training.split import PARTS, read_split
from training.truth import CRACK, NOT_ROAD, PAINT, SOUND_ROAD, UNKNOWN

VIEWS = [
    f"{surface}_pavement_{view}" for surface in ("Asphalt", "Concrete") for view in ("FD", "VD")
]


def crackforest(field="Segmentation"):
    """Return the configuration of CrackForest."""
    return DataConfig(
        name="CrackForest",
        kind="crackforest",
        images=("crackforest/image",),
        field=field,
        split="crackforest",
    )


def nha12d(threshold=0):
    """Return the configuration of NHA12D."""
    return DataConfig(
        name="nha12d",
        images=tuple(f"nha12d/{view}/Raw_images" for view in VIEWS),
        masks=tuple(f"nha12d/{view}/Masks" for view in VIEWS),
        mask_threshold=threshold,
        split="nha12d",
    )


def lines(**changes):
    """Return the configuration of the drawn data set."""
    values = {"name": "lines", "images": ["lines/images"], "masks": ["lines/masks"], **changes}
    return DataConfig.model_validate(values)


def shares(pairs, config):
    """Return the share of crack pixels of each pair."""
    return np.array([read_pair(pair, config)[1].mean() / 255 for pair in pairs])


@pytest.fixture
def forest(tmp_path):
    """Return a data folder as CrackForest is laid out: three labelled pictures and one without.

    Each has a line of label 2, a patch of label 3 and one of label 4, and the line's outline.
    """
    root = tmp_path / "forest"
    for folder in ("image", "groundTruth"):
        (root / "crackforest" / folder).mkdir(parents=True)
    rng = np.random.default_rng(5)
    for name in ("001", "002", "009", "119"):
        picture = rng.integers(100, 160, (32, 48, 3), np.uint8)
        cv2.imwrite(str(root / "crackforest" / "image" / f"{name}.jpg"), picture)
        if name == "119":
            continue
        labels = np.ones((32, 48), np.uint8)
        labels[20:28, 2:10], labels[2:6, 30:40] = 3, 4
        labels[10:14, 5:45] = 2
        outline = np.zeros((32, 48), np.uint8)
        outline[[10, 13], 5:45] = 1
        truth = np.empty((1, 1), [("Segmentation", object), ("Boundaries", object)])
        truth[0, 0] = (labels, outline)
        path = root / "crackforest" / "groundTruth" / f"{name}.mat"
        savemat(path, {"groundTruth": truth}, do_compression=True)
    return root


def test_crackforest_has_two_kinds_of_ground_truth(forest):
    """Segmentation fills the crack, Boundaries outlines it; masks are as large as pictures."""
    for field, share in (("Segmentation", 160 / 1536), ("Boundaries", 80 / 1536)):
        config = crackforest(field)
        pairs = find_pairs(config, forest)
        assert shares(pairs, config) == pytest.approx([share] * 3)
    picture, mask = read_pair(pairs[0], config)
    assert (picture.shape, mask.shape) == ((32, 48, 3), (32, 48))
    assert picture.dtype == mask.dtype == np.uint8


def test_other_labels_are_background(forest):
    """Where the labels 3 and 4 mark other regions, there is no crack."""
    mask = read_pair(find_pairs(crackforest(), forest)[0], crackforest())[1]
    assert set(np.unique(mask)) == {0, 255}
    assert np.argwhere(mask).min(axis=0).tolist() == [10, 5]
    assert np.argwhere(mask).max(axis=0).tolist() == [13, 44]


def test_a_crackforest_picture_without_truth_is_left_out(forest):
    """An unlabelled picture is no fault there."""
    assert [pair.name for pair in find_pairs(crackforest(), forest)] == ["001", "002", "009"]


def test_a_mask_drawn_in_any_colour_is_crack(own_road):
    """Above a threshold of 0 any coloured pixel counts; one of 127 would lose a dark colour."""
    drawn = np.zeros((48, 48, 3), np.uint8)
    drawn[10:12, 5:40] = (90, 0, 30)
    cv2.imwrite(str(own_road / "lines/masks/003.png"), drawn)
    pair = find_pairs(lines(), own_road)[1]
    assert np.count_nonzero(read_pair(pair, lines(mask_threshold=0))[1]) == 70
    assert not read_pair(pair, lines(mask_threshold=127))[1].any()


@pytest.mark.real_data
def test_crackforest_is_what_its_facts_say(shared_data):
    """118 pairs, 480x320, 1.616 % crack under Segmentation and 1.098 % under Boundaries."""
    for field, percent in (("Segmentation", 1.616), ("Boundaries", 1.098)):
        config = crackforest(field)
        pairs = find_pairs(config, shared_data)
        assert len(pairs) == 118
        assert 100 * shares(pairs, config).mean() == pytest.approx(percent, abs=0.001)
    picture, mask = read_pair(pairs[0], config)
    assert (picture.shape, mask.shape) == ((320, 480, 3), (320, 480))
    assert picture.dtype == mask.dtype == np.uint8


@pytest.mark.real_data
def test_only_label_2_is_crack(shared_data):
    """Where the labels 3 and 4 mark other regions, they are background."""
    other = 0
    for pair in find_pairs(crackforest(), shared_data):
        labels = loadmat(pair.mask)["groundTruth"]["Segmentation"][0, 0]
        if (labels > 2).any():
            other += 1
            np.testing.assert_array_equal(read_pair(pair, crackforest())[1] > 0, labels == 2)
    assert other > 0


@pytest.mark.real_data
def test_nha12d_masks_are_drawn_in_colour(shared_data):
    """Any non-zero pixel is crack, 0.40 % of them; a threshold of 127 would lose most masks."""
    pairs = find_pairs(nha12d(), shared_data)
    assert len(pairs) == 48
    some = pairs[::8]
    found = shares(some, nha12d())
    assert (found > 0).all()
    assert found.mean() < 0.01
    assert (shares(some, nha12d(127)) == 0).sum() >= len(some) / 2


def test_pictures_are_rgb(road):
    """A picture comes with red first, at its full size."""
    pair = find_pairs(lines(), road)[0]
    picture, _ = read_pair(pair, lines())
    bgr = cv2.imread(str(pair.picture))
    assert bgr is not None
    np.testing.assert_array_equal(picture[..., ::-1], bgr)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("config", "sizes"), [(crackforest(), (60, 12, 46)), (nha12d(), (28, 6, 14))]
)
def test_the_committed_splits_cut_the_real_data_in_three(shared_data, config, sizes):
    """Train, validation and test have the promised sizes, share nothing, and leave nothing out."""
    parts = [{pair.name for pair in part_of(config, shared_data, part)} for part in PARTS]
    assert tuple(len(part) for part in parts) == sizes
    assert len(set.union(*parts)) == sum(sizes)
    assert (
        set.union(*parts)
        == set(read_split(config.split.file))
        == {pair.name for pair in find_pairs(config, shared_data)}
    )


def test_without_a_split_all_is_for_training(road):
    """A set without a split has no test pictures."""
    assert len(part_of(lines(), road, "train")) == 14
    assert part_of(lines(), road, "test") == []


def test_an_unknown_split_is_a_config_error(road):
    """The split is named."""
    with pytest.raises(ConfigError, match="'nowhere'"):
        part_of(lines(split="nowhere"), road, "train")


def test_a_picture_that_the_split_does_not_list_is_refused(own_road):
    """The data set and the picture are named."""
    for part in ("images", "masks"):
        (own_road / "lines" / part / "003.png").rename(own_road / "lines" / part / "stray.png")
    with pytest.raises(InputError, match=r"'lines'.*'stray'"):
        part_of(lines(split="crackforest"), own_road, "train")


def test_a_name_that_is_no_utf_8_is_refused(own_road):
    """It could not be written into a split or a score."""
    path = own_road / "lines" / "images" / b"caf\xe9.png".decode("utf-8", "surrogateescape")
    (own_road / "lines" / "images" / "003.png").rename(path)
    with pytest.raises(InputError, match="images"):
        find_pairs(lines(), own_road)


def test_a_picture_without_a_mask_is_refused(own_road):
    """It is not taken for a picture without cracks."""
    (own_road / "lines/masks/003.png").unlink()
    with pytest.raises(InputError, match=r"images/003\.png .*lines/masks"):
        find_pairs(lines(), own_road)


@pytest.mark.real_data
def test_crackforest_pictures_without_truth_are_left_out(shared_data):
    """Its 37 unlabelled pictures are no fault."""
    pictures = list((shared_data / "crackforest/image").iterdir())
    assert len(pictures) == 118 + 37


@pytest.mark.parametrize("gone", ["lines/images", "lines/masks", "lines"])
def test_a_missing_folder_is_named(own_road, gone):
    """The message names the folder that is not there."""
    (own_road / gone).rename(own_road / "elsewhere")
    with pytest.raises(InputError, match=gone):
        find_pairs(lines(), own_road)


def test_an_empty_folder_is_named(own_road):
    """A folder without a picture is an error."""
    for file in (own_road / "lines/images").iterdir():
        file.unlink()
    with pytest.raises(InputError, match="lines/images"):
        find_pairs(lines(), own_road)


def test_files_that_are_no_pictures_are_ignored(own_road):
    """Text files next to pictures and masks, even with the same stem, are not used."""
    for name in ("images/notes.txt", "masks/notes.txt", "masks/003.txt", "masks/.DS_Store"):
        (own_road / "lines" / name).write_text("hello")
    pairs = find_pairs(lines(), own_road)
    assert [pair.name for pair in pairs] == ["001", "003", "004"]
    assert {pair.mask.suffix for pair in pairs} == {".png"}


def test_a_mask_of_another_size_is_refused(own_road):
    """Both sizes are named, width first."""
    small = np.zeros((24, 30), np.uint8)
    (own_road / "lines/masks/003.png").write_bytes(cv2.imencode(".png", small)[1].tobytes())
    pair = find_pairs(lines(), own_road)[1]
    with pytest.raises(InputError, match=r"masks/003\.png .*48x48.*30x24"):
        read_pair(pair, lines())


def with_areas(root, area):
    """Write an area mask for each of the three pictures; return the configuration."""
    (root / "lines/areas").mkdir(exist_ok=True)
    for name in ("001", "003", "004"):
        cv2.imwrite(str(root / f"lines/areas/{name}.png"), area)
    return lines(areas=["lines/areas"], labelled="road")


def test_an_area_mask_says_where_cracks_are_known(own_road):
    """Crack labels are believed on road; outside, nothing is known."""
    area = np.full((48, 48), 255, np.uint8)
    area[:, 24:] = 1
    config = with_areas(own_road, area)
    pair = find_pairs(config, own_road)[1]
    truth = read_pair(pair, config)[1]
    assert set(np.unique(truth[:, :24])) == {UNKNOWN}
    crack = read_pair(find_pairs(lines(), own_road)[1], lines())[1][:, 24:]
    np.testing.assert_array_equal(truth[:, 24:], np.where(crack, CRACK, SOUND_ROAD))
    assert digest([pair]) != digest(find_pairs(lines(), own_road)[1:2])


def test_close_ups_are_all_road(own_road):
    """Every pixel is crack or road without a crack; without all_road the rest might be anything."""
    pair = find_pairs(lines(), own_road)[1]
    crack = read_pair(pair, lines())[1]
    truth = read_pair(pair, lines(all_road=True))[1]
    np.testing.assert_array_equal(truth, np.where(crack, CRACK, SOUND_ROAD))


def test_the_road_of_a_crack_free_set_is_known_to_have_no_crack(own_road):
    """Not what is unknown; and cracks may be pasted there."""
    area = np.ones((48, 48), np.uint8)
    area[:10], area[10:20], area[20:30] = 0, 2, 255
    config = with_areas(own_road, area).model_copy(update={"masks": (), "crack_free": True})
    truth = read_pair(find_pairs(config, own_road)[0], config)[1]
    assert [truth[row, 0] for row in (0, 10, 20, 30)] == [NOT_ROAD, PAINT, UNKNOWN, SOUND_ROAD]
    assert not config.has_crack_labels


@pytest.mark.parametrize(
    ("area", "message"),
    [
        (np.zeros((24, 30), np.uint8), r"areas/003\.png .*48x48.*30x24"),
        (np.full((48, 48), 7, np.uint8), r"areas/003\.png .*\b7\b"),
    ],
)
def test_a_wrong_area_mask_is_refused(own_road, area, message):
    """Another size or another value is named with the file."""
    config = with_areas(own_road, area)
    with pytest.raises(InputError, match=message):
        read_pair(find_pairs(config, own_road)[1], config)


def test_a_picture_without_an_area_mask_is_refused(own_road):
    """It is not taken for a picture that is all road."""
    config = with_areas(own_road, np.zeros((48, 48), np.uint8))
    (own_road / "lines/areas/003.png").unlink()
    with pytest.raises(InputError, match=r"images/003\.png .*lines/areas"):
        find_pairs(config, own_road)


@pytest.mark.parametrize("part", ["images", "masks"])
@pytest.mark.parametrize("damage", ["empty", "text", "cut"])
def test_an_unreadable_file_is_named(own_road, part, damage):
    """An empty file, a text and half a picture are InputErrors that name the file."""
    file = own_road / "lines" / part / "003.png"
    whole = file.read_bytes()
    file.write_bytes({"empty": b"", "text": b"no picture", "cut": whole[: len(whole) // 2]}[damage])
    pair = find_pairs(lines(), own_road)[1]
    with pytest.raises(InputError, match=rf"{part}/003\.png"):
        read_pair(pair, lines())


def test_a_file_that_was_deleted_is_named(own_road):
    """Reading and digesting name a file that was there when the folder was listed."""
    pairs = find_pairs(lines(), own_road)
    pairs[0].picture.unlink()
    with pytest.raises(InputError, match=r"/001\.png\b"):
        read_pair(pairs[0], lines())
    with pytest.raises(InputError, match=r"/001\.png\b"):
        digest(pairs)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.98])
def test_damaged_ground_truth_is_named(forest, tmp_path, share):
    """A cut off .mat file, at any place, ends in one sentence."""
    pair = find_pairs(crackforest(), forest)[0]
    whole = pair.mask.read_bytes()
    (tmp_path / "001.mat").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=r"001\.mat .*Segmentation"):
        read_pair(Pair("001", pair.picture, tmp_path / "001.mat"), crackforest())


def test_random_damage_to_ground_truth_never_escapes(forest, tmp_path):
    """Flipped bytes give another mask or one sentence, never a foreign error."""
    pair = find_pairs(crackforest(), forest)[0]
    whole, rng = pair.mask.read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 4):
            damaged[place] = int(rng.integers(256))
        (tmp_path / "001.mat").write_bytes(damaged)
        try:
            read_pair(Pair("001", pair.picture, tmp_path / "001.mat"), crackforest())
        except InputError:
            refused += 1
    assert refused > 50


def test_thin_cracks_survive_shrinking():
    """At half size, a line two pixels wide remains wherever it is, at most two pixels wide."""
    picture = np.zeros((40, 40, 3), np.uint8)
    for row in (10, 11):
        mask = np.zeros((40, 40), np.uint8)
        mask[row : row + 2] = 255
        small, small_mask = shrink(picture, mask, 0.5)
        assert small.shape == (20, 20, 3)
        assert set(np.unique(small_mask)) == {0, 255}
        assert (small_mask > 0).all(axis=1).sum() in {1, 2}


def test_at_scale_1_pixels_are_unchanged(road):
    """At scale 0.5 both picture and mask have half the size."""
    pair = find_pairs(lines(), road)[0]
    for shrunk, full in zip(read_shrunk(pair, lines()), read_pair(pair, lines()), strict=True):
        np.testing.assert_array_equal(shrunk, full)
    picture, mask = read_shrunk(pair, lines(scale=0.5))
    assert (picture.shape, mask.shape) == ((24, 24, 3), (24, 24))


def test_a_digest_identifies_the_files(own_road):
    """The same files give the same digest; a changed file or name gives another."""
    before = digest(find_pairs(lines(), own_road))
    assert digest(find_pairs(lines(), own_road)) == before
    for part in ("images", "masks"):
        (own_road / "lines" / part / "003.png").rename(own_road / "lines" / part / "002.png")
    renamed = digest(find_pairs(lines(), own_road))
    (own_road / "lines/masks/002.png").write_bytes(b"other")
    changed = digest(find_pairs(lines(), own_road))
    assert len({before, renamed, changed}) == 3
