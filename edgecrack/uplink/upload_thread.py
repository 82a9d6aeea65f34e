"""Uploads finished segments beside a survey."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.uplink.upload import Uploader

LEAVE_WITHIN_S = 1.0


class UploadThread:
    """Uploads finished segments, in a thread of its own.

    Args:
        uploader: What does it.
        note: Told when it stops through a fault.
    """

    def __init__(self, uploader: Uploader, note: Callable[[str, str], None]) -> None:
        self._uploader, self._note, self._over = uploader, note, threading.Event()
        self._thread = threading.Thread(target=self._run, name="upload", daemon=True)
        self._thread.start()

    def counts(self) -> dict[str, Any]:
        """Return what went so far."""
        return dict(self._uploader.counts())

    def close(self) -> None:
        """End after the file at work, or leave the thread behind; safe to call twice."""
        self._over.set()
        self._thread.join(LEAVE_WITHIN_S)

    def _run(self) -> None:
        with closing(self._uploader):
            try:
                while not self._over.wait(self._uploader.turn()):
                    pass
            finally:
                if not self._over.is_set():
                    self._note("stopped", "a fault of its own; report the traceback printed above")
