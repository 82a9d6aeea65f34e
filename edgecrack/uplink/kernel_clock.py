"""UTC, where something says that it keeps this machine's clock right."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES = 512  # more than struct timex is anywhere; zeroes ask and set nothing
_TIMESYNCD = Path("/run/systemd/timesync/synchronized")


def synchronised_utc_ns() -> int | None:
    """Return UTC in nanoseconds since 1970; None while the clock is kept by nothing.

    A service with ``ProtectClock`` may not ask the kernel: there systemd-timesyncd's mark counts.
    """
    state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    is_kept = _TIMESYNCD.exists() if state == -1 else state != _UNSYNCHRONISED
    return time.time_ns() if is_kept else None
