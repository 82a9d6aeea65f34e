"""Machines to look at that are not at hand: recorded boards, and one on which nothing is."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecrack.doctor.machine import NOT_INSTALLED, Ended, Machine, Space
from edgecrack.doctor.probe import MODULE

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(__file__).parent / "data"
ORIN, THOR = "orin_nano_l4t36", "thor_l4t39"
NOW_S = 1_795_773_600.0  # 2026-11-27


@dataclass
class RecordedPrograms:
    """A double of `run_command`: answers as recorded, and knows no other program.

    Attributes:
        programs: Command -> what it prints.
        probes: Question -> what the probe answers, or how it ended.
        gstreamer: Version of GStreamer; None where it is not there.
        missing: Elements that are not there.
        asked: Every command so far.
    """

    programs: dict[str, str] = field(default_factory=dict)
    probes: dict[str, Any] = field(default_factory=dict)
    gstreamer: str | None = None
    missing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def __call__(self, command: Sequence[str], patience_s: float) -> Ended:
        """Answer as recorded."""
        assert patience_s > 0
        self.asked.append(" ".join(command))
        if MODULE in command:
            return self._probe(list(command)[list(command).index(MODULE) + 1 :])
        printed = self.programs.get(" ".join(command))
        return Ended("", NOT_INSTALLED) if printed is None else Ended(printed)

    def _probe(self, question: list[str]) -> Ended:
        kind, *names = question
        answer = self.probes.get(kind, self.probes.get(" ".join(question)))
        if kind == "elements" and answer is None and self.gstreamer:
            missing = [name for name in names if name in self.missing]
            answer = {"version": self.gstreamer, "missing": missing}
        if isinstance(answer, Ended):
            return answer
        return Ended(json.dumps(answer or {"problem": f"there is no module for {kind}"}))


def board(name: str, folder: Path, files: dict[str, str | None] | None = None) -> Machine:
    """Return a recorded board, copied so that it can be changed.

    Args:
        name: Its folder in the data.
        folder: Where to copy it.
        files: Path -> another text, or None for a file that is not there.
    """
    root = Path(shutil.copytree(DATA / name, folder / name))
    for path, text in (files or {}).items():
        if text is None:
            (root / path).unlink()
        else:
            (root / path).write_text(text)
    answers = json.loads((root / "answers.json").read_text())
    programs = RecordedPrograms(
        answers["programs"], answers["probes"], answers["gstreamer"],
        set(answers["missing elements"]),
    )  # fmt: skip
    return Machine(
        root=root,
        run=programs,
        space=lambda _folder: Space(200 * 10**9, 500 * 10**9),
        kernel_clock=lambda: answers["kernel clock"],
        now_s=lambda: NOW_S,
        gpsd=("127.0.0.1", 9),  # of the discard service: nothing listens there
        python=tuple(answers["python"]),
        processor="aarch64",
        has_module=lambda module: module in answers["modules"],
        may_use=lambda _device: True,
    )


def recorded(machine: Machine) -> RecordedPrograms:
    """Return the double that answers for a machine, to be changed."""
    assert isinstance(machine.run, RecordedPrograms)
    return machine.run


def bare(folder: Path) -> Machine:
    """Return a machine with no files, no programs, and no module that can be loaded."""
    return Machine(
        root=folder / "nothing",
        run=RecordedPrograms(),
        kernel_clock=lambda: None,
        now_s=lambda: NOW_S,
        gpsd=("127.0.0.1", 9),
        has_module=lambda _module: False,
        may_use=lambda _device: False,
    )
