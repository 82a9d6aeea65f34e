"""The real Mosquitto on a port of its own, and who listens to it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.edgecrack.real_gpsd import free_port

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or ""
PASSWORDS = shutil.which("mosquitto_passwd", path="/usr/sbin:/usr/bin") or ""
PAUSE = threading.Event()  # never set


def until(fact, within_s=30.0):
    """Wait for a fact."""
    for _ in range(int(within_s / 0.01)):
        if fact():
            return
        PAUSE.wait(0.01)
    raise AssertionError("it never came so far")


class Mosquitto:
    """A broker, which can be stopped, killed and started again; it keeps what it has on disk.

    Args:
        folder: For its configuration, its store and its log.
        more: More lines of its configuration.
        is_started: Whether it listens at once.
    """

    def __init__(self, folder: Path, *more: str, is_started: bool = True) -> None:
        assert PROGRAM, "deploy/setup.sh --with-tests installs mosquitto"
        self.port, self._folder = free_port(), folder
        store = folder / "broker"
        store.mkdir(exist_ok=True)
        anonymous = () if any("password_file" in line for line in more) else ("true",)
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {'true' if anonymous else 'false'}",
            "persistence true",
            f"persistence_location {store}/",
            "autosave_interval 1",
            "autosave_on_changes true",
            "max_inflight_messages 0",  # what has a receipt is on its way to who listens
            "max_queued_messages 0",
            *more,
            *(["user root"] if os.geteuid() == 0 else []),
        ]
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        self.process: subprocess.Popen[bytes] | None = None
        if is_started:
            self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.process = subprocess.Popen(
            [PROGRAM, "-c", self._folder / "mosquitto.conf"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._listens)

    def stop(self) -> None:
        """End it as systemd does."""
        self.process.terminate()
        self.process.wait()

    def kill(self) -> None:
        """End it as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _listens(self) -> bool:
        assert self.process.poll() is None, "mosquitto ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


class Listener:
    """Subscribes to everything of all units, keeps its session, and comes back; close it.

    Attributes:
        got: (topic, payload, is_retained, id) of each message, in order.
    """

    def __init__(self, port: int, name: str = "office") -> None:
        self.got: list[tuple[str, bytes, bool, str]] = []
        self._subscribed = threading.Event()
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5)
        client.reconnect_delay_set(0.05, 0.2)
        client.on_connect = self._subscribe
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._take
        keep = Properties(PacketTypes.CONNECT)
        keep.SessionExpiryInterval = 3600
        client.connect("127.0.0.1", port, 10, clean_start=False, properties=keep)
        client.loop_start()
        assert self._subscribed.wait(10)

    def of(self, level: str) -> list[tuple[bytes, bool, str]]:
        """Return payload, is_retained and id of the messages whose third level of topic this is."""
        return [got[1:] for got in self.got if got[0].split("/")[2] == level]

    def ids(self, level: str) -> Counter[str]:
        """Return how often each id came."""
        return Counter(id_ for _, _, id_ in self.of(level))

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, client, *_about) -> None:
        client.subscribe("edgecrack/#", 1)

    def _take(self, _client, _data, message) -> None:
        ids = dict(getattr(message.properties, "UserProperty", []))
        self.got.append((message.topic, message.payload, message.retain, ids.get("id", "")))
