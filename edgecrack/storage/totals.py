"""What became of the segments of a run, for its report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StorageTotals:
    """What became of the segments of a run.

    Attributes:
        segments: Begun.
        sealed: Sealed, those of earlier starts included.
        repaired: Those of them that nobody had closed.
        deleted: Deleted to make room.
        failures: How often a segment could not be begun or written.
        records_held: The most records that waited for the disk at once.
        records_lost: Records given up because too many waited.
    """

    segments: int
    sealed: int
    repaired: int
    deleted: int
    failures: int
    records_held: int
    records_lost: int
