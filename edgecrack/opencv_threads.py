"""OpenCV's threads, kept out of a run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Let every call of OpenCV within stay in the thread it is made in; the whole process.

    What a run asks of OpenCV takes well under a millisecond, and frames are worked on side by side
    anyway. Threads of OpenCV's own that help with that wait actively for more: on two cores 0.4
    core-ms after each call that wakes them, which takes the core from the network and the decoder.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
