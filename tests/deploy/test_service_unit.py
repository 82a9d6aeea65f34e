"""The unit file: what it promises about this program, and what systemd makes of it."""

import re
import subprocess
from pathlib import Path

import pytest

from edgecrack.errors import (
    INTERRUPTED,
    BundleError,
    ConfigError,
    EdgecrackError,
    InputError,
    SinkError,
    SourceError,
    UsageError,
)
from edgecrack.gst.chain import LIVE_STALL_NS
from edgecrack.output import CLOSE_WITHIN_S
from edgecrack.stop_signal import FRAME_WITHIN_S

SYSTEMD = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
UNIT = SYSTEMD / "edgecrack.service"
SECONDS = {"s": 1, "min": 60}
MOST_EXPOSED = 25
"""Of 100; systemd calls everything below 30 good. Network and devices make up most of the rest."""


@pytest.fixture(scope="module")
def unit():
    """Return the unit's settings, and each one's values in order."""
    settings: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            settings.setdefault(key, []).append(value)
    return settings


def seconds(unit, key):
    """Return a time of the unit."""
    (value,) = unit[key]
    number, name = re.fullmatch(r"(\d+)(s|min)", value).groups()
    return int(number) * SECONDS[name]


def test_it_restarts_all_but_what_a_person_must_cure(unit):
    """The codes that stop it for good are those of errors.py that say so, and no others."""
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    final = {UsageError.exit_code, InputError.exit_code, ConfigError.exit_code}
    (codes,) = unit["RestartPreventExitStatus"]
    assert {int(code) for code in codes.split()} == final
    assert not final & {e.exit_code for e in (BundleError, SinkError, SourceError, EdgecrackError)}
    assert unit["SuccessExitStatus"] == [str(INTERRUPTED)]


def test_a_camera_that_gives_nothing_ends_the_run_before_the_watchdog_does(unit):
    """The run that says why it ends is not killed first; its end is no hang either."""
    assert seconds(unit, "WatchdogSec") > LIVE_STALL_NS / 1e9 + FRAME_WITHIN_S + CLOSE_WITHIN_S


def test_a_stop_leaves_time_to_write_what_was_found(unit):
    """Frames at work and the disk are waited for before systemd kills."""
    assert seconds(unit, "TimeoutStopSec") > FRAME_WITHIN_S + CLOSE_WITHIN_S + 10


def test_a_proof_that_runs_out_of_memory_ends_no_survey(unit):
    """By itself systemd stops a whole service of which one process was ended for its memory."""
    assert unit["OOMPolicy"] == ["continue"]


def test_pauses_between_restarts_grow(unit):
    """A missing camera is asked for ever more rarely, but within half a minute."""
    assert int(unit["RestartSteps"][0]) > 1
    assert seconds(unit, "RestartSec") < seconds(unit, "RestartMaxDelaySec") <= 30


def test_it_writes_its_own_folders_only(unit):
    """Its own user; state and cache are where the program looks for them; the rest is read-only."""
    assert unit["User"] == ["edgecrack"]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["StateDirectory"] == unit["CacheDirectory"] == ["edgecrack"]
    assert unit["RuntimeDirectory"] == ["edgecrack"]
    assert unit["WorkingDirectory"] == ["%S/edgecrack"]
    assert "XDG_CACHE_HOME=%C" in unit["Environment"][0].split()


def test_the_user_may_open_cameras_the_gpu_and_receivers():
    """The groups of video nodes, of the GPU's and of serial lines, and none that can do more."""
    lines = (SYSTEMD / "sysusers.conf").read_text().splitlines()
    groups = {line.split()[2] for line in lines if line.startswith("m edgecrack ")}
    assert groups == {"video", "render", "dialout"}


def test_systemd_finds_it_little_exposed():
    """Systemd's own score is good; before 250 it scores nothing but what runs."""
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", UNIT]
    scored = subprocess.run(command, capture_output=True, text=True, check=False)
    version = subprocess.run(["systemd-analyze", "--version"], capture_output=True, check=True)
    if int(version.stdout.split()[1]) < 250:
        assert "unrecognized option" in scored.stderr
    else:
        assert scored.returncode == 0, scored.stdout + scored.stderr
        assert "Overall exposure level" in scored.stdout
