"""The number of files that a process may hold open: raised to what is needed, or refused."""

from __future__ import annotations

import resource

from edgecrack.errors import EdgecrackError

NEEDED = 128
"""Files that a run may hold open: a plain one holds some thirty, and the libraries below it abort
the process where they find none left."""


def require_open_files(needed: int = NEEDED) -> None:
    """Raise this process's own limit where it is too low.

    Raises:
        EdgecrackError: The system does not allow so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise EdgecrackError(
            f"a run needs {needed} open files, but the system allows it {hard}; raise the limit "
            f"with 'ulimit -n {needed}', or LimitNOFILE in its unit."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
