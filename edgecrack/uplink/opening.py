"""The uplink of a unit, opened: what tells a broker, and what uploads segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgecrack.clock.kernel import synchronised_utc_ns
from edgecrack.storage.disk import LocalDisk
from edgecrack.uplink import unit_name
from edgecrack.uplink.addresses import parse_broker, parse_store
from edgecrack.uplink.budget import DayBudget
from edgecrack.uplink.messenger import Messenger
from edgecrack.uplink.metering import Metering
from edgecrack.uplink.sealed import SealedSegments
from edgecrack.uplink.store import HttpStore
from edgecrack.uplink.upload import Gate, Uploader
from edgecrack.uplink.upload_thread import UploadThread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgecrack.conditions import Conditions
    from edgecrack.sinks import Sink
    from edgecrack.storage.run_folder import RunFolder
    from edgecrack.uplink import MqttSpec, UploadSpec
    from edgecrack.uplink.messages import Figures


@dataclass(frozen=True, slots=True)
class Uplink:
    """What leaves the unit by itself; without either part it does nothing.

    Attributes:
        messenger: Tells a broker; None where none is configured.
        uploads: Uploads finished segments; None where no store is configured.
    """

    messenger: Messenger | None = None
    uploads: UploadThread | None = None

    def begin(self, figures: Callable[[], Figures]) -> None:
        """Tell from now on how far a run is."""
        if self.messenger is not None:
            self.messenger.begin(figures)

    def sinks(self, folder: RunFolder, run_id: str, *, frames: bool) -> list[Sink]:
        """Return what is synced after that which keeps the records of a folder."""
        if self.messenger is None:
            return []
        return [self.messenger.sink(folder.path.name, run_id, frames=frames)]

    def counts(self) -> dict[str, Any] | None:
        """Return what was sent so far and what waits; None where nothing is configured."""
        parts = {"mqtt": self.messenger, "upload": self.uploads}
        return {name: part.counts() for name, part in parts.items() if part is not None} or None

    def gauges(self) -> dict[str, float]:
        """Return what the metrics say of it, at once and from memory."""
        return {} if self.messenger is None else self.messenger.gauges()

    def close(self) -> None:
        """End both; bounded in time, safe to call twice."""
        for part in (self.uploads, self.messenger):
            if part is not None:
                part.close()


def open_uplink(
    mqtt: MqttSpec, upload: UploadSpec, runs_folder: Path, conditions: Conditions
) -> Uplink:
    """Begin to tell a broker and to upload, as far as that is configured.

    Args:
        mqtt: What is told to whom.
        upload: Where segments go.
        runs_folder: Where they lie.
        conditions: What the unit's parts do; told of the parts ``mqtt`` and ``upload``.

    Raises:
        ConfigError: A certificate or the credentials cannot be used, or paho-mqtt is missing.
    """
    messenger = _messenger(mqtt, conditions)
    return Uplink(messenger, _uploads(upload, unit_name(mqtt), runs_folder, conditions))


def _messenger(spec: MqttSpec, conditions: Conditions) -> Messenger | None:
    if spec.address is None:
        return None
    from edgecrack.uplink.mqtt import Broker, MqttLink  # noqa: PLC0415  only who tells needs paho

    broker = Broker(
        *(parse_broker(spec.address), unit_name(spec), spec.credentials_file),
        *(spec.ca_file, spec.cert_file, spec.key_file),
    )
    return Messenger(spec, MqttLink(broker), conditions)


def _uploads(
    spec: UploadSpec, unit: str, runs_folder: Path, conditions: Conditions
) -> UploadThread | None:
    if spec.address is None:
        return None

    def note(state: str, reason: str) -> None:
        conditions.note("upload", state, reason)

    disk = LocalDisk()
    budget_file = runs_folder / ".upload.budget.json"
    budget = DayBudget(spec.budget_bytes, budget_file, disk, synchronised_utc_ns)
    gate = Gate(budget, Metering(spec.metered).is_metered)
    store = HttpStore(parse_store(spec.address), spec.region, spec.credentials_file)
    uploader = Uploader(store, SealedSegments(disk, runs_folder), disk, gate, note, unit)
    return UploadThread(uploader, note)
