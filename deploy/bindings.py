"""The system's Python bindings, exactly those named, seen from an isolated environment.

GStreamer's bindings (``gi``) have no Linux wheels, and without gst-python's overrides, which only
the system's package carries, mapping a buffer copies it. TensorRT on a Jetson likewise comes with
the system. An environment made with ``--system-site-packages`` would see those, and with them every
other package the system happens to hold, in versions nobody chose. So the environment stays
isolated and one symbolic link a package reaches out of it.

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
"""The interpreter Debian and Ubuntu build their Python packages for."""

REQUIRED = ("gi",)
OPTIONAL = ("tensorrt",)

_ASK = """
import importlib.util, json, sys
places = {n: importlib.util.find_spec(n) for n in sys.argv[1:]}
found = {n: s.submodule_search_locations[0] for n, s in places.items() if s}
print(json.dumps({"version": sys.version_info[:2], "found": found}))
"""


def link(system_python: Path = SYSTEM_PYTHON, site_packages: Path | None = None) -> dict[str, Path]:
    """Link the system's bindings into the environment this interpreter runs in.

    Doing it again changes nothing; a link that points elsewhere is replaced.

    Args:
        system_python: The interpreter the system's bindings were built for.
        site_packages: Where the links go; by default this environment's own folder.

    Returns:
        Each linked package and the folder it stands for.

    Raises:
        ConfigError: This is no virtual environment, it is made from another Python than the
            system's, or the system lacks a required package.
        SinkError: The environment cannot be written to.
    """
    if site_packages is None:
        if sys.prefix == sys.base_prefix:
            raise ConfigError(
                "the bindings are linked into a virtual environment and this Python is in none; "
                f"make one with {system_python} -m venv"
            )
        site_packages = Path(sysconfig.get_path("platlib"))
    found = _find(system_python)
    for name, target in found.items():
        _point(site_packages / name, target)
    return found


def _find(system_python: Path) -> dict[str, Path]:
    """Ask the system's interpreter, in isolated mode, where its bindings lie."""
    command = [str(system_python), "-I", "-c", _ASK, *REQUIRED, *OPTIONAL]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own words
        answer = json.loads(done.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise ConfigError(
            f"{system_python} should be the system's Python and does not answer as one does; "
            "name another with --system-python"
        ) from error
    theirs, ours = tuple(answer["version"]), sys.version_info[:2]
    if theirs != ours:
        raise ConfigError(
            f"the system's bindings are built for Python {_dotted(theirs)} and this environment "
            f"runs {_dotted(ours)}; make it anew with {system_python} -m venv"
        )
    for name in REQUIRED:
        if name not in answer["found"]:
            raise ConfigError(
                f"{system_python} has no package {name!r}; `edgecrack-deploy setup` installs it"
            )
    return {name: Path(place) for name, place in answer["found"].items()}


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _point(place: Path, target: Path) -> None:
    """Make ``place`` a link to ``target``, in one step, never removing what is not a link."""
    if place.is_symlink() and place.readlink() == target:
        return
    if place.exists() and not place.is_symlink():
        raise ConfigError(
            f"{place} should be a link to {target} and is a package of its own; uninstall that"
        )
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        fresh.symlink_to(target)
        fresh.replace(place)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SinkError(f"{place} cannot be linked to {target}: {error.strerror}") from error
