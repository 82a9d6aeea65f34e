"""A split is listed or drawn, keeps groups whole, and is the same on every machine."""

import random

import pytest

from edgecrack.errors import ConfigError
from training.config import load_config, parse_config
from training.resolve import resolve_splits
from training.split import PARTS, SplitSpec, listed, parts_of, read_split, split_text

CONFIG = """
name = "own"
[[data]]
name = "lines"
images = ["lines/images"]
masks = ["lines/masks"]
split = "{split}"
"""


def drives(count=12, pictures=10):
    """Return id and path of the pictures of some drives."""
    return [(f"{d:02}_{i}", f"drive{d:02}/{i}") for d in range(count) for i in range(pictures)]


def sizes(parts):
    """Return how many pictures each part has."""
    return tuple(list(parts.values()).count(part) for part in PARTS)


def test_shares_are_kept_to_the_nearest_picture():
    """15 % of 120 pictures are 18."""
    parts = parts_of(SplitSpec(validation=0.15, test=0.25), drives(), "own")
    assert sizes(parts) == (72, 18, 30)


def test_a_draw_depends_on_names_and_seed_alone():
    """Not on the order of the files; another seed draws another split."""
    pictures, spec = drives(), SplitSpec(validation=0.2, test=0.2, seed=3)
    drawn = parts_of(spec, pictures, "own")
    random.Random(0).shuffle(pictures)
    assert parts_of(spec, pictures, "own") == drawn
    assert parts_of(SplitSpec(validation=0.2, test=0.2, seed=4), pictures, "own") != drawn


def test_a_draw_is_the_same_for_ever():
    """A configuration means the same pictures in every process, on every machine and version."""
    pictures = [(f"{number:02}", f"{number:02}.jpg") for number in range(20)]
    parts = parts_of(SplitSpec(validation=0.2, test=0.2, seed=3), pictures, "own")
    assert [name for name in parts if parts[name] == "validation"] == ["07", "10", "13", "15"]
    assert [name for name in parts if parts[name] == "test"] == ["05", "06", "08", "14"]


@pytest.mark.parametrize("group", ["^drive[0-9]+", "^drive([0-9]+)/"])
def test_a_group_is_never_in_two_parts(group):
    """Neighbouring pictures of one drive look alike, so a test on them would prove nothing."""
    parts = parts_of(SplitSpec(validation=0.2, test=0.2, group=group), drives(), "own")
    for drive in range(12):
        assert len({parts[f"{drive:02}_{i}"] for i in range(10)}) == 1
    assert sizes(parts) == (80, 20, 20)


def test_each_part_has_a_group_however_small_its_share():
    """Three pictures are one for each part; two cannot be."""
    spec = SplitSpec(validation=0.01, test=0.01)
    assert sizes(parts_of(spec, drives(1, 3), "own")) == (1, 1, 1)
    with pytest.raises(ConfigError, match="'own'"):
        parts_of(spec, drives(1, 2), "own")


def test_a_picture_without_a_group_is_named():
    """It is not put anywhere."""
    with pytest.raises(ConfigError, match="drive00/0"):
        parts_of(SplitSpec(test=0.2, group="road[0-9]"), drives(), "own")


def test_one_name_in_two_groups_is_refused():
    """An id has one part, so it cannot stand for pictures of two groups."""
    pictures = [("0001", "drive1/0001"), ("0001", "drive2/0001")]
    with pytest.raises(ConfigError, match="'0001'"):
        parts_of(SplitSpec(test=0.5, group="drive."), pictures, "own")


@pytest.mark.parametrize(
    ("split", "key"),
    [
        ({}, "split"),
        ({"file": "nha12d", "test": 0.1}, "split"),
        ({"validation": 0.5, "test": 0.5}, "validation"),
        ({"validation": -0.1, "test": 0.5}, "validation"),
        ({"file": "nha12d", "group": "."}, "group"),
        ({"test": 0.5, "group": "("}, "group"),
        ({"test": float("nan")}, "split.test"),
        ({"ids": {"tset": []}}, "split.ids"),
    ],
)
def test_a_split_that_cannot_be_is_refused(split, key):
    """The key is named."""
    data = {"name": "d", "images": ["i"], "masks": ["m"], "split": split}
    with pytest.raises(ConfigError, match=key):
        parse_config({"name": "own", "data": [data]}, "a.toml")


def test_a_misspelt_key_of_a_split_is_refused_and_the_nearest_named():
    """Not taken for a split without it."""
    data = {"name": "d", "images": ["i"], "masks": ["m"], "split": {"validaton": 0.1}}
    with pytest.raises(ConfigError, match=r"split\.validaton'.*'validation'"):
        parse_config({"name": "own", "data": [data]}, "a.toml")


def test_a_list_is_found_beside_the_configuration(tmp_path, monkeypatch):
    """Wherever the command is started; the configuration then holds the ids."""
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "split.txt").write_text("# mine\ntrain a 'b c'\ntest d  # wet\n\n")
    (tmp_path / "own.toml").write_text(CONFIG.format(split="my/split.txt"))
    monkeypatch.chdir(tmp_path / "my")
    split = load_config(tmp_path / "own.toml").data[0].split
    assert split.ids == {"train": ("a", "b c"), "validation": (), "test": ("d",)}
    (tmp_path / "kept.txt").write_text(split_text(split))
    assert listed(read_split("kept.txt", tmp_path)) == split


@pytest.mark.parametrize("text", [None, b"\xff", b"tset a", b"train a\ntest a", b"train 'a"])
def test_a_list_that_cannot_be_used_is_named(tmp_path, text):
    """Missing, no text, an unknown part, an id in two parts, an open quote."""
    if text is not None:
        (tmp_path / "split.txt").write_bytes(text)
    (tmp_path / "own.toml").write_text(CONFIG.format(split="split.txt"))
    with pytest.raises(ConfigError, match=r"split\.txt"):
        load_config(tmp_path / "own.toml")


def test_an_unknown_name_of_a_list_is_refused():
    """It is named."""
    with pytest.raises(ConfigError, match="'nah12d'"):
        read_split("nah12d")


def test_what_was_drawn_is_kept_as_ids(road, configured):
    """Pictures added later change nothing; a split by a list stays as it is."""
    config = configured(data={"split": {"validation": 0.2, "test": 0.2}})
    (data,) = resolve_splits(config, road).data
    assert [len(data.split.ids[part]) for part in PARTS] == [8, 3, 3]
    by_list = configured()
    assert resolve_splits(by_list, road) == by_list
