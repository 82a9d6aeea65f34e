"""Settings that cannot be together are refused where a configuration is read."""

import pytest

from edgecrack.config import SPECS, configure, settings
from edgecrack.doctor.unit import read_unit
from edgecrack.errors import ConfigError, UsageError
from edgecrack.settings import setting_of
from tests.edgecrack.test_config import UNIT

ROLLS = {"storage": {"roll_minutes": 10.0}}
APART = [
    ({"output": {"overlay": True}, **ROLLS}, "output.overlay (--overlay)"),
    ({"output": {"overlay": True}, "storage": {"roll_mb": 5.0}}, "--roll-mb 0 does not roll"),
    ({"upload": {"address": "https://host/a"}}, "upload.address (--upload) needs"),
    ({"storage": {"most_gb": 5.0}}, "storage.most_gb (--most-gb) needs"),
    ({"storage": {"overwrite": True}}, "storage.overwrite (--overwrite) needs"),
]
IDS = ["overlay", "overlay mb", "upload", "most_gb", "overwrite"]


def typed(tables):
    """Return what is typed: a source and these."""
    return {"source": {"address": "a.mp4"}, **tables}


def file_of(tables, path):
    """Write a unit.toml."""
    lines = []
    for table, values in tables.items():
        lines.append(f"[{table}]")
        lines += [
            f"{key} = {repr(value).lower() if isinstance(value, bool) else repr(value)}"
            for key, value in values.items()
        ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(("tables", "words"), APART, ids=IDS)
def test_what_cannot_be_together_is_refused(tables, words, tmp_path):
    """Typed: an error of usage; in a file: one of the file, which the doctor sees, too."""
    with pytest.raises(UsageError) as usage:
        configure(typed(tables))
    file = file_of(tables, tmp_path / "unit.toml")
    with pytest.raises(ConfigError) as config:
        configure(typed({}), file)
    assert str(config.value) == f"{file}: {usage.value}"
    assert words in str(usage.value)
    assert "storage.roll_" in str(usage.value)
    assert "leave" in str(usage.value)
    assert words in read_unit(file).problem


def test_what_is_typed_against_the_file_is_an_error_of_usage():
    """The unit's file is good: it is the command line that cannot be."""
    for tables in ({"output": {"overlay": True}}, {"output": {"folder": "x"}}):
        with pytest.raises(UsageError, match="--roll-minutes 0"):
            configure(typed(tables), UNIT)


def test_rolling_is_switched_off_on_the_command_line(tmp_path):
    """0 makes one folder of its own, whatever the file says of rolling and of segments."""
    off = {"storage": {"roll_minutes": 0}, "output": {"overlay": True, "folder": "x"}}
    assert not configure(typed(off), UNIT).storage.rolls
    kept = {"storage": {"roll_minutes": 10.0, "most_gb": 5.0, "overwrite": True}}
    file = file_of({**kept, "upload": {"address": "https://host/a"}}, tmp_path / "unit.toml")
    assert configure(typed({}), file).storage.rolls
    assert not configure(typed(off), file).storage.rolls
    with pytest.raises(UsageError, match="--most-gb"):
        configure(typed({"storage": {"roll_minutes": 0, "most_gb": 1.0}}), file)


def test_zero_is_told_in_the_help():
    """Whoever looks for the way out finds it."""
    helps = {each.name: setting_of(each).help for each in settings(SPECS["storage"])}
    assert "0 does not" in helps["roll_minutes"]
    assert "0 does not" in helps["roll_mb"]
