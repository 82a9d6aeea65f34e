"""Finished segments go to a store, file by file; each is marked once all of it is there.

What is there already is not sent again, so an upload that broke off goes on where it was. The seal
goes last: in the store, too, a segment with a seal is whole. A segment that is damaged, or that the
store does not take, holds up no other.
"""

from __future__ import annotations

import json
import random as randomness
import time
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from edgecrack.backoff import Backoff
from edgecrack.errors import ConfigError, SinkError
from edgecrack.storage.replace_file import replace_file
from edgecrack.storage.segment import SEAL, UPLOADED
from edgecrack.uplink.put_off import PutOff
from edgecrack.uplink.sealed import DamagedSegmentError
from edgecrack.uplink.store import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edgecrack.storage.disk import Digest, Disk
    from edgecrack.uplink.budget import DayBudget
    from edgecrack.uplink.sealed import SealedSegment, SealedSegments
    from edgecrack.uplink.store import HttpStore

LOOK_EACH_S = 30.0


class Uploader:
    """Uploads finished segments; all of it belongs to one thread, which calls `turn` for ever.

    Args:
        store: Where they go.
        segments: Those that are finished and not uploaded.
        disk: What marks them.
        gate: Returns why nothing may be sent now, of the next so many bytes; empty if it may.
        note: Told the state and the reason.
        unit: The unit's name: the folder of its segments in the store.
    """

    def __init__(
        self,
        store: HttpStore,
        segments: SealedSegments,
        disk: Disk,
        gate: Gate,
        note: Callable[[str, str], None],
        unit: str,
    ) -> None:
        self._store, self._segments, self._disk = store, segments, disk
        self._gate, self._note, self._unit = gate, note, unit
        self._backoff, self._failures, self._due_s = Backoff(), 0, 0.0
        self._counts: Counter[str] = Counter()
        self._damaged: dict[Path, str] = {}  # left to whoever mends them
        self._put_off = PutOff()

    def counts(self) -> Mapping[str, int]:
        """Return how many ``segments``, ``files`` and ``bytes`` went, and what did not."""
        keys = ("segments", "files", "bytes", "there_already", "damaged", "failures")
        return dict.fromkeys(keys, 0) | self._counts

    def turn(self) -> float:
        """Upload what is pending, if it is time to; return in how many seconds to come again."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return self._due_s - now_s
        try:
            wait_s = self._upload_all()
            self._failures = 0
        except (OSError, SinkError, ConfigError) as error:
            self._counts["failures"] += 1
            wait_s = self._backoff.next_s(self._failures, randomness.random)
            self._failures += 1
            self._note("reconnecting", str(error))
        self._due_s = time.monotonic() + wait_s
        return wait_s

    def close(self) -> None:
        """Disconnect."""
        self._store.close()

    def _upload_all(self) -> float:
        why_not = self._gate.why_not(1)  # before any seal is read
        for folder in () if why_not else self._due():
            why_not = self._try(folder)
            if why_not:
                break
        if why_not:
            self._note("waiting", why_not)
            return LOOK_EACH_S
        problems = "; ".join([*self._damaged.values(), *self._put_off.reasons()])
        self._note("degraded" if problems else "idle", problems)
        return self._put_off.next_s(LOOK_EACH_S)

    def _due(self) -> Iterator[Path]:
        """Yield the segments that are to be tried now; forget what was said of those that went."""
        folders = self._segments.pending()
        for gone in self._damaged.keys() - {*folders}:
            del self._damaged[gone]
        self._put_off.forget_all_but({*folders})
        for folder in folders:
            if folder not in self._damaged and not self._put_off.holds(folder):
                yield folder

    def _try(self, folder: Path) -> str:
        """Upload a segment, or keep why not, so that others go on; return why all must wait.

        Raises:
            NotTakenError: The store did not take it; the next turn begins with another one.
            SinkError: It could not be marked; likewise.
        """
        before = self._counts["files"]
        try:
            why_not = self._upload(self._segments.read(folder))
        except (DamagedSegmentError, NotTakenError, SinkError) as error:
            if self._is_gone(folder):  # to make room
                return ""
            if not isinstance(error, DamagedSegmentError):
                self._put_off.add(folder, str(error), got_on=self._counts["files"] > before)
                raise
            self._counts["damaged"] += 1
            self._damaged[folder] = str(error)
            return ""
        if not why_not:
            self._put_off.forget(folder)
        return why_not

    def _is_gone(self, folder: Path) -> bool:
        try:
            return not self._disk.is_folder(folder)
        except SinkError:  # there, and broken
            return False

    def _upload(self, segment: SealedSegment) -> str:
        """Send a segment and mark it; return why that must wait, if so."""
        for path, digest in (*segment.files.items(), (SEAL, segment.seal)):
            why_not = self._gate.why_not(digest.size_bytes)
            if why_not:
                return why_not
            self._note("uploading", "")
            self._send(segment, path, digest)
        digests = [segment.seal, *segment.files.values()]
        done = {
            "written_utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "stored_as": f"{self._unit}/{segment.name}",
            "seal_sha256": segment.seal.sha256,
            "files": len(digests),
            "bytes": sum(digest.size_bytes for digest in digests),
        }
        data = json.dumps(done, indent=2).encode() + b"\n"
        replace_file(self._disk, segment.folder / UPLOADED, data)
        self._counts["segments"] += 1
        return ""

    def _send(self, segment: SealedSegment, path: str, digest: Digest) -> None:
        """Send a file unless it is there, and see that it is there then."""
        name, file = f"{self._unit}/{segment.name}/{path}", segment.folder / path
        before_bytes = self._store.moved_bytes
        try:
            if self._store.has(name, digest):
                self._counts["there_already"] += 1
                return
            if self._disk.digest(file) != digest:
                raise DamagedSegmentError(f"{segment.folder.name}/{path} is not what its seal says")
            self._store.put(name, digest, file)
            if not self._store.has(name, digest):
                raise NotTakenError(f"{name} is not in the store as it was sent")
        except SinkError as error:
            raise DamagedSegmentError(str(error)) from error
        finally:
            self._gate.spend(self._store.moved_bytes - before_bytes)
        self._counts["files"] += 1
        self._counts["bytes"] += digest.size_bytes


class Gate:
    """Whether bytes may be sent now.

    Args:
        budget: What may be sent today.
        is_metered: Whether bytes cost money now.
    """

    def __init__(self, budget: DayBudget, is_metered: Callable[[], bool]) -> None:
        self._budget, self._is_metered = budget, is_metered

    def why_not(self, size_bytes: int) -> str:
        """Return why so many bytes may not be sent now; empty if they may."""
        if self._is_metered():
            return "the link is metered"
        if size_bytes > self._budget.left_bytes():
            return "the bytes of today are used up"
        return ""

    def spend(self, size_bytes: int) -> None:
        """Count bytes that were moved."""
        self._budget.spend(size_bytes)
