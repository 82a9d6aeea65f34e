"""Frames, sources and receivers in memory, for the tests of the loop."""

from __future__ import annotations

import numpy as np

from edgecrack.records import CrackMeasure, Detection, Fix, Frame, FrameGeometry, Region
from edgecrack.segmenters import DarkSegmenter
from edgecrack.sources import MemorySource, SourceInfo

SIZE_PX = (12, 8)
GEOMETRY = FrameGeometry(*SIZE_PX, Region(0, 0, *SIZE_PX))


def picture(crack_columns: int = 0) -> np.ndarray:
    """Return a light picture whose first columns are dark: what DarkSegmenter calls crack."""
    image = np.full((SIZE_PX[1], SIZE_PX[0], 3), 200, np.uint8)
    image[:, :crack_columns] = 0
    return image


def frame(index: int, crack_columns: int = 0, captured_ns: int | None = None) -> Frame:
    """Return a frame of this number, 40 ms after the one before."""
    image = picture(crack_columns)
    return Frame(index, index * 40_000_000, captured_ns, 1_000 + index, image, image, GEOMETRY)


def no_detection(of: Frame) -> Detection:
    """Return a detection that saw nothing."""
    mask = np.zeros((SIZE_PX[1], SIZE_PX[0]), np.uint8)
    nothing = CrackMeasure(0, 0.0, 0, 0.0)
    return Detection(of, mask, nothing, has_crack=False, model_sha256="0" * 64, took={})


def source(frames, *, live=False, error=None, fps=25.0, name="clip", start_ns=None):
    """Return a source of these frames."""
    info = SourceInfo(name, fps, live, start_ns, None, "argument" if start_ns else "none")
    return MemorySource(frames, info, error)


class SentFixes:
    """A receiver whose fixes a test sends: one list for each poll."""

    def __init__(self, *polls: list[Fix]) -> None:
        self._polls, self.closed = list(polls), False
        self.counts = {"sent": 0}

    def poll(self) -> list[Fix]:
        """Return the next list, or none."""
        return self._polls.pop(0) if self._polls else []

    def close(self) -> None:
        """Note that nobody asks any more."""
        self.closed = True


def lazy(frames):
    """Return a live source that asks for its frames one by one."""
    watched = source([], live=True)
    watched.__class__ = type("Watched", (type(watched),), {"__iter__": lambda _self: frames()})
    return watched


class FailsOnLight(DarkSegmenter):
    """A segmenter that raises where nothing is dark."""

    def __init__(self, error: Exception) -> None:
        super().__init__(*SIZE_PX)
        self._error = error

    def answer(self, image):
        """Answer or fail."""
        answer = super().answer(image)
        if not answer.probability.any():
            raise self._error
        return answer
