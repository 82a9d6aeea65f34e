"""What a run tells of itself while it goes on, and what is known of it at any time."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from edgecrack import __version__
from edgecrack.conditions import Conditions
from edgecrack.health import host_and_port
from edgecrack.health.server import HealthServer, read_token
from edgecrack.health.snapshot import HealthSnapshot, LoopReading, Vitals
from edgecrack.health.vitals import VitalsWatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgecrack.health import HealthSpec

TELL_EACH_S = 1.0
"""How often the loop tells what it has come to; that it has come round it tells each time."""


class Monitor:
    """Takes what the loop tells; gives a snapshot to any thread.

    The loop tells, and is never asked: so nobody looks at its parts while they change.

    Args:
        conditions: What each part does.
        clock_s: Monotonic seconds.

    Example:
        >>> from edgecrack.health.snapshot import LoopReading
        >>> monitor = Monitor()
        >>> _ = monitor.turned(lambda: LoopReading(frames_in=3))
        >>> monitor.snapshot().loop.frames_in
        3
    """

    def __init__(
        self,
        conditions: Conditions | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.conditions = conditions or Conditions()
        self._clock_s = clock_s
        self._began_s = self._turned_s = clock_s()
        self._told_s = float("-inf")
        self._loop: LoopReading | None = None
        self._is_looping = False
        self._lock = threading.Lock()
        self._vitals: Callable[[], Vitals] = Vitals

    def preparing(self) -> None:
        """Say that what comes before the loop gets on."""
        self._turned_s = self._clock_s()

    def turned(self, reading: Callable[[], LoopReading]) -> LoopReading | None:
        """Say that the loop has come round.

        Args:
            reading: Tells what it has come to; asked once in a while.

        Returns:
            What it told the last time.
        """
        now_s = self._clock_s()
        told = reading() if now_s - self._told_s >= TELL_EACH_S else None
        with self._lock:
            self._turned_s, self._is_looping = now_s, True
            if told is not None:
                self._told_s, self._loop = now_s, told
            return self._loop

    def snapshot(self) -> HealthSnapshot:
        """Return what is known now; any thread may ask."""
        now_s = self._clock_s()
        with self._lock:
            return HealthSnapshot(
                edgecrack=__version__,
                up_s=now_s - self._began_s,
                turn_age_s=max(0.0, now_s - self._turned_s),
                is_looping=self._is_looping,
                now_s=now_s,
                loop=self._loop,
                vitals=self._vitals(),
                conditions=self.conditions.now(),
            )

    def serve(self, spec: HealthSpec, folder: Path, stack: ExitStack) -> None:
        """Answer over HTTP from now on, where that is asked for.

        An address that cannot be had ends no survey: it is a condition.

        Args:
            spec: Where, and who may ask.
            folder: Where surveys go.
            stack: Ends it.

        Raises:
            ConfigError: The file of the token cannot be read.
        """
        if spec.address is None:
            return
        token = None if spec.token_file is None else read_token(spec.token_file)
        try:
            server = HealthServer(host_and_port(spec.address), self.snapshot, token)
        except OSError as error:
            reason = f"{spec.address} cannot be listened at: {error.strerror or error}"
            self.conditions.note("health", "off", reason)
            return
        if spec.open_to:
            self.conditions.note("health", "open", spec.open_to)
        stack.enter_context(closing(server))
        watch = stack.enter_context(closing(VitalsWatch(folder)))
        self._vitals = lambda: watch.last
