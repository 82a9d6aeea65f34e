"""The Debian package, made for real, and put by dpkg into a root that is thrown away.

What edgecrack needs from the package index is left out, so that no network is needed:
``tests/proof/proof_service.py`` makes the whole package and starts its service under systemd.
"""

import compileall
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / "deploy" / "deb.sh"
HOME = Path("opt/edgecrack")
OFFLINE = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "DPKG_DEB_COMPRESSOR_TYPE": "none"}


class Root:
    """A system that has nothing but dpkg's database, and whose files seem to belong to root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "root"
        self._state = folder / "fakeroot"
        self._state.touch()
        for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "var/lib/dpkg/status").touch()

    def run(self, *command: object) -> str:
        """Run a command that sees the owners, and return its output."""
        owners = ["fakeroot", "-i", self._state, "-s", self._state, "--"]
        done = subprocess.run(
            [*owners, *command], capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": sysconfig.get_path("platlib")},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def dpkg(self, *arguments: object) -> str:
        """Run dpkg; maintainer scripts run out here, with DPKG_ROOT to go by."""
        # The root has none of the packages that ours depends on.
        force = "--force-depends,script-chrootless,confold"
        return self.run("dpkg", f"--root={self.folder}", force, *arguments)

    def owner(self, path: str) -> str:
        """Return mode, user and group of a file, as numbers."""
        return self.run("stat", "--format=%a %u %g", self.folder / path).strip()

    def group(self, name: str) -> tuple[str, str]:
        """Return number and members of a group."""
        lines = (self.folder / "etc/group").read_text().splitlines()
        (found,) = (line.split(":") for line in lines if line.startswith(f"{name}:"))
        return found[2], found[3]


def make(*options: object, **environment: str):
    """Run the script that makes a package."""
    return subprocess.run(
        [SCRIPT, *options], env=os.environ | OFFLINE | {"PYTHON": sys.executable} | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Return a package without what pip would fetch."""
    folder = tmp_path_factory.mktemp("deb")
    compileall.compile_dir(CHECKOUT / "edgecrack" / "models", quiet=1)  # as in any used checkout
    done = make("--out", folder)
    assert done.returncode == 0, done.stderr
    (found,) = folder.iterdir()
    assert done.stdout == f"deb: made {found}\n"
    return found


@pytest.fixture(scope="module")
def installed(package, tmp_path_factory):
    """Return a root with the package; tests must leave it as it is."""
    root = Root(tmp_path_factory.mktemp("installed"))
    root.dpkg("--install", package)
    return root


def field(package: Path, name: str) -> str:
    """Return a line of what the package says of itself."""
    command = ["dpkg-deb", "--field", package, name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_it_fits_the_python_and_the_processor_it_was_made_on(package):
    """Version and dependencies name the Python; no other can be chosen by apt."""
    major, minor = sys.version_info[:2]
    version = field(package, "Version")
    assert re.fullmatch(rf"0\.1\.0\+py{major}{minor}\+\d{{14}}", version)
    assert package.name == f"edgecrack_{version}_{field(package, 'Architecture')}.deb"
    depends = field(package, "Depends").split(", ")
    assert f"python3 (>= {major}.{minor}~)" in depends
    assert f"python3 (<< {major}.{minor + 1}~)" in depends


def test_it_depends_on_what_setup_installs(package):
    """One list of system packages for both: but for what only a checkout needs, and gpsd."""
    listed = subprocess.run(
        [CHECKOUT / "deploy" / "setup.sh", "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(listed) - set(field(package, "Depends").split(", ")) == {"python3-venv", "gpsd"}


def test_it_makes_a_user_who_may_open_cameras_and_receivers(installed):
    """A system user without a shell or a password, in the groups of the devices."""
    (user,) = (installed.folder / "etc/passwd").read_text().splitlines()
    assert re.fullmatch(r"edgecrack:[x!*]+:\d+:\d+:.*:/var/lib/edgecrack:/usr/sbin/nologin", user)
    for name in ("video", "render", "dialout"):
        assert installed.group(name)[1] == "edgecrack"


def test_it_makes_the_folders_of_the_unit(installed):
    """Engines can be built and surveys looked for before the service's first start."""
    number, _ = installed.group("edgecrack")
    (user,) = (installed.folder / "etc/passwd").read_text().splitlines()
    for name in ("var/lib/edgecrack", "var/cache/edgecrack"):
        assert installed.owner(name) == f"750 {user.split(':')[2]} {number}"


@pytest.mark.slow
def test_only_the_unit_reads_the_configuration(installed):
    """It may hold a camera's password: root writes it, the unit's group reads it, nobody else."""
    number, _ = installed.group("edgecrack")
    assert installed.owner("etc/edgecrack/unit.toml") == f"640 0 {number}"
    assert installed.owner("etc/edgecrack") == f"750 0 {number}"
    example = (CHECKOUT / "configs" / "unit.toml").read_bytes()
    assert (installed.folder / "etc/edgecrack/unit.toml").read_bytes() == example


@pytest.mark.slow
def test_the_unit_cannot_change_its_program(installed):
    """All of /opt/edgecrack belongs to root, and nobody else may write to it."""
    found = ("(", "!", "-user", "0", "-o", "-perm", "/022", "!", "-type", "l", ")")
    assert installed.run("find", installed.folder / HOME, *found) == ""


@pytest.mark.slow
def test_its_commands_run(installed):
    """The environment is one: it sees its own packages, the system's bindings, and is isolated."""
    python = installed.folder / HOME / "bin" / "python"
    program = "import sys, gi; print(sys.prefix, *sys.path, sep='\\n')"
    prefix, *path = installed.run(python, "-c", program).splitlines()
    assert prefix == str(installed.folder / HOME)
    assert not [folder for folder in path if "dist-packages" in folder]
    for name in ("edgecrack", "edgecrack-deploy"):
        assert (installed.folder / "usr/bin" / name).readlink() == Path("/") / HOME / "bin" / name
        script = installed.folder / HOME / "bin" / name
        assert script.read_text().splitlines()[0] == "#!/opt/edgecrack/bin/python"
        assert installed.run(python, script, "--version").strip() == f"{name} 0.1.0"


def test_its_modules_are_compiled(installed):
    """The unit may not write there, so Python's work is done once, as root."""
    site = next((installed.folder / HOME / "lib").glob("python3*/site-packages"))
    assert list((site / "edgecrack" / "__pycache__").glob("run.*.pyc"))


@pytest.mark.slow
def test_systemd_accepts_the_unit(installed):
    """Every setting is known, every program is there; older systemd may not know of growing pauses.

    A new installation waits to be enabled: nobody has said yet where the camera is.
    """
    name = "edgecrack.service"
    for target in ("sysinit", "basic", "shutdown", "multi-user"):  # each unit needs them
        place = installed.folder / "etc/systemd/system" / f"{target}.target"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("[Unit]\n")
    verify = subprocess.run(
        ["systemd-analyze", "verify", f"--root={installed.folder}", name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    newer = re.compile("Unknown key (name )?'(RestartSteps|RestartMaxDelaySec)'")
    objections = [
        line for line in verify.stderr.splitlines() if name in line and not newer.search(line)
    ]
    assert objections == []
    enabled = installed.folder / "etc/systemd/system/multi-user.target.wants" / name
    assert not enabled.is_symlink()
    installed.run("systemctl", f"--root={installed.folder}", "enable", name)
    assert enabled.readlink() == Path("/usr/lib/systemd/system") / name
    enabled.unlink()


def test_a_unit_that_does_not_start_fails_no_upgrade(tmp_path):
    """Its camera may be gone: that is the journal's to tell, and no reason for apt to wait."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text('#!/bin/sh\necho "$@"\nexit 1\n')
    systemctl.chmod(0o755)
    script = (CHECKOUT / "deploy/debian/postinst").read_text()
    (restart,) = re.findall(r"systemctl .*restart .*", script)
    done = subprocess.run(
        ["sh", "-euc", restart], env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["--no-block", "try-restart", "edgecrack.service"]


@pytest.mark.slow
def test_dpkg_knows_each_file(installed):
    """What was changed since would be told; what postinst made is not among it."""
    assert installed.dpkg("--verify", "edgecrack") == ""


@pytest.mark.slow
def test_an_upgrade_keeps_the_configuration_and_a_removal_the_surveys(package, tmp_path):
    """Upgraded, removed, purged: nothing of a person's is lost, and nothing else left.

    A package that is made later is one that apt upgrades to, and the only one in its folder.
    """
    root = Root(tmp_path)
    root.dpkg("--install", package)
    config, survey, cache = (
        root.folder / name
        for name in ("etc/edgecrack/unit.toml", "var/lib/edgecrack/runs/1/run.json",
                     "var/cache/edgecrack/engines/1.plan")
    )  # fmt: skip
    config.write_text("# ours\n")
    for made in (survey, cache):
        made.parent.mkdir(parents=True, exist_ok=True)
        made.touch()
    newer_folder = tmp_path / "newer"
    newer_folder.mkdir()
    shutil.copy(package, newer_folder)
    assert make("--out", newer_folder).returncode == 0
    (newer,) = newer_folder.iterdir()
    later = (field(newer, "Version"), "gt", field(package, "Version"))
    subprocess.run(["dpkg", "--compare-versions", *later], check=True)
    root.dpkg("--install", newer)
    assert config.read_text() == "# ours\n"
    root.dpkg("--remove", "edgecrack")
    assert not (root.folder / "opt").exists()
    assert not (root.folder / "usr/lib/systemd").exists()
    assert (config.exists(), survey.exists(), cache.exists()) == (True, True, True)
    assert "surveys are left" in root.dpkg("--purge", "edgecrack")
    assert not config.parent.exists()
    assert (survey.exists(), cache.exists()) == (True, False)


def test_what_cannot_be_made_is_refused(tmp_path):
    """A wrong option, a missing value and a Python that is none: one line each, nothing is made."""
    for options, code, word in [
        (("--output", tmp_path), 2, "--output"), (("--out",), 2, "--out needs a value"),
    ]:  # fmt: skip
        refused = make(*options)
        assert (refused.returncode, word in refused.stderr) == (code, True)
    refused = make("--out", tmp_path / "out", PYTHON="/nowhere/python")
    assert refused.returncode == 66
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
