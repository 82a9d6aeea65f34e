"""A recipe is scored on a set that its run has never read."""

import json
import sys

import pytest
import torch

from edgecrack.errors import ConfigError
from edgecrack.metrics import count_matches, total
from tests.training.conftest import draw
from training.__main__ import main
from training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from training.config import load_config
from training.dataset import part_of, read_pair
from training.leave_out import all_left_out, has_not_trained_on, score_left_out, without
from training.resolve import resolve_splits
from training.scoring import predict_full
from training.unet import UNet

LINES = {"train": ("101", "102", "201", "202"), "validation": ("103",), "test": ("203",)}
MORE = {"train": ("11", "12"), "validation": ("13",)}
CONFIG = """
name = "tiny"
[model]
widths = [4, 8]
batch_norm = true
[augment]
copy_paste = 1.0
copy_from = "all"
[fit]
batch = 2
crop_px = 32
steps_per_epoch = 3
epochs = 2
learning_rate = 1e-2
precision = "fp32"
threads = 1
[[data]]
name = "lines"
images = ["lines/images"]
masks = ["lines/masks"]
split.ids = {train = ["101", "102", "201", "202"], validation = ["103"], test = ["203"]}
group = "^[12]"
validate_px = 1
[[data]]
name = "more"
images = ["more/images"]
masks = ["more/masks"]
split.ids = {train = ["11", "12"], validation = ["13"]}
validate_px = 2
[[data]]
name = "lines again"
images = ["more/../lines/images"]
masks = ["lines/masks"]
scale = 0.5
"""


@pytest.fixture
def two_sets(tmp_path):
    """A data folder of two sets of drawn lines, and a configuration that lists one twice."""
    for folder, ids in (("lines", LINES), ("more", MORE)):
        for part in ids.values():
            for name in part:
                draw(tmp_path / "data" / folder, name)
    (tmp_path / "tiny.toml").write_text(CONFIG)
    return tmp_path / "data", tmp_path / "tiny.toml"


def settings_of(two_sets):
    """Return the configuration with its splits."""
    root, config = two_sets
    return resolve_splits(load_config(config), root)


def chosen(two_sets, name, part="validation"):
    """Return the one that has a name."""
    found = {entry.name: entry for entry in all_left_out(settings_of(two_sets), two_sets[0], part)}
    return found[name]


@pytest.fixture
def leave_out(two_sets, monkeypatch, capsys):
    """Return a function that runs the command and returns its exit code and its output."""
    root, config = two_sets

    def run(*options):
        command = ["edgecrack-train", "leave-out", config, "--data", root, *options]
        monkeypatch.setattr(sys, "argv", [*map(str, command)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return run


def untrained(config, seed=1):
    """Return a checkpoint of ``config`` whose weights are random."""
    torch.manual_seed(seed)
    metrics = {"threshold": 100}
    data = [{"name": data.name, "sha256": "0"} for data in config.data]
    return Checkpoint(config, 1, UNet(config.model).state_dict(), {}, metrics, data, 0.5)


def test_sets_and_their_roads_can_be_left_out(two_sets):
    """Each has the pictures of the part to score on, or all of them where it has none."""
    found = all_left_out(settings_of(two_sets), two_sets[0], "test")
    judged = {entry.name: ([pair.name for pair in entry.judged], entry.part) for entry in found}
    everything = sorted(sum(LINES.values(), ()))
    assert judged == {
        "lines": (["203"], "test"),
        "lines 1": (["101", "102", "103"], "all"),
        "lines 2": (["203"], "test"),
        "more": (["11", "12", "13"], "all"),
        "lines again": (everything, "all"),
    }
    assert len(found[0].pairs) == 6
    assert len(found[1].pairs) == 3


def test_a_road_that_is_not_trained_on_is_not_left_out(two_sets):
    """Every run is without it."""
    config = settings_of(two_sets)
    ids = {"train": ("101", "102", "103"), "test": ("201", "202", "203")}
    lines = config.data[0].model_copy(
        update={"split": type(config.data[0].split)(ids=ids), "name": "lines"}
    )
    config = config.model_copy(update={"data": (lines, config.data[1])})
    names = [entry.name for entry in all_left_out(config, two_sets[0], "test")]
    assert names == ["lines", "lines 1", "more"]


@pytest.mark.parametrize("name", ["lines", "lines 1", "more"])
def test_nothing_that_is_left_out_is_trained_on_or_validated_with(two_sets, name):
    """Not even where another set lists the same files under another path."""
    left_out = chosen(two_sets, name)
    rest = without(settings_of(two_sets), two_sets[0], left_out)
    gone = {pair.picture.resolve() for pair in left_out.pairs}
    seen = [
        pair.picture.resolve()
        for data in rest.data
        for part in ("train", "validation")
        for pair in part_of(data, two_sets[0], part)
    ]
    assert gone & set(seen) == set()
    assert len(seen) == {"lines": 3, "lines 1": 2 + 3 + 3, "more": 5 + 6}[name]


def test_a_run_does_not_read_what_it_is_without(two_sets, leave_out, tmp_path):
    """With files that are no pictures in their place it trains all the same, pasted cracks and all.

    Only the score needs them, so it is then that the first is named.
    """
    root, _ = two_sets
    for part in ("images", "masks"):
        for file in (root / "lines" / part).iterdir():
            file.write_bytes(b"no picture")
    code, printed, err = leave_out("--set", "lines", "--out", tmp_path / "out")
    assert (code, printed) == (66, "")
    assert "lines/images/103.png" in err
    trained = load_checkpoint(tmp_path / "out" / "lines" / "last.pt")
    assert trained.epoch == 2
    assert [entry["name"] for entry in trained.data] == ["more"]


def test_the_table_is_printed_and_kept_and_goes_on(two_sets, leave_out, tmp_path):
    """A second call trains only what is missing, and compares with a run that has all sets."""
    out = tmp_path / "out"
    code, printed, err = leave_out("--set", "more", "--out", out, "--epochs", "1")
    assert code == 0, err
    assert "| more |" in printed
    assert "more: many-to-one, 2 px" in printed
    before = (out / "more" / "last.pt").read_bytes()
    save_checkpoint(untrained(settings_of(two_sets)), tmp_path / "whole.pt")
    options = ("--set", "more", "--set", "lines 1", "--out", out, "--epochs", "1", "--json")
    code, printed, err = leave_out(*options, "--whole", tmp_path / "whole.pt")
    assert code == 0, err
    assert (out / "more" / "last.pt").read_bytes() == before
    assert load_checkpoint(out / "lines_1" / "last.pt").epoch == 1
    rows = json.loads(printed)
    assert rows == json.loads((out / "leave_out.json").read_text())
    assert [row["name"] for row in rows] == ["lines 1", "more"]
    # The whole run trains on all of "lines again", which lists the files of road 1.
    assert rows[0]["in_domain"] is None
    shares = [rows[1][key]["at_threshold"]["f1"] for key in ("left_out", "in_domain")]
    assert rows[1]["share"] == (pytest.approx(shares[0] / shares[1]) if shares[1] else None)
    unseen = rows[1]["left_out"]
    assert unseen["cells"]["threshold"] == unseen["at_threshold"]["threshold"]
    assert "| lines 1 |" in (out / "leave_out.md").read_text()


def test_a_score_is_at_the_threshold_of_the_run(two_sets):
    """It was chosen on the other sets; the pictures and the tolerance are those of the set."""
    left_out = chosen(two_sets, "more")
    checkpoint = untrained(settings_of(two_sets))
    result = score_left_out(checkpoint, left_out)
    counts = []
    for pair in left_out.judged:
        picture, truth = read_pair(pair, left_out.data)
        prediction = predict_full(checkpoint.network(), picture, truth, 1.0)
        counts.append(count_matches(prediction, truth, 2))
    assert result.at_threshold == total(counts).at(100)
    assert result.protocol.split == "validation (1)"


def test_a_run_is_compared_on_pictures_it_has_not_trained_on(two_sets):
    """Its own validation pictures are; those it trains on, or of a set it lacks, are not."""
    root, _ = two_sets
    config = settings_of(two_sets)
    config = config.model_copy(update={"data": config.data[:2]})
    whole = untrained(config)
    more = chosen(two_sets, "more")
    assert has_not_trained_on(whole, root, more.judged)
    assert not has_not_trained_on(whole, root, more.pairs)
    less = untrained(config.model_copy(update={"data": config.data[:1]}))
    assert not has_not_trained_on(less, root, more.judged)


@pytest.mark.parametrize("name", ["more", "renamed"])
def test_a_start_that_has_trained_on_the_set_is_refused(two_sets, tmp_path, name):
    """It is told by the set's name in what it was trained on, or by its folders."""
    root, _ = two_sets
    config = settings_of(two_sets)
    left_out = chosen(two_sets, "more")
    data = config.data[1].model_copy(update={"name": name})
    if name == "more":
        data = data.model_copy(update={"images": ("elsewhere",), "masks": ("elsewhere",)})
    save_checkpoint(untrained(config.model_copy(update={"data": (data,)})), tmp_path / "start.pt")
    config = config.model_copy(update={"start": str(tmp_path / "start.pt")})
    with pytest.raises(ConfigError, match="'more'"):
        without(config, root, left_out)
    assert without(config, root, chosen(two_sets, "lines")).start == config.start


def test_the_only_set_cannot_be_left_out(two_sets):
    """There is nothing left to train on, and the set is named."""
    config = settings_of(two_sets)
    config = config.model_copy(update={"data": config.data[1:2]})
    with pytest.raises(ConfigError, match="'more'"):
        without(config, two_sets[0], chosen(two_sets, "more"))


@pytest.mark.parametrize(
    ("options", "named"), [(("--set", "none"), "'lines 1'"), (("--part", "train"), "--part")]
)
def test_a_wrong_option_of_leave_out_ends_with_2(leave_out, tmp_path, options, named):
    """The sets that there are, or the option, are named, and nothing is trained."""
    code, printed, err = leave_out(*options, "--out", tmp_path / "out")
    assert (code, printed) == (2, "")
    assert named in err
    assert not (tmp_path / "out").exists()
