"""The floors of the dependencies, resolved by pip for the unit in the vehicle."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

GLIBC = {"3.10": 35, "3.12": 39}  # Ubuntu 22.04 under JetPack 6, Ubuntu 24.04 under JetPack 7


def core_requirements() -> list[str]:
    """Return what a unit installs. pip reads markers with its own Python's eyes: drop them."""
    lines = importlib.metadata.requires("edgecrack") or []
    return [line.split(";")[0].strip() for line in lines if "extra ==" not in line]


def resolve(python: str, requirements: list[str], report: Path) -> dict[str, str]:
    """Return the version pip would install of each package on an aarch64 unit."""
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(17, GLIBC[python] + 1)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--only-binary", ":all:", "--target", str(report.parent)]
    command += ["--python-version", python, "--report", str(report)]
    command += [f"--platform={name}" for name in (*platforms, "manylinux2014_aarch64")]
    done = subprocess.run(
        [*command, *requirements], capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 0, done.stderr
    installed = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {item["metadata"]["name"].lower(): item["metadata"]["version"] for item in installed}


@pytest.mark.parametrize("python", ["3.10", "3.12"])
def test_a_jetson_finds_a_wheel_of_everything(python, tmp_path):
    """On JetPack 6 and 7 every dependency resolves to wheels, and none of them is torch."""
    found = resolve(python, core_requirements(), tmp_path / "report.json")
    assert {"numpy", "onnxruntime", "opencv-python"} <= set(found)
    assert "torch" not in found


def test_the_floors_themselves_can_be_installed(tmp_path):
    """The oldest versions allowed have wheels for Python 3.10 on aarch64 and fit each other."""
    floors = [line.replace(">=", "==") for line in core_requirements()]
    found = resolve("3.10", floors, tmp_path / "report.json")
    assert found["onnxruntime"] == "1.17.0"
