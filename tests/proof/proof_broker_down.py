"""10,000 messages while a real broker is down, killed and started again: each arrives once."""

import sys
import threading
import time
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
from tests.edgecrack.real_mosquitto import Listener, Mosquitto, until

MESSAGES, AT_ONCE = 10_000, 25
KILLS = 10
STEP_S = 0.02


def numbered(first, count):
    """Return messages as large as those of cracks are."""
    return [
        Message(f"m-{n}", "edgecrack/van-7/cracks", b"x" * 700, Kind.CRACK)
        for n in range(first, first + count)
    ]


class Watch:
    """The largest that the files of an outbox have been."""

    def __init__(self, folder):
        self.most_bytes, self._folder, self._over = 0, folder, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def close(self):
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.wait(0.05):
            sizes = (path.stat().st_size for path in self._folder.glob("outbox.db*"))
            self.most_bytes = max(self.most_bytes, sum(sizes))


def tell(folder, port):
    """Return what tells the broker, with short waits between its attempts."""
    link = MqttLink(Broker(BrokerAddress("127.0.0.1", port), "van-7"))
    spec = MqttSpec(unit="van-7", outbox_file=folder / "unit" / "outbox.db", status_s=5.0)
    return Messenger(spec, link, Conditions(), timing=Timing(Backoff(0.1, 2.0)))


def measured(name, office, unit, watch, began_s, capsys):
    """Write a line of the table, and return how often each message came."""
    until(lambda: len(office.ids("cracks")) == MESSAGES, 1200)
    until(lambda: "crack" not in unit.counts()["waiting"], 60)
    took_s = time.monotonic() - began_s
    came, counts = office.ids("cracks"), unit.counts()
    with capsys.disabled():
        sys.stdout.write(
            f"\n| {name} | {len(came)} | {sum(came.values()) - len(came)} "
            f"| {watch.most_bytes / 1e6:.1f} MB | {counts['connections']} | {took_s:.0f} s |\n"
        )
    assert {*came} == {f"m-{n}" for n in range(MESSAGES)}
    assert not [key for key in counts if key.startswith("dropped_crack")]


@pytest.fixture
def bench(tmp_path):
    """Return a broker, who listens to it, a unit that tells it, and how large its outbox was."""
    with ExitStack() as stack:
        mosquitto = Mosquitto(tmp_path)
        stack.callback(mosquitto.kill)
        office = stack.enter_context(closing(Listener(mosquitto.port)))
        unit = stack.enter_context(closing(tell(tmp_path, mosquitto.port)))
        yield mosquitto, office, unit, stack.enter_context(closing(Watch(tmp_path / "unit")))


def test_down_while_all_of_them_arrive(bench, capsys):
    """The broker is stopped, all are put, it is started: timed from its start."""
    mosquitto, office, unit, watch = bench
    outbox = unit._outbox  # noqa: SLF001
    until(lambda: office.of("availability"))
    mosquitto.stop()
    for first in range(0, MESSAGES, AT_ONCE):
        outbox.put(numbered(first, AT_ONCE))
    assert unit.counts()["waiting"]["crack"] == MESSAGES
    began_s = time.monotonic()
    mosquitto.start()
    measured("stopped", office, unit, watch, began_s, capsys)


def test_killed_again_and_again_while_they_arrive(bench, capsys):
    """The broker is killed (SIGKILL) ten times while messages stream: timed from the first."""
    mosquitto, office, unit, watch = bench
    outbox, pause = unit._outbox, threading.Event()  # noqa: SLF001
    began_s = time.monotonic()
    for first in range(0, MESSAGES, AT_ONCE):
        outbox.put(numbered(first, AT_ONCE))
        pause.wait(STEP_S)
        if first % (MESSAGES // KILLS) == MESSAGES // KILLS // 2:
            mosquitto.kill()
            pause.wait(1.0)
            mosquitto.start()
    measured("killed ten times", office, unit, watch, began_s, capsys)
