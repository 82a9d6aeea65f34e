"""One step of the first hour: what it found, and the figures behind that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edgecrack.doctor.line import Line

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to.

    Attributes:
        finding: What it found.
        figures: JSON values behind that.
    """

    finding: Finding
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was done.

    Attributes:
        line: Its name, and what it found.
        took_s: How long it took.
        figures: JSON values behind that.
    """

    line: Line
    took_s: float
    figures: dict[str, Any]

    @classmethod
    def of(cls, name: str, outcome: Outcome, took_s: float) -> Step:
        """Return the step of a name."""
        return cls(Line.of(name, outcome.finding), round(took_s, 1), outcome.figures)
