"""``clock.jsonl``: which UTC a monotonic instant was, a line whenever that became another.

A frame taken before the time was known has none in its record, but the monotonic time of its
capture. The next line that may be believed tells its UTC, be it in the folder of a later segment.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.clock import SECOND_NS, TimeSource
from edgecrack.utc import to_datetime, utc_ns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.clock import ClockMapping

FILE_NAME = "clock.jsonl"

SLEPT_S = 0.1
"""A machine that was suspended for longer has lost the time."""


@dataclass(frozen=True, slots=True)
class ClockEntry:
    """One line of ``clock.jsonl``.

    Attributes:
        monotonic_ns: An instant, by the monotonic clock.
        utc_ns: Which UTC it was; None where that was not known then.
        source: What told it.
        error_s: How far it may be off; None where it was not known.
        boot_id: Which start of the machine the monotonic clock counts from.
        asleep_s: How long the machine had been suspended since: the clock stood still meanwhile.
    """

    monotonic_ns: int
    utc_ns: int | None
    source: TimeSource
    error_s: float | None
    boot_id: str = ""
    asleep_s: float = 0.0

    @classmethod
    def of(cls, mapping: ClockMapping, monotonic_ns: int, boot_id: str) -> ClockEntry:
        """Return what a mapping says of an instant."""
        return cls(
            monotonic_ns,
            mapping.utc_ns(monotonic_ns),
            mapping.source,
            None if mapping.offset_ns is None else round(mapping.error_at_s(monotonic_ns), 4),
            boot_id,
            round(mapping.asleep_ns / SECOND_NS, 3),
        )

    def as_line(self) -> bytes:
        """Return it as JSON.

        Example:
            >>> line = ClockEntry(1_500_000_000, 10**18, TimeSource.GPS, 0.9, "b").as_line()
            >>> line.decode().partition(',"error_s"')[0]
            '{"monotonic_s":1.5,"utc":"2001-09-09T01:46:40.000000Z","source":"gps"'
        """
        utc = None
        if self.utc_ns is not None:
            instant = to_datetime(self.utc_ns).isoformat(timespec="microseconds")
            utc = instant.replace("+00:00", "Z")
        written = {
            "monotonic_s": round(self.monotonic_ns / SECOND_NS, 6),
            "utc": utc,
            "source": self.source.value,
            "error_s": self.error_s,
            "boot_id": self.boot_id,
            "asleep_s": self.asleep_s,
        }
        return json.dumps(written, separators=(",", ":")).encode() + b"\n"


def read_entries(data: bytes) -> list[ClockEntry]:
    """Read the lines of a ``clock.jsonl``, in order; what is torn or no such line is left out."""
    lines = data.split(b"\n")[:-1]  # a line counts once its newline is there
    return [entry for line in lines if (entry := _entry(line)) is not None]


def resolve_ns(entries: Sequence[ClockEntry], monotonic_ns: int, boot_id: str) -> int | None:
    """Return the UTC of an instant, or None where nothing tells it.

    The next line that knows the time tells it; where the last one before did, too, the clock's
    drift in between is shared out. Nothing is told beyond the last line, nor across another boot
    or a suspension of the machine.

    Args:
        entries: The lines, in order.
        monotonic_ns: The instant.
        boot_id: Which start of the machine its clock counts from.

    Example:
        >>> unknown = ClockEntry(0, None, TimeSource.NONE, error_s=None)
        >>> known = ClockEntry(9, 1009, TimeSource.GPS, error_s=0.9)
        >>> resolve_ns([unknown, known], 5, ""), resolve_ns([unknown, known], 10, "")
        (1005, None)
    """
    own = [entry for entry in entries if entry.boot_id == boot_id]
    before = [entry for entry in own if entry.monotonic_ns <= monotonic_ns]
    after = [entry for entry in own if entry.monotonic_ns >= monotonic_ns]
    if own:  # of a machine that slept in between, nobody knows how long
        slept_s = (before[-1] if before else after[0]).asleep_s
        after = [entry for entry in after if abs(entry.asleep_s - slept_s) <= SLEPT_S]
    following = next((entry for entry in after if entry.utc_ns is not None), None)
    if following is None or following.utc_ns is None:
        return None
    offset_ns = following.utc_ns - following.monotonic_ns
    last = before[-1] if before else following
    passed_ns = following.monotonic_ns - last.monotonic_ns
    if last.utc_ns is not None and passed_ns:
        last_offset_ns = last.utc_ns - last.monotonic_ns
        gone_ns = monotonic_ns - last.monotonic_ns
        offset_ns = last_offset_ns + (offset_ns - last_offset_ns) * gone_ns // passed_ns
    return monotonic_ns + offset_ns


def _entry(line: bytes) -> ClockEntry | None:
    try:
        said = json.loads(line)
        if not isinstance(said, dict):
            return None
        return ClockEntry(
            monotonic_ns=round(float(said["monotonic_s"]) * SECOND_NS),
            utc_ns=None if said["utc"] is None else utc_ns(said["utc"]),
            source=TimeSource(said["source"]),
            error_s=None if said["error_s"] is None else float(said["error_s"]),
            boot_id=str(said.get("boot_id", "")),
            asleep_s=float(said.get("asleep_s", 0.0)),
        )
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        return None
