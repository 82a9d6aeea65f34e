"""What TensorRT tells of a build that goes on: from version 10 on."""

from __future__ import annotations

from collections.abc import Callable
from typing import SupportsInt

import tensorrt as trt

from edgecrack.engines.build_progress import BuildProgress

OnShare = Callable[[float], None]
"""Told how much is done, 0 to 1."""
IsCancelled = Callable[[], bool]
"""Asked whether to give up."""


class _Monitor(trt.IProgressMonitor):
    """Passes on what TensorRT tells, and cancels the build when it is asked to."""

    def __init__(self, on_share: OnShare, is_cancelled: IsCancelled) -> None:
        trt.IProgressMonitor.__init__(self)
        self._on_share, self._is_cancelled = on_share, is_cancelled
        self._progress = BuildProgress()

    def phase_start(
        self, phase_name: str, parent_phase: str | None, num_steps: SupportsInt
    ) -> None:
        """Take in that a phase has begun."""
        self._progress.start(phase_name, parent_phase, int(num_steps))

    def step_complete(self, phase_name: str, step: SupportsInt) -> bool:
        """Take in that a step is done; return whether to go on."""
        self._progress.step(phase_name, int(step))
        self._on_share(self._progress.share)
        return not self._is_cancelled()

    def phase_finish(self, phase_name: str) -> None:
        """Take in that a phase has ended."""
        self._progress.finish(phase_name)
        self._on_share(self._progress.share)


def watch(config: trt.IBuilderConfig, on_share: OnShare, is_cancelled: IsCancelled) -> None:
    """Have a build tell of its progress.

    Args:
        config: Of the build; it keeps what it tells alive.
        on_share: Told how much is done, from threads of TensorRT's.
        is_cancelled: Asked after each step, from the same threads, whether to give up.
    """
    config.progress_monitor = _Monitor(on_share, is_cancelled)
