"""A fault that nobody foresaw ends a thread of the uplink, and never in silence."""

import threading
from contextlib import closing

import pytest

from edgecrack.conditions import Conditions
from edgecrack.uplink import MqttSpec
from edgecrack.uplink.link import MemoryLink
from edgecrack.uplink.messenger import Messenger
from edgecrack.uplink.upload_thread import UploadThread
from tests.edgecrack.real_mosquitto import until


class UnforeseenError(Exception):
    """No error that edgecrack knows."""


class FaultyLink(MemoryLink):
    """A link with a fault of its own."""

    def open(self):
        """Fail."""
        raise UnforeseenError


class FaultyUploader:
    """An uploader with a fault of its own."""

    def turn(self):
        """Fail."""
        raise UnforeseenError

    def counts(self):
        """Return nothing."""
        return {}

    def close(self):
        """Do nothing."""


@pytest.fixture
def faults(monkeypatch):
    """Return what ends threads, which is printed elsewhere."""
    ended = []
    monkeypatch.setattr(threading, "excepthook", lambda about: ended.append(about.exc_type))
    return ended


def opened(part, conditions, folder):
    """Return a part of the uplink that fails."""
    if part == "mqtt":
        spec = MqttSpec(unit="van-7", outbox_file=folder / "outbox.db")
        return Messenger(spec, FaultyLink(), conditions)
    return UploadThread(FaultyUploader(), lambda *said: conditions.note("upload", *said))


@pytest.mark.parametrize("part", ["mqtt", "upload"])
def test_a_thread_that_ends_by_a_fault_says_so(part, tmp_path, faults):
    """Its condition is ``stopped``, its traceback is printed, and the rest goes on to its end."""
    conditions = Conditions()
    with closing(opened(part, conditions, tmp_path)) as thread:
        until(lambda: faults)
        assert conditions.now()[part].state == "stopped"
        assert "traceback" in conditions.now()[part].reason
        thread.counts()
    assert faults == [UnforeseenError]
