"""Networks are compared side by side: F1, cost, and calls that are timed in turns."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import export.front
from edgecrack.errors import EdgecrackError
from edgecrack.models.variants import variants
from export.bundle_files import write_files
from export.commands import app
from export.front import Candidate, front_row, in_turns, validation_f1
from training.checkpoint import Checkpoint, save_checkpoint
from training.complexity import complexity_of
from training.config import load_config
from training.unet import UNet, UNetSpec

TOML = """
name = "small"
[model]
widths = [4, 8]
stem = 2
batch_norm = true
[[data]]
name = "d"
images = ["i"]
masks = ["m"]
"""
METRICS = {"scores": {"a": {"ods": {"f1": 0.75}}, "b": {"ods": {"f1": 0.25}}}}
LEFT_OUT = [
    {"left_out": {"at_threshold": {"f1": 0.5}, "ods": {"f1": 0.9}}},
    {"left_out": {"at_threshold": None, "ods": {"f1": 0.75}}},
]


class Clock:
    """A clock that only calls advance."""

    def __init__(self):
        self.now_s, self.calls = 0.0, []

    def call(self, name, seconds):
        """Return a call that takes this long."""

        def run():
            self.calls.append(name)
            self.now_s += seconds * len(self.calls)

        return run


@pytest.fixture
def front(monkeypatch, capsys, tmp_path):
    """Return a function that runs ``edgecrack-export front`` beside a small reference.

    It runs in a folder with a configuration, its checkpoint and a table of left-out scores.
    """
    reference = Candidate("reference", UNet(UNetSpec((4, 4))).eval(), (32, 16))
    monkeypatch.setattr(export.front, "paper_candidate", lambda: reference)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(TOML)
    (tmp_path / "left.json").write_text(json.dumps(LEFT_OUT))
    config = load_config(tmp_path / "small.toml").model_copy(update={"name": "trained"})
    weights = UNet(config.model).state_dict()
    save_checkpoint(Checkpoint(config, 1, weights, {}, METRICS, [], 0.0), tmp_path / "small.pt")

    def run(*arguments):
        command = ["front", *arguments, "--out", "out", "--size", "64x32", "--turns", "2"]
        monkeypatch.setattr(sys, "argv", ["edgecrack-export", *command])
        app(standalone_mode=False)
        return capsys.readouterr().out

    return run


def test_calls_are_made_in_turns_and_the_first_turn_is_not_counted():
    """Each turn calls every network once, and each time is that of its own call."""
    clock = Clock()
    times_s = in_turns([clock.call("a", 1), clock.call("b", 10)], 2, lambda: clock.now_s)
    assert clock.calls == ["a", "b"] * 3
    assert times_s.tolist() == [[3, 5], [40, 60]]


def test_a_row_compares_pixel_by_pixel_and_turn_by_turn():
    """The factor is the median of the turns' factors; FPS is calls over their time."""
    candidate = Candidate("a", UNet(UNetSpec((4, 8))), (64, 32))
    row = front_row(candidate, "fake", np.array([0.1, 0.2, 0.5]), np.array([1e-3, 4e-3, 1e-3]))
    assert row.faster_a_pixel == pytest.approx(2048 * 0.01)  # of 0.01, 0.02 and 0.002
    assert row.fps == pytest.approx(3 / 0.8)
    assert row.percentiles_ms["p50_ms"] == pytest.approx(200)
    assert row.percentiles_ms["p5_ms"] == pytest.approx(110)
    assert row.complexity == complexity_of(candidate.net.spec, 64, 32)


@pytest.mark.parametrize(("metrics", "f1"), [(METRICS, 0.5), ({}, None), ({"scores": {}}, None)])
def test_the_f1_of_a_checkpoint_is_the_mean_over_its_sets(metrics, f1):
    """Of the best F1 on validation; a run without validation has none."""
    assert validation_f1(metrics) == f1


def test_a_bundle_has_a_row_for_each_way_to_run_it(front, checkpoint, tiny_net, card, tmp_path):
    """Backend and precision as inspected, and how well the masks agree with FP32."""
    config = checkpoint.config.model_dump(mode="json")
    known = replace(card, provenance=replace(card.provenance, config=config))
    (tmp_path / "bundle").mkdir()
    bundle = write_files(tiny_net, [(96, 64)], known, tmp_path / "bundle")
    *own, reference = json.loads(front("bundle", "--json"))["networks"]
    ways = [str(each).partition(" ")[2] for each in variants(bundle)]
    assert [row["runs_on"].rpartition(", ")[2] for row in own] == ways
    assert {row["name"] for row in own} == {"tiny 0.0.1"}
    assert own[0]["mask_iou"] == 1.0
    assert reference["mask_iou"] is None


def test_the_table_is_printed_as_it_is_written(front, tmp_path):
    """Whole, also where it is read by another program."""
    assert front("small.pt") == (tmp_path / "out" / "front.md").read_text()


def test_one_command_writes_table_numbers_and_picture(front, tmp_path):
    """Configuration, checkpoint and reference have a row each, with what is known of them."""
    printed = front("small.toml", "small.pt", "--left-out", "trained=left.json", "--json")
    text = (tmp_path / "out" / "front.json").read_text()
    assert json.loads(printed) == json.loads(text)
    rows = {row["name"]: row for row in json.loads(text)["networks"]}
    assert list(rows) == ["small", "trained", "reference"]
    known = [(row["f1"], row["f1_left_out"]) for row in rows.values()]
    assert known == [(None, None), (0.5, 0.625), (None, None)]
    assert rows["reference"]["faster_a_pixel"] == pytest.approx(1)
    sizes = [
        (row["complexity"]["width_px"], row["complexity"]["height_px"]) for row in rows.values()
    ]
    assert sizes == [(64, 32), (64, 32), (32, 16)]
    table = (tmp_path / "out" / "front.md").read_text()
    assert all(f"| {name} |" in table for name in rows)
    assert (tmp_path / "out" / "front.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("left_out", "code", "named"),
    [
        ("other=left.json", 2, "other"),
        ("left.json", 2, "left.json"),
        ("small=none.json", 66, "none.json"),
        ("small=small.toml", 66, "small.toml"),
    ],
)
def test_scores_that_cannot_be_used_are_refused(front, left_out, code, named):
    """A name of no network, no name, a missing file, a file of another kind; it is named."""
    with pytest.raises(EdgecrackError, match=rf"\b{named}\b") as caught:
        front("small.toml", "--left-out", left_out)
    assert caught.value.exit_code == code
