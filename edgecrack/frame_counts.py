"""What became of every picture of a run: each is counted once, by its stage or its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.sources import SourceCounts

LEFT_OUT = ("standstill", "thermal")
"""Why frames are left out on purpose."""


def frames_dropped(
    counts: SourceCounts, inferred: int, left_out: Mapping[str, int], missed: int
) -> dict[str, int]:
    """Return stage or cause -> pictures given up there.

    Args:
        counts: What the source says.
        inferred: Frames that the network has seen.
        left_out: Cause -> frames left out on purpose.
        missed: Pictures that the sinks were to keep and did not.

    Example:
        >>> from edgecrack.sources import SourceCounts
        >>> dropped = frames_dropped(SourceCounts(9, dropped=4, stale=3), 3, {"thermal": 2}, 0)
        >>> {stage: count for stage, count in dropped.items() if count}
        {'source': 1, 'stale': 3, 'thermal': 2}
    """
    chosen = {cause: left_out.get(cause, 0) for cause in LEFT_OUT}
    seen = counts.dropped + inferred + sum(chosen.values())
    return {
        "opening": counts.opening,
        "source": counts.dropped - counts.opening - counts.stale,
        "stale": counts.stale,
        "unfinished": max(0, counts.delivered - seen),  # cut short
        **chosen,
        "unreadable": counts.unreadable,
        "missing": counts.missing,
        "output": missed,
    }
