"""What every disk does, the real one and the one in memory alike."""

import contextlib
import ctypes
import errno
import os
import resource
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage import disk as disk_module
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.memory_disk import MemoryDisk

ROOM_BYTES = 10


@dataclass(frozen=True, slots=True)
class Local:
    """The real disk, in a folder of the test."""

    root: Path
    disk: LocalDisk

    def read(self, name: str) -> bytes:
        """Return what a file holds."""
        return (self.root / name).read_bytes()

    @contextlib.contextmanager
    def nearly_full(self):
        """Let no file grow beyond ``ROOM_BYTES``."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, hard))
        try:
            yield self.disk
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@dataclass(frozen=True, slots=True)
class Memory:
    """The disk in memory, in a folder of its own."""

    root: Path
    disk: MemoryDisk

    def read(self, name: str) -> bytes:
        """Return what a file holds."""
        return self.disk.files()[self.root / name]

    @contextlib.contextmanager
    def nearly_full(self):
        """Take no more than ``ROOM_BYTES``."""
        self.disk.room_bytes = ROOM_BYTES
        yield self.disk


@pytest.fixture(params=["local", "memory"])
def place(request, tmp_path):
    """A disk, a folder on it, and how to read what was written."""
    if request.param == "local":
        disk = LocalDisk()
        yield Local(tmp_path, disk)
        disk.close()
    else:
        memory, root = MemoryDisk(), Path("/base")
        memory.make_folder(root)
        yield Memory(root, memory)


def test_a_written_file_holds_the_last_data(place):
    """A second write replaces all of the first, also by a shorter one."""
    for data in (b"long data", b"short", b""):
        place.disk.write(place.root / "a", data)
        assert place.read("a") == data
    assert place.disk.names(place.root) == ["a"]


def test_appending_makes_the_file_and_adds_at_its_end(place):
    """What was there stays in front, whether it was written or appended."""
    path = place.root / "a"
    place.disk.append(path, b"one ")
    place.disk.append(path, b"two ")
    place.disk.write(path, b"new ")
    place.disk.append(path, b"three")

    assert place.read("a") == b"new three"


def test_a_file_moved_or_removed_is_not_appended_to(place):
    """After a rename or a removal the old name is a new file, and the moved one stays as it is."""
    path = place.root / "a"
    place.disk.append(path, b"one")
    place.disk.rename(path, place.root / "b")
    place.disk.append(path, b"two")
    place.disk.append(place.root / "b", b"+")
    place.disk.rename(path, place.root / "b")
    place.disk.append(place.root / "b", b"!")
    assert place.read("b") == b"two!"

    place.disk.append(path, b"three")
    place.disk.remove(path)
    place.disk.append(path, b"four")
    assert place.read("a") == b"four"


def test_a_rename_replaces_a_file_and_moves_a_folder(place):
    """The old name is gone, and the new one holds what the old one held."""
    place.disk.write(place.root / "a", b"new")
    place.disk.write(place.root / "b", b"old")
    place.disk.rename(place.root / "a", place.root / "b")
    assert (place.disk.names(place.root), place.read("b")) == (["b"], b"new")

    place.disk.make_folder(place.root / "folder")
    place.disk.rename(place.root / "b", place.root / "folder" / "b")
    place.disk.rename(place.root / "folder", place.root / "moved")
    assert place.disk.names(place.root) == ["moved"]
    assert place.read("moved/b") == b"new"


def test_a_folder_is_made_once(place):
    """The second caller fails, as does one who finds a file of that name or no parent."""
    place.disk.make_folder(place.root / "a")
    place.disk.write(place.root / "file", b"")

    for name in ("a", "file", "none/a", "file/a"):
        with pytest.raises(SinkError, match=name):
            place.disk.make_folder(place.root / name)
    assert place.disk.is_folder(place.root / "a")
    assert not any(place.disk.is_folder(place.root / name) for name in ("file", "none", "file/a"))


def test_names_are_sorted_and_only_of_a_folder(place):
    """A folder lists what it holds, not what lies deeper; anything else is refused."""
    place.disk.make_folder(place.root / "b")
    for name in ("c", "a", "b/deep"):
        place.disk.write(place.root / name, b"")

    assert place.disk.names(place.root) == ["a", "b", "c"]
    for name in ("a", "none"):
        with pytest.raises(SinkError, match=name):
            place.disk.names(place.root / name)


def test_removing_takes_files_and_empty_folders(place):
    """A folder that holds something stays; what is not there is no failure."""
    place.disk.make_folder(place.root / "b")
    place.disk.write(place.root / "b" / "a", b"x")

    with pytest.raises(SinkError, match="/b "):
        place.disk.remove(place.root / "b")
    for name in ("none", "b/a", "b"):
        place.disk.remove(place.root / name)
    assert place.disk.names(place.root) == []


def test_what_cannot_be_done_names_the_path(place):
    """A missing parent, a folder in a file's place and a missing source are one sentence each."""
    disk, root = place.disk, place.root
    disk.make_folder(root / "folder")
    failing = (
        (lambda: disk.write(root / "none" / "a", b""), "none/a"),
        (lambda: disk.write(root / "folder", b""), "folder"),
        (lambda: disk.append(root / "none" / "a", b""), "none/a"),
        (lambda: disk.append(root / "folder", b""), "folder"),
        (lambda: disk.rename(root / "missing", root / "target"), "target"),
        (lambda: disk.sync(root / "missing"), "missing"),
        (lambda: disk.sync_all(root / "missing"), "missing"),
    )
    for call, name in failing:
        with pytest.raises(SinkError, match=name) as caught:
            call()
        assert "\n" not in str(caught.value)
    assert disk.names(root) == ["folder"]


def test_a_file_that_does_not_fit_is_not_left(place):
    """On a full disk neither half of the new file nor the one it should replace is left."""
    with place.nearly_full() as disk:
        disk.write(place.root / "a", b"x" * ROOM_BYTES)
        with pytest.raises(SinkError, match="/a "):
            disk.write(place.root / "a", b"y" * (ROOM_BYTES + 1))

        assert disk.names(place.root) == []


def test_what_is_appended_fits_or_is_left_out(place):
    """On a full disk the file ends as it did before, and what still fits can be appended."""
    with place.nearly_full() as disk:
        disk.append(place.root / "a", b"12345\n")
        for _ in range(2):
            with pytest.raises(SinkError, match="/a "):
                disk.append(place.root / "a", b"67890\n")
            assert place.read("a") == b"12345\n"
        disk.append(place.root / "a", b"789\n")

        assert place.read("a") == b"12345\n789\n"


def test_everything_can_be_synced(place):
    """Syncing a file, one that is appended to, a folder and everything changes nothing visible."""
    place.disk.write(place.root / "a", b"one")
    place.disk.append(place.root / "b", b"two")
    for path in (place.root / "a", place.root / "b", place.root):
        place.disk.sync(path)
    place.disk.sync_all(place.root)

    assert (place.read("a"), place.read("b")) == (b"one", b"two")


def test_a_closed_disk_stays_usable(place):
    """Closing forgets no data, may be done twice, and appending goes on at the end."""
    place.disk.append(place.root / "a", b"one ")
    place.disk.close()
    place.disk.close()
    place.disk.append(place.root / "a", b"two")

    assert place.read("a") == b"one two"


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_closing_the_real_disk_closes_its_files(tmp_path):
    """Whatever it was asked before, no descriptor is left after close."""
    before, disk = _open_files(), LocalDisk()
    for name in ("a", "b", "c"):
        disk.append(tmp_path / name, b"x")
    disk.rename(tmp_path / "a", tmp_path / "b")
    disk.remove(tmp_path / "c")
    disk.write(tmp_path / "d", b"x")
    disk.sync(tmp_path / "d")
    disk.sync_all(tmp_path)
    disk.close()

    assert _open_files() == before


def test_the_real_disk_syncs_what_it_was_asked_to(tmp_path, monkeypatch):
    """A file, one that is appended to, and a folder reach fsync; everything reaches syncfs."""
    synced: list[str] = []

    def spy(kind: str, call):
        def called(descriptor: int):
            synced.append(f"{kind} {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
            return call(descriptor)

        return called

    class Libc:
        syncfs = staticmethod(spy("syncfs", disk_module._LIBC.syncfs))  # noqa: SLF001

    monkeypatch.setattr(os, "fsync", spy("fsync", os.fsync))
    monkeypatch.setattr(disk_module, "_LIBC", Libc)
    disk, folder = LocalDisk(), tmp_path / "folder"
    disk.make_folder(folder)
    disk.write(folder / "a", b"x")
    disk.append(folder / "b", b"x")
    assert synced == []
    for path in (folder / "a", folder / "b", folder):
        disk.sync(path)
    disk.sync_all(folder)
    disk.close()

    assert synced == ["fsync a", "fsync b", "fsync folder", "syncfs folder"]


def test_a_failed_sync_of_the_real_disk_is_told(tmp_path, monkeypatch):
    """An error of fsync or syncfs is a SinkError with the system's reason as its cause."""

    def broken(_descriptor: int) -> int:
        ctypes.set_errno(errno.EIO)
        return -1

    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    class Libc:
        syncfs = staticmethod(broken)

    monkeypatch.setattr(disk_module, "_LIBC", Libc)
    monkeypatch.setattr(os, "fsync", failing)
    with contextlib.closing(LocalDisk()) as disk:
        for sync in (disk.sync, disk.sync_all):
            with pytest.raises(SinkError, match=str(tmp_path)) as caught:
                sync(tmp_path)
            assert isinstance(caught.value.__cause__, OSError)
            assert caught.value.__cause__.errno == errno.EIO
