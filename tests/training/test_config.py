"""A training run is configured by one file, and unknown keys and wrong values are refused."""

import copy
from pathlib import Path
from typing import Any

import pytest

from edgecrack.errors import ConfigError
from training.complexity import complexity_of
from training.config import TrainConfig, load_config, parse_config
from training.dataset import part_of
from training.split import PARTS, read_split

CONFIGS = sorted((Path(__file__).resolve().parents[2] / "configs" / "train").glob("*.toml"))
ON_REAL_DATA = [path for path in CONFIGS if path.stem != "starter"]
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
    """Return the message with which a document is refused."""
    with pytest.raises(ConfigError) as caught:
        parse_config(document, "a.toml")
    message = str(caught.value)
    assert message.startswith("a.toml: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_committed_configuration_loads(path):
    """Its splits are committed, and it states the terms of its data."""
    config = load_config(path)
    assert config.name == path.stem
    for data in config.data:
        assert not (data.split and data.split.file) or read_split(data.split.file)
        assert data.licence != "not stated"


@pytest.mark.real_data
@pytest.mark.parametrize("path", ON_REAL_DATA, ids=lambda path: path.stem)
def test_every_committed_configuration_finds_its_data(path, shared_data):
    """Its data sets have pictures."""
    for data in load_config(path).data:
        assert sum(len(part_of(data, shared_data, part)) for part in PARTS) > 0


def test_the_default_models_configuration_is_committed():
    """Both halves of its training can be repeated."""
    assert {"crack-s-base", "crack-s"} <= {path.stem for path in CONFIGS}


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
    """At the top level, in every section and in every data set."""
    message = refusal(changed(section, **{key: 1}))
    assert f"{key}'; did you mean '{nearest}'?" in message


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("", "data", []),
        ("", "name", 3),
        ("model", "widths", [8]),
        ("model", "stem", 3),
        ("model", "in_channels", 1),
        ("loss", "weighting", "focal"),
        ("loss", "beta", 0.0),
        ("loss", "beta_end", 0.0),
        ("loss", "gamma", float("nan")),
        ("augment", "zoom_min", 0.0),
        ("augment", "noise", float("inf")),
        ("fit", "batch", 0),
        ("fit", "batch", 2.5),
        ("fit", "crop_px", 0),
        ("fit", "steps_per_epoch", 0),
        ("fit", "epochs", 0),
        ("fit", "learning_rate", float("inf")),
        ("fit", "learning_rate", 0.0),
        ("fit", "learning_rate", 1.1),
        ("fit", "weight_decay", -0.1),
        ("fit", "ema", 1.0),
        ("fit", "ema", -0.1),
        ("fit", "seed", -1),
        ("fit", "schedule", "linear"),
        ("fit", "precision", "int8"),
        ("fit", "workers", -1),
        ("fit", "threads", -1),
        ("fit", "validate_every", -1),
        ("data", "scale", 0.0),
        ("data", "scale", 1.5),
        ("data", "weight", -1.0),
        ("data", "mask_threshold", 255),
        ("data", "mask_threshold", -1),
        ("data", "crack_share", 1.1),
        ("data", "crack_share", -0.1),
        ("data", "validate_px", 101),
        ("data", "validate_px", -1),
        ("data", "zoom_min", 3.0),
        ("data", "images", []),
        ("data", "areas", ["a", "b"]),
        ("data", "labelled", "lane"),
        ("data", "labelled", "road"),  # without areas
        ("augment", "copy_from", "nowhere"),
        ("loss", "c", -1.0),
    ],
)
def test_a_wrong_value_is_refused(section, key, value):
    """A wrong type or a value out of bounds is named by its key."""
    assert key in refusal(changed(section, **{key: value}))


def test_a_set_needs_crack_masks_or_area_masks():
    """With areas alone it has no crack labels; with neither it is refused."""
    streets = changed("data", masks=[], areas=["a"])
    assert not parse_config(streets, "a.toml").data[0].has_crack_labels
    assert parse_config(SMALL, "a.toml").data[0].has_crack_labels
    assert "areas" in refusal(changed("data", masks=[]))


@pytest.mark.parametrize(
    ("values", "counts"), [({"masks": []}, ()), ({"images": ["a", "b"]}, ("2", "1"))]
)
def test_each_folder_of_pictures_needs_its_folder_of_masks(values, counts):
    """Missing folders are counted, and the data set is named."""
    message = refusal(changed("data", **values))
    assert "'d'" in message
    assert "masks" in message
    assert all(count in message for count in counts)


def test_two_data_sets_of_one_name_are_refused():
    """Scores are listed by the name of the set, so it must be unique."""
    document = copy.deepcopy(SMALL)
    document["data"] = [SMALL["data"][0], SMALL["data"][0]]
    assert "['d', 'd']" in refusal(document)


def test_batch_norm_needs_something_to_average_over():
    """A batch of one value a channel is refused before it fails in the first step."""
    document = {
        **changed("fit", batch=1, crop_px=8),
        "model": {"widths": [4, 8, 8, 8], "batch_norm": True},
    }
    assert "batch_norm" in refusal(document)
    document["fit"] = {"batch": 1, "crop_px": 9}
    parse_config(document, "a.toml")


def test_a_set_may_have_its_own_zoom():
    """A data set's zoom replaces that of [augment]; the rest is unchanged."""
    document = changed("data", zoom_max=2.0, flip_vertical=True)
    document["augment"] = {"zoom_min": 0.5, "noise": 3.0}
    config = parse_config(document, "a.toml")
    own = config.augment_of(config.data[0])
    assert (own.zoom_min, own.zoom_max, own.noise) == (0.5, 2.0, 3.0)
    assert own.flip_vertical


def test_a_configuration_can_be_read_from_its_json():
    """The JSON copy next to a checkpoint gives the same configuration."""
    config = load_config(CONFIGS[0])
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("content", [None, b"name = ", b"\xff\xfe\x00"])
def test_an_unreadable_file_is_named(tmp_path, content):
    """A missing file, or one that is not TOML, is a ConfigError."""
    if content is not None:
        (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"/a\.toml\b"):
        load_config(tmp_path / "a.toml")


def test_areas_and_all_road_exclude_each_other():
    """Both say where the road is."""
    assert "all_road" in refusal(changed("data", all_road=True, areas=["areas"]))


def test_only_roads_without_crack_labels_can_be_free_of_cracks():
    """Where cracks are labelled the labels say so; without areas no road is known."""
    assert parse_config(changed("data", masks=[], areas=["a"], crack_free=True), "made up")
    assert "crack_free" in refusal(changed("data", areas=["areas"], crack_free=True))
    assert "crack_free" in refusal(changed("data", crack_free=True))


def test_the_family_shares_one_recipe():
    """Loss, augmentation and data are the same, and each costs more than the one before."""
    family = [load_config(CONFIGS[0].with_name(f"crack-{size}.toml")) for size in "nsm"]
    recipes = [config.model_dump(include={"loss", "augment", "data"}) for config in family]
    assert recipes[0] == recipes[1] == recipes[2]
    costs = [complexity_of(config.model, 960, 540) for config in family]
    assert costs[0].macs < costs[1].macs < costs[2].macs
    assert costs[0].parameters < costs[1].parameters < costs[2].parameters
