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

_AS_UNIT = f"sudo -u {UNIT_USER} env --chdir=/var/lib/edgecrack XDG_CACHE_HOME=/var/cache"
_SYSTEMD = Path("/run/systemd/system")
"""There where systemd runs: in a container there is neither a service nor sudo."""


def is_packaged() -> bool:
    """Whether this is the program of the Debian package."""
    return sys.prefix == PACKAGED


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
