"""A run that starts from a checkpoint: which one, how it compares with it, and when it stops."""

import itertools
import json
import sys
from dataclasses import replace

import pytest
import torch

from edgecrack.errors import ConfigError, InputError, SinkError
from training import loop, shipped
from training.checkpoint import load_checkpoint, packed, save_checkpoint
from training.commands import app
from training.loop import Trainer
from training.scoring import held_sets
from training.shipped import shipped_names, start_path
from training.toml_text import toml_text
from training.validation import Validation, validate

SHORT = {"steps_per_epoch": 1, "epochs": 6}


class SilentCallback:
    """A callback that does nothing."""

    def step(self, done, loss):
        """Ignore a step."""

    def epoch(self, epoch, net):
        """Ignore an epoch."""


@pytest.fixture(scope="module")
def trained(road, configured):
    """A checkpoint of a network that has learnt a little."""
    trainer = Trainer(configured(fit={"steps_per_epoch": 30, "epochs": 2, "batch": 4}), road)
    *_, epoch = trainer.epochs(SilentCallback())
    return trainer.checkpoint(epoch)


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs ``edgecrack-train``, and returns stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgecrack-train", *map(str, arguments)])
        app(standalone_mode=False)
        return capsys.readouterr()

    return run


@pytest.fixture
def scripted(monkeypatch):
    """Return a function that makes validations have these qualities, one after the other."""

    def script(*qualities):
        remaining = iter(qualities)
        monkeypatch.setattr(
            loop, "validate", lambda _net, _sets: Validation(quality=next(remaining))
        )

    return script


def started_from(path, configured, **fit):
    """Return a short configuration that starts from a checkpoint."""
    return configured(fit={**SHORT, **fit}).model_copy(update={"start": str(path)})


def write(config, path):
    """Write a configuration as TOML."""
    path.write_text(toml_text(config.model_dump(mode="json")))
    return path


def test_a_packed_checkpoint_is_the_same_network_in_less_room(trained, road, tmp_path):
    """A third of the bytes or less, the same scores within 0.1 %, and all that is known of it."""
    save_checkpoint(trained, tmp_path / "whole.pt")
    save_checkpoint(packed(trained), tmp_path / "packed.pt")
    whole, small = (load_checkpoint(tmp_path / f"{name}.pt") for name in ("whole", "packed"))
    weight_bytes = [
        sum(value.nbytes for value in checkpoint.weights.values()) for checkpoint in (whole, small)
    ]
    assert weight_bytes[1] < 0.52 * weight_bytes[0]
    assert (tmp_path / "packed.pt").stat().st_size < (tmp_path / "whole.pt").stat().st_size / 2
    assert (small.config, small.metrics, small.data) == (whole.config, whole.metrics, whole.data)
    assert {value.dtype for value in small.network().state_dict().values()} == {
        torch.float32,
        torch.int64,
    }
    sets = held_sets(whole.config, road)
    qualities = [validate(checkpoint.network(), sets).quality for checkpoint in (whole, small)]
    assert qualities[1] == pytest.approx(qualities[0], abs=1e-3)


def test_a_packed_checkpoint_cannot_be_resumed(trained, road):
    """It says so, and names the file that can."""
    with pytest.raises(InputError, match=r"last\.pt"):
        Trainer(trained.config, road, packed(trained))


def test_weights_too_large_for_16_bits_are_not_packed(trained):
    """The weight is named; an infinite one would be no network."""
    weights = {**trained.weights, "head.bias": trained.weights["head.bias"] + 1e5}
    with pytest.raises(InputError, match=r"head\.bias"):
        packed(replace(trained, weights=weights))


def test_pack_writes_a_new_file_only(trained, tmp_path, command):
    """The command prints what it wrote, and refuses to replace it."""
    save_checkpoint(trained, tmp_path / "best.pt")
    out = tmp_path / "small.pt"
    assert command("pack", tmp_path / "best.pt", "--out", out).out.strip() == str(out)
    assert load_checkpoint(out).resume == {}
    before = out.read_bytes()
    with pytest.raises(SinkError, match=r"small\.pt"):
        command("pack", tmp_path / "best.pt", "--out", out)
    assert out.read_bytes() == before


def test_a_bare_name_is_a_checkpoint_that_comes_with_the_source(
    trained, road, configured, tmp_path, monkeypatch
):
    """A run begins with its weights, and records its data sets and their terms."""
    entry = {"name": "theirs", "licence": "for research", "pictures": 3, "sha256": "ab"}
    save_checkpoint(packed(replace(trained, data=[entry])), tmp_path / "lines.pt")
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    run = Trainer(started_from("lines", configured), road)
    expected = packed(trained).network().state_dict()
    assert all(torch.equal(run.net.state_dict()[name], expected[name]) for name in expected)
    (epoch,) = itertools.islice(run.epochs(SilentCallback()), 1)
    assert [data["name"] for data in run.checkpoint(epoch).data] == ["lines", "theirs"]


def test_every_checkpoint_that_comes_with_the_source_is_packed():
    """Each loads, builds its network, has terms for its data, and nothing only a resume needs."""
    for name in shipped_names():
        checkpoint = load_checkpoint(start_path(name))
        checkpoint.network()
        assert checkpoint.resume == {}
        assert all(entry["licence"] for entry in checkpoint.data)
        assert start_path(name).stat().st_size < 20e6


def test_an_unknown_name_lists_those_there_are(tmp_path, monkeypatch):
    """A name without a file names the others; a path is taken as it is."""
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    (tmp_path / "vehicle.pt").touch()
    (tmp_path / "small.pt").touch()
    with pytest.raises(ConfigError, match=r"'vehicel'.*small, vehicle"):
        start_path("vehicel")
    assert start_path("vehicle") == tmp_path / "vehicle.pt"
    assert str(start_path("vehicle.pt")) == "vehicle.pt"
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "none")
    with pytest.raises(ConfigError, match="'vehicle'"):
        start_path("vehicle")


def test_the_start_is_validated_first(trained, road, configured, tmp_path):
    """Epoch 0 has the start's own scores, and is not repeated when the run is resumed."""
    save_checkpoint(trained, tmp_path / "start.pt")
    config = started_from(tmp_path / "start.pt", configured, epochs=2)
    run = Trainer(config, road)
    first, second = itertools.islice(run.epochs(SilentCallback()), 2)
    assert (first.number, first.loss, second.number) == (0, None, 1)
    assert first.is_best
    expected = validate(trained.network(), held_sets(config, road))
    assert first.validation == expected
    resumed = Trainer(config, road, run.checkpoint(second))
    assert [epoch.number for epoch in resumed.epochs(SilentCallback())] == [2]


def test_without_a_start_or_validation_there_is_no_epoch_0(trained, road, configured, tmp_path):
    """Random weights have no score worth a line."""
    save_checkpoint(trained, tmp_path / "start.pt")
    configs = [
        configured(fit={**SHORT, "epochs": 1}),
        started_from(tmp_path / "start.pt", configured, epochs=1, validate_every=0),
    ]
    for config in configs:
        epochs = list(Trainer(config, road).epochs(SilentCallback()))
        assert [epoch.number for epoch in epochs] == [1]


def test_fit_tells_how_the_result_compares_with_the_start(
    trained, road, configured, tmp_path, command
):
    """A row for each set, of the figures in metrics.jsonl; again when nothing is left to do."""
    save_checkpoint(trained, tmp_path / "start.pt")
    config = started_from(tmp_path / "start.pt", configured, epochs=2, steps_per_epoch=10)
    options = ("fit", write(config, tmp_path / "a.toml"), "--out", tmp_path / "out", "--data", road)
    printed = command(*options)
    lines = (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()
    entries = {entry["number"]: entry["validation"] for entry in map(json.loads, lines)}
    assert list(entries) == [0, 1, 2]
    best = load_checkpoint(tmp_path / "out" / "best.pt").epoch
    f1 = [100 * entries[number]["scores"]["lines"]["ods"]["f1"] for number in (0, best)]
    (row,) = [line for line in printed.err.splitlines() if line.startswith("lines, F1 within 1 px")]
    assert row.split()[-2:] == [f"{value:.3f}" for value in f1]
    table = printed.err.splitlines()[-3:]
    assert command(*options, "--resume").err.splitlines() == table


def test_a_run_that_makes_nothing_better_keeps_its_start(
    trained, road, configured, tmp_path, command
):
    """best.pt is then the start itself, and the table says that no epoch is better."""
    save_checkpoint(trained, tmp_path / "start.pt")
    config = started_from(tmp_path / "start.pt", configured, epochs=1, learning_rate=0.5)
    options = ("fit", write(config, tmp_path / "a.toml"), "--out", tmp_path / "out", "--data", road)
    assert "none better" in command(*options).err
    best = load_checkpoint(tmp_path / "out" / "best.pt")
    assert best.epoch == 0
    assert all(torch.equal(best.weights[name], trained.weights[name]) for name in best.weights)


@pytest.mark.parametrize(
    ("qualities", "epochs"),
    [
        ((0.5, 0.4, 0.5, 0.6, 0.6, 0.6), 6),
        ((0.5, 0.5, 0.4, 0.3), 4),
        ((0.1, 0.2, 0.3, 0.4, 0.5, 0.6), 6),
    ],
)
def test_a_run_stops_when_it_gets_no_better(road, configured, scripted, qualities, epochs):
    """After three validations in a row that are not above the best; equal is not better."""
    scripted(*qualities)
    run = Trainer(configured(fit={**SHORT, "stop_after": 3}), road)
    assert len(list(run.epochs(SilentCallback()))) == epochs
    assert run.stopped_early == (epochs < 6)


def test_only_validations_count(road, configured, scripted):
    """With one every second epoch, two of them are four epochs."""
    scripted(0.5, 0.4, 0.4)
    config = configured(fit={**SHORT, "epochs": 20, "validate_every": 2, "stop_after": 2})
    assert len(list(Trainer(config, road).epochs(SilentCallback()))) == 6


def test_by_default_a_run_goes_on(road, configured, scripted):
    """0 never stops."""
    scripted(0.5, *[0.1] * 5)
    assert len(list(Trainer(configured(fit=SHORT), road).epochs(SilentCallback()))) == 6


def test_a_resumed_run_goes_on_counting(road, configured, scripted, tmp_path):
    """Two validations before the stop and one after it are three; then nothing is left to do."""
    scripted(0.5, 0.4, 0.3, 0.2)
    config = configured(fit={**SHORT, "stop_after": 3})
    run = Trainer(config, road)
    *_, epoch = itertools.islice(run.epochs(SilentCallback()), 3)
    save_checkpoint(run.checkpoint(epoch), tmp_path / "last.pt")
    resumed = Trainer(config, road, load_checkpoint(tmp_path / "last.pt"))
    (epoch,) = resumed.epochs(SilentCallback())
    assert epoch.number == 4
    save_checkpoint(resumed.checkpoint(epoch), tmp_path / "last.pt")
    again = Trainer(config, road, load_checkpoint(tmp_path / "last.pt"))
    assert list(again.epochs(SilentCallback())) == []
    assert again.stopped_early


def test_fit_says_that_it_stopped_early(road, configured, scripted, tmp_path, command):
    """The key that decides is named."""
    scripted(0.5, 0.4)
    config = configured(fit={**SHORT, "stop_after": 1})
    path = write(config, tmp_path / "a.toml")
    printed = command("fit", path, "--out", tmp_path / "out", "--data", road).err
    assert "fit.stop_after" in printed
    assert "epoch 2" in printed
