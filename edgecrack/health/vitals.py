"""What the system says of this process and its machine, read in a thread: see ``proc(5)``.

A disk that hangs, or a sensor, then holds up neither the loop nor who asks after its health.
"""

from __future__ import annotations

import resource
import shutil
import threading
from contextlib import suppress
from pathlib import Path

from edgecrack.health.snapshot import Vitals
from edgecrack.thermal.strain import read_strain

INTERVAL_S = 5.0


class VitalsWatch:
    """Reads the vitals from time to time.

    Args:
        folder: Where surveys go; it need not be there yet.
        interval_s: Time between two readings.

    Attributes:
        last: The last reading.
    """

    def __init__(self, folder: Path, interval_s: float = INTERVAL_S) -> None:
        self._folder, self._interval_s = folder, interval_s
        self.last = Vitals()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vitals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading; safe to call twice. A disk that hangs is left behind."""
        self._ended.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._ended.is_set():
            self.last = read_vitals(self._folder)
            self._ended.wait(self._interval_s)


def read_vitals(folder: Path, root: Path = Path("/")) -> Vitals:
    """Return what the system says now.

    Args:
        folder: On the disk of which the room is measured.
        root: Where ``proc`` and ``sys`` lie.
    """
    status = _numbers(root / "proc/self/status")
    resident_kib = status.get("VmRSS")
    io = _numbers(root / "proc/self/io")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    room = _room(folder)
    return Vitals(
        resident_bytes=None if resident_kib is None else resident_kib * 1024,
        open_descriptors=_entries(root / "proc/self/fd"),
        threads=status.get("Threads"),
        cpu_s=usage.ru_utime + usage.ru_stime,
        written_bytes=io.get("write_bytes"),
        cancelled_bytes=io.get("cancelled_write_bytes"),
        disk_free_bytes=None if room is None else room[0],
        disk_used_bytes=None if room is None else room[1],
        temperature_c=read_strain(root).temperature_c,
    )


def _numbers(file: Path) -> dict[str, int]:
    """Return the numbers of lines such as ``VmRSS:  1234 kB``; empty where it cannot be read."""
    found: dict[str, int] = {}
    with suppress(OSError):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, rest = line.partition(":")
            words = rest.split()
            if words and words[0].isdecimal():
                found[name] = int(words[0])
    return found


def _entries(folder: Path) -> int | None:
    try:
        return sum(1 for _ in folder.iterdir()) - 1  # without the one that lists them
    except OSError:
        return None


def _room(folder: Path) -> tuple[int, int] | None:
    """Return the bytes free for us and those taken, of the disk where a folder is or will be."""
    for place in (folder, *folder.absolute().parents):
        with suppress(OSError):
            usage = shutil.disk_usage(place)
            return usage.free, usage.used
    return None
