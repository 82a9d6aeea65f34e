"""``edgecrack-train config`` begins a configuration, checks it, and explains every key."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgecrack.errors import EdgecrackError
from edgecrack.toml import read_toml
from training.checkpoint import Checkpoint, save_checkpoint
from training.commands import app
from training.config import TrainConfig, load_config, parse_config
from training.key_reference import tables
from training.toml_text import toml_text
from training.unet import UNet

CONFIGS = sorted((Path(__file__).resolve().parents[2] / "configs" / "train").glob("*.toml"))


@pytest.fixture
def parsed(tmp_path):
    """Return a function: text of a TOML document -> its values."""

    def parse(text):
        (tmp_path / "printed.toml").write_text(text)
        return read_toml(tmp_path / "printed.toml")

    return parse


@pytest.fixture
def config(monkeypatch, capsys):
    """Return a function that runs ``edgecrack-train config``, and returns what it prints."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgecrack-train", "config", *map(str, arguments)])
        app(standalone_mode=False)
        return capsys.readouterr().out

    return run


def test_every_key_is_explained(config):
    """Each key that is accepted, in its table, with a sentence and with its own default."""
    explained = json.loads(config("--explain", "--json"))
    names = {table["name"]: {key["name"] for key in table["keys"]} for table in explained}
    assert list(names) == ["", "model", "loss", "augment", "fit", "data", "data.split"]
    whole = parse_config(
        {"name": "a", "data": [{"name": "b", "images": ["c"], "masks": ["d"], "split": "e"}]}, "a"
    ).model_dump()
    dumped = {"": whole, "data": whole["data"][0], "data.split": whole["data"][0]["split"]}
    for name, keys in names.items():
        assert keys == set(dumped.get(name) or whole[name])
    assert all(key["meaning"].endswith(".") for table in explained for key in table["keys"])
    fit = next(table for table in explained if table["name"] == "fit")
    epochs = next(key for key in fit["keys"] if key["name"] == "epochs")
    assert (epochs["kind"], epochs["default"]) == ("integer, above 0", "20")


def test_what_must_be_given_is_said():
    """The name, and name and folders of a data set; everything else has a default."""
    needed = {(t.name, key.name) for t in tables() for key in t.keys if key.default is None}
    assert needed == {("", "name"), ("", "data"), ("data", "name"), ("data", "images")}


def test_the_reference_can_be_read(config):
    """Each table has a heading, each key its choices, its default and its meaning."""
    printed = config("--explain")
    for words in ("[fit]: ", "[data.split]: ", '"constant" or "cosine"', "default: 20", "Adam"):
        assert words in printed


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_a_file_resolves_to_is_a_configuration(config, parsed, path):
    """The TOML and the JSON that are printed are the same configuration, every default written."""
    checked = load_config(path)
    printed = config(path)
    assert "learning_rate = " in printed
    assert parse_config(parsed(printed), "printed") == checked
    assert TrainConfig.model_validate_json(config(path, "--json")) == checked


@pytest.mark.parametrize(
    "text", ['a "b"', "back\\slash", "tab\tnewline\n", "\x7f\x01", "\u00e9\U0001f6e3"]
)
def test_any_text_can_be_written_as_toml(parsed, text):
    """Quotes, control characters, other alphabets."""
    assert parsed(toml_text({"name": text})) == {"name": text}


def test_pictures_are_counted_where_the_data_folder_is_named(config, parsed, road, tmp_path):
    """And the ids of each part are printed, drawn by the shares."""
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\n[[data]]\nname = "lines"\nimages = ["lines/images"]\n'
        'masks = ["lines/masks"]\nsplit = {validation = 0.2, test = 0.2}\n'
    )
    printed = config(path, "--data", road)
    assert printed.startswith("# lines: 8 train, 3 validation, 3 test pictures\n")
    assert len(parsed(printed)["data"][0]["split"]["ids"]["train"]) == 8


def test_a_new_configuration_is_a_whole_one(config, tmp_path):
    """It loads, is validated by pictures of its own, and never replaces a file."""
    path = tmp_path / "mine.toml"
    assert config("--new", path).strip() == str(path)
    (data,) = load_config(path).data
    assert data.split.by_shares
    assert data.validate_px is not None
    path.write_text("mine")
    with pytest.raises(EdgecrackError, match=r"mine\.toml") as refused:
        config("--new", path)
    assert refused.value.exit_code == 74
    assert path.read_text() == "mine"


def test_a_new_configuration_with_a_start_has_its_network(config, tmp_path):
    """And the crack weight that its training ended with, and a lower learning rate; no more."""
    data = {"name": "lines", "images": ["lines/images"], "masks": ["lines/masks"]}
    model = {"widths": [4, 8, 16], "stem": 4, "road": True}
    values = {"name": "a", "model": model, "loss": {"beta_end": 0.2}, "data": [data]}
    trained = parse_config(values, "made up")
    weights = UNet(trained.model).state_dict()
    save_checkpoint(Checkpoint(trained, 1, weights, {}, {}, [], 0.5), tmp_path / "a.pt")
    start, plain, mine = (tmp_path / name for name in ("a.pt", "plain.toml", "mine.toml"))
    config("--new", plain)
    config("--new", mine, "--start", start)
    plain, mine = load_config(plain), load_config(mine)
    assert (mine.start, mine.model) == (str(start), trained.model)
    assert mine.fit.learning_rate < plain.fit.learning_rate
    fit = mine.fit.model_copy(update={"learning_rate": plain.fit.learning_rate})
    assert (mine.loss.beta, mine.loss.beta_end) == (0.2, None)
    same = {"start": None, "model": plain.model, "loss": plain.loss, "fit": fit}
    assert plain == mine.model_copy(update=same)


def test_a_start_that_is_not_there_is_told_before_anything_is_written(config, tmp_path):
    """And it is for a new configuration alone."""
    with pytest.raises(EdgecrackError, match="no-such"):
        config("--new", tmp_path / "a.toml", "--start", "no-such")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(EdgecrackError, match="--new") as refused:
        config("a.toml", "--start", "vehicle")
    assert refused.value.exit_code == 2


def test_a_name_that_is_no_utf_8_is_printed_as_it_is(environment, tmp_path):
    """A shell can use what it reads, whatever the encoding of the terminal."""
    path = tmp_path / os.fsdecode(b"caf\xe9.toml")
    ended = subprocess.run(
        [sys.executable, "-m", "training", "config", "--new", path],
        env={**environment, "PYTHONIOENCODING": "utf-8:strict"}, capture_output=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout == os.fsencode(path) + b"\n"


@pytest.mark.parametrize("arguments", [(), ("a.toml", "--explain"), ("a.toml", "--new", "b.toml")])
def test_one_thing_is_done_at_a_time(config, arguments):
    """A file to check, a new one, or the reference; else exit code 2."""
    with pytest.raises(EdgecrackError, match="--explain") as refused:
        config(*arguments)
    assert refused.value.exit_code == 2
