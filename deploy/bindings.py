"""Links the system's Python bindings, and nothing else, into an isolated environment.

GStreamer's bindings (``gi``) have no Linux wheels, and without gst-python's overrides, which only
the system's package has, mapping a buffer copies it. TensorRT on a Jetson also comes with the
system. An environment made with ``--system-site-packages`` would see them, but also every other
Python package of the system, in untested versions. So the environment stays isolated, and has one
symbolic link for each of these packages.

The bindings are compiled for one Python: the environment must be made from the system's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from edgecrack.errors import ConfigError, SinkError

SYSTEM_PYTHON = Path("/usr/bin/python3")
"""The interpreter that Debian and Ubuntu build their Python packages for."""

REQUIRED = ("gi",)
OPTIONAL = ("tensorrt",)

_FIND_PACKAGES = """
import importlib.util, json, sys
specs = {name: importlib.util.find_spec(name) for name in sys.argv[1:]}
folders = {name: spec.submodule_search_locations[0] for name, spec in specs.items() if spec}
print(json.dumps({"version": sys.version_info[:2], "folders": folders}))
"""


def link(system_python: Path = SYSTEM_PYTHON, site_packages: Path | None = None) -> dict[str, Path]:
    """Link the system's bindings into the environment that this interpreter runs in.

    A link that is right already is left alone; one that points elsewhere is replaced.

    Args:
        system_python: The interpreter the system's bindings were built for.
        site_packages: Where the links go; by default this environment's own folder.

    Returns:
        Each linked package and the system's folder that the link points to.

    Raises:
        ConfigError: This is no virtual environment, it is made from another Python than the
            system's, the system lacks a required package, or the environment has its own.
        SinkError: The environment cannot be written to.
    """
    if site_packages is None:
        if sys.prefix == sys.base_prefix:
            raise ConfigError(
                "the bindings are linked into a virtual environment and this Python is in none; "
                f"make one with {system_python} -m venv DIR"
            )
        site_packages = Path(sysconfig.get_path("platlib"))
    folders = _find(system_python)
    for name, target in folders.items():
        _make_link(site_packages / name, target)
    return folders


def _find(system_python: Path) -> dict[str, Path]:
    """Ask the system's interpreter, in isolated mode, where its bindings are."""
    command = [str(system_python), "-I", "-c", _FIND_PACKAGES, *REQUIRED, *OPTIONAL]
    try:
        ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own program
        answer = json.loads(ended.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise ConfigError(
            f"{system_python} must be the system's Python, but does not run or answer as Python; "
            "name another with --system-python"
        ) from error
    system_version, own_version = tuple(answer["version"]), sys.version_info[:2]
    if system_version != own_version:
        raise ConfigError(
            f"the system's bindings are built for Python {_dotted(system_version)} and this "
            f"environment runs {_dotted(own_version)}; make it again with {system_python} -m venv"
        )
    for name in REQUIRED:
        if name not in answer["folders"]:
            raise ConfigError(
                f"{system_python} has no package {name!r}; `edgecrack-deploy setup` installs it"
            )
    return {name: Path(folder) for name, folder in answer["folders"].items()}


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _make_link(path: Path, target: Path) -> None:
    """Make ``path`` a link to ``target`` in one step; only a link is ever replaced."""
    if path.is_symlink() and path.readlink() == target:
        return
    if path.exists() and not path.is_symlink():
        raise ConfigError(
            f"{path} must be a link to {target} but is an installed package; uninstall it"
        )
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.symlink_to(target)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SinkError(
            f"{path} cannot be linked to {target}: {error.strerror}; make it writable"
        ) from error
