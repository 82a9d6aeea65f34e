"""How this edgecrack was installed, and so what a person types to use it, add to it or mend it.

Debian's package has no pip, and a unit's engines belong to the unit's own user; a checkout has an
environment of its own.
"""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

PACKAGED = "/opt/edgecrack"
"""Where the Debian package puts the program: ``sys.prefix`` there."""
UNIT_USER = "edgecrack"
CONFIG = "/etc/edgecrack/unit.toml"

_AS_UNIT = f"sudo -u {UNIT_USER} env --chdir=/var/lib/edgecrack XDG_CACHE_HOME=/var/cache"
_INSTALL = "sudo apt-get install ./build/edgecrack_*.deb"
_NVCC = "PATH=/usr/local/cuda/bin:$PATH "
"""A Jetson's path lacks the compiler of CUDA, which compiles pycuda."""
_SYSTEMD = Path("/run/systemd/system")
"""There where systemd runs: in a container there is neither a service nor sudo."""


def is_packaged() -> bool:
    """Whether this is the program of the Debian package."""
    return sys.prefix == PACKAGED


def to_install(extra: str) -> str:
    """Return how what an extra brings is added: edgecrack is in no package index.

    Example:
        >>> to_install("openvino")
        "run .venv/bin/pip install -e '.[openvino]' in the checkout"
    """
    if is_packaged():
        return f"run make deb EXTRA={extra} in a checkout, and {_INSTALL}"
    path = _NVCC if extra == "tensorrt" else ""
    return f"run {path}.venv/bin/pip install -e '.[{extra}]' in the checkout"


def to_rebuild_pycuda() -> str:
    """Return how pycuda is compiled again, for the CUDA that is here now."""
    if is_packaged():
        return f"run PIP_NO_CACHE_DIR=1 make deb EXTRA=tensorrt in a checkout, and {_INSTALL}"
    pip = ".venv/bin/pip install --force-reinstall --no-cache-dir"
    return f"run {_NVCC}{pip} pycuda in the checkout"


def to_repair() -> str:
    """Return how what edgecrack itself needs is installed again."""
    if is_packaged():
        return "run make deb in a checkout, and " + _INSTALL
    return "run .venv/bin/pip install -e . in the checkout"


def to_set_up() -> str:
    """Return the command that installs the system's packages."""
    return "sudo edgecrack-deploy setup" if is_packaged() else "deploy/setup.sh"


def to_link() -> str:
    """Return the command that links the system's bindings."""
    return "sudo edgecrack-deploy link" if is_packaged() else ".venv/bin/edgecrack-deploy link"


def plugin_memory() -> str:
    """Return where GStreamer remembers its plugins, those that it could not load among them."""
    return "/var/cache/edgecrack/gstreamer.bin" if is_packaged() else "~/.cache/gstreamer-1.0"


def as_unit(command: str) -> str:
    """Return how to run a command as the service does: its user, its folders.

    Example:
        >>> as_unit("edgecrack doctor").split("=")[-1]
        '/var/cache edgecrack doctor'
    """
    return f"{_AS_UNIT} {command}"


def as_here(command: str) -> str:
    """Return how to run a command with the user and the folders of this process.

    Example:
        >>> as_here("edgecrack engine build")
        'edgecrack engine build'
    """
    is_unit = is_packaged() and _SYSTEMD.is_dir() and _user() == UNIT_USER
    return as_unit(command) if is_unit else command


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a number without a name, as in a container
        return ""
