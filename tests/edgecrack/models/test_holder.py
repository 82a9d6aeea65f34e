"""A model is exchanged between two frames: each frame is one model's, and none is lost."""

import threading
from bisect import bisect
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace

import pytest

from edgecrack.errors import SourceError
from edgecrack.models import holder as holder_module
from edgecrack.models.holder import ModelHolder
from edgecrack.models.loaded import LoadedModel
from edgecrack.pipeline import ordered_map
from edgecrack.segmenters import DarkSegmenter
from tests.edgecrack.survey_parts import SIZE_PX, frame

WIDE_PX = (24, 16)
FRAMES = 600


class Model(DarkSegmenter):
    """A segmenter with a name, that takes a while where it is told to."""

    def __init__(self, name, size_px=SIZE_PX, *, at_once=1):
        super().__init__(*size_px, live=True)
        self.model_sha256, self.at_once = name, at_once

    def cpu_s(self):
        """Return a second for each model."""
        return 1.0


def is_closed(model):
    """Whether the segmenter of a model was closed."""
    return model.segmenter._is_closed  # noqa: SLF001


@pytest.fixture
def loaded(tiny):
    """Return a function that makes a model that is loaded."""

    def _loaded(name, size_px=SIZE_PX, *, at_once=1):
        return LoadedModel(tiny, Model(name, size_px, at_once=at_once))

    return _loaded


class Camera:
    """Gives frames for the input it was last asked for, two of them behind the one in hand."""

    def __init__(self, count=FRAMES):
        self.refits, self._input_px = [], SIZE_PX
        self._behind = deque()
        self._count = count

    def refit(self, input_px):
        """Scale what comes for another input, but not what is on its way."""
        self.refits.append(input_px)
        self._input_px = input_px

    def frames(self):
        """Yield frames, each with what it was scaled for."""
        for index in range(self._count):
            self._behind.append(replace(frame(index), input_px=self._input_px))
            if len(self._behind) > 2:
                yield self._behind.popleft()
        yield from self._behind


def seen_by(models, camera, at_once, offers):
    """Survey, offering one model after the other; return who saw each frame, and what was told."""
    passed = threading.Semaphore(0)
    told = []

    def offer():
        for new in offers:
            for _ in range(20):
                passed.acquire()
            told.append(models.swap(new))

    def detect(one):
        passed.release()
        segmenter = models.segmenter_for(one)
        assert one.input_px == (segmenter.width_px, segmenter.height_px)
        segmenter.answer(replace(one, image=blank(segmenter)).image)  # raises if it is closed
        return one.index, segmenter.model_sha256

    with ThreadPoolExecutor(1) as asking:
        asked = asking.submit(offer)
        frames = models.passing(paced(camera.frames(), asked), camera.refit)
        seen = list(ordered_map(detect, frames, at_once))
        asked.result()
    return seen, told


def paced(frames, asked):
    """Yield frames; the last ones only when all was offered."""
    for one in frames:
        if one.index == FRAMES - 50:
            asked.exception(timeout=60)
        yield one


def blank(segmenter):
    """Return a picture of the segmenter's size."""
    return frame(0).image.repeat(segmenter.height_px // 8, 0).repeat(segmenter.width_px // 12, 1)


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("sizes_px", [(SIZE_PX, SIZE_PX), (WIDE_PX, SIZE_PX)])
def test_each_frame_is_one_models_and_none_is_lost(loaded, at_once, sizes_px):
    """From the frame that was told on it is the new one's; then the old one is closed."""
    first = loaded("m0", at_once=at_once)
    offers = [loaded(f"m{n + 1}", sizes_px[n % 2], at_once=at_once) for n in range(8)]
    models, camera = ModelHolder(first), Camera()
    seen, told = seen_by(models, camera, at_once, offers)
    assert [index for index, _ in seen] == list(range(FRAMES))
    assert told == sorted(set(told))
    assert [name for _, name in seen] == [f"m{bisect(told, index)}" for index, _ in seen]
    assert [use.first_frame for use in models.uses] == [0, *told]
    assert [is_closed(model) for model in (first, *offers)] == [True] * 8 + [False]
    assert models.cpu_s() == 9.0
    assert len(camera.refits) == (8 if sizes_px[0] != sizes_px[1] else 0)


def test_where_no_picture_comes_the_old_one_stays(loaded, monkeypatch):
    """A model waits so long for a picture and no longer; then it is the caller's again."""
    monkeypatch.setattr(holder_module, "PICTURE_WITHIN_S", 0.05)
    models, new = ModelHolder(loaded("old")), loaded("new")
    rounds = iter([None])
    passing = models.passing(rounds, lambda _input_px: None)
    assert next(passing) is None
    with pytest.raises(SourceError, match="no picture"):
        models.swap(new)
    assert not is_closed(new)
    assert (models.now.segmenter.model_sha256, models.first_frame) == ("old", 0)


def test_a_picture_that_was_asked_for_is_waited_for(loaded, monkeypatch):
    """Once the source scales for the new one, that is what it gets, however late."""
    monkeypatch.setattr(holder_module, "PICTURE_WITHIN_S", 0.05)
    models, new = ModelHolder(loaded("old")), loaded("new", WIDE_PX)
    is_asked, may_come = threading.Event(), threading.Event()

    def frames():
        for index in range(4):
            yield replace(frame(index), input_px=SIZE_PX)
        may_come.wait(60)
        for index in range(4, 12):
            yield replace(frame(index), input_px=WIDE_PX)

    with ThreadPoolExecutor(2) as pool:
        told = pool.submit(models.swap, new)
        while models._offered is None:  # noqa: SLF001  nobody else can tell
            assert not told.done()
        passing = models.passing(frames(), lambda _input_px: is_asked.set())
        passed = pool.submit(list, passing)
        assert is_asked.wait(60)
        with pytest.raises(FutureTimeoutError):
            told.result(0.2)
        may_come.set()
        assert told.result(60) == 4
        assert len(passed.result(60)) == 12


def test_a_run_that_ends_refuses(loaded):
    """Whoever waits is told so, and whoever comes too late."""
    models, new = ModelHolder(loaded("old")), loaded("new", WIDE_PX)
    frames = [replace(frame(0), input_px=SIZE_PX)]
    assert len(list(models.passing(frames, lambda _input_px: None))) == 1
    with pytest.raises(SourceError, match="the run has ended"):
        models.swap(new)
    models.close()
    models.close()
    assert is_closed(models.now)


def test_the_run_may_end_before_the_old_ones_last_frame_is_done(loaded):
    """The exchange is told all the same, and both are let go of at the end."""
    old, new = loaded("old"), loaded("new")
    models = ModelHolder(old)
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(models.swap, new)
        while models._offered is None:  # noqa: SLF001
            assert not told.done()
        assert len(list(models.passing([frame(7)], lambda _input_px: None))) == 1
        assert told.result(60) == 7
    assert models.segmenter_for(frame(6)) is old.segmenter
    models.close()
    assert is_closed(old)
    assert is_closed(new)
