"""What a run detects with: one model, exchanged for another between two frames.

Every frame is detected wholly by one model: segmenter, thresholds and digest are exchanged
together. Which one that is depends on the frame's number alone, so it is the same however many
frames are worked on at the same time.

Where the input of the new one has another size, the source is asked to scale what follows for it,
and the first frame that comes so scaled is the first of the new model. Those before it, also those
that were on their way already, are the old one's. None is lost and none is scaled twice.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from edgecrack.errors import SourceError
from edgecrack.models.terms import ModelUse, model_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edgecrack.models.loaded import LoadedModel
    from edgecrack.records import Frame
    from edgecrack.segmenters import Segmenter

    Refit = Callable[[tuple[int, int]], None]

PICTURE_WITHIN_S = 30.0
"""How long a new model waits for a picture to begin with before it is given back."""


class ModelHolder:
    """Holds the model that detects, and the one before it until its last frame is done.

    Args:
        first: What a run begins with.
        clock_s: Monotonic seconds.

    Attributes:
        at_once: Frames that are worked on at the same time.
        now: The model of the frame that came last, and of those to come.
        uses: Every model so far, in order, each with its first frame.
        region_px: Width and height of what the last frame showed the network; None before one.
    """

    def __init__(
        self, first: LoadedModel, *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.at_once, self.now = first.segmenter.at_once, first
        self.uses: tuple[ModelUse, ...] = (ModelUse(0, model_terms(first.bundle)),)
        self.region_px: tuple[int, int] | None = None
        self._clock_s, self._changed = clock_s, threading.Condition()
        self._before: LoadedModel | None = None
        self._turns_since = 0
        self._offered: LoadedModel | None = None
        self._is_asked_for = self._has_ended = False
        self._closed_cpu_s = 0.0

    @property
    def first_frame(self) -> int:
        """Number of the first frame of the model that detects now."""
        return self.uses[-1].first_frame

    def passing(self, frames: Iterable[Frame | None], refit: Refit) -> Iterator[Frame | None]:
        """Yield what a source yields; between two frames the model may be exchanged.

        Args:
            frames: In order; None where there was none for a while. Who leaves any out behind this
                puts None in its place: what has passed tells when the old model's last is done.
            refit: Asks the source to scale what follows for another input.
        """
        try:
            for frame in frames:
                self._turn(frame, refit)
                yield frame
        finally:
            self.end()

    def segmenter_for(self, frame: Frame) -> Segmenter:
        """Return what detects a frame that has passed. May be called by many threads."""
        with self._changed:
            is_old = self._before is not None and frame.index < self.first_frame
            model = self._before if is_old else self.now
        assert model is not None  # noqa: S101  for mypy
        return model.segmenter

    def swap(self, new: LoadedModel) -> int:
        """Exchange the model, and close the old one once its last frame is done.

        Called by one thread at a time that is not the one in which frames pass.

        Args:
            new: Loaded and warm; it is this object's from the moment of the exchange, and the
                caller's where there is none.

        Returns:
            Number of the first frame that is the new one's.

        Raises:
            SourceError: No picture came, or no more will come; the old one stays.
        """
        with self._changed:
            self._offered, self._is_asked_for = new, False
            try:
                self._await_exchange()
            finally:
                self._offered = None
            first_frame = self.first_frame
            self._changed.wait_for(lambda: self._is_old_one_done or self._has_ended)
            if not self._is_old_one_done:  # `close` will
                return first_frame
            old, self._before = self._before, None
        assert old is not None  # noqa: S101  for mypy
        old.segmenter.close()
        self._closed_cpu_s += old.segmenter.cpu_s()
        return first_frame

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far by the threads of all models."""
        with self._changed:
            models = [model for model in (self._before, self.now) if model is not None]
            return self._closed_cpu_s + sum(model.segmenter.cpu_s() for model in models)

    def close(self) -> None:
        """Let go of every network; safe to call twice."""
        self.end()
        for model in (self._before, self.now):
            if model is not None:
                model.segmenter.close()

    def _turn(self, frame: Frame | None, refit: Refit) -> None:
        with self._changed:
            self._turns_since += 1
            if self._before is not None and self._is_old_one_done:
                self._changed.notify_all()
            if frame is None:
                return
            self.region_px = (frame.geometry.region.width_px, frame.geometry.region.height_px)
            if self._offered is None:
                return
            input_px = self._offered.input_px
            if frame.input_px in {None, input_px}:
                self._exchange(self._offered, frame.index)
                return
            is_news, self._is_asked_for = not self._is_asked_for, True
        if is_news:
            refit(input_px)

    @property
    def _is_old_one_done(self) -> bool:
        """Whether so many have passed since that no frame of the old model is at work any more."""
        return self._turns_since > self.at_once

    def _exchange(self, new: LoadedModel, first_frame: int) -> None:
        self._before, self.now, self._offered = self.now, new, None
        self._turns_since = 0
        self.uses = (*self.uses, ModelUse(first_frame, model_terms(new.bundle)))
        self._changed.notify_all()

    def _await_exchange(self) -> None:
        """Wait until the offer is taken; once the source scales for it, it will be."""
        end_s = self._clock_s() + PICTURE_WITHIN_S
        while self._offered is not None:
            if self._has_ended:
                raise SourceError("no more pictures come: the run has ended; ask the next one")
            left_s = None if self._is_asked_for else end_s - self._clock_s()
            if left_s is not None and left_s <= 0:
                raise SourceError(
                    f"no picture has come for {PICTURE_WITHIN_S:g} s, and a model is exchanged "
                    "between two of them; ask again when the camera is back"
                )
            self._changed.wait(left_s)

    def end(self) -> None:
        """Take in that no more frames pass; whoever waits for one is told."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()
