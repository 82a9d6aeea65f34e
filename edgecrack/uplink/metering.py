"""Whether bytes cost money: as a person says, or as NetworkManager guesses."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from edgecrack.uplink import AUTO, YES

if TYPE_CHECKING:
    from collections.abc import Callable

ASK_EACH_S = 60.0
_PATIENCE_S = 5.0
_QUESTION = ("nmcli", "-t", "-f", "GENERAL.METERED", "device", "show")


def read_metered(answer: str) -> bool:
    r"""Return whether a link is metered, by what ``nmcli`` says of each device, guesses included.

    One that is counts, whichever carries our bytes; one where nobody knows does not. When nothing
    is known of any, it is taken for metered: a unit with a data plan must not be ruined by it.

    Example:
        >>> read_metered("GENERAL.METERED:no (guessed)\nGENERAL.METERED:unknown\n")
        False
        >>> read_metered("GENERAL.METERED:no\nGENERAL.METERED:yes (guessed)\n"), read_metered("")
        (True, True)
    """
    said = {line.partition(":")[2].partition(" ")[0] for line in answer.splitlines()}
    return "yes" in said or "no" not in said


def ask_network_manager() -> str:
    """Return what NetworkManager says; nothing where there is none."""
    try:
        done = subprocess.run(  # noqa: S603  a fixed question
            _QUESTION, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


class Metering:
    """Whether the link is metered now; NetworkManager is asked once a minute.

    Args:
        rule: ``auto``, ``yes`` or ``no``.
        ask: Returns what ``nmcli`` says.
        clock_s: Monotonic seconds.
    """

    def __init__(
        self,
        rule: str,
        ask: Callable[[], str] = ask_network_manager,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rule, self._ask, self._clock_s = rule, ask, clock_s
        self._asked_s, self._answer = float("-inf"), True

    def is_metered(self) -> bool:
        """Return whether bytes cost money."""
        if self._rule != AUTO:
            return self._rule == YES
        if self._clock_s() - self._asked_s >= ASK_EACH_S:
            self._asked_s, self._answer = self._clock_s(), read_metered(self._ask())
        return self._answer
