"""The connection to an MQTT 5 broker, by paho-mqtt, which is imported here and nowhere else.

Every message is sent with QoS 1. paho keeps what was sent without a receipt in memory and sends it
again by itself once it is connected again; what a power cut takes from there, the outbox still has.
"""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgecrack.errors import ConfigError
from edgecrack.installation import to_install
from edgecrack.uplink.credentials import MQTT_VARIABLE, read_credentials
from edgecrack.uplink.link import Receipt
from edgecrack.uplink.message import Kind
from edgecrack.uplink.messages import OFFLINE, ONLINE, topic_of

try:
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode
except ModuleNotFoundError as error:
    raise ConfigError(
        f"mqtt.address needs the library 'paho-mqtt', which is not installed; {to_install('mqtt')}."
    ) from error

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from edgecrack.uplink.addresses import BrokerAddress
    from edgecrack.uplink.message import Message

MOST_IN_FLIGHT = 20
"""Messages sent without a receipt; Mosquitto serves that many at a time."""
KEEP_ALIVE_S = 30
"""A broker that says nothing for so long, and does not answer then, is gone."""
ANSWER_S = 10.0
SESSION_S = 86_400
SUCCESS = "Success"

_OVERHEAD_BYTES = 64  # of the packet, its properties left aside
_ABOUT_THE_MESSAGE = {"Topic name invalid", "Payload format invalid", "Packet too large"}


@dataclass(frozen=True, slots=True)
class Broker:
    """Which broker, and as whom.

    Attributes:
        address: Where it listens.
        unit: The unit's name.
        credentials_file: Read at each connection, so that a new password needs no restart.
        ca_file: Who must have signed its certificate; None asks the system.
        cert_file: The unit's own certificate.
        key_file: Its key.
    """

    address: BrokerAddress
    unit: str
    credentials_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


class MqttLink:
    """A `Link`.

    Args:
        broker: Which broker.

    Raises:
        ConfigError: A file of certificates or of the password cannot be used.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker, self._availability = broker, topic_of(broker.unit, "availability")
        self._is_open, self._connack = False, ""
        self._reason, self._most_bytes, self._most_in_flight = "", 0, MOST_IN_FLIGHT
        self._flying: dict[int, Message] = {}
        self._receipts: list[Receipt] = []
        read_credentials(broker.credentials_file, MQTT_VARIABLE)
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2, f"edgecrack-{broker.unit}", protocol=paho.MQTTv5
        )
        client.connect_timeout = ANSWER_S
        client.max_inflight_messages_set(MOST_IN_FLIGHT)
        client.will_set(self._availability, OFFLINE, qos=1, retain=True)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish = self._on_publish
        if broker.address.is_tls:
            client.tls_set_context(_tls(broker))

    @property
    def is_open(self) -> bool:
        """See `Link`."""
        return self._is_open

    @property
    def in_flight(self) -> Collection[str]:
        """See `Link`."""
        return {message.id for message in self._flying.values()}

    @property
    def room(self) -> int:
        """See `Link`."""
        return max(0, self._most_in_flight - len(self._flying))

    def open(self) -> None:
        """See `Link`; what paho has in flight, it sends again."""
        self._connack = self._reason = ""
        try:
            self._connect()
            self._await_answer()
        except (OSError, ValueError, ConfigError) as error:
            why = self._connack if self._connack not in ("", SUCCESS) else _said(error)
            raise ConnectionError(f"no connection to {self._broker.address}: {why}") from error
        self._is_open = True
        self._client.publish(self._availability, ONLINE, qos=1, retain=True)

    def send(self, message: Message) -> None:
        """See `Link`."""
        if self._most_bytes and message.size_bytes + _OVERHEAD_BYTES > self._most_bytes:
            reason = f"the broker takes {self._most_bytes} bytes at most"
            self._receipts.append(Receipt(message, reason, is_final=True))
            return
        more = _properties(PacketTypes.PUBLISH)
        more.ContentType = "image/png" if message.kind is Kind.PICTURE else "application/json"
        more.UserProperty = [("id", message.id)]
        is_status = message.kind is Kind.STATUS
        try:
            sent = self._client.publish(message.topic, message.payload, 1, is_status, more)
        except ValueError as error:  # a topic or a size that MQTT has not
            self._receipts.append(Receipt(message, str(error), is_final=True))
            return
        self._flying[sent.mid] = message

    def turn(self, wait_s: float) -> list[Receipt]:
        """See `Link`."""
        self._loop(wait_s)
        receipts, self._receipts = self._receipts, []
        return receipts

    def drop(self) -> None:
        """See `Link`: MQTT 5 has a way to leave that publishes the Will."""
        self._is_open = False
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))
        with suppress(ConnectionError):
            self._loop(0.1)

    def close(self) -> None:
        """See `Link`."""
        if not self._is_open:
            return
        with suppress(ConnectionError):
            said = self._client.publish(self._availability, OFFLINE, qos=1, retain=True)
            until_s = time.monotonic() + 2.0
            while not said.is_published() and time.monotonic() < until_s:
                self._loop(0.05)
            self._client.disconnect()
            self._loop(0.05)
        self._is_open = False

    def _connect(self) -> None:
        where, more = self._broker.address, _properties(PacketTypes.CONNECT)
        more.SessionExpiryInterval = SESSION_S
        known = read_credentials(self._broker.credentials_file, MQTT_VARIABLE)
        if known is not None:
            self._client.username_pw_set(known.user, known.password)
        self._client.connect(
            where.host, where.port, KEEP_ALIVE_S, clean_start=False, properties=more
        )

    def _await_answer(self) -> None:
        until_s = time.monotonic() + ANSWER_S
        while not self._connack and time.monotonic() < until_s:
            self._loop(0.1)
        if self._connack != SUCCESS:
            raise TimeoutError(f"it did not answer within {ANSWER_S:.0f} s")

    def _loop(self, wait_s: float) -> None:
        code = self._client.loop(wait_s)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._is_open = False
            why = self._reason or paho.error_string(code)
            raise ConnectionError(f"{self._broker.address} is gone: {why}")

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, more: Any) -> None:  # noqa: ANN401
        self._connack = str(code)
        self._most_bytes = getattr(more, "MaximumPacketSize", 0)
        self._most_in_flight = min(getattr(more, "ReceiveMaximum", MOST_IN_FLIGHT), MOST_IN_FLIGHT)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:  # noqa: ANN401
        self._reason = str(code)

    def _on_publish(self, _client: Any, _data: Any, mid: int, code: Any, _more: Any) -> None:  # noqa: ANN401
        message = self._flying.pop(mid, None)
        if message is not None:
            problem = str(code) if code.is_failure else ""
            self._receipts.append(Receipt(message, problem, problem in _ABOUT_THE_MESSAGE))


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


class _ClosedOnFailure(ssl.SSLSocket):
    """Lets go of its descriptor when the other side is not who it should be; paho would not."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  as declared there
        """Shake hands, or close."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _tls(broker: Broker) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
        context.sslsocket_class = _ClosedOnFailure
        if broker.cert_file is not None:
            context.load_cert_chain(broker.cert_file, broker.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificates of [mqtt] must be PEM files, but cannot be used: {_said(error)}."
        ) from error
    return context


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
