"""How late the pictures of a camera come, and whether that is too late.

A decoder that is slower than its camera, or a network that is slower than the stream, delivers
every picture, and each later than the one before: after an hour half a minute, and ever more
memory. To throw such pictures away does not help while the next ones are as old, so a source that
gives nothing else is opened anew.

What is judged is how much later a picture comes than the promptest of its opening, by each clock
that tells when it was taken: how far such a clock is off does not matter then.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import SourceError

if TYPE_CHECKING:
    from edgecrack.gst.sample import Sample
    from edgecrack.sources import SourceSpec

_DRIFT = 200e-6
"""Two clocks drift apart by less, as a share of the time: quartz is good for half of it."""


_PATIENCE = 0.8
"""So long, as a share of ``stale_after_s``, all pictures may be late: whoever supervises the source
gives it up after all of that, and cannot tell why there are none."""


class Promptness:
    """Refuses the pictures of a camera that come too late, and the camera that gives no others.

    Attributes:
        stale: How many were refused, those that came while nobody asked for any left aside.
    """

    def __init__(self, spec: SourceSpec, *, is_bound: bool) -> None:
        self._most_ns = 1e6 * spec.most_age_ms
        self._patience_ns = _PATIENCE * 1e9 * spec.stale_after_s
        self._is_bound, self._lateness = is_bound, Lateness()
        self._stale_since_ns: int | None = None
        self.stale = 0

    def admits(self, sample: Sample, name: str, before_start: int) -> bool:
        """Tell whether a picture is young enough.

        Raises:
            SourceError: None has been for too long.
        """
        now_ns = time.monotonic_ns()
        age_ns = self._lateness.of_ns(Times.of(sample, now_ns)) if self._is_bound else 0
        if age_ns <= self._most_ns:
            self._stale_since_ns = None
            return True
        self.stale += sample.index >= before_start
        self._stale_since_ns = self._stale_since_ns or now_ns
        if now_ns - self._stale_since_ns > self._patience_ns:
            raise SourceError(
                f"{name} gives pictures that are {age_ns / 1e9:.1f} s late, and no others: what "
                "decodes or sends them is too slow"
            )
        return False


class Lateness:
    """Tells how late each picture of one opening is.

    Example:
        >>> lateness = Lateness()
        >>> S = 1_000_000_000
        >>> lateness.of_ns(Times(now_ns=11 * S, arrived_ns=10 * S, taken_ns=9 * S)) / S
        1.0
        >>> lateness.of_ns(Times(now_ns=12 * S, arrived_ns=12 * S, taken_ns=7 * S)) / S
        3.9996
    """

    def __init__(self) -> None:
        self._by_stream, self._by_server = _Promptest(), _Promptest()

    def of_ns(self, times: Times) -> int:
        """Return by how many nanoseconds a picture is late."""
        under_way_ns = self._by_stream.beyond_ns(times.arrived_ns, times.taken_ns)
        if times.reference_ns is not None:
            by_server_ns = self._by_server.beyond_ns(times.arrived_ns, times.reference_ns)
            under_way_ns = max(under_way_ns, by_server_ns)
        return times.now_ns - times.arrived_ns + under_way_ns


@dataclass(frozen=True, slots=True)
class Times:
    """When a picture was taken, and when it came.

    Attributes:
        now_ns: Monotonic time now.
        arrived_ns: Monotonic time at which the decoder delivered it.
        taken_ns: Monotonic time that its own time stands for.
        reference_ns: UTC by its server's account; None where it says nothing.
    """

    now_ns: int
    arrived_ns: int
    taken_ns: int
    reference_ns: int | None = None

    @classmethod
    def of(cls, sample: Sample, now_ns: int) -> Times:
        """Return those of a picture that is taken out of its pipeline now."""
        return cls(now_ns, sample.arrived_ns, sample.taken_ns, sample.reference_ns)


class _Promptest:
    """The least time that pictures took, by one clock; it may grow as two clocks drift apart."""

    def __init__(self) -> None:
        self._least_ns: float | None = None
        self._at_ns = 0

    def beyond_ns(self, arrived_ns: int, said_ns: int) -> int:
        """Return how much longer a picture took than the promptest."""
        took_ns = arrived_ns - said_ns
        drift_ns = _DRIFT * (arrived_ns - self._at_ns)
        least_ns = took_ns if self._least_ns is None else min(self._least_ns + drift_ns, took_ns)
        self._least_ns, self._at_ns = least_ns, arrived_ns
        return round(took_ns - least_ns)
