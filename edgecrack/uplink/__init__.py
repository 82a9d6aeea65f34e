"""What leaves the unit by itself: messages to an MQTT broker, sealed segments to a store."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

from edgecrack.settings import AddressText, setting
from edgecrack.uplink.addresses import parse_broker, parse_store

AUTO, YES, NO = "auto", "yes", "no"

_UNIT = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSpec:
    """What is told to whom over MQTT: the table ``[mqtt]`` of ``unit.toml``.

    Attributes:
        address: ``mqtt://host:1883`` or, with TLS, ``mqtts://host:8883``; None tells nobody.
        unit: What the unit is called in topics; None is the name of the machine.
        credentials_file: Holds ``user:password``; None looks at ``EDGECRACK_MQTT_CREDENTIALS``.
        ca_file: Who must have signed the broker's certificate; None asks the system.
        cert_file: The unit's own certificate, where the broker wants one.
        key_file: Its key; None where the certificate's file holds it.
        status_s: Seconds from one status to the next, 1 to 86,400.
        budget_mb_day: Megabytes (1e6 bytes) that may be sent on one day; None is no bound.
        metered: Whether bytes cost money: ``yes``, ``no``, or ``auto``, which asks NetworkManager.
        pictures: Send the mask of each crack, too, while the link is not metered.
        spool_folder: Where other programs of this machine leave events; None takes none.
        outbox_file: What keeps messages until the broker has them.
    """

    address: AddressText | None = setting(
        None,
        flag="--mqtt",
        help="MQTT broker that is told of cracks and status, such as mqtts://broker.example:8883.",
        default_text="none",
    )
    unit: str | None = setting(
        None,
        flag="--unit",
        help="What this unit is called in MQTT topics and uploads.",
        default_text="the machine's name",
    )
    credentials_file: Path | None = setting(
        None,
        flag="--mqtt-credentials",
        help="File that holds user:password for the broker.",
        default_text="$EDGECRACK_MQTT_CREDENTIALS",
    )
    ca_file: Path | None = setting(
        None,
        flag="--mqtt-ca",
        help="Certificate of who must have signed the broker's.",
        default_text="the system's",
    )
    cert_file: Path | None = setting(
        None,
        flag="--mqtt-cert",
        help="The unit's own certificate, where the broker wants one.",
        default_text="none",
    )
    key_file: Path | None = setting(
        None,
        flag="--mqtt-key",
        help="Key of the unit's certificate.",
        default_text="in the certificate's file",
    )
    status_s: float = setting(
        60.0, flag="--status-every", help="Seconds from one status message to the next."
    )
    budget_mb_day: float | None = setting(
        None,
        flag="--mqtt-budget",
        help="Megabytes that MQTT may send on one day.",
        default_text="no bound",
    )
    metered: str = setting(
        AUTO,
        flag="--metered",
        help="Whether sending costs money: yes, no, or auto, which asks NetworkManager.",
    )
    pictures: bool = setting(
        default=False,
        flag="--mqtt-pictures",
        help="Send the mask of each crack, too, while the link is not metered.",
    )
    spool_folder: Path | None = setting(
        None,
        flag="--spool",
        help="Folder in which other programs of this machine leave events to be sent.",
        default_text="none",
    )
    outbox_file: Path = setting(
        Path("outbox.db"),
        flag="--outbox",
        help="File that keeps messages until the broker has them.",
    )

    def __post_init__(self) -> None:
        """Refuse what no broker and no topic could be."""
        if self.address is not None:
            parse_broker(self.address)
        if self.unit is not None and not _UNIT.fullmatch(self.unit):
            raise ValueError("unit must be 1 to 64 letters, digits, '.', '_' or '-'")
        if not 1 <= self.status_s <= 86_400:  # also refuses NaN
            raise ValueError(f"status_s must be 1 to 86400, not {self.status_s}")
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file needs the certificate that it belongs to: cert_file")
        _check_cost(self.budget_mb_day, self.metered)

    @property
    def budget_bytes(self) -> int | None:
        """What may be sent on one day; None is no bound."""
        return None if self.budget_mb_day is None else round(self.budget_mb_day * 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSpec:
    """Where sealed segments go: the table ``[upload]`` of ``unit.toml``.

    Attributes:
        address: ``https://host/path`` (HTTP PUT) or ``s3+https://host/bucket/prefix``; None keeps
            them here.
        region: Of an S3-compatible store.
        credentials_file: Holds ``user:password`` or ``key:secret``; None looks at
            ``EDGECRACK_UPLOAD_CREDENTIALS``.
        budget_mb_day: Megabytes (1e6 bytes) that may be sent on one day; None is no bound.
        metered: As in ``[mqtt]``; on a metered link nothing is uploaded.
    """

    address: AddressText | None = setting(
        None,
        flag="--upload",
        help="Store for finished segments: https://host/path or s3+https://host/bucket/prefix.",
        default_text="none",
    )
    region: str = setting("us-east-1", flag="--upload-region", help="Region of the S3 store.")
    credentials_file: Path | None = setting(
        None,
        flag="--upload-credentials",
        help="File that holds user:password, or key:secret, for the store.",
        default_text="$EDGECRACK_UPLOAD_CREDENTIALS",
    )
    budget_mb_day: float | None = setting(
        None,
        flag="--upload-budget",
        help="Megabytes that may be uploaded on one day.",
        default_text="no bound",
    )
    metered: str = setting(
        AUTO,
        flag="--upload-metered",
        help="Whether uploading costs money, and so waits: yes, no, or auto.",
    )

    def __post_init__(self) -> None:
        """Refuse what no store could be."""
        if self.address is not None:
            parse_store(self.address)
        if not re.fullmatch("[a-z0-9-]{1,64}", self.region):
            raise ValueError("region must be lower-case letters, digits or '-'")
        _check_cost(self.budget_mb_day, self.metered)

    @property
    def budget_bytes(self) -> int | None:
        """What may be sent on one day; None is no bound."""
        return None if self.budget_mb_day is None else round(self.budget_mb_day * 1e6)


def unit_name(spec: MqttSpec) -> str:
    """Return what the unit is called: as written, or the machine's name, fit for a topic.

    Example:
        >>> unit_name(MqttSpec(unit="van-7"))
        'van-7'
    """
    return spec.unit or re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname())[:64] or "unit"


def _check_cost(budget_mb_day: float | None, metered: str) -> None:
    if budget_mb_day is not None and not 0 < budget_mb_day <= 1e6:
        raise ValueError(f"budget_mb_day must be above 0 and at most 1e6, not {budget_mb_day}")
    if metered not in (AUTO, YES, NO):
        raise ValueError(f"metered must be {AUTO}, {YES} or {NO}, not '{metered}'")
