"""What is in the wheel, and what is not: built for real, offline, from a copy of this checkout."""

import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGES = ("edgecrack", "training", "export", "deploy")
METADATA = "edgecrack-0.1.0.dist-info/"
SCRIPTS = """\
[console_scripts]
edgecrack = edgecrack.__main__:main
edgecrack-deploy = deploy.__main__:main
edgecrack-export = export.__main__:main
edgecrack-train = training.__main__:main
"""
HEAVY = {"cv2", "gi", "onnx", "onnxruntime", "paho", "pydantic", "scipy", "torch", "typer"}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Build the wheel where nothing built earlier can get into it."""
    source = tmp_path_factory.mktemp("wheel") / "source"
    source.mkdir()
    for name in (*PACKAGES, "configs", "tests"):
        shutil.copytree(
            CHECKOUT / name, source / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(CHECKOUT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (source / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(built):
    """Open the wheel for reading."""
    with zipfile.ZipFile(built) as archive:
        yield archive


def shipped_files() -> set[str]:
    """Return what belongs into the wheel: all of the packages, and every configuration.

    But for the checkpoints: a vehicle does not train, and they would double the wheel.
    """
    checkpoints = CHECKOUT / "training" / "checkpoints"
    files = {
        str(path.relative_to(CHECKOUT))
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and checkpoints not in path.parents
    }
    configs = CHECKOUT / "configs"
    return (
        files
        | {f"edgecrack/configs/{path.relative_to(configs)}" for path in configs.rglob("*.toml")}
        | {"edgecrack/configs/__init__.py"}
    )


def test_the_wheel_holds_the_packages_their_data_and_nothing_else(wheel):
    """Every file of the packages and every configuration is inside; no test, no output."""
    inside = {name for name in wheel.namelist() if not name.startswith(METADATA)}
    assert inside == shipped_files()


def test_the_wheel_fits_any_system_and_is_small(built):
    """One pure wheel for x86 and ARM, below 25 MB with both models inside."""
    assert built.name == "edgecrack-0.1.0-py3-none-any.whl"
    assert built.stat().st_size < 25e6


def test_the_wheel_says_what_it_is(wheel):
    """Version, Python floor, licence text and the four commands are in the metadata."""
    about = Parser().parsestr(wheel.read(METADATA + "METADATA").decode())
    assert about["Version"] == "0.1.0"
    assert about["Requires-Python"] == ">=3.10"
    assert about["License-Expression"] == "Apache-2.0"
    licence = wheel.read(METADATA + "licenses/LICENSE")
    assert licence == (CHECKOUT / "LICENSE").read_bytes()
    assert wheel.read(METADATA + "entry_points.txt").decode().strip() == SCRIPTS.strip()


def test_a_vehicle_is_asked_to_install_no_torch(wheel):
    """Whatever only training, export or the tests need hides behind an extra."""
    about = Parser().parsestr(wheel.read(METADATA + "METADATA").decode())
    core = {line for line in about.get_all("Requires-Dist", []) if "extra ==" not in line}
    names = {line.split(";")[0].split(">")[0] for line in core}
    assert names == {
        *("numpy", "onnxruntime", "opencv-python", "pillow", "pydantic"),
        *("rich", "tomli", "typer"),
    }


def test_the_installed_packages_import_without_anything_heavy(built, tmp_path):
    """Installed alone, each package imports, and none pulls in a heavy library by its name."""
    target = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", target, built], check=True)
    program = f"""
import sys
sys.path.insert(0, {str(target)!r})
import {", ".join(PACKAGES)}
from importlib import resources
assert all(p.__file__.startswith({str(target)!r}) for p in ({", ".join(PACKAGES)}))
assert (resources.files("edgecrack.configs") / "__init__.py").is_file()
assert (resources.files("deploy") / "setup.sh").read_text().startswith("#!")
print(*sorted({HEAVY!r} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
