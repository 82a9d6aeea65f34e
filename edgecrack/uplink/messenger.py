"""Tells a broker how the unit is and what it found, in a thread of its own."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from edgecrack.clock.kernel import synchronised_utc_ns
from edgecrack.errors import SinkError
from edgecrack.storage.disk import LocalDisk
from edgecrack.uplink import unit_name
from edgecrack.uplink.budget import DayBudget
from edgecrack.uplink.crack_sink import CrackSink
from edgecrack.uplink.delivery import Delivery
from edgecrack.uplink.intake import Intake
from edgecrack.uplink.messages import Told
from edgecrack.uplink.metering import Metering
from edgecrack.uplink.outbox import Outbox
from edgecrack.uplink.reporting import Reporter
from edgecrack.uplink.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.conditions import Conditions
    from edgecrack.uplink import MqttSpec
    from edgecrack.uplink.delivery import Timing
    from edgecrack.uplink.link import Link
    from edgecrack.uplink.messages import Figures

COLLECT_EACH_S = 1.0
LEAVE_WITHIN_S = 2.0
"""How long the end of a run waits for the broker to take what is left."""


class Messenger:
    """Tells a broker, in a thread of its own.

    Args:
        spec: What is told to whom.
        link: The connection.
        conditions: What the unit's parts do; told of the part ``mqtt``.
        utc_ns: UTC, or None while no clock can be trusted.
        timing: How the delivery waits.
    """

    def __init__(
        self,
        spec: MqttSpec,
        link: Link,
        conditions: Conditions,
        utc_ns: Callable[[], int | None] = synchronised_utc_ns,
        timing: Timing | None = None,
    ) -> None:
        self._spec, self._conditions, self._disk = spec, conditions, LocalDisk()
        unit = unit_name(spec)
        self._outbox = Outbox(
            spec.outbox_file, on_trouble=lambda said: conditions.note("mqtt", "degraded", said)
        )
        self._intake = Intake(self._outbox)
        self._reporter = Reporter(unit, conditions, spec.status_s, utc_ns)
        folder = spec.spool_folder
        self._spool = None if folder is None else Spool(folder, unit, self._disk)
        budget_file = spec.outbox_file.with_name(f"{spec.outbox_file.name}.budget.json")
        budget = DayBudget(spec.budget_bytes, budget_file, self._disk, utc_ns)
        self._delivery = Delivery(
            self._outbox, link, budget, Metering(spec.metered).is_metered, self._note, timing
        )
        self._collect_due_s, self._waiting = 0.0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def begin(self, figures: Callable[[], Figures]) -> None:
        """Tell from now on how far a run is."""
        self._reporter.figures = figures
        self._reporter.hurry()

    def sink(self, folder: str, run_id: str, *, frames: bool) -> CrackSink:
        """Return what takes the cracks of a folder, to be synced after what keeps their records."""
        unit, pictures = unit_name(self._spec), self._spec.pictures
        told = Told(unit, run_id, folder, frames=frames, pictures=pictures)
        return CrackSink(self._intake, told)

    def gauges(self) -> dict[str, float]:
        """Return how many messages waited a moment ago, from memory."""
        return {"outbox_messages": self._waiting}

    def counts(self) -> dict[str, Any]:
        """Return what came of messages so far, and what waits."""
        counts: dict[str, Any] = {"put": 0, "acknowledged": 0, **self._outbox.counts()}
        counts |= {"sent": self._delivery.sent, "sent_bytes": self._delivery.sent_bytes}
        counts["connections"] = self._delivery.connections
        with suppress(SinkError):
            waiting = self._outbox.waiting()
            counts["waiting"] = {kind.value: count for kind, (count, _) in waiting.items()}
            counts["waiting_bytes"] = sum(size_bytes for _, size_bytes in waiting.values())
        if self._spool is not None:
            counts["spool"] = dict(self._spool.counts())
        return counts

    def close(self) -> None:
        """Deliver what waits for a few seconds, say that the unit is offline; safe to call twice.

        A thread that hangs is left behind: what the broker has not acknowledged is in the outbox.
        """
        self._intake.close()
        self._over.set()
        self._thread.join(LEAVE_WITHIN_S + 3.0)
        if not self._thread.is_alive():
            self._outbox.close()
            self._disk.close()

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self._collect()
                self._delivery.turn()
            self._reporter.hurry()
            self._collect_due_s = 0.0
            self._collect()
            self._delivery.close(LEAVE_WITHIN_S)
            self._note("closed", "")
        finally:
            if not self._over.is_set():
                self._note("stopped", "a fault of its own; report the traceback printed above")

    def _collect(self) -> None:
        """Put into the outbox what is due: the unit's own messages, and what the spool holds."""
        if time.monotonic() < self._collect_due_s:
            return
        self._collect_due_s = time.monotonic() + COLLECT_EACH_S
        self._intake.put(self._reporter.due() if self._delivery.has_room_for_status else ())
        try:
            if self._spool is not None:
                self._spool.take_into(self._outbox)
            self._waiting = sum(count for count, _ in self._outbox.waiting().values())
        except SinkError as error:
            self._note("degraded", str(error))

    def _note(self, state: str, reason: str) -> None:
        self._conditions.note("mqtt", state, reason)
