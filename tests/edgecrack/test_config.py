"""What a run may be told, in a file and on the command line, and every file that ships."""

from pathlib import Path

import pytest

from edgecrack.config import RunConfig, configure
from edgecrack.errors import ConfigError, UsageError
from edgecrack.records import Region
from edgecrack.toml import read_toml

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
UNIT = CONFIGS / "unit.toml"


def test_the_units_file_that_ships_is_understood():
    """It configures a run; the training files are read in ``tests/training/test_config.py``."""
    assert configure({}, UNIT)


def test_the_example_names_every_key():
    """Whoever reads unit.toml sees all there is, and the values of what is not commented out."""
    text = UNIT.read_text()
    for key in RunConfig.model_fields:
        assert f"\n{key} = " in text or f"\n# {key} = " in text
    settled = set(read_toml(UNIT)) - {"source", "region", "live"}
    for key in settled:
        assert read_toml(UNIT)[key] == RunConfig.model_fields[key].default


def test_the_command_line_wins():
    """What is typed replaces what is written; the rest stays."""
    found = configure({"source": "drive.mp4", "live": False}, UNIT)
    assert (found.source, found.live) == ("drive.mp4", False)
    assert found.region_px == Region(0, 360, 1280, 360)


def test_little_need_be_said():
    """A source is enough, and nothing is set that was not said."""
    found = configure({"source": "drive.mp4"})
    assert found == RunConfig(source="drive.mp4")
    assert (found.region_px, found.start_ns, found.model, found.out) == (None, None, None, None)


WRONG = [
    ("video_start", "yesterday", "an instant from 1970 to 2100 is written like"),
    ("video_start", "9999-12-31T23:59:59Z", "an instant from 1970 to 2100"),
    ("video_start", "1969-12-31T23:59:59Z", "an instant from 1970 to 2100"),
    ("region", [0, 0, 0, 10], "region"),
    ("region", [-1, 0, 5, 10], "region"),
    ("region", [0, 0, 5], "region"),
    ("rate_fps", 0, "greater than 0"),
    ("rate_fps", float("nan"), "rate_fps"),
    ("min_crack_share", 1.5, "less than or equal to 1"),
    ("max_gap_s", 61, "less than or equal to 60"),
    ("all_masks", "perhaps", "boolean"),
    ("source", 5, "string"),
]


@pytest.mark.parametrize(("key", "value", "words"), WRONG)
def test_a_value_that_cannot_be_is_the_fault_of_who_said_it(tmp_path, key, value, words):
    """Typed, it is an error of usage; written, one of configuration that names the file."""
    with pytest.raises(UsageError, match="the command line") as typed:
        configure({"source": "a.mp4", key: value})
    assert words in str(typed.value)
    assert key in str(typed.value)

    file = tmp_path / "unit.toml"
    written = f"{value!r}".replace("'", '"')
    file.write_text(f"{key} = {written}\n" + ("" if key == "source" else 'source = "a.mp4"\n'))
    with pytest.raises(ConfigError, match=r"unit\.toml") as found:
        configure({}, file)
    assert words in str(found.value)
    with pytest.raises(UsageError):
        configure({key: value}, UNIT)


@pytest.mark.parametrize(
    ("key", "near"),
    [("regoin", "region"), ("min_crack", "min_crack_share"), ("overlays", "overlay")],
)
def test_an_unknown_key_is_refused_and_the_nearest_named(tmp_path, key, near):
    """A misspelt setting is never silently the default."""
    file = tmp_path / "unit.toml"
    file.write_text(f'source = "a.mp4"\n{key} = 1\n')
    with pytest.raises(ConfigError, match=f"there is no key '{key}'; did you mean '{near}'"):
        configure({}, file)


def test_a_file_needs_a_source(tmp_path):
    """Without a source there is nothing to survey, wherever it was forgotten."""
    file = tmp_path / "unit.toml"
    file.write_text("live = true\n")
    with pytest.raises(ConfigError, match="the key 'source' is needed and missing"):
        configure({}, file)
    with pytest.raises(ConfigError, match="must be a readable TOML file"):
        configure({}, tmp_path / "none.toml")
