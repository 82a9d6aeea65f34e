"""The committed splits keep neighbouring pictures in one part."""

from itertools import pairwise
from pathlib import Path

import pytest

from training.config import load_config
from training.dataset import find_pairs, part_of
from training.split import PARTS, read_split

DASHCAM = Path(__file__).resolve().parents[2] / "configs/train/dashcam.toml"
UNITS = {  # what a split may not cut: road with segment, sequence, drive, series
    "dnit-brazil": lambda name: name.split("_")[3],
    "camvid": lambda name: name.split("_")[0],
    "idd-lite": lambda name: name.split("_")[0],
    "us-highway-yellow": lambda name: name[:10],
}


@pytest.mark.parametrize("name", UNITS)
def test_street_scenes_are_split_by_drive_and_roads_by_chainage(name):
    """No drive or sequence is in two parts; parts of one road segment are 80 m or more apart."""
    parts = {}
    for ident, part in read_split(name).items():
        parts.setdefault(UNITS[name](ident), []).append((part, ident))
    for found in parts.values():
        if name != "dnit-brazil":
            assert len({part for part, _ in found}) == 1
            continue
        along = sorted((int(ident.split("_")[4]), part) for part, ident in found)
        for (before_m, before), (after_m, after) in pairwise(along):
            assert before == after or after_m - before_m >= 80


def test_whole_roads_of_brazil_are_held_out():
    """All of BR-259 and a whole segment of BR-251 are tested on, and none of BR-290."""
    split = read_split("dnit-brazil")
    tested = {name.split("_")[3] for name, part in split.items() if part == "test"}
    assert tested == {"259ES000000", "251BDF0530"}
    assert {split[name] for name in split if "251BDF0530" in name} == {"test"}


@pytest.mark.real_data
def test_the_dash_camera_splits_list_every_picture(shared_data):
    """Each picture of the four sets is in one part."""
    for data in load_config(DASHCAM).data:
        if data.name in UNITS:
            listed = sum(len(part_of(data, shared_data, part)) for part in PARTS)
            assert listed == len(read_split(data.split.file)) == len(find_pairs(data, shared_data))


def test_the_papers_two_densest_pictures_are_tested_on():
    """097 and 101 are in the test part of CrackForest."""
    split = read_split("crackforest")
    assert split["097"] == split["101"] == "test"


def test_each_folder_of_nha12d_is_in_training_and_test():
    """No surface and no camera is only trained on or only tested on."""
    split = read_split("nha12d")
    for part in ("train", "test"):
        folders = {name[:4] for name, its_part in split.items() if its_part == part}
        assert folders == {"APFD", "APVD", "CPFD", "CPVD"}
