"""The clocks of this machine, and what its kernel knows of them."""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from pathlib import Path

from edgecrack.clock import ClockSample

NTP_ERROR_S = 0.1
"""How far a clock may be off that was set over a mobile network, whose two ways differ."""

_LIBC = ctypes.CDLL(None)
_TIMEX_BYTES = 512  # struct timex has 208 bytes on 64-bit Linux
_MAX_ERROR_AT, _STATUS_AT = 24, 40  # where maxerror and status stand in it, on 64-bit Linux
_UNSYNCHRONISED = 0x0040  # STA_UNSYNC
_CLOSE_NS = 50_000
_MOST_READS = 5


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What adjtimex(2) tells.

    Attributes:
        state: What it returned; 5 is not synchronised.
        is_synchronised: Whether something keeps the clock.
        most_error_s: The kernel's own bound of its error: it grows by 500 ppm since the clock was
            last corrected, until at 16 s it is not called synchronised any more.
    """

    state: int
    is_synchronised: bool
    most_error_s: float

    @property
    def error_s(self) -> float:
        """How far the clock may be off: what NTP leaves, and the drift since it was corrected.

        A crystal drifts by a tenth of what the kernel reckons with.
        """
        return NTP_ERROR_S + self.most_error_s / 10


def kernel_clock() -> KernelClock | None:
    """Ask the kernel about its clock; None where it does not say."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state = _LIBC.adjtimex(timex)
    except AttributeError:
        return None
    if state < 0:
        return None
    most_error_us = ctypes.c_long.from_buffer(timex, _MAX_ERROR_AT).value
    status = ctypes.c_int.from_buffer(timex, _STATUS_AT).value
    return KernelClock(int(state), not status & _UNSYNCHRONISED, most_error_us / 1e6)


def read_clock() -> ClockSample:
    """Read the clocks at once: again where this thread was held up in between."""
    reads = []
    for _ in range(_MOST_READS):
        before_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        boot_ns, after_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.monotonic_ns()
        reads.append((after_ns - before_ns, utc_ns, boot_ns, (before_ns + after_ns) // 2))
        if after_ns - before_ns <= _CLOSE_NS:
            break
    _, utc_ns, boot_ns, monotonic_ns = min(reads)
    kernel = kernel_clock()
    return ClockSample(
        utc_ns,
        monotonic_ns,
        is_synchronised=kernel is not None and kernel.is_synchronised,
        error_s=NTP_ERROR_S if kernel is None else kernel.error_s,
        asleep_ns=max(0, boot_ns - monotonic_ns),
    )


def boot_id(path: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """Return which start of the machine this is; empty where it does not say."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def synchronised_utc_ns() -> int | None:
    """Return UTC by this machine's clock; None while nothing keeps it right."""
    sample = read_clock()
    return sample.utc_ns if sample.is_synchronised else None
