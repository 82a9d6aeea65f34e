"""What the outbox has taken is there after whatever happens, or was given up and counted."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys

import pytest

from edgecrack.errors import SinkError
from edgecrack.uplink.message import Kind
from edgecrack.uplink.outbox import Outbox, Room
from tests.edgecrack.uplink.conftest import messages


@pytest.fixture
def box(tmp_path):
    """Return an outbox with room for a hundred messages."""
    outbox = Outbox(tmp_path / "state" / "outbox.db", Room(100, 1 << 20))
    yield outbox
    outbox.close()


def ids(outbox, kinds=tuple(Kind)):
    """Return the ids of all that wait, oldest first."""
    return [message.id for message in outbox.take(1000, kinds)]


def test_the_oldest_comes_first_and_stays_until_it_is_acknowledged(box):
    """Taking takes nothing away; what is acknowledged is gone, once and for all."""
    box.put(messages(5))
    assert box.take(2) == messages(2) == box.take(2)
    box.acknowledge(["crack-0", "crack-2", "never-there"])
    assert ids(box) == ["crack-1", "crack-3", "crack-4"]
    assert [message.id for message in box.take(2, besides=["crack-1"])] == ["crack-3", "crack-4"]


def test_the_same_id_is_kept_once(box):
    """What is put a second time before it was sent is no second message."""
    box.put(messages(3))
    box.put(messages(5))
    assert len(ids(box)) == 5
    assert box.counts()["put"] == 5


def test_kinds_can_be_left_waiting(box):
    """Status that may not be sent now does not stand in the way of cracks."""
    box.put(messages(3, Kind.STATUS) + messages(2))
    assert ids(box, [Kind.CRACK]) == ["crack-0", "crack-1"]
    assert box.waiting()[Kind.STATUS][0] == 3


def test_when_full_status_goes_first_then_pictures_then_the_oldest(box):
    """Each kind in its turn, the oldest of it first, and every one that went is counted."""
    box.put(messages(30) + messages(30, Kind.PICTURE) + messages(40, Kind.STATUS))
    box.put(messages(20, first=30))
    assert ids(box, [Kind.STATUS]) == [f"status-{n}" for n in range(20, 40)]
    box.put(messages(30, first=50))
    assert (ids(box, [Kind.STATUS]), len(ids(box, [Kind.PICTURE]))) == ([], 20)
    box.put(messages(25, Kind.EVENT) + messages(5, first=80))
    counts = box.counts()
    assert [counts[f"dropped_{kind}"] for kind in ("status", "picture", "crack")] == [40, 30, 10]
    assert ids(box)[0] == "crack-10"
    assert len(ids(box)) == 100


def test_bytes_are_bounded_as_messages_are(tmp_path):
    """Large messages push out more than one, and the file does not grow beyond its room."""
    box = Outbox(tmp_path / "outbox.db", Room(10_000, 200_000))
    for first in range(0, 600, 20):
        box.put(messages(20, first=first, size_bytes=2000))
    assert sum(size_bytes for _, size_bytes in box.waiting().values()) <= 200_000
    assert ids(box)[-1] == "crack-599"
    assert box.counts()["dropped_crack"] + len(ids(box)) == 600
    box.close()
    assert (tmp_path / "outbox.db").stat().st_size < 500_000


def test_each_put_is_synced(box):
    """SQLite is told to sync its write-ahead log at each commit: less loses with the power."""
    box.put(messages(1))
    mode = box._connection.execute("PRAGMA journal_mode").fetchone()  # noqa: SLF001
    assert mode == ("wal",)
    assert box._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # noqa: SLF001


PROGRAM = """
import sys
from pathlib import Path
from edgecrack.uplink.message import Kind, Message
from edgecrack.uplink.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]))
for first in range(0, 1_000_000, 3):
    three = range(first, first + 3)
    outbox.put([Message(f"crack-{n}", "edgecrack/u/cracks", bytes(300), Kind.CRACK) for n in three])
    print(first, flush=True)
"""


def test_what_was_put_is_there_after_kill_9(tmp_path, environment):
    """Killed in the middle of putting, four times: all that was told is there, batches whole."""
    path, told = tmp_path / "outbox.db", 0
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, path], env=environment, stdout=subprocess.PIPE
        )
        for _ in range(10):
            told = max(told, int(child.stdout.readline()))
        child.send_signal(signal.SIGKILL)
        rest = child.communicate()[0].split()
        told = max([told, *map(int, rest)])
        outbox = Outbox(path)
        found = {message.id for message in outbox.take(1_000_000)}
        outbox.close()
        assert {message.id for message in messages(told + 3)} <= found
        assert len(found) % 3 == 0


@pytest.mark.parametrize("damage", ["text", "middle", "other", "header"])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path, damage):
    """It is counted, told, kept for people, and what is put next is kept as ever."""
    path, told = tmp_path / "outbox.db", []
    before = Outbox(path)
    before.put(messages(300))
    before.close()
    if damage == "text":
        path.write_text("this is no database at all, but it is long enough to look like one" * 50)
    elif damage == "other":
        with sqlite3.connect(path) as other:
            other.execute("PRAGMA user_version = 99")
        other.close()
    else:
        data = bytearray(path.read_bytes())
        start = 0 if damage == "header" else 4096
        data[start : start + 60_000] = os.urandom(60_000)
        path.write_bytes(data)
    after = Outbox(path, on_trouble=told.append)
    after.put(messages(2, first=900))
    assert ids(after) == ["crack-900", "crack-901"]
    assert (after.counts()["damaged"], len(told), after.problem) == (1, 1, "")
    assert (tmp_path / "outbox.db.damaged").exists()
    after.close()


def test_a_damaged_file_that_cannot_be_set_aside_is_told(tmp_path):
    """A failure like any other of its disk, at each call: no thread and no survey ends by it."""
    path = tmp_path / "outbox.db"
    path.write_text("this is no database at all, but it is long enough to look like one" * 50)
    (tmp_path / "outbox.db.damaged").mkdir()
    box = Outbox(path)
    for _ in range(2):
        with pytest.raises(SinkError, match=r"outbox\.db"):
            box.put(messages(1))
    (tmp_path / "outbox.db.damaged").rmdir()
    box.put(messages(1))
    assert (ids(box), box.problem) == (["crack-0"], "")
    box.close()


def test_damage_is_found_at_the_start_and_not_when_its_page_is_needed(tmp_path):
    """Else a unit would send for days, and lose all of the rest then."""
    path = tmp_path / "outbox.db"
    before = Outbox(path)
    before.put(messages(500))
    before.close()
    data = bytearray(path.read_bytes())
    last = data.rfind(bytes(300)) // 4096 * 4096  # a page of the last messages
    data[last : last + 4096] = os.urandom(4096)
    path.write_bytes(data)
    after = Outbox(path)
    after.take(1)
    assert after.counts()["damaged"] == 1
    after.close()


def test_a_full_disk_is_told_and_survived(tmp_path):
    """Nothing is half put; when there is room again the same file goes on."""
    box = Outbox(tmp_path / "outbox.db")
    box.put(messages(2))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(SinkError, match=r"outbox\.db"):
            box.put(messages(100, first=2, size_bytes=5000))
        assert "make room" in box.problem
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert ids(box) == ["crack-0", "crack-1"]
    box.put(messages(3))
    assert (len(ids(box)), box.problem, box.counts()["put"]) == (3, "", 3)
    box.close()


def test_a_folder_that_cannot_be_is_told(tmp_path):
    """Where the outbox cannot be made, each call says so and no call raises anything else."""
    (tmp_path / "file").write_text("")
    box = Outbox(tmp_path / "file" / "outbox.db")
    for call in (lambda: box.put(messages(1)), lambda: box.take(1), box.waiting):
        with pytest.raises(SinkError):
            call()
    box.close()


def test_a_message_that_no_broker_takes_is_counted(box):
    """Refused for good, or never kept: it is gone, and in the counts by its kind."""
    box.put(messages(2))
    box.refuse(messages(1)[0])
    box.lose(Kind.CRACK, 4)
    assert box.counts()["dropped_crack"] == 5
    assert ids(box) == ["crack-1"]
