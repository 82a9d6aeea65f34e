"""What a run may be told, in a file and on the command line, and every file that ships."""

import json
import os
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from edgecrack.config import SPECS, RunConfig, configure
from edgecrack.errors import ConfigError, UsageError
from edgecrack.sources import SourceSpec
from edgecrack.toml import read_toml

UNIT = Path(__file__).resolve().parents[2] / "configs" / "unit.toml"
KEYS = [
    (table, declared)
    for table, spec in SPECS.items()
    for declared in fields(spec)
    if declared.name != "folder"  # of one run: a file that names it is refused
]


def test_the_file_that_ships_is_understood():
    """The example configures a run as it stands, and searches all of any camera's picture."""
    source = configure({}, UNIT).source
    assert source.address == "test:?width=1280&height=720&fps=25"
    assert source.region is None


@pytest.mark.parametrize(("table", "declared"), KEYS, ids=lambda key: getattr(key, "name", key))
def test_the_example_names_every_key(table, declared):
    """Whoever reads unit.toml sees all there is, with its default where that is a value."""
    section = re.split(r"\n\[(\w+)\]\n", UNIT.read_text())
    text = dict(zip(section[1::2], section[2::2], strict=True))[table]
    assert re.search(rf"^(# )?{declared.name} = ", text, re.MULTILINE)
    written = read_toml(UNIT).get(table, {})
    of_the_example = {"address", "live", "clock", "roll_minutes"}
    if declared.name in written and declared.name not in of_the_example:
        assert type(declared.default)(written[declared.name]) == declared.default


def test_the_command_line_wins_key_by_key():
    """What is typed replaces what is written; other keys of the same table stay."""
    config = configure({"source": {"address": "drive.mp4"}}, UNIT)
    assert (config.source.address, config.source.live) == ("drive.mp4", True)


def test_a_source_is_enough():
    """Nothing is set that was not said."""
    config = configure({"source": {"address": "drive.mp4"}})
    assert config == RunConfig(source=SourceSpec(address="drive.mp4"))
    assert (config.source.region, config.source.start_ns) == (None, None)
    assert (config.model.bundle, config.output.folder) == (None, None)


def test_settings_are_written_as_they_are_read(tmp_path):
    """The JSON of a configuration configures the same run again."""
    typed = {
        "source": {"address": "a.mp4", "region_px": [1, 2, 3, 4]},
        "output": {"folder": str(tmp_path)},
    }
    config = configure(typed)
    assert configure(config.as_json()) == config


WRONG = [
    ("source", "start", "yesterday", "--video-start"),
    ("source", "start", "9999-12-31T23:59:59Z", "--video-start"),
    ("source", "start", "1969-12-31T23:59:59Z", "--video-start"),
    ("source", "start", "2100-01-01T00:00:00Z", "--video-start"),
    ("source", "region_px", [0, 0, 0, 10], "--region"),
    ("source", "region_px", [-1, 0, 5, 10], "--region"),
    ("source", "region_px", [0, 0, 5], "--region"),
    ("source", "rate_fps", 0, "--rate"),
    ("source", "rate_fps", 1001, "--rate"),
    ("source", "rate_fps", float("nan"), "--rate"),
    ("detection", "min_crack_share", 1.5, "--min-crack-share"),
    ("position", "max_gap_s", 0, "--max-gap"),
    ("position", "max_gap_s", 61, "--max-gap"),
    ("position", "standstill", "stop", "--standstill"),
    ("output", "all_masks", "perhaps", "--all-masks"),
    ("model", "precision", "fp64", "--precision"),
    ("model", "size_px", [0, 5], "--size"),
    ("source", "most_age_ms", 100, "--most-age"),
    ("health", "address", "9108", "--health"),
    ("health", "address", "[::g]:9108", "--health"),
    ("health", "address", "localhost:99999", "--health"),
    ("health", "log", "yaml", "--log"),
    ("thermal", "warm_c", 10, "--warm-at"),
    ("thermal", "critical_c", float("nan"), "--critical-at"),
    ("thermal", "hysteresis_c", 0, "--cooler-by"),
    ("thermal", "low_v", 300, "--low-supply"),
    ("source", "address", 5, "SOURCE"),
    ("position", "address", "https://host/a.gpx", "--position"),
    ("model", "bundle", "https://host/bundle", "--model"),
    ("stream", "address", "http://host:8554/live", "--stream"),
    ("stream", "picture", "both", "--stream-picture"),
    ("stream", "bitrate_kbps", 49, "--stream-bitrate"),
    ("stream", "fps", 0.1, "--stream-fps"),
]


@pytest.mark.parametrize(("table", "key", "value", "flag"), WRONG)
def test_a_wrong_value_names_the_flag_or_the_key_and_its_file(tmp_path, table, key, value, flag):
    """Typed, it is an error of usage that names the flag; written, one of the file and its key."""
    typed = {"source": {"address": "a.mp4"}}
    typed[table] = {**typed.get(table, {}), key: value}
    with pytest.raises(UsageError) as usage:
        configure(typed)
    assert flag in str(usage.value)
    with pytest.raises(UsageError):
        configure(typed, UNIT)

    file = tmp_path / "unit.toml"
    address = "" if key == "address" else '[source]\naddress = "a.mp4"\n'
    head = "" if table == "source" and address else f"[{table}]\n"
    value_text = f"{value!r}".replace("'", '"')
    file.write_text(f"{address}{head}{key} = {value_text}\n")
    with pytest.raises(ConfigError) as config:
        configure({}, file)
    assert str(file) in str(config.value)
    assert key in str(config.value)


@pytest.mark.parametrize(
    ("text", "unknown", "near"),
    [
        ("[source]\nregoin_px = 1", "source.regoin_px", "'region_px'"),
        ("[detection]\nmin_crack = 1", "detection.min_crack", "'min_crack_share'"),
        ("[outptu]\noverlay = true", "outptu", "'output'"),
        ("output = 3", "output", "output"),
        ("[source]\nzzz = 1", "source.zzz", "address"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_named(tmp_path, text, unknown, near):
    """A misspelt setting is never silently the default."""
    file = tmp_path / "unit.toml"
    file.write_text(f"{text}\n")
    with pytest.raises(ConfigError) as error:
        configure({"source": {"address": "a.mp4"}}, file)
    assert str(file) in str(error.value)
    assert f"'{unknown}'" in str(error.value)
    assert near in str(error.value)


FLAT = {
    "source": ('"a.mp4"', "[source] address"),
    "position": ('"a.gpx"', "[position] address"),
    "model": ('"bundle"', "[model] bundle"),
    "out": ('"o"', "[output] runs_folder"),
    "video_start": ('"2026-05-01T12:00:00Z"', "[source] start"),
    "region": ("[0, 0, 1, 1]", "[source] region_px"),
    "live": ("true", "[source] live"),
    "rate_fps": ("2.0", "[source] rate_fps"),
    "all_masks": ("true", "[output] all_masks"),
    "frames": ("true", "[output] frames"),
    "overlay": ("true", "[output] overlay"),
    "min_crack_share": ("0.1", "[detection] min_crack_share"),
    "max_gap_s": ("1.0", "[position] max_gap_s"),
}


def test_a_file_without_tables_is_refused_with_each_keys_new_place(tmp_path):
    """Whoever kept a file of an earlier version is told where each key stands now."""
    file = tmp_path / "unit.toml"
    file.write_text("".join(f"{key} = {value}\n" for key, (value, _) in FLAT.items()))
    with pytest.raises(ConfigError) as error:
        configure({}, file)
    for key, (_, place) in FLAT.items():
        assert f"'{key}' is {place}" in str(error.value)


@pytest.mark.parametrize("place", [place for _, place in FLAT.values()])
def test_each_new_place_exists(place):
    """The table and the key that a message sends people to are real."""
    table, key = re.fullmatch(r"\[(\w+)\] (\w+)", place).groups()
    assert key in {declared.name for declared in fields(SPECS[table])}


def test_a_run_needs_a_source(tmp_path):
    """Without a source there is nothing to survey, wherever it was forgotten."""
    file = tmp_path / "unit.toml"
    file.write_text("[source]\nlive = true\n")
    for path in (None, file):
        with pytest.raises(UsageError) as error:
            configure({}, path)
        assert "SOURCE" in str(error.value)
    with pytest.raises(ConfigError) as missing:
        configure({}, tmp_path / "none.toml")
    assert "none.toml" in str(missing.value)


FLAGS = {
    "source": "SOURCE --video-start --region --rate --live/--file --decoder "
    "--reconnect/--no-reconnect --stale-after --most-age",
    "position": "--position --max-gap --standstill --position-latency --clock",
    "model": "--model --backend --precision --size --releases --swap-socket",
    "detection": "--min-crack-share",
    "storage": "--roll-minutes --roll-mb --most-gb --keep-free-mb --overwrite",
    "health": "--health --health-token --log",
    "thermal": "--warm-at --hot-at --critical-at --cooler-by --low-supply --critical-supply "
    "--supply-alarms",
    "output": "--out --runs-folder --all-masks --frames/--no-frames --overlay",
    "mqtt": "--mqtt --unit --mqtt-credentials --mqtt-ca --mqtt-cert --mqtt-key --status-every "
    "--mqtt-budget --metered --mqtt-pictures --spool --outbox",
    "upload": "--upload --upload-region --upload-credentials --upload-budget --upload-metered",
    "stream": "--stream --stream-picture --stream-bitrate --stream-fps",
}


@pytest.mark.parametrize("table", FLAGS)
def test_options_keep_their_names(table):
    """Scripts and services call these: none is renamed unnoticed."""
    flags = [declared.metadata["setting"].flag for declared in fields(SPECS[table])]
    assert flags == FLAGS[table].split()


def test_every_setting_has_help_and_a_default_that_can_be_shown():
    """No option of a run is without a sentence; None always stands for something in words."""
    for _, declared in KEYS:
        about = declared.metadata["setting"]
        assert about.help.endswith(".")
        if declared.default is None:
            assert about.default_text
        assert declared.default is not MISSING or declared.name == "address"


def test_no_value_of_another_type_is_echoed_with_a_secret(tmp_path):
    """What stands in a row or a table is not shown, an address only without its secrets."""
    file = tmp_path / "unit.toml"
    for text in (
        '[source]\naddress = ["rtsp://joe:s3 cret@cam/1?t=s3 cret"]',
        '[source]\naddress = {uri = "s3 cret"}',
        '[source]\naddress = "a"\nrate_fps = "rtsp://joe:s3 cret@cam/1?t=s3 cret"',
        '[position]\naddress = "https://joe:s3 cret@host/a?t=s3 cret"',
        '[model]\nbundle = "https://host/a?t=s3 cret"',
        '[stream]\naddress = "rtsp://joe:s3 cret@:8554/a b"',
        '[stream]\naddress = "srt://:9000?passphrase=s3 cret"',
    ):
        file.write_text(text)
        with pytest.raises(ConfigError) as error:
            configure({}, file)
        assert "cret" not in str(error.value)


@pytest.mark.parametrize(("table", "key", "value", "flag"), WRONG)
def test_a_wrong_option_is_named_as_it_was_typed(table, key, value, flag):
    """Whoever typed the option need not know what it is called in a file."""
    typed = {"source": {"address": "a.mp4"}}
    typed[table] = {**typed.get(table, {}), key: value}
    with pytest.raises(UsageError) as usage:
        configure(typed)
    assert str(usage.value).startswith(f"{flag} ")


def test_a_value_of_another_kind_is_told_what_may_be(tmp_path):
    """``true`` is no ``"yes"``: what may be written stands in the message."""
    file = tmp_path / "unit.toml"
    file.write_text("[mqtt]\nmetered = true\n")
    with pytest.raises(ConfigError, match=r"mqtt.metered = True .*: yes, no, or auto"):
        configure({"source": {"address": "a.mp4"}}, file)


def test_names_that_are_no_utf8_are_taken_and_written_as_text():
    """Source, position and folder are opened by their bytes; the JSON of a run holds escapes."""
    name = os.fsdecode(b"a\xff")
    typed = {table: {"address": name} for table in ("source", "position")}
    config = configure({**typed, "output": {"folder": Path(name)}})
    assert config.source.address == config.position.address == name
    written = config.as_json()
    assert json.loads(json.dumps(written, ensure_ascii=False).encode()) == written
    assert written["source"]["address"] == written["output"]["folder"] == "a\\xff"


def test_the_json_of_a_run_holds_no_secret():
    """Neither the password of a source nor any of its values."""
    config = configure({
        "source": {"address": "rtsp://joe:s3 cret@cam/1?x=s3 cret"},
        "stream": {"address": "rtsp://joe:s3 cret@:8554/live"},
    })  # fmt: skip
    assert config.as_json()["source"]["address"] == "rtsp://***@cam/1?x=***"
    assert config.as_json()["stream"]["address"] == "rtsp://***@:8554/live"


def test_a_rate_that_no_clock_could_count_is_refused():
    """At 1e-300 pictures a second the second picture is beyond all time."""
    with pytest.raises(UsageError, match="--rate"):
        configure({"source": {"address": "a", "rate_fps": 1e-300}})
