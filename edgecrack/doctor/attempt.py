"""Work that may raise anything, or never end, without taking the rest with it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from edgecrack.errors import EdgecrackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

_Result = TypeVar("_Result")


class Kept:
    """Keeps what its ``with`` block raises, but for Ctrl-C and the like, which pass.

    Attributes:
        error: What was raised, or None.

    Example:
        >>> with Kept() as kept:
        ...     raise ValueError("no such thing")
        >>> kept.problem
        'this should not happen (ValueError: no such thing); please report it'
    """

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, Exception):
            self.error = error
        return self.error is not None

    @property
    def problem(self) -> str:
        """What was raised, as a sentence without its full stop; empty where nothing was."""
        if self.error is None:
            return ""
        if isinstance(self.error, EdgecrackError):
            return str(self.error).rstrip(".")
        kind = type(self.error).__name__
        return f"this should not happen ({kind}: {self.error}); please report it"


class Attempt(Generic[_Result]):
    """Work in a thread that is left behind where it does not end in time.

    Args:
        work: What is done; nothing that must not be left half-done.
        patience_s: How long it may take.

    Attributes:
        result: What it returned; None where it has not.
        problem: Why it has not, as a sentence without its full stop; else empty.
    """

    def __init__(self, work: Callable[[], _Result], patience_s: float) -> None:
        self.result: _Result | None = None
        kept = Kept()

        def attempt() -> None:
            with kept:
                self.result = work()

        thread = threading.Thread(target=attempt, name="attempt", daemon=True)
        thread.start()
        thread.join(patience_s)
        is_late = thread.is_alive()
        self.problem = f"no answer within {patience_s:g} s" if is_late else kept.problem
