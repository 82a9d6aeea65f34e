"""Linking the bindings of the real system Python into an isolated environment."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.bindings import SYSTEM_PYTHON, link
from edgecrack.errors import ConfigError, SinkError

MAP_A_BUFFER = """
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
buffer = Gst.Buffer.new_wrapped(b"road")
with buffer.map(Gst.MapFlags.READ) as mapped:
    print(bytes(mapped.data).decode())
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return an environment's interpreter, its modules before linking, and the linked packages."""
    folder = tmp_path_factory.mktemp("bindings") / "venv"
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", folder], check=True)
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    python = folder / "bin" / "python"
    before = importable(python)
    linked = link(site_packages=site_packages)
    assert link(site_packages=site_packages) == linked, "a second time must change nothing"
    return python, before, linked


def output_of(python: Path, program: str) -> str:
    """Run a program in a new process that ignores the environment, and return its output."""
    ended = subprocess.run(
        [python, "-I", "-W", "ignore", "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def importable(python: Path) -> set[str]:
    """Return the name of every top-level module an interpreter would find."""
    return set(
        output_of(
            python, "import pkgutil; print(*[m.name for m in pkgutil.iter_modules()])"
        ).split()
    )


def test_gstreamer_works_with_its_overrides(environment):
    """Only with gst-python's overrides is mapping a buffer a context manager."""
    python, _, _ = environment
    assert output_of(python, MAP_A_BUFFER) == "road"


def test_no_other_system_package_is_visible(environment):
    """Of all the packages of the system's Python, the environment sees only the linked ones."""
    python, before, linked = environment
    assert importable(python) - before == set(linked)
    assert importable(SYSTEM_PYTHON) - importable(python), "the system must have other packages"
    assert "dist-packages" not in output_of(python, "import sys; print(sys.path)")


def test_this_environment_is_isolated_too():
    """The interpreter of these tests sees the system's gi, through the link, and not its apt."""
    assert not [folder for folder in sys.path if "dist-packages" in folder]
    spec = importlib.util.find_spec("gi")
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).parent.is_symlink()
    assert importlib.util.find_spec("apt") is None


def test_tensorrt_of_the_system_is_linked_beside_gi(tmp_path):
    """Where the system has TensorRT, as a Jetson has, the environment gets it; else it has no link.

    TensorRT is a double here: a package of the same name in a Python that sees the system's own.
    """
    system, own = tmp_path / "system", tmp_path / "own"
    subprocess.run(
        [SYSTEM_PYTHON, "-m", "venv", "--without-pip", "--system-site-packages", system], check=True
    )
    (packages,) = system.glob("lib/python3*/site-packages")
    (packages / "tensorrt").mkdir()
    (packages / "tensorrt" / "__init__.py").write_text("__version__ = '10.3.0'\n")
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", own], check=True)
    (site_packages,) = own.glob("lib/python3*/site-packages")
    assert "tensorrt" not in link(site_packages=site_packages)
    linked = link(system / "bin" / "python", site_packages)
    assert linked["tensorrt"] == packages / "tensorrt"
    version = output_of(own / "bin" / "python", "import tensorrt; print(tensorrt.__version__)")
    assert version == "10.3.0"
    assert output_of(own / "bin" / "python", MAP_A_BUFFER) == "road"


def test_another_python_is_refused(tmp_path):
    """Bindings compiled for another Python are not linked; both versions are named."""
    other = tmp_path / "python3"
    other.write_text('#!/bin/sh\necho \'{"version": [3, 4], "folders": {"gi": "/nowhere/gi"}}\'\n')
    other.chmod(0o755)
    with pytest.raises(ConfigError, match=rf"\b3\.4\b.*\b3\.{sys.version_info[1]}\b"):
        link(other, tmp_path)
    assert not (tmp_path / "gi").exists()


def test_a_python_without_bindings_is_refused(tmp_path):
    """The missing package is named, and the command that installs it."""
    bare = tmp_path / "venv"
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", bare], check=True)
    with pytest.raises(ConfigError, match="'gi'"):
        link(bare / "bin" / "python", tmp_path)


@pytest.mark.parametrize("interpreter", ["/bin/true", "/bin/false", "/nowhere/python3"])
def test_what_is_no_python_is_refused(tmp_path, interpreter):
    """A program that is not Python, fails or does not exist is named."""
    with pytest.raises(ConfigError, match=interpreter):
        link(Path(interpreter), tmp_path)


def test_an_installed_package_is_never_removed(tmp_path):
    """A package of the same name stays as it is, and is named."""
    (tmp_path / "gi").mkdir()
    with pytest.raises(ConfigError, match=str(tmp_path / "gi")):
        link(site_packages=tmp_path)
    assert (tmp_path / "gi").is_dir()
    assert not (tmp_path / "gi").is_symlink()


def test_a_missing_site_packages_is_a_sink_error(tmp_path):
    """Where no link can be made its path is named."""
    with pytest.raises(SinkError, match=str(tmp_path / "none" / "gi")):
        link(site_packages=tmp_path / "none")


def test_a_stale_link_is_replaced(tmp_path):
    """A link that points elsewhere is changed, and nothing else is left in the folder."""
    (tmp_path / "gi").symlink_to("/nowhere/gi")
    linked = link(site_packages=tmp_path)
    assert (tmp_path / "gi").readlink() == linked["gi"]
    assert [path.name for path in tmp_path.iterdir()] == sorted(linked)
