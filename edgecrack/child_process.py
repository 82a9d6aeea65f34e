"""The command line of a new process of this Python, in which it finds the program that runs here.

``python -m`` and ``python -c`` put the current folder first among those they import from. Whoever
may write into that folder, which may be shared, would have their code run: also as root, by
``sudo``.
"""

from __future__ import annotations

import sys
from itertools import dropwhile
from pathlib import Path

_OWN_FOLDER = Path(__file__).parents[1]


def child_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module as ``python -m`` does, but not from the current folder.

    The process imports from the folders from which this one does.

    Args:
        module: Its full name.
        arguments: What it finds in ``sys.argv``, behind its own name.
    """
    start = (  # sys is part of Python itself: no folder is looked into for it
        f"import sys; sys.path[:] = {_import_folders()!r}; "
        "import runpy; runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
    )
    return sys.executable, "-c", start, module, *arguments


def _import_folders() -> list[str]:
    """Return what this process imports from; the current folder does not come first.

    Unless this program itself lies there, as in a checkout that is not installed.
    """
    if _is_current(_OWN_FOLDER):
        return sys.path
    return list(dropwhile(_is_current, sys.path))


def _is_current(folder: str | Path) -> bool:
    try:
        return Path(folder).samefile(".")  # an empty name is the current folder, too
    except OSError:  # such as an archive that is not there
        return False
