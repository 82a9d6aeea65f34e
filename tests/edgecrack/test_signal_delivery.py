"""Signals that Python would notice only when a wait of the main thread ends."""

import signal
import threading

import pytest

from edgecrack.signal_delivery import prompt_signals


class StoppedError(Exception):
    """Raised by the handler."""


@pytest.fixture
def handled():
    """Raise StoppedError at SIGTERM."""

    def stop(*_signal):
        raise StoppedError

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


def signal_thread():
    """Send SIGTERM to the thread that this runs in, which is not the main one."""
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)


@pytest.mark.usefixtures("handled")
def test_a_signal_that_another_thread_got_ends_the_wait_of_the_main_thread():
    """The handler runs during the wait, not after it."""
    end_of_wait = threading.Event()
    threads = [threading.Timer(0.2, signal_thread), threading.Timer(10, end_of_wait.set)]
    for thread in threads:
        thread.start()
    with pytest.raises(StoppedError), prompt_signals():
        end_of_wait.wait()
    assert not end_of_wait.is_set()
    for thread in threads:
        thread.cancel()
        thread.join()


def test_what_was_set_before_is_set_again():
    """Handler and descriptor are those of before, and no thread is left."""
    handler = signal.getsignal(signal.SIGURG)
    descriptor = signal.set_wakeup_fd(-1)
    with prompt_signals():
        assert signal.getsignal(signal.SIGURG) != handler
    assert signal.getsignal(signal.SIGURG) == handler
    assert signal.set_wakeup_fd(descriptor) == -1
    assert "signals" not in {thread.name for thread in threading.enumerate()}
