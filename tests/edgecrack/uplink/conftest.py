"""A broker, and units that tell it."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest

from edgecrack.backoff import Backoff
from edgecrack.conditions import Conditions
from edgecrack.uplink import MqttSpec
from edgecrack.uplink.addresses import BrokerAddress
from edgecrack.uplink.delivery import Timing
from edgecrack.uplink.message import Kind, Message
from edgecrack.uplink.messenger import Messenger
from edgecrack.uplink.mqtt import Broker, MqttLink
from tests.edgecrack.real_mosquitto import Listener, Mosquitto

QUICK = Timing(Backoff(0.05, 0.2))
UNIT = "van-7"


def messages(count, kind=Kind.CRACK, first=0, size_bytes=300):
    """Return messages that are told apart by their numbers."""
    return [
        Message(f"{kind.value}-{n}", f"edgecrack/{UNIT}/{kind.value}s", bytes(size_bytes), kind)
        for n in range(first, first + count)
    ]


@pytest.fixture
def broker(tmp_path):
    """Return a function that starts a Mosquitto; the arguments are lines of its configuration."""
    with ExitStack() as stack:

        def start(*more, is_started=True):
            mosquitto = Mosquitto(tmp_path, *more, is_started=is_started)
            stack.callback(mosquitto.kill)
            return mosquitto

        yield start


@pytest.fixture
def listener():
    """Return a function that listens to a broker."""
    with ExitStack() as stack:
        yield lambda *about: stack.enter_context(closing(Listener(*about)))


@pytest.fixture
def messenger(tmp_path):
    """Return a function that tells a broker at a port, and the conditions that it notes."""
    with ExitStack() as stack:

        def tell(port, *, is_tls=False, ca_file=None, credentials_file=None, **more):
            spec = MqttSpec(unit=UNIT, outbox_file=tmp_path / "unit" / "outbox.db", **more)
            address = BrokerAddress("127.0.0.1", port, is_tls)
            link = MqttLink(Broker(address, UNIT, credentials_file, ca_file))
            conditions = Conditions()
            unit = Messenger(spec, link, conditions, timing=QUICK)
            stack.enter_context(closing(unit))
            return unit, conditions

        yield tell
