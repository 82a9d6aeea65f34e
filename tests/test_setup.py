"""``deploy/setup.sh`` against the real package database of this machine."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "deploy" / "setup.sh"
NOBODY = 65534


def run(*options: str, environment: dict[str, str] | None = None):
    """Run the script as somebody who is not root, on a machine without sudo."""
    return subprocess.run(
        ["bash", "-s", "--", *options],
        input=SCRIPT.read_text(),  # nobody may be unable to look into this checkout
        env=environment or dict(os.environ),
        user=NOBODY if os.geteuid() == 0 else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def bare_environment(tmp_path: Path) -> dict[str, str]:
    """Return a PATH with what the script needs and without sudo."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "cat", "dpkg", "dpkg-query", "env", "grep", "id", "sed"):
        found = shutil.which(name)
        assert found, f"this system lacks {name}"
        (tools / name).symlink_to(found)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return {"PATH": str(tools)}


@pytest.fixture
def without_gpsd(tmp_path: Path, bare_environment: dict[str, str]) -> dict[str, str]:
    """Return an environment whose package database has everything but gpsd."""
    status = Path("/var/lib/dpkg/status").read_text(encoding="utf-8")
    kept = [entry for entry in status.split("\n\n") if not entry.startswith("Package: gpsd\n")]
    database = tmp_path / "dpkg"
    (database / "info").mkdir(parents=True)
    (database / "updates").mkdir()
    (database / "status").write_text("\n\n".join(kept), encoding="utf-8")
    return bare_environment | {"DPKG_ADMINDIR": str(database)}


def test_a_complete_system_is_left_alone(bare_environment):
    """When all is there, neither root nor sudo nor apt-get is needed."""
    done = run("--with-tests", environment=bare_environment)
    assert done.returncode == 0, done.stderr
    assert "already here: gstreamer1.0-plugins-base" in done.stdout
    assert "nothing to install" in done.stdout


def test_a_dry_run_names_what_is_missing(without_gpsd):
    """A dry run tells the missing from the present and ends well."""
    done = run("--dry-run", environment=without_gpsd)
    assert done.returncode == 0, done.stderr
    assert "would install: gpsd\n" in done.stdout
    assert "python3-gst-1.0" in done.stdout


def jetson(folder: Path, line: str) -> dict[str, str]:
    """Return the environment of a Jetson with this first line of ``/etc/nv_tegra_release``."""
    release = folder / "nv_tegra_release"
    release.write_text(f"{line}\n# KERNEL_VARIANT: oot\n")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    return dict(os.environ) | {"EDGECRACK_TEGRA_RELEASE": str(release)}


@pytest.mark.parametrize(
    ("line", "cuda"),
    [
        ("# R36 (release), REVISION: 3.0, GCID: 36191598, BOARD: generic, EABI: aarch64", "12-2"),
        ("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64", "12-6"),
        ("# R36 (release), REVISION: 5.0, GCID: 43688277, BOARD: generic, EABI: aarch64", "12-6"),
        ("# R38 (release), REVISION: 2.1, GCID: 42061081, BOARD: generic, EABI: aarch64", "13-0"),
        ("# R39 (release), REVISION: 2.0, GCID: 0, BOARD: generic, EABI: aarch64", "13-2"),
    ],
)
def test_a_jetson_gets_tensorrt_and_what_builds_pycuda(tmp_path, line, cuda):
    """NVIDIA's own packages, CUDA's in the version of the JetPack, beside what every unit gets."""
    listed = run("--jetson", "--list", environment=jetson(tmp_path, line))
    assert listed.returncode == 0, listed.stderr
    packages = listed.stdout.split()
    assert {"python3-gst-1.0", "python3-libnvinfer", "nvidia-l4t-gstreamer"} <= {*packages}
    versions = {match[1] for name in packages if (match := re.search(r"-(\d+-\d)$", name))}
    assert versions == {cuda}
    told = run("--jetson", "--dry-run", environment=jetson(tmp_path, line)).stdout
    assert f"cuda-nvcc-{cuda}" in told.partition("would install: ")[2]


def test_a_jetpack_that_is_too_old_is_refused(tmp_path):
    """JetPack 5 has Python 3.8: the release that was found is named, and those that would do."""
    line = "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64"
    refused = run("--jetson", environment=jetson(tmp_path, line))
    assert refused.returncode == 78
    assert "L4T 36" in refused.stderr
    assert "L4T 35.4" in refused.stderr
    assert refused.stdout == ""


def test_where_there_is_no_jetson_only_a_dry_run_tells(tmp_path):
    """Nothing of NVIDIA's is installed elsewhere; what would be is told for both JetPacks."""
    nowhere = dict(os.environ) | {"EDGECRACK_TEGRA_RELEASE": str(tmp_path / "none")}
    refused = run("--jetson", environment=nowhere)
    assert refused.returncode == 78
    assert refused.stderr.startswith("setup: --jetson is for a Jetson, and ")
    assert refused.stdout == ""
    told = run("--jetson", "--dry-run", environment=nowhere)
    assert told.returncode == 0
    assert "L4T 36.4 also: python3-libnvinfer" in told.stdout
    assert "L4T 39.2 also: python3-libnvinfer" in told.stdout


def test_without_root_and_sudo_the_error_says_what_to_do(without_gpsd):
    """Who may not install is told what is missing and to come back as root."""
    done = run(environment=without_gpsd)
    assert done.returncode == 70
    assert done.stderr == (
        "setup: installing gpsd needs root, and there is no sudo here; run this as root.\n"
    )


def test_an_unknown_option_is_refused():
    """A misspelt option ends with 2 before anything is looked at."""
    done = run("--with-test")
    assert done.returncode == 2
    assert "'--with-test' is not an option" in done.stderr
    assert done.stdout == ""


def test_help_names_every_option():
    """``--help`` ends well and describes what the script takes."""
    done = run("--help")
    assert done.returncode == 0
    for option in ("--jetson", "--with-tests", "--dry-run", "--list", "--help"):
        assert f"\n  {option}" in done.stdout


def test_tests_ask_for_more_than_a_unit():
    """Exiftool, strace and their like are for the tests alone: a unit never gets them."""
    for_tests, for_a_unit = (run(*more, "--dry-run").stdout for more in (["--with-tests"], []))
    wanted = ("libimage-exiftool-perl", "faketime", "fakeroot", "strace")
    for package in (*wanted, "chromedriver|chromium-driver"):
        assert re.search(package, for_tests)
        assert not re.search(package, for_a_unit)
