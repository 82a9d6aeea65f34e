"""OpenCV's threads in a run."""

import cv2
import pytest

from edgecrack.opencv_threads import one_opencv_thread
from edgecrack.surveying import survey


def _fail_within(counts):
    with one_opencv_thread():
        counts.append(cv2.getNumThreads())
        raise KeyError


def test_there_is_one_within_and_as_many_as_before_after_it():
    """Also when what is done within fails."""
    counts = []
    cv2.setNumThreads(3)
    with pytest.raises(KeyError):
        _fail_within(counts)
    assert (counts, cv2.getNumThreads()) == ([1], 3)


@pytest.mark.slow
def test_a_run_has_one(tmp_path, monkeypatch):
    """Whatever a run asks of OpenCV is done in the thread that asks."""
    counts, encode = [], cv2.imencode

    def counting(*arguments):
        counts.append(cv2.getNumThreads())
        return encode(*arguments)

    cv2.setNumThreads(3)
    monkeypatch.setattr(cv2, "imencode", counting)
    survey("test:?width=96&height=64&frames=2", out=tmp_path / "run", all_masks=True)
    assert counts == [1, 1]
    assert cv2.getNumThreads() == 3
