"""Which lines of edgecrack an input reaches that none before it has reached."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import edgecrack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_PACKAGE = str(edgecrack.__path__[0])
_LINES_BITS = 20


class ReachedLines:
    """The lines reached so far, with the one before: a branch taken the other way is new, too."""

    def __init__(self) -> None:
        self._ways: set[tuple[int, int]] = set()
        self._last = 0
        self._known: dict[str, bool] = {}

    def __len__(self) -> int:
        return len(self._ways)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note the lines that this thread reaches."""
        before, self._last = sys.gettrace(), 0
        sys.settrace(self._on_call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _on_call(self, frame: FrameType, _event: str, _argument: object) -> Any:
        name = frame.f_code.co_filename
        is_ours = self._known.get(name)
        if is_ours is None:
            is_ours = self._known[name] = name.startswith(_PACKAGE)
        return self._on_line if is_ours else None

    def _on_line(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            here = id(frame.f_code) << _LINES_BITS | frame.f_lineno
            self._ways.add((self._last, here))
            self._last = here
        return self._on_line
