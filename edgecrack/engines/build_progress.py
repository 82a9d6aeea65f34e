"""How much of an engine is built, from the phases that TensorRT tells of."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Phase:
    """A phase, and those inside it that have not ended."""

    steps: int
    done: int = 0
    inside: list[str] = field(default_factory=list)


class BuildProgress:
    """A share from 0 to 1 that never falls. TensorRT may tell of phases from several threads.

    Phases stand inside one another. A step of the outer one is as long as all that is inside it, so
    what is inside counts as a part of the step that is being done.

    Example:
        >>> progress = BuildProgress()
        >>> progress.start("build", None, 2)
        >>> progress.start("timing", "build", 4)
        >>> progress.step("timing", 0)
        >>> progress.share
        0.125
    """

    def __init__(self) -> None:
        self._phases: dict[str, _Phase] = {}
        self._outermost: list[str] = []
        self._share = 0.0
        self._lock = threading.Lock()

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self._share

    def start(self, name: str, parent: str | None, steps: int) -> None:
        """Take in that a phase has begun; its parent is None for an outermost one."""
        with self._lock:
            self._phases[name] = _Phase(max(1, steps))
            if parent in self._phases:
                self._phases[parent].inside.append(name)
            else:
                self._outermost.append(name)
            self._update()

    def step(self, name: str, step: int) -> None:
        """Take in that a step of a phase is done; the first is 0."""
        with self._lock:
            if name in self._phases:
                self._phases[name].done = step + 1
                self._update()

    def finish(self, name: str) -> None:
        """Take in that a phase has ended, with all its steps done or not."""
        with self._lock:
            if name in self._phases:
                for phase in self._phases.values():
                    if name in phase.inside:
                        phase.inside.remove(name)
                if name in self._outermost:
                    self._phases[name].done = self._phases[name].steps
                else:
                    del self._phases[name]
                self._update()

    def _update(self) -> None:
        # Of several outermost phases the first is the whole build; those after it are short.
        if self._outermost:
            self._share = max(self._share, min(1.0, self._done(self._outermost[0])))

    def _done(self, name: str) -> float:
        phase = self._phases[name]
        inside = [self._done(each) for each in phase.inside if each in self._phases]
        part = max(inside, default=0.0)
        return min(1.0, (phase.done + part) / phase.steps)
