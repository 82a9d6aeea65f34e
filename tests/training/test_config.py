"""A training run is told what to do in one file, and what it is not told is refused."""

import copy
from pathlib import Path
from typing import Any

import pytest

from edgecrack.errors import ConfigError
from training.config import TrainConfig, load_config, parse_config
from training.dataset import PARTS, part_of, read_split

CONFIGS = sorted((Path(__file__).resolve().parents[2] / "configs" / "train").glob("*.toml"))
SMALL: dict[str, Any] = {"name": "small", "data": [{"name": "d", "images": ["i"], "masks": ["m"]}]}


def changed(section, **values):
    """Return the small document with values put into one section, or beside its first data set."""
    document: dict[str, Any] = copy.deepcopy(SMALL)
    if section == "data":
        document["data"][0].update(values)
    elif section:
        document[section] = values
    else:
        document.update(values)
    return document


def refusal(document):
    """Return the one sentence a document is refused with."""
    with pytest.raises(ConfigError) as caught:
        parse_config(document, "a.toml")
    message = str(caught.value)
    assert message.startswith("a.toml: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_committed_configuration_loads(path):
    """It is understood, its splits are committed, and it states the terms of its data."""
    config = load_config(path)
    assert config.name == path.stem
    for data in config.data:
        assert data.split is None or read_split(data.split)
        assert data.licence != "not stated"


@pytest.mark.real_data
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_committed_configuration_finds_its_data(path, shared_data):
    """Its data lie where it says."""
    for data in load_config(path).data:
        assert sum(len(part_of(data, shared_data, part)) for part in PARTS) > 0


def test_there_is_a_committed_configuration():
    """The default model can be trained again."""
    assert "vehicle" in {path.stem for path in CONFIGS}


def test_the_defaults_are_the_papers():
    """Adam 3e-4, batch 2, 300 steps an epoch, [64..1024], exponential weight and Jaccard."""
    config = parse_config(SMALL, "a.toml")
    fit = config.fit
    assert (fit.learning_rate, fit.batch, fit.steps_per_epoch) == (3e-4, 2, 300)
    assert config.model.widths == (64, 128, 256, 512, 1024)
    assert (config.loss.weighting, config.loss.a, config.loss.b) == ("exp", 20, 1)


@pytest.mark.parametrize(
    ("section", "key", "nearest"),
    [
        ("", "modle", "model"),
        ("model", "widhts", "widths"),
        ("loss", "weigthing", "weighting"),
        ("augment", "rotation", "rotation_deg"),
        ("fit", "learningrate", "learning_rate"),
        ("data", "mask_treshold", "mask_threshold"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_named(section, key, nearest):
    """At the top, in every section and in every data set."""
    message = refusal(changed(section, **{key: 1}))
    assert f"{key}'; did you mean '{nearest}'?" in message


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("", {"data": []}, "at least 1"),
        ("", {"name": 3}, "name = 3"),
        ("model", {"widths": [8]}, "two or more"),
        ("model", {"stem": 3}, "must be 1, 2 or 4"),
        ("model", {"in_channels": 1}, "pictures are RGB"),
        ("loss", {"weighting": "focal"}, "'xie', 'power', 'log' or 'exp'"),
        ("loss", {"beta": 0.0}, "above 0"),
        ("loss", {"gamma": float("nan")}, "finite"),
        ("augment", {"zoom_min": 0.0}, "zoom_min must be above 0"),
        ("augment", {"noise": float("inf")}, "finite"),
        ("fit", {"batch": 0}, "greater than 0"),
        ("fit", {"batch": 2.5}, "integer"),
        ("fit", {"learning_rate": float("inf")}, "finite"),
        ("fit", {"learning_rate": -1.0}, "greater than 0"),
        ("fit", {"learning_rate": 3.0}, "less than or equal to 1"),
        ("fit", {"ema": 1.0}, "less than 1"),
        ("fit", {"seed": -1}, "greater than or equal to 0"),
        ("fit", {"schedule": "linear"}, "'constant' or 'cosine'"),
        ("data", {"scale": 0.0}, "greater than 0"),
        ("data", {"scale": 1.5}, "less than or equal to 1"),
        ("data", {"mask_threshold": 255}, "less than or equal to 254"),
        ("data", {"crack_share": 2.0}, "less than or equal to 1"),
        ("data", {"validate_px": 1e6}, "less than or equal to 100"),
        ("data", {"zoom_min": 3.0}, "zoom_min must be above 0 and no more than zoom_max"),
        ("data", {"images": []}, "at least 1"),
        ("data", {"masks": []}, "lists no folder of masks"),
        ("data", {"images": ["a", "b"]}, "2 folders of pictures and 1 of masks"),
    ],
)
def test_a_value_that_cannot_be_is_refused(section, values, said):
    """A wrong type, a value out of bounds or a contradiction says what was wrong."""
    assert said in refusal(changed(section, **values))


def test_two_data_sets_of_one_name_are_refused():
    """A score is told apart by the name of its set."""
    document = copy.deepcopy(SMALL)
    document["data"] = [SMALL["data"][0], SMALL["data"][0]]
    assert "two data sets have one name" in refusal(document)


def test_batch_norm_needs_something_to_average_over():
    """A batch of one that becomes one cell is refused before it fails in the first step."""
    document = {
        **changed("fit", batch=1, crop_px=8),
        "model": {"widths": [4, 8, 8, 8], "batch_norm": True},
    }
    assert "batch_norm needs" in refusal(document)
    document["fit"] = {"batch": 1, "crop_px": 9}
    parse_config(document, "a.toml")


def test_a_set_may_have_its_own_zoom():
    """What a data set says of zoom holds for it, the rest comes from [augment]."""
    document = changed("data", zoom_max=2.0)
    document["augment"] = {"zoom_min": 0.5, "noise": 3.0}
    config = parse_config(document, "a.toml")
    own = config.augment_of(config.data[0])
    assert (own.zoom_min, own.zoom_max, own.noise) == (0.5, 2.0, 3.0)


def test_a_configuration_survives_its_copy():
    """What is kept beside a checkpoint as JSON is the same configuration again."""
    config = load_config(CONFIGS[0])
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("content", [None, b"name = ", b"\xff\xfe\x00"])
def test_an_unreadable_file_is_named(tmp_path, content):
    """A missing file or one that is no TOML ends in one sentence."""
    if content is not None:
        (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.toml"):
        load_config(tmp_path / "a.toml")
