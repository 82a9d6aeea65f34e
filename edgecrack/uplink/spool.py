"""A folder in which other programs of this machine, such as the update agent, leave events.

A program writes ``NAME.part`` and renames it to ``NAME.json``: a JSON object, at most 64 KiB. Its
``id`` tells it from others (without one, its name and bytes do), its ``topic``, a word, is the last
level of the MQTT topic. It is put into the outbox, durably, and then removed: after a power cut
between the two it is taken again, under the same id. What is no event goes to ``rejected/``.

Whoever may write to the folder may send events in the unit's name, and the unit must be able to
remove what it has taken: the folder belongs to the unit's user and to a group of the two programs,
mode 2770, without the sticky bit; files are readable by that group.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.folders import make_folders
from edgecrack.uplink.messages import event_message, message_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edgecrack.storage.disk import Disk
    from edgecrack.uplink.message import Message
    from edgecrack.uplink.outbox import Outbox

LIMIT_BYTES = 64 * 1024
AT_ONCE = 100
"""Files taken at one time; the rest waits for the next."""
KEPT_REJECTED = 20

_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ID = re.compile(r"[!-~]{1,128}")


class NoEventError(ValueError):
    """A file of the spool holds no event."""


class Spool:
    """The folder.

    Args:
        folder: Where events are left; made where it is missing.
        unit: The unit's name.
        disk: What removes and sets aside.
    """

    def __init__(self, folder: Path, unit: str, disk: Disk) -> None:
        self._folder, self._unit, self._disk = folder, unit, disk
        self._counts: Counter[str] = Counter()
        self._stuck: set[str] = set()

    def counts(self) -> Mapping[str, int]:
        """Return how many files were ``taken`` and ``rejected``."""
        return {"taken": 0, "rejected": 0} | self._counts

    def take_into(self, outbox: Outbox) -> None:
        """Take what has been left since the last call.

        Raises:
            SinkError: The folder or the outbox cannot be used; nothing is lost.
        """
        make_folders(self._disk, self._folder)
        names = self._disk.names(self._folder)
        left = [name for name in names if name.endswith(".json") and not name.startswith(".")]
        self._stuck &= {*left}
        now = [name for name in left if name not in self._stuck][:AT_ONCE]
        events = {name: event for name in now if (event := self._event_or_none(name))}
        outbox.put([*events.values()])
        for name in events:
            self._counts["taken"] += 1
            self._remove(name)

    def _event_or_none(self, name: str) -> Message | None:
        """Return the event of a file; what is none is set aside, what is gone was taken back."""
        try:
            return self._event(name)
        except FileNotFoundError:
            return None
        except (NoEventError, OSError):
            self._reject(name)
            return None

    def _event(self, name: str) -> Message:
        data = _read(self._folder / name)
        try:
            content = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise NoEventError(name) from error
        if not isinstance(content, dict):
            raise NoEventError(name)
        topic, id_ = content.get("topic", "other"), content.get("id")
        if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
            raise NoEventError(name)
        try:
            if id_ is None:
                id_ = message_id(self._unit, name, hashlib.sha256(data).hexdigest())
            if not isinstance(id_, str) or not _ID.fullmatch(id_):
                raise NoEventError(name)
            return event_message(self._unit, id_, topic, content)
        except (ValueError, RecursionError) as error:  # a name that is no UTF-8, Infinity, [[[[
            raise NoEventError(name) from error

    def _remove(self, name: str) -> None:
        try:
            self._disk.remove(self._folder / name)
        except SinkError:  # not ours to remove: it is taken once, however long it lies there
            self._stuck.add(name)

    def _reject(self, name: str) -> None:
        self._counts["rejected"] += 1
        rejected = self._folder / "rejected"
        try:
            make_folders(self._disk, rejected)
            self._disk.rename(self._folder / name, rejected / name)
        except SinkError:
            self._stuck.add(name)
            return
        for old in self._disk.names(rejected)[:-KEPT_REJECTED]:
            with suppress(SinkError):
                self._disk.remove(rejected / old)


def _read(path: Path) -> bytes:
    """Return the bytes of a plain file that is small enough; never wait for a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NoEventError(path.name)
        data = file.read(LIMIT_BYTES + 1)
    if len(data) > LIMIT_BYTES:
        raise NoEventError(path.name)
    return data
