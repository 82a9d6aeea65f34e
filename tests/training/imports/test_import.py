"""An export becomes a folder that training reads, in whichever format it is."""

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecrack.errors import INTERRUPTED, SinkError, UsageError
from tests.training.imports.exports import (
    CRACK,
    HEIGHT,
    PAINT,
    SPOT,
    WIDTH,
    coco_of,
    labelme_of,
    write_coco,
    write_cvat,
    write_labelme,
    write_pictures,
)
from training.__main__ import main
from training.config import DataConfig
from training.dataset import find_pairs, read_pair
from training.imports import folder as import_folder
from training.imports.regions import fill, points_of

CHECKOUT = Path(__file__).resolve().parents[3]
FORMATS = {"coco": write_coco, "labelme": write_labelme, "cvat": write_cvat}
ROLES = ("--crack", "crack", "--road", "road", "--paint", "marking")


def gray(path):
    """Read a mask."""
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_each_format_gives_the_same_masks(write, tmp_path, run_import):
    """Polygons, rectangle and bitmap lie where they were drawn, paint above the road."""
    out = tmp_path / "out"
    counts = json.loads(run_import(write(tmp_path / "export"), *ROLES, "--out", out, "--json"))
    crack = fill(points_of(CRACK), HEIGHT, WIDTH) | (SPOT > 0)
    area = np.full((HEIGHT, WIDTH), 255, np.uint8)
    area[10:] = 1
    area[fill(points_of(PAINT), HEIGHT, WIDTH)] = 2
    assert crack.sum() > 60
    assert np.array_equal(gray(out / "masks" / "a.png"), crack * np.uint8(255))
    assert np.array_equal(gray(out / "areas" / "a.png"), area)
    assert not gray(out / "masks" / "b.png").any()
    assert (gray(out / "areas" / "b.png") == 255).all()
    (source,) = (tmp_path / "export").rglob("a.png")
    assert (out / "images" / "a.png").read_bytes() == source.read_bytes()
    assert counts == {
        "pictures": 2,
        "with_cracks": 1,
        "shapes": {"crack": 2, "road": 1, "paint": 1},
        "without_pixels": 0,
        "left_out": {"pothole": 1},
    }


def test_training_reads_what_was_imported(tmp_path, run_import):
    """The pairs are found, and each picture has a truth of its size."""
    run_import(write_coco(tmp_path / "export"), *ROLES, "--out", tmp_path / "out")
    data = DataConfig(name="own", images=("images",), masks=("masks",), areas=("areas",))
    pairs = find_pairs(data, tmp_path / "out")
    assert [pair.name for pair in pairs] == ["a", "b"]
    for pair in pairs:
        picture, truth = read_pair(pair, data)
        assert picture.shape[:2] == truth.shape == (HEIGHT, WIDTH)


def test_what_no_area_covers_may_be_not_road(tmp_path, run_import):
    """By --rest-not-road; and --not-road names categories, which lie above what is below them."""
    options = ("--road", "road", "--not-road", "marking,pothole", "--rest-not-road")
    run_import(write_coco(tmp_path / "export"), *options, "--out", tmp_path / "out")
    area = gray(tmp_path / "out" / "areas" / "a.png")
    assert set(np.unique(area)) == {0, 1}
    assert area[20, 20] == 0
    assert area[20, 30] == 1
    assert area[2, 30] == 0
    assert not (tmp_path / "out" / "masks").exists()


def test_lines_are_drawn_as_wide_as_said(tmp_path, run_import):
    """LabelMe's linestrips become cracks of the width that is given."""
    write_pictures(tmp_path / "export", ("a.png",))
    line = {"label": "crack", "points": [[2, 5], [30, 5]], "shape_type": "linestrip"}
    (tmp_path / "export" / "a.json").write_text(json.dumps(labelme_of("a.png", [line])))
    options = ("--crack", "crack", "--line-width", 2, "--out", tmp_path / "out")
    run_import(tmp_path / "export", *options)
    mask = gray(tmp_path / "out" / "masks" / "a.png")
    assert np.unique(np.argwhere(mask)[:, 0]).tolist() == [4, 5]


def test_pictures_of_folders_keep_the_folders_names(tmp_path, run_import):
    """So that a split can keep each drive in one part."""
    names = ("drive1/a.png", "drive2/a.png")
    write_pictures(tmp_path / "pictures", names)
    (tmp_path / "coco.json").write_text(json.dumps(coco_of(names)))
    options = ("--images", tmp_path / "pictures", "--crack", "crack", "--out", tmp_path / "out")
    run_import(tmp_path / "coco.json", *options)
    for part in ("images", "masks"):
        written = sorted(path.name for path in (tmp_path / "out" / part).iterdir())
        assert written == ["drive1_a.png", "drive2_a.png"]


def test_labelme_files_beside_the_pictures_folder(tmp_path, run_import):
    """Their paths are relative to them, also with backslashes, as long as --images holds all."""
    write_pictures(tmp_path / "own" / "images", ("a.png",))
    (tmp_path / "own" / "json").mkdir()
    document = labelme_of("..\\images\\a.png", [{"label": "crack", "points": CRACK}])
    (tmp_path / "own" / "json" / "a.json").write_text(json.dumps(document))
    options = ("--images", tmp_path / "own", "--crack", "crack", "--out", tmp_path / "out")
    run_import(tmp_path / "own" / "json", *options)
    assert gray(tmp_path / "out" / "masks" / "images_a.png").any()


def test_the_counts_and_the_next_two_commands_are_printed(tmp_path, run_import, monkeypatch):
    """The first of them works as it stands."""
    monkeypatch.chdir(tmp_path)
    export = coco_of()
    export["annotations"][0].update(category_id=1, segmentation=[[1, 1, 1.2, 1, 1.2, 1.2]])
    write_pictures(tmp_path / "images")
    (tmp_path / "coco.json").write_text(json.dumps(export))
    printed = run_import("coco.json", "--crack", "crack", "--out", "my data")
    assert "2 pictures, 1 of them with cracks" in printed
    assert "crack: 3 shapes" in printed
    assert "1 of these" in printed
    assert "'pothole'" in printed
    new, fit = [line.split(maxsplit=1)[1] for line in printed.splitlines() if "-train" in line]
    command = [sys.executable, "-m", "training", *shlex.split(new)]
    done = subprocess.run(command, env={"PYTHONPATH": str(CHECKOUT)}, check=False)
    assert done.returncode == 0
    assert (tmp_path / shlex.split(fit)[1]).is_file()
    assert shlex.split(fit)[3] == "my data"


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_categories_are_listed_where_none_is_named_or_one_is_unknown(write, tmp_path, run_import):
    """With the number of their shapes; and nothing is written."""
    export = write(tmp_path / "export")
    for options in ((), ("--crack", "krack")):
        with pytest.raises(UsageError, match=r"crack \(2\).*marking \(1\)"):
            run_import(export, *options, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--crack", "crack", "--road", "crack"),
        ("--crack", "crack", "--rest-not-road"),
        ("--crack", "crack", "--line-width", "0"),
        ("--crack", "crack", "--line-width", "nan"),
    ],
)
def test_what_contradicts_itself_is_refused(options, tmp_path, run_import):
    """One category in two roles, a rest without a road, a width that is none."""
    with pytest.raises(UsageError, match=r"'crack'|--road|--line-width"):
        run_import(write_coco(tmp_path / "export"), *options, "--out", tmp_path / "out")


def test_nothing_is_written_over(tmp_path, run_import):
    """A folder that is there is named, and stays as it is."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").touch()
    with pytest.raises(SinkError, match="out"):
        run_import(write_coco(tmp_path / "export"), *ROLES, "--out", out)
    assert [path.name for path in out.iterdir()] == ["mine"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export", "out"]


def test_a_stop_leaves_nothing(tmp_path, run_import, monkeypatch):
    """Ctrl-C after the first picture removes what was written; the import can be repeated."""
    export = write_coco(tmp_path / "export")
    write, written = import_folder._write_picture, []  # noqa: SLF001

    def stop_after_one(*arguments):
        written.append(write(*arguments))
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(import_folder, "_write_picture", stop_after_one)
    with pytest.raises(SystemExit) as ended:
        run_import(export, *ROLES, "--out", tmp_path / "out", main=main)
    assert ended.value.code == INTERRUPTED
    assert len(written) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
    monkeypatch.setattr(import_folder, "_write_picture", write)
    run_import(export, *ROLES, "--out", tmp_path / "out")


def test_what_a_killed_import_left_is_named(tmp_path, run_import):
    """It is not taken for something else, and not removed without a word."""
    (tmp_path / ".out.part").mkdir()
    with pytest.raises(SinkError, match=r"\.out\.part"):
        run_import(write_coco(tmp_path / "export"), *ROLES, "--out", tmp_path / "out")
