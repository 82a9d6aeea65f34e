"""What a live source is doing, and what became of its interruptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgecrack.printable import printable
from edgecrack.redaction import redact


class CaptureState(str, Enum):
    """What a live source is doing."""

    OPENING = "opening"  # it has given no picture yet, and is waited for
    CAPTURING = "capturing"
    RECONNECTING = "reconnecting"  # it gave pictures, gives none now, and is opened again


class SurveyState(str, Enum):
    """What the loop of a live unit does with the frames that come."""

    SURVEYING = "surveying"
    STANDSTILL = "standstill"  # they are left out, since the vehicle stands
    PAUSED = "paused"  # they are left out, since the unit is too hot or has too little power


@dataclass(frozen=True, slots=True)
class StateChange:
    """A live source has begun to do something else, or does it for another reason.

    Attributes:
        state: What it does now.
        reason: Why, as a sentence for people, printable and without secrets; may be empty.

    Example:
        >>> str(StateChange(CaptureState.RECONNECTING, "rtsp://me:secret@cam/1 stopped"))
        'reconnecting: rtsp://***@cam/1 stopped'
    """

    state: CaptureState
    reason: str = ""

    def __post_init__(self) -> None:
        """Take the secrets out of the reason, whoever wrote it."""
        object.__setattr__(self, "reason", redact(printable(self.reason)))

    def __str__(self) -> str:
        return f"{self.state.value}: {self.reason}" if self.reason else self.state.value


@dataclass(frozen=True, slots=True)
class Interruptions:
    """How often and how long a live source gave no pictures.

    Attributes:
        reconnections: How often it came back after it had been given up.
        without_pictures_s: Seconds from the last picture before each interruption to the first
            one after it, the present interruption included.
        waited_s: Seconds from the start to its first picture.
        abandoned: Openings that did not end when they were told to: each holds a thread, and
            perhaps a device.
        last_reason: Why it was given up the last time; empty where it never was.
    """

    reconnections: int = 0
    without_pictures_s: float = 0.0
    waited_s: float = 0.0
    abandoned: int = 0
    last_reason: str = ""
