"""The package and its service on this machine, booted a second time with systemd as process 1.

Needs root, systemd, and the package index for what edgecrack is installed with.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.proof.booted_system import BootedSystem

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG, RUNS = "/etc/edgecrack/unit.toml", "/var/lib/edgecrack/runs"
CAMERA = 'address = "test:?width=640&height=360&fps=25"\nlive = true'
WATCHDOG_S = 45


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """Return the booted system with the package installed, the unit not yet enabled."""
    folder = tmp_path_factory.mktemp("service")
    done = subprocess.run(
        [CHECKOUT / "deploy" / "deb.sh", "--out", folder / "deb"], check=False, text=True,
        env=os.environ | {"PYTHON": sys.executable, "DPKG_DEB_COMPRESSOR_TYPE": "gzip"},
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (package,) = (folder / "deb").iterdir()
    (folder / "mounted").mkdir()
    with BootedSystem(folder / "mounted", package) as booted:
        booted.run("dpkg", "--install", "/root/edgecrack.deb")
        yield booted


@pytest.fixture
def tell(capsys):
    """Return a function that prints a line of the table in service.md."""

    def _tell(what: str, came: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n| {what} | {came} |")

    return _tell


@pytest.fixture
def start(system):
    """Return a function that starts the unit with a source and returns the seconds that it took."""

    def _start(source: str = CAMERA, *, check: bool = True) -> float:
        text = f'[source]\n{source}\n[output]\nruns_folder = "runs"\n'
        system.run("sh", "-c", 'printf %s "$1" >"$2"', "write", text, CONFIG)
        began_s = time.monotonic()
        system.run("systemctl", "start", "edgecrack", check=check)
        return time.monotonic() - began_s

    yield _start
    system.run("systemctl", "stop", "edgecrack")
    system.run("systemctl", "reset-failed", "edgecrack", check=False)


def said(system: BootedSystem) -> str:
    """Return what the journal holds of the unit."""
    return system.run("journalctl", "--unit", "edgecrack", "--no-pager")


def test_installing_makes_a_unit_that_waits_to_be_enabled(system, tell):
    """Verified by systemd, not enabled, its score good, its files those of the package."""
    assert system.run("systemctl", "is-enabled", "edgecrack", check=False) == "disabled"
    assert system.run("dpkg", "--verify", "edgecrack") == ""
    assert system.run("edgecrack", "--version") == "edgecrack 0.1.0"
    scored = system.run("systemd-analyze", "security", "--no-pager", "edgecrack").splitlines()
    tell("`systemd-analyze security`", scored[-1].removeprefix("→ ").rpartition(" ")[0])
    objections = system.run("systemd-analyze", "verify", "edgecrack.service").splitlines()
    told = sorted({line.rpartition(":")[2].strip() for line in objections})
    tell("`systemd-analyze verify`", " ".join(told))


def test_it_is_ready_with_its_first_frame_and_runs_confined(system, start, tell):
    """``systemctl start`` returns when a frame got through; its privileges are few."""
    tell("first start, ready with the first frame, backends tried", f"{start():.1f} s")
    assert system.run("systemctl", "is-active", "edgecrack") == "active"
    (pid,) = system.shown("MainPID")
    system.until(lambda: system.shown("StatusText")[0].endswith("frames"))
    status = dict(
        line.split(":\t", 1) for line in system.run("cat", f"/proc/{pid}/status").splitlines()
        if ":\t" in line
    )  # fmt: skip
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0
    uid = system.run("id", "--user", "edgecrack")
    assert set(status["Uid"].split()) == {uid}
    groups = {system.run("getent", "group", number).split(":")[0]
              for number in status["Groups"].split()}  # fmt: skip
    assert groups == {"edgecrack", "video", "render", "dialout"}
    (runs,) = {system.run("stat", "--format=%a %U", f"{RUNS}/..")}
    assert runs == "750 edgecrack"
    assert "backends" in system.run("ls", "/var/cache/edgecrack")
    tell("its groups; capabilities; seccomp", f"{', '.join(sorted(groups))}; none; filter")


def test_a_stop_keeps_what_was_found(system, start, tell):
    """The run says that it was interrupted, systemd that it ended well, within the time it has."""
    start()
    began_s = time.monotonic()
    system.run("systemctl", "stop", "edgecrack")
    took_s = time.monotonic() - began_s
    last = system.run("ls", RUNS).split()[-1]
    record = json.loads(system.run("cat", f"{RUNS}/{last}/run.json"))
    assert record["exit_reason"] == "interrupted"
    assert "edgecrack.service: Deactivated successfully" in said(system)
    tell("`systemctl stop`: what systemd and run.json say", f"well, interrupted, {took_s:.1f} s")


def test_a_run_that_hangs_is_killed_and_started_again(system, start, tell):
    """A process that stands still feeds no watchdog: another one surveys soon after."""
    start()
    (pid,) = system.shown("MainPID")
    system.run("kill", "-STOP", pid)
    took_s = system.until(lambda: system.shown("NRestarts") == ["1"])
    system.until(lambda: system.shown("ActiveState") == ["active"])
    assert took_s > WATCHDOG_S - 5
    assert "Watchdog timeout" in said(system)
    assert system.shown("MainPID") != [pid]
    tell("hung (SIGSTOP): killed, started again, active", f"after {took_s:.0f} s")


def test_what_the_watchdog_sends_tells_where_it_hung(system, start, tell):
    """After SIGABRT the journal holds what each thread was at, and the unit is started again."""
    start()
    system.run("systemctl", "kill", "--signal", "ABRT", "--kill-whom", "main", "edgecrack")
    took_s = system.until(lambda: system.shown("NRestarts", "ActiveState") == ["1", "active"])
    assert "Fatal Python error: Aborted" in said(system)
    assert "edgecrack/pipeline.py" in said(system)
    tell("SIGABRT: stack in the journal, active again", f"after {took_s:.1f} s")


def test_a_crash_is_started_again(system, start, tell):
    """A process that is killed outright is replaced."""
    start()
    system.run("systemctl", "kill", "--signal", "KILL", "edgecrack")
    took_s = system.until(lambda: system.shown("NRestarts", "ActiveState") == ["1", "active"])
    tell("SIGKILL: active again", f"after {took_s:.1f} s")


def test_a_camera_that_is_not_there_is_asked_for_again_and_again(system, start, tell):
    """One that the program is not to wait for: exit code 75, no limit of starts, never ready."""
    began_s = time.monotonic()
    start('address = "rtsp://127.0.0.1:9/1"\nreconnect = false', check=False)
    system.until(lambda: int(system.shown("NRestarts")[0]) >= 6)
    assert said(system).count("code=exited, status=75") >= 6
    assert system.shown("ActiveState") != ["failed"]
    tell("no camera (75): sixth restart, none refused", f"after {time.monotonic() - began_s:.0f} s")


@pytest.mark.parametrize(
    ("source", "code"), [('adress = "typo"', 78), ('address = "/nowhere/drive.mp4"', 66)]
)
def test_what_a_person_must_cure_stays_down(system, start, tell, source, code):
    """A mistake in unit.toml and a file that is not there end it for good, and say why."""
    start(source, check=False)
    system.until(lambda: system.shown("ActiveState") == ["failed"])
    assert system.shown("ExecMainStatus", "NRestarts") == [str(code), "0"]
    shown = system.run("systemctl", "status", "--no-pager", "edgecrack", check=False)
    assert re.search(r"edgecrack\[\d+\]: edgecrack: .*(adress|drive\.mp4)", shown)
    tell(f"`{source}`: exit code, restarts", f"{code}, none")


def test_the_unit_can_write_nowhere_else(system, start):
    """Inside the unit's namespace its folders are writable, and nothing else."""
    start()
    (pid,) = system.shown("MainPID")
    inside = ("nsenter", "--mount", "--root", "--wd", "--target", pid,
              "runuser", "--user", "edgecrack", "--", "sh")  # fmt: skip
    for path, is_open in (("/var/lib/edgecrack", True), ("/var/cache/edgecrack", True),
                          ("/etc/edgecrack", False), ("/opt/edgecrack", False),
                          ("/var/log", False), ("/srv", False)):  # fmt: skip
        wrote = system.run(*inside, "-c", f"touch {path}/proof 2>&1 && echo yes", check=False)
        assert (wrote == "yes") is is_open, (path, wrote)
    assert "Permission denied" in system.run(*inside, "-c", "ls /home", check=False)


def test_an_upgrade_starts_it_again_and_a_purge_leaves_the_surveys(system, start, tell):
    """The configuration is kept, another process runs; in the end only surveys are there."""
    start()
    (pid,) = system.shown("MainPID")
    before = system.run("cat", CONFIG)
    system.run("dpkg", "--install", "/root/edgecrack.deb")
    assert system.run("cat", CONFIG) == before
    system.run("systemctl", "start", "edgecrack")  # waits for its restart
    assert system.run("systemctl", "is-active", "edgecrack") == "active"
    assert system.shown("MainPID") != [pid]
    kept = system.run("ls", RUNS)
    system.run("dpkg", "--purge", "edgecrack")
    assert system.run("ls", RUNS) == kept
    assert system.run("ls", "/opt/edgecrack", "/etc/edgecrack", check=False).count("cannot") == 2
    assert system.run("pgrep", "-u", "edgecrack", check=False) == ""
    tell("upgraded: unit.toml kept, active; purged: surveys kept", f"{len(kept.split())} runs")
    system.run("dpkg", "--install", "/root/edgecrack.deb")
