"""Events that other programs leave: taken once, whatever happens in between."""

import json
import os

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage.disk import LocalDisk
from edgecrack.uplink.outbox import Outbox
from edgecrack.uplink.spool import AT_ONCE, KEPT_REJECTED, LIMIT_BYTES, Spool


class DiskOfACrash(LocalDisk):
    """A disk that cannot remove: what a crash before it looks like."""

    def remove(self, path):
        """Fail."""
        raise SinkError(f"{path} is not ours")


@pytest.fixture
def folder(tmp_path):
    """Return the spool's folder."""
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


@pytest.fixture
def outbox(tmp_path):
    """Return an outbox."""
    box = Outbox(tmp_path / "outbox.db")
    yield box
    box.close()


def leave(folder, name, content):
    """Leave an event as another program does: under another name first."""
    part = folder / f"{name}.part"
    part.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    part.rename(folder / name)


def test_an_event_is_put_and_then_removed(folder, outbox):
    """Under its own id and topic, with all that it says, and the unit's name."""
    leave(folder, "1.json", {"id": "u-1", "topic": "deploy", "release": "1.2", "ä": [1]})
    spool = Spool(folder, "van-7", LocalDisk())
    spool.take_into(outbox)
    (message,) = outbox.take(9)
    assert (message.id, message.topic) == ("u-1", "edgecrack/van-7/events/deploy")
    assert json.loads(message.payload) == {
        "id": "u-1", "topic": "deploy", "release": "1.2", "ä": [1], "unit": "van-7",
    }  # fmt: skip
    assert [*folder.iterdir()] == []
    assert spool.counts() == {"taken": 1, "rejected": 0}


def test_a_crash_between_putting_and_removing_makes_no_second_event(folder, outbox):
    """Whether the event has an id of its own or not: it is taken again under the same one."""
    leave(folder, "1.json", {"id": "u-1"})
    leave(folder, "2.json", {"says": "no id"})
    Spool(folder, "van-7", DiskOfACrash()).take_into(outbox)
    assert len([*folder.iterdir()]) == 2
    before = outbox.take(9)
    Spool(folder, "van-7", LocalDisk()).take_into(outbox)
    assert outbox.take(9) == before
    assert [*folder.iterdir()] == []


def test_nothing_is_removed_that_could_not_be_put(folder, tmp_path):
    """An outbox that fails leaves every event where it is."""
    leave(folder, "1.json", {"id": "u-1"})
    (tmp_path / "file").write_text("")
    broken = Outbox(tmp_path / "file" / "outbox.db")
    with pytest.raises(SinkError):
        Spool(folder, "van-7", LocalDisk()).take_into(broken)
    assert [path.name for path in folder.iterdir()] == ["1.json"]


def test_a_file_that_cannot_be_removed_is_taken_once(folder, outbox):
    """However long it lies there, and though its message has long been delivered."""
    leave(folder, "1.json", {"id": "u-1"})
    spool = Spool(folder, "van-7", DiskOfACrash())
    for _ in range(3):
        spool.take_into(outbox)
        outbox.acknowledge(["u-1"])
    assert outbox.counts()["put"] == 1


WRONG = {
    "half.json": b'{"id": "u',
    "list.json": b"[1, 2]",
    "bytes.json": b"\xff\xfe\x00",
    "nan.json": b'{"x": NaN}',
    "deep.json": b"[" * 60_000,
    "brackets.json": b'{"x":' + b"[" * 990 + b"]" * 990 + b"}",  # read, but not written
    "objects.json": b'{"x":' + b'{"a":' * 990 + b"1" + b"}" * 991,
    os.fsdecode(b"\xff.json"): b'{"says": "a name that is no UTF-8"}',
    "large.json": b'{"x": "' + b"y" * LIMIT_BYTES + b'"}',
    "topic.json": b'{"topic": "a/#"}',
    "topic_type.json": b'{"topic": 7}',
    "id.json": b'{"id": "a b"}',
    "id_type.json": b'{"id": 7}',
}


def test_what_is_no_event_is_set_aside_and_counted(folder, outbox):
    """It is kept for people in rejected, and does not hold up what is right."""
    for name, content in WRONG.items():
        leave(folder, name, content)
    (folder / "folder.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    (folder / "elsewhere").write_text('{"id": "secret"}')
    (folder / "link.json").symlink_to("elsewhere")
    leave(folder, "right.json", {"id": "u-1"})
    spool = Spool(folder, "van-7", LocalDisk())
    spool.take_into(outbox)
    assert [message.id for message in outbox.take(99)] == ["u-1"]
    set_aside = {*WRONG, "folder.json", "pipe.json", "link.json"}
    assert {path.name for path in (folder / "rejected").iterdir()} == set_aside
    assert spool.counts() == {"taken": 1, "rejected": len(set_aside)}


def test_what_is_set_aside_is_bounded(folder, outbox):
    """Who leaves nonsense for ever fills no disk."""
    spool = Spool(folder, "van-7", LocalDisk())
    for number in range(KEPT_REJECTED + 15):
        leave(folder, f"{number:04d}.json", b"nonsense")
        spool.take_into(outbox)
    assert len([*(folder / "rejected").iterdir()]) == KEPT_REJECTED
    assert spool.counts()["rejected"] == KEPT_REJECTED + 15


def test_what_is_being_written_is_left_alone(folder, outbox):
    """Only names that end in .json and begin with no dot are looked at."""
    for name in ("1.json.part", ".1.json", "1.txt"):
        (folder / name).write_text("{")
    Spool(folder, "van-7", LocalDisk()).take_into(outbox)
    assert len([*folder.iterdir()]) == 3


def test_many_events_are_taken_in_parts(folder, outbox):
    """A flood is taken over several turns, in the order of the names, and all of it."""
    for number in range(AT_ONCE + 30):
        leave(folder, f"{number:04d}.json", {"id": f"u-{number}"})
    spool = Spool(folder, "van-7", LocalDisk())
    spool.take_into(outbox)
    assert len(outbox.take(1000)) == AT_ONCE
    spool.take_into(outbox)
    assert [message.id for message in outbox.take(1000)] == [f"u-{n}" for n in range(AT_ONCE + 30)]


def test_a_missing_folder_is_made(tmp_path, outbox):
    """The first start needs nobody to prepare it."""
    Spool(tmp_path / "a" / "spool", "van-7", LocalDisk()).take_into(outbox)
    assert (tmp_path / "a" / "spool").is_dir()
