"""The link out of an isolated environment, with the real system Python and real GStreamer."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.bindings import SYSTEM_PYTHON, link
from edgecrack.errors import ConfigError

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
    """Return a bare environment's interpreter, what it could import, and what was then linked."""
    folder = tmp_path_factory.mktemp("bindings") / "venv"
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", folder], check=True)
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    python = folder / "bin" / "python"
    before = importable(python)
    linked = link(site_packages=site_packages)
    assert link(site_packages=site_packages) == linked, "a second time must change nothing"
    return python, before, linked


def ask(python: Path, program: str) -> str:
    """Run a program in a fresh process that sees nothing of this one's surroundings."""
    done = subprocess.run(
        [python, "-I", "-W", "ignore", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def importable(python: Path) -> set[str]:
    """Return the name of every top-level module an interpreter would find."""
    return set(
        ask(python, "import pkgutil; print(*[m.name for m in pkgutil.iter_modules()])").split()
    )


def test_gstreamer_works_with_its_overrides(environment):
    """Mapping a buffer is a context manager, which only gst-python's overrides make it."""
    python, _, _ = environment
    assert ask(python, MAP_A_BUFFER) == "road"


def test_no_other_system_package_leaks_in(environment):
    """Of all the packages the system's Python sees, the environment sees the linked ones alone."""
    python, before, linked = environment
    assert importable(python) - before == set(linked)
    assert importable(SYSTEM_PYTHON) - importable(python), "nothing here could have leaked in"
    assert "dist-packages" not in ask(python, "import sys; print(sys.path)")


def test_this_environment_is_isolated_too():
    """What runs these tests sees the system's gi, through the link, and not its apt."""
    assert not [folder for folder in sys.path if "dist-packages" in folder]
    found = importlib.util.find_spec("gi")
    assert found is not None
    assert found.origin is not None
    assert Path(found.origin).parent.is_symlink()
    assert importlib.util.find_spec("apt") is None


def test_another_python_is_refused(tmp_path):
    """Bindings compiled for another Python are refused, with the way to make it right."""
    other = tmp_path / "python3"
    other.write_text('#!/bin/sh\necho \'{"version": [3, 4], "found": {"gi": "/nowhere/gi"}}\'\n')
    other.chmod(0o755)
    with pytest.raises(ConfigError, match=r"built for Python 3\.4 .* make it anew with"):
        link(other, tmp_path)
    assert not (tmp_path / "gi").exists()


def test_missing_bindings_name_their_cure(tmp_path):
    """A Python without gi is refused with the command that installs it."""
    bare = tmp_path / "venv"
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", bare], check=True)
    with pytest.raises(ConfigError, match="edgecrack-deploy setup"):
        link(bare / "bin" / "python", tmp_path)


@pytest.mark.parametrize("interpreter", ["/bin/true", "/bin/false", "/nowhere/python3"])
def test_what_is_no_python_is_refused(tmp_path, interpreter):
    """A program that does not answer as Python would is named, not tried further."""
    with pytest.raises(ConfigError, match=interpreter):
        link(Path(interpreter), tmp_path)


def test_a_package_of_its_own_is_never_removed(tmp_path):
    """Something installed under the same name stays as it is."""
    (tmp_path / "gi").mkdir()
    with pytest.raises(ConfigError, match="uninstall that"):
        link(site_packages=tmp_path)
    assert (tmp_path / "gi").is_dir()


def test_a_stale_link_is_replaced(tmp_path):
    """A link to where the bindings no longer are is put right."""
    (tmp_path / "gi").symlink_to("/nowhere/gi")
    linked = link(site_packages=tmp_path)
    assert (tmp_path / "gi").readlink() == linked["gi"]
    assert [path.name for path in tmp_path.iterdir()] == sorted(linked)
