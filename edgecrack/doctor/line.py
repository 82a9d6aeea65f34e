"""What is said of one subject: whether it is well, what was found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from edgecrack.printable import printable
from edgecrack.redaction import redact

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        state: ``ok``; ``warn``, where a unit works, but not as it might; or ``fail``.
        says: What was found, or that it is not known.
        what_to_do: How to cure it; empty where nothing needs it.
    """

    state: str
    says: str
    what_to_do: str = ""


def ok(says: str) -> Finding:
    """Return that all is well, or that nothing can be said and nothing depends on it."""
    return Finding(OK, says)


def warn(says: str, what_to_do: str) -> Finding:
    """Return that the unit works, but not as it might."""
    return Finding(WARN, says, what_to_do)


def fail(says: str, what_to_do: str) -> Finding:
    """Return that something that a unit needs does not hold."""
    return Finding(FAIL, says, what_to_do)


def together(well: str, *troubles: Finding | None) -> Finding:
    """Return the troubles of one subject as one finding, as bad as the worst of them.

    Args:
        well: What is said where there are none.
        troubles: What was found; None where nothing was.

    Example:
        >>> together("fine", None, warn("late", "wait"), fail("broken", "mend it"))
        Finding(state='fail', says='late; broken', what_to_do='wait; mend it')
    """
    found = [trouble for trouble in troubles if trouble is not None]
    if not found:
        return ok(well)
    worst = FAIL if any(each.state == FAIL for each in found) else WARN
    cures = dict.fromkeys(each.what_to_do for each in found)
    return Finding(worst, "; ".join(each.says for each in found), "; ".join(cures))


def not_known(problem: str) -> Finding:
    """Return that something that a unit needs could not be looked at."""
    return fail(f"not known: {problem}", "run it again; if it stays so, please report it")


@dataclass(frozen=True, slots=True)
class Line:
    """A finding with its subject, printable and without secrets.

    Attributes:
        subject: What was looked at.
        state: ``ok``, ``warn`` or ``fail``.
        says: What was found.
        what_to_do: How to cure it; empty where nothing needs it.
    """

    subject: str
    state: str
    says: str
    what_to_do: str = ""

    @classmethod
    def of(cls, subject: str, finding: Finding) -> Line:
        """Return the line of a subject.

        Example:
            >>> Line.of("camera", ok("rtsp://me:secret@cam/1"))
            Line(subject='camera', state='ok', says='rtsp://***@cam/1', what_to_do='')
        """
        says, what_to_do = (redact(printable(text)) for text in (finding.says, finding.what_to_do))
        return cls(subject, finding.state, " ".join(says.split()), what_to_do)
