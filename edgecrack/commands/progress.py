"""Progress: a bar on a terminal, the status of a service, a line every ten seconds elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import TaskID

    from edgecrack.program.service import Service

    Show = Callable[[str, int, int | None], None]

_LINE_EACH_S = 10.0


@contextmanager
def progress_of(service: Service) -> Iterator[Show]:
    """Tell the manager of a service what is counted, or show it where there is none."""
    if not service.is_managed:
        with progress_bars() as show:
            yield show
        return

    def tell(what: str, done: int, total: int | None) -> None:
        if what == "frames" and done:
            service.running(_line(what, done, total))
        else:
            service.preparing(_line(what, done, total))

    service.opening("opening the model, the source and the positions")
    yield tell


@contextmanager
def progress_bars() -> Iterator[Show]:
    """Show on stderr what is counted, how many are done, and of how many where that is known."""
    from rich.progress import (  # noqa: PLC0415  only when something long runs
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield ProgressLines(console.out)
        return
    columns = (
        SpinnerColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show


class ProgressLines:
    """Write a line of progress whenever ten seconds have passed since the one before.

    Args:
        write: Takes a line.
        clock_s: Monotonic seconds.

    Example:
        >>> now_s = iter((0, 4, 11, 12))
        >>> show = ProgressLines(print, lambda: next(now_s))
        >>> for done in (1, 2, 3):
        ...     show("frames", done, 9)
        2 of 9 frames
    """

    def __init__(
        self, write: Callable[[str], object], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._write, self._clock_s = write, clock_s
        self._shown_s = clock_s()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Take in how many are done of what is counted, of how many if that is known."""
        now_s = self._clock_s()
        if now_s - self._shown_s < _LINE_EACH_S:
            return
        self._shown_s = now_s
        self._write(_line(what, done, total))


def _line(what: str, done: int, total: int | None) -> str:
    of = "" if total is None else f" of {total}"
    return f"{done}{of} {what}"
