"""A request to end: after the frame at work, or in the middle of waiting for one."""

import signal
from contextlib import suppress

import pytest

from edgecrack.errors import SinkError
from edgecrack.stop_signal import StopSignal


def test_without_a_request_all_frames_pass():
    """A stop that nobody asks for stops nothing, and "nothing yet" passes, too."""
    assert list(StopSignal().frames([1, None, 2])) == [1, None, 2]


def test_a_request_in_between_ends_after_the_frame_at_work():
    """Asked while a frame is worked on, there is no next one, and the source is not asked."""
    stop, asked, seen = StopSignal(), [], []

    def frames():
        for index in range(5):
            asked.append(index)
            yield index

    for index in stop.frames(frames()):
        seen.append(index)
        stop(signal.SIGINT, None)
    assert seen == asked == [0]
    assert list(stop.frames(range(5))) == []


def test_a_request_cuts_the_waiting_for_a_picture_short():
    """A camera that sends nothing does not keep a run from ending; the frames before it count."""
    stop = StopSignal()

    def frames():
        yield 0
        signal.raise_signal(signal.SIGINT)  # arrives while the loop waits for this
        yield 1

    before = signal.signal(signal.SIGINT, stop)
    try:
        seen = list(stop.frames(frames()))
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [0]
    assert stop.asked


def test_before_the_first_frame_a_signal_gives_up_what_is_opened():
    """There is nothing to keep yet; whatever error the signal turned into on its way is meant."""
    for error in (None, ImportError("initialization failed"), SinkError("half a folder")):
        stop = StopSignal()
        with pytest.raises(KeyboardInterrupt), stop.installed():
            open_something(error)
        assert stop.asked


def open_something(error):
    """Be hit by a signal, and raise that or what a library makes of it."""
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        raise error or KeyboardInterrupt from None


def test_a_full_disk_at_the_end_of_an_interrupted_run_is_told():
    """Once there were frames an error of ours is no doing of the signal."""
    stop = StopSignal()
    with pytest.raises(SinkError), stop.installed():
        survey_onto_a_full_disk(stop)
    assert stop.asked


def survey_onto_a_full_disk(stop):
    """Be asked to end after the first frame, and fail to write it."""
    for _ in stop.frames(range(3)):
        signal.raise_signal(signal.SIGTERM)
    raise SinkError("the disk is full")


def test_a_second_signal_is_not_put_off(monkeypatch):
    """Whoever asks twice does not wait for the frames at work, and the third time kills."""
    monkeypatch.setattr("edgecrack.stop_signal.FRAME_WITHIN_S", 3600)
    stop = StopSignal()
    with stop.installed():
        for _ in stop.frames([0]):
            signal.raise_signal(signal.SIGTERM)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_handlers_of_others_are_given_back():
    """A program that surveys keeps its own way with signals."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    stop = StopSignal()
    with stop.installed():
        assert [signal.getsignal(number) for number in numbers] == [stop] * 3
    assert [signal.getsignal(number) for number in numbers] == before


def test_ctrl_c_of_another_handler_passes_through():
    """Waiting for a picture swallows no KeyboardInterrupt that this did not ask for."""

    def frames():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        list(StopSignal().frames(frames()))


def test_a_signal_that_a_library_swallows_is_not_forgotten():
    """The picture that came all the same is not begun, and a second signal gives up the work."""
    stop = StopSignal()

    def frames():
        yield 0
        with suppress(KeyboardInterrupt):  # as around a callback
            stop(signal.SIGINT, None)
        yield 1

    assert list(stop.frames(frames())) == [0]
    with pytest.raises(KeyboardInterrupt):
        stop(signal.SIGTERM, None)
