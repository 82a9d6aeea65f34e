"""A request to end: after the frame at work, or in the middle of waiting for one."""

import signal

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
