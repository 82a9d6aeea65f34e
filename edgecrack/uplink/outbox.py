"""Messages that the broker does not have yet, in an SQLite file that survives power cuts.

What `Outbox.put` has returned for is durable: a write-ahead log that is synced at each commit. A
message leaves when it is acknowledged or, counted, when there is no room. Status goes first, for
there is always a newer one; then pictures, of which the segments hold a copy; then the oldest.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from edgecrack.errors import SinkError
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.uplink.message import Kind, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

_Result = TypeVar("_Result")

VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    topic TEXT NOT NULL, payload BLOB NOT NULL, bytes INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS by_kind ON messages (kind, seq, bytes);
"""
_OLDEST = """
SELECT id, topic, payload, kind FROM messages
WHERE kind IN (SELECT value FROM json_each(?)) AND id NOT IN (SELECT value FROM json_each(?))
ORDER BY seq LIMIT ?
"""
_FIRST_OF = """
SELECT seq, kind, bytes FROM messages WHERE kind IN (SELECT value FROM json_each(?)) ORDER BY seq
"""
_BUSY_S = 5.0
_WAL_BYTES = 4 << 20


FIRST_TO_GO = ((Kind.STATUS,), (Kind.PICTURE,), (Kind.EVENT, Kind.CRACK))
"""In which order messages are given up for want of room."""


@dataclass(frozen=True, slots=True)
class Room:
    """What an outbox holds at most.

    Attributes:
        most_messages: So many messages.
        most_bytes: So many bytes of them.
    """

    most_messages: int = 100_000
    most_bytes: int = 64 << 20


class Outbox:
    """The file. Any thread may call any method; it is opened with the first.

    Args:
        path: The file; its folder is made where it is missing.
        room: What it holds at most.
        on_trouble: Told once each time the file was found damaged and set aside.

    Attributes:
        problem: Why the last call failed; empty when it did not.
    """

    def __init__(
        self,
        path: Path,
        room: Room | None = None,
        on_trouble: Callable[[str], None] = lambda _said: None,
    ) -> None:
        self._path, self._room, self._on_trouble = path, room or Room(), on_trouble
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._counts: Counter[str] = Counter()
        self.problem = ""

    def put(self, messages: Sequence[Message]) -> None:
        """Keep messages, all or none; durable on return. One that is there already is left alone.

        Raises:
            SinkError: The disk is full or broken; none of them is kept.
        """
        if messages:
            self._counts.update(self._guarded(lambda open_: self._put(open_, messages)))

    def take(
        self, most: int, kinds: Collection[Kind] = tuple(Kind), besides: Collection[str] = ()
    ) -> list[Message]:
        """Return the oldest messages; they stay until they are acknowledged.

        Args:
            most: How many.
            kinds: Of these kinds only.
            besides: Not those with these ids.

        Raises:
            SinkError: The disk is broken.
        """
        values = (_listed(kinds), _listed(besides), most)
        rows = self._guarded(lambda open_: open_.execute(_OLDEST, values).fetchall())
        return [Message(id_, topic, payload, Kind(kind)) for id_, topic, payload, kind in rows]

    def acknowledge(self, ids: Sequence[str]) -> None:
        """Forget messages that the broker has.

        Raises:
            SinkError: The disk is full or broken; all of them are kept.
        """
        if ids:
            self._guarded(lambda open_: _delete(open_, ids))
            self._counts["acknowledged"] += len(ids)

    def refuse(self, message: Message) -> None:
        """Give up a message that no broker will take, and count it.

        Raises:
            SinkError: The disk is full or broken.
        """
        self._guarded(lambda open_: _delete(open_, [message.id]))
        self._counts[f"dropped_{message.kind.value}"] += 1

    def lose(self, kind: Kind, count: int = 1) -> None:
        """Count messages that never came to be kept, because the disk took none for too long."""
        self._counts[f"dropped_{kind.value}"] += count

    def waiting(self) -> dict[Kind, tuple[int, int]]:
        """Return kind -> how many messages wait, and how many bytes they are.

        Raises:
            SinkError: The disk is broken.
        """
        return self._guarded(_waiting)

    def counts(self) -> Mapping[str, int]:
        """Return what came of messages since the start: ``put``, ``dropped_...``, ``damaged``."""
        return dict(self._counts)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.close()
                self._connection = None

    def _put(self, connection: sqlite3.Connection, messages: Sequence[Message]) -> Counter[str]:
        counts: Counter[str] = Counter()
        with _transaction(connection):
            for message in messages:
                row = (*_fields(message), message.size_bytes)
                query = "INSERT OR IGNORE INTO messages (id, kind, topic, payload, bytes)"
                counts["put"] += connection.execute(f"{query} VALUES (?, ?, ?, ?, ?)", row).rowcount
            for kind, dropped in self._make_room(connection).items():
                counts[f"dropped_{kind}"] += dropped
        return counts

    def _make_room(self, connection: sqlite3.Connection) -> Counter[str]:
        """Give up messages until the rest fits; return how many of each kind."""
        held = _waiting(connection).values()
        rows = sum(count for count, _ in held) - self._room.most_messages
        size_bytes = sum(size for _, size in held) - self._room.most_bytes
        dropped: Counter[str] = Counter()
        for kinds in FIRST_TO_GO:
            oldest = connection.execute(_FIRST_OF, [_listed(kinds)])
            going = []
            while rows > 0 or size_bytes > 0:
                row = oldest.fetchone()
                if row is None:
                    break
                going.append(row[0])
                dropped[row[1]] += 1
                rows, size_bytes = rows - 1, size_bytes - row[2]
            oldest.close()
            connection.executemany("DELETE FROM messages WHERE seq = ?", [(seq,) for seq in going])
        return dropped

    def _guarded(self, action: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do something with the open file; set it aside and begin a new one if it is damaged."""
        with self._lock:
            try:
                try:
                    result = action(self._open())
                except sqlite3.DatabaseError as error:
                    if not _is_damage(error):
                        raise
                    self._set_aside(error)
                    result = action(self._open())
            except (sqlite3.Error, SinkError, OSError) as error:
                self.close()  # opened anew by the next call: the disk may have come back
                self.problem = f"{self._path} could not be used ({error}); make room on its disk"
                raise SinkError(self.problem) from error
            self.problem = ""
            return result

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            disk = LocalDisk()
            make_folders(disk, self._path.parent)
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._connection = connection  # closed by whoever catches what follows
            _prepare(connection)
            disk.sync(self._path.parent)
        return self._connection

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        """Keep the damaged file for people, one at most, and leave its place free."""
        self.close()
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        damaged = self._path.with_name(f"{self._path.name}.damaged")
        with suppress(FileNotFoundError):
            self._path.replace(damaged)
        self._counts["damaged"] += 1
        self._on_trouble(f"{self._path} was damaged ({error}): it is {damaged.name} now")


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the file safe against power cuts, and see that it is whole and ours."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # NORMAL loses commits with the power
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if found != "ok" or version not in (0, VERSION):
        raise sqlite3.DatabaseError(found if found != "ok" else f"version {version}")
    connection.executescript(_SCHEMA)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is at fault, and not the disk: SQLite has a class for everything else."""
    return type(error) is sqlite3.DatabaseError


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


def _fields(message: Message) -> tuple[str, str, str, bytes]:
    return message.id, message.kind.value, message.topic, message.payload


def _delete(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    with _transaction(connection):
        connection.executemany("DELETE FROM messages WHERE id = ?", [(id_,) for id_ in ids])


def _waiting(connection: sqlite3.Connection) -> dict[Kind, tuple[int, int]]:
    rows = connection.execute("SELECT kind, count(*), sum(bytes) FROM messages GROUP BY kind")
    return {Kind(kind): (count, size_bytes) for kind, count, size_bytes in rows}


def _listed(values: Collection[str]) -> str:
    """Return what ``json_each`` makes rows of."""
    return json.dumps([*values])
