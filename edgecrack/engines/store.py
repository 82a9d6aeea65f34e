"""Where engines are kept: ``<key>.plan``, its sidecar ``<key>.json``, and what TensorRT timed.

::

    ~/.cache/edgecrack/engines/
      <key of the fingerprint>.plan          what TensorRT loads
      <key of the fingerprint>.json          its sidecar; written last: with it the engine is whole
      <key of the fingerprint>.layers.json   what TensorRT's inspector says of it
      <key of the fingerprint>.proved        empty; there once it has answered as promised
      <key of the target>.timing             timings of the kernels, so that a build goes on faster
      build.lock                             held while an engine is built

Nothing here is ever half: each file is replaced at once, and a plan counts only with a sidecar that
knows its length and digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecrack.engines.lock import build_lock
from edgecrack.engines.sidecar import Sidecar, parse_sidecar
from edgecrack.errors import EngineError, SinkError
from edgecrack.installation import as_here
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgecrack.engines.fingerprint import Fingerprint, Target
    from edgecrack.storage.disk import Disk

MOST_BYTES = 4_000_000_000
"""What all plans together may take; beyond it those that were built first are removed."""

_OURS = (".json", ".plan", ".proved", ".timing")
_HEALED = "the next run builds it anew"


def build_command(bundle: Path, wanted: Fingerprint) -> str:
    """Return what to type where the engine of a network of a bundle is missing."""
    what = f"--precision {wanted.precision} --size {wanted.size}"
    return as_here(f"edgecrack engine build {bundle} {what}")


def engines_folder() -> Path:
    """Return where engines are kept: ``$XDG_CACHE_HOME`` or ``~/.cache``, ``edgecrack/engines``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edgecrack" / "engines"


class EngineStore:
    """The engines of this machine.

    Args:
        folder: Where they are kept; None is the usual place.
        disk: What writes.

    Attributes:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path | None = None, disk: Disk | None = None) -> None:
        self.folder = engines_folder() if folder is None else folder
        self._disk = disk or LocalDisk()

    def engines(self) -> list[Sidecar]:
        """Return every engine that there is a sidecar of, in the order they were built."""
        found = []
        for path in self.folder.glob("*.json"):
            with suppress(OSError, ValueError):  # a file of another version or of someone else
                sidecar = parse_sidecar(path.read_bytes())
                if path.stem == sidecar.key:
                    found.append(sidecar)
        return sorted(found, key=lambda sidecar: (sidecar.built_utc, sidecar.key))

    def fitting(self, wanted: Fingerprint) -> Sidecar | None:
        """Return the engine that may run where ``wanted`` is: the last one, proved ones first."""
        fitting = [each for each in self.engines() if each.fingerprint.fits(wanted)]
        return max(reversed(fitting), key=self.is_proved, default=None)

    def nearest(self, wanted: Fingerprint) -> Sidecar | None:
        """Return the engine that most likely was meant: as many facts as possible are the same."""

        def likeness(sidecar: Sidecar) -> int:
            return -len(sidecar.fingerprint.differences(wanted).split(", "))

        same = [
            each
            for each in self.engines()
            if (each.fingerprint.precision, each.fingerprint.size)
            == (wanted.precision, wanted.size)
        ]
        return max(same, key=likeness, default=None)

    def misfit(self, wanted: Fingerprint) -> str:
        """Say why no engine fits, with both fingerprints where there is one that nearly does."""
        name = f"{wanted.precision} {wanted.size} ({wanted.key})"
        near = self.nearest(wanted)
        if near is None:
            return f"there is no engine for {name} on {wanted.target}"
        differences = near.fingerprint.differences(wanted)
        return f"engine {near.key} does not fit {name} on {wanted.target}: it has {differences}"

    def plan(self, sidecar: Sidecar) -> bytes:
        """Return the plan of an engine, having checked exactly these bytes.

        Raises:
            EngineError: It is not there, or not what its sidecar says.
        """
        path = self._path(sidecar.key, "plan")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise EngineError(
                f"{path} is needed and cannot be read ({error.strerror}); {_HEALED}."
            ) from error
        digest = hashlib.sha256(data).hexdigest()
        if digest != sidecar.plan_sha256:
            raise EngineError(
                f"{path} must have SHA-256 {sidecar.plan_sha256[:12]}... as its sidecar says, but "
                f"is damaged: it has {digest[:12]}...; {_HEALED}."
            )
        return data

    def layers(self, sidecar: Sidecar) -> list[Any]:
        """Return the layers that TensorRT showed of an engine; empty if they are lost."""
        try:
            return list(json.loads(self._path(sidecar.key, "layers.json").read_bytes())["Layers"])
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return []

    def save(self, sidecar: Sidecar, plan: bytes, layers: str) -> None:
        """Keep an engine; an earlier one of its fingerprint is gone once there was room for this.

        Its sidecar is written last.

        Raises:
            SinkError: The disk is full or broken.
        """
        text = json.dumps(sidecar.as_json(), indent=2) + "\n"
        with self._keeping():
            make_folders(self._disk, self.folder)
            new = self._path(sidecar.key, "new.plan")
            replace_file(self._disk, new, plan)
            for kind in ("proved", "json"):
                self._disk.remove(self._path(sidecar.key, kind))
            self._disk.rename(new, self._path(sidecar.key, "plan"))  # the next line syncs the name
            replace_file(self._disk, self._path(sidecar.key, "layers.json"), layers.encode())
            replace_file(self._disk, self._path(sidecar.key, "json"), text.encode())

    def is_proved(self, sidecar: Sidecar) -> bool:
        """Whether an engine has answered as its bundle promises."""
        return self._path(sidecar.key, "proved").is_file()

    def mark_proved(self, sidecar: Sidecar) -> None:
        """Remember that it has; where that cannot be written it is proved again."""
        with suppress(SinkError):
            replace_file(self._disk, self._path(sidecar.key, "proved"), b"")

    def make(self) -> None:
        """Make the folder, if it is not there.

        Raises:
            SinkError: It cannot be made.
        """
        with self._keeping():
            make_folders(self._disk, self.folder)

    def require_room(self, count_bytes: int) -> None:
        """Refuse to build, which takes minutes, what the disk could not take; the folder is there.

        Raises:
            SinkError: Less than this is free.
        """
        free_bytes = shutil.disk_usage(self.folder).free
        with self._keeping():
            if free_bytes < count_bytes:
                raise SinkError(
                    f"of the {count_bytes / 1e6:.0f} MB that one may take {free_bytes / 1e6:.0f} "
                    "are free"
                )

    @contextmanager
    def locked(self, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Have the folder, which is made if it is not there, to oneself.

        Args:
            on_wait: Told when a build is at work, before its end is waited for.

        Raises:
            SinkError: The folder cannot be made, or takes no file.
        """
        self.make()
        with build_lock(self.folder, on_wait):
            yield

    def discard(self, sidecar: Sidecar) -> None:
        """Remove an engine that is of no use, unless another one has taken its place meanwhile.

        Raises:
            SinkError: It cannot be removed.
        """
        with self.locked():
            if sidecar in self.engines():
                self.remove(sidecar)

    def remove(self, sidecar: Sidecar) -> int:
        """Remove an engine, and return the bytes of its plan."""
        with self._keeping():
            for kind in ("proved", "json", "plan", "layers.json"):
                self._disk.remove(self._path(sidecar.key, kind))
        return sidecar.plan_bytes

    def limit(self, most_bytes: int, keep: Sidecar) -> list[Sidecar]:
        """Remove the engines that were built first until the plans take no more than this.

        Whoever calls this has the folder `locked`.

        Args:
            most_bytes: What they may take.
            keep: Is never removed.

        Returns:
            What was removed.
        """
        engines = [each for each in self.engines() if each != keep]
        total_bytes = keep.plan_bytes + sum(each.plan_bytes for each in engines)
        removed = []
        for each in engines:
            if total_bytes <= most_bytes:
                break
            total_bytes -= self.remove(each)
            removed.append(each)
        return removed

    def clear(self, on_wait: Callable[[], None] = lambda: None) -> int:
        """Remove everything, also what a killed build left, and return how many engines.

        Args:
            on_wait: As in `locked`.

        Raises:
            SinkError: A file cannot be removed.
        """
        if not self._disk.is_folder(self.folder):
            return 0
        with self.locked(on_wait):
            count = len(self.engines())
            for name in self._disk.names(self.folder):
                if name.removesuffix(".part").endswith(_OURS):
                    self._disk.remove(self.folder / name)
        return count

    def timings(self, target: Target) -> bytes:
        """Return what TensorRT timed on a target so far; empty where it has not."""
        try:
            return self._path(target.key, "timing").read_bytes()
        except OSError:
            return b""

    def save_timings(self, target: Target, timings: bytes) -> None:
        """Keep what TensorRT timed; a disk that takes no more only makes the next build slower."""
        with suppress(SinkError):
            self.make()
            replace_file(self._disk, self._path(target.key, "timing"), timings)

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        """Say of a disk that failed what helps here, where there is no --out."""
        try:
            yield
        except SinkError as error:
            what = str(error).partition(";")[0]
            raise SinkError(
                f"engines must be kept in {self.folder}, but {what}; make room there, or name "
                "another folder with XDG_CACHE_HOME."
            ) from error

    def _path(self, key: str, kind: str) -> Path:
        return self.folder / f"{key}.{kind}"
