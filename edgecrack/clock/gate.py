"""From when on UTC may be believed, and which it is.

In this order of evidence:

1. This machine's clock is synchronised, as the kernel knows from NTP or chrony, and does not say a
   time that is past. Where a receiver's pulse agrees with it, that is more exact and taken.
2. The receiver's pulse, if the second it names agrees with the fixes.
3. Three fixes that agree. They leave an interval, as wide as the delay of a serial port. This
   machine's clock is used if it lies in there; once it did not, the least offset that the fixes
   allow is used, until the clock is set again.

What has been believed goes on by the monotonic clock, which nobody sets: a jump of this machine's
clock takes nothing away. The bound of its error grows meanwhile with the drift of a crystal, and
beyond ``MOST_ERROR_S`` nothing is believed any more; nor is it after the machine was suspended,
because the monotonic clock stood still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgecrack.clock import (
    LEAST_UTC_NS,
    SECOND_NS,
    Arrival,
    ClockMapping,
    Comparison,
    TimeSource,
)
from edgecrack.clock.gps_time import AGREE_S, LATEST_S, GpsTime
from edgecrack.clock.pulses import Pulses
from edgecrack.clock.record import SLEPT_S, ClockEntry
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.clock import ClockSample

JUMP_S = 0.5
"""A system clock that moves by more against the monotonic one has been set; less is followed."""

MOST_ERROR_S = 2.0
"""What may be off by more is not believed: some 6 h after the last fix, 10 h after the last NTP."""

MOST_AGE_S = 5.0
"""A comparison of gpsd's that is older is not of now."""

STEPS_S = {TimeSource.NTP: 0.001, TimeSource.GPS: 0.05, TimeSource.PPS: 0.005}
"""What is told anew and differs by no more is the same: clocks are read so exactly."""

GPS_ERROR_S = LATEST_S + STEPS_S[TimeSource.GPS] + 0.01
"""The interval that fixes leave, the step below which they are not followed, and the drift of the
minute for which they count."""

PPS_ERROR_S = 0.02
"""How far pulses that agree differ, and the step below which they are not followed."""

_FOLLOW_S = 30.0  # fixes of so long may also prove that the offset is less than it was taken for
_MOST_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class ClockAccount:
    """How the time came to be known.

    Attributes:
        source: What tells it now: see ``TimeSource``.
        error_s: How far it may be off; None while nothing tells it.
        first_trusted_utc: From when on it was believed, ISO 8601; None where it never was.
        first_trusted_by: What told it then.
        first_trusted_monotonic_s: The monotonic time of then.
        jumps: How often this machine's clock was set.
    """

    source: str
    error_s: float | None
    first_trusted_utc: str | None
    first_trusted_by: str | None
    first_trusted_monotonic_s: float | None
    jumps: int


class ClockGate:
    """Tells the UTC of monotonic instants, once that may be believed.

    Told and asked in one thread; ``entries``, ``entry`` and ``utc_ns`` may be asked in any.

    Args:
        on_change: Told ``waiting`` or ``trusted`` and why, whenever either becomes another.
        boot_id: Which start of the machine the monotonic clock counts from.

    Attributes:
        mapping: What is believed now.
        entries: The lines of ``clock.jsonl`` so far, numbered.

    Example:
        >>> from edgecrack.clock import ClockSample
        >>> gate = ClockGate()
        >>> gate.sample(ClockSample(LEAST_UTC_NS, 0, is_synchronised=False))
        >>> gate.utc_ns(0) is None
        True
        >>> gate.sample(ClockSample(LEAST_UTC_NS + 10, 10, is_synchronised=True))
        >>> gate.utc_ns(0) == LEAST_UTC_NS, gate.mapping.source.value
        (True, 'ntp')
    """

    def __init__(
        self,
        on_change: Callable[[str, str], None] = lambda _state, _reason: None,
        boot_id: str = "",
    ) -> None:
        self.mapping = ClockMapping()
        self.entries: tuple[tuple[int, ClockEntry], ...] = ()
        self._on_change, self._boot_id = on_change, boot_id
        self._gps, self._pulses = GpsTime(), Pulses()
        self._sample: ClockSample | None = None
        self._jumps, self._jumped_ns = 0, 0
        self._is_refuted = False  # this machine's clock, by fixes
        self._first: ClockEntry | None = None
        self._told: tuple[str, str] | None = None

    def utc_ns(self, monotonic_ns: int) -> int | None:
        """Return the UTC of an instant, or None while nothing may be believed."""
        return self.mapping.utc_ns(monotonic_ns)

    def entry(self, monotonic_ns: int) -> ClockEntry:
        """Return what is believed of an instant, as a line of ``clock.jsonl``."""
        return ClockEntry.of(self.mapping, monotonic_ns, self._boot_id)

    def account(self) -> ClockAccount:
        """Return how the time came to be known."""
        now_ns = self._sample.monotonic_ns if self._sample else 0
        first, mapping = self._first, self.mapping
        return ClockAccount(
            source=mapping.source.value,
            error_s=None if mapping.offset_ns is None else round(mapping.error_at_s(now_ns), 4),
            first_trusted_utc=to_iso(first.utc_ns) if first and first.utc_ns else None,
            first_trusted_by=first.source.value if first else None,
            first_trusted_monotonic_s=round(first.monotonic_ns / SECOND_NS, 6) if first else None,
            jumps=self._jumps,
        )

    def hear(self, heard: Arrival | Comparison) -> None:
        """Take a time that the receiver told; the next sample makes use of it.

        Args:
            heard: A 3D fix, when it was heard, or what gpsd found. Of the latter the sample before
                must be of the same moment.
        """
        if isinstance(heard, Arrival):
            self._gps.hear(heard)
            return
        sample = self._sample
        if sample is None:
            return
        at_ns = heard.system_ns - sample.offset_ns
        age_s = (sample.monotonic_ns - at_ns) / SECOND_NS
        if at_ns <= self._jumped_ns or not -PPS_ERROR_S <= age_s <= MOST_AGE_S:
            return  # by a clock that has been set since
        if heard.is_pulse:
            self._pulses.hear(heard.utc_ns, at_ns)
        else:
            self._gps.sharpen(Arrival(heard.utc_ns, at_ns))

    def sample(self, sample: ClockSample) -> None:
        """Take a reading of this machine's clocks, and judge anew what may be believed."""
        before, self._sample = self._sample, sample
        if before is not None:
            self._note_setting(before, sample)
        found = self._found(sample)
        if found is None and self.mapping.error_at_s(sample.monotonic_ns) > MOST_ERROR_S:
            found = ClockMapping()
        if found is not None:
            self._adopt(replace(found, as_of_ns=sample.monotonic_ns, asleep_ns=sample.asleep_ns))
        self._tell(sample)

    def _note_setting(self, before: ClockSample, sample: ClockSample) -> None:
        """Find out whether this machine was suspended, or its clock set."""
        has_slept = sample.asleep_ns - before.asleep_ns > SLEPT_S * SECOND_NS
        if has_slept:
            self._gps.forget()
            self._pulses.forget()
            self._adopt(ClockMapping(as_of_ns=sample.monotonic_ns, asleep_ns=sample.asleep_ns))
        if has_slept or abs(sample.offset_ns - before.offset_ns) > JUMP_S * SECOND_NS:
            self._jumps += not has_slept
            self._jumped_ns = sample.monotonic_ns
            self._is_refuted = False

    def _found(self, sample: ClockSample) -> ClockMapping | None:
        """Return what the evidence of now says; None where there is none, or no better."""
        pulse_ns = self._pulses.offset_ns(sample.monotonic_ns)
        least_ns = self._gps.offset_ns if self._gps.is_fresh(sample.monotonic_ns) else None
        if sample.is_synchronised and sample.utc_ns >= LEAST_UTC_NS:
            if pulse_ns is None or not _is_near(pulse_ns, sample.offset_ns):
                return ClockMapping(TimeSource.NTP, sample.offset_ns, sample.error_s)
            return ClockMapping(TimeSource.PPS, pulse_ns, PPS_ERROR_S)
        if least_ns is None:
            return None
        if pulse_ns is not None and _is_possible(pulse_ns, least_ns):
            return ClockMapping(TimeSource.PPS, pulse_ns, PPS_ERROR_S)
        return self._by_fixes(sample, least_ns)

    def _by_fixes(self, sample: ClockSample, least_ns: int) -> ClockMapping | None:
        """Return what fixes say; None where what is believed is more exact, and agrees."""
        held_ns, held_error_s = self.mapping.offset_ns, self.mapping.error_at_s(sample.monotonic_ns)
        agrees = held_ns is not None and _is_possible(held_ns, least_ns)
        if agrees and self.mapping.source is not TimeSource.GPS and held_error_s < GPS_ERROR_S:
            return None
        self._is_refuted = self._is_refuted or not _is_possible(sample.offset_ns, least_ns)
        offset_ns = least_ns
        if not self._is_refuted:
            offset_ns = sample.offset_ns
        elif held_ns is not None and agrees and self._gps.span_s < _FOLLOW_S:
            offset_ns = max(held_ns, least_ns)
        return ClockMapping(TimeSource.GPS, offset_ns, GPS_ERROR_S)

    def _adopt(self, found: ClockMapping) -> None:
        """Believe what was found; a change that means something is a line of ``clock.jsonl``."""
        held = self.mapping
        if found.source is held.source:
            if found.offset_ns is None or held.offset_ns is None:
                is_same = found.asleep_ns - held.asleep_ns <= SLEPT_S * SECOND_NS
            else:
                step_ns = STEPS_S[found.source] * SECOND_NS
                is_same = abs(found.offset_ns - held.offset_ns) <= step_ns
            if is_same:
                self.mapping = replace(found, offset_ns=held.offset_ns, asleep_ns=held.asleep_ns)
                return
        self.mapping = found
        entry = self.entry(found.as_of_ns)
        number = self.entries[-1][0] + 1 if self.entries else 0
        self.entries = (*self.entries[1 - _MOST_ENTRIES :], (number, entry))
        if self._first is None and found.offset_ns is not None:
            self._first = entry

    def _tell(self, sample: ClockSample) -> None:
        told = self._state(sample)
        if told != self._told:
            self._told = told
            self._on_change(*told)

    def _state(self, sample: ClockSample) -> tuple[str, str]:
        offset_ns, source = self.mapping.offset_ns, self.mapping.source
        if offset_ns is None:
            if self._first is None:
                return "waiting", "neither NTP nor three fixes of the receiver have told the time"
            return "waiting", "for too long neither NTP nor the receiver has told the time"
        least_ns = self._gps.offset_ns
        contrary = least_ns is not None and not _is_possible(offset_ns, least_ns)
        reason = {
            TimeSource.NTP: "by NTP",
            TimeSource.PPS: "by the receiver's PPS",
            TimeSource.GPS: "by the receiver's fixes",
        }[source]
        if not _is_near(offset_ns, sample.offset_ns):
            reason += ", this machine's clock is wrong"
        return "trusted", f"{reason}, the receiver says another time" if contrary else reason


def _is_near(offset_ns: int, other_ns: int) -> bool:
    return abs(offset_ns - other_ns) <= AGREE_S * SECOND_NS


def _is_possible(offset_ns: int, least_ns: int) -> bool:
    """Whether fixes whose greatest offset this is allow another one."""
    step_s = STEPS_S[TimeSource.GPS]
    return -step_s * SECOND_NS <= offset_ns - least_ns <= LATEST_S * SECOND_NS
