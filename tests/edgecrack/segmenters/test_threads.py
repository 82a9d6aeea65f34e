"""Processor time of threads, by their ids."""

import threading
import time
from pathlib import Path

from edgecrack.segmenters.threads import cpu_seconds, started_threads, thread_ids


def test_every_living_thread_is_listed():
    """A thread is listed while it lives, and not after it."""
    end = threading.Event()
    worker = threading.Thread(target=end.wait)
    worker.start()
    ident = worker.native_id
    assert {threading.get_native_id(), ident} <= thread_ids()
    end.set()
    worker.join()
    assert cpu_seconds(frozenset({ident})) == 0


def test_a_threads_time_is_its_own():
    """Work done here counts here, to a tick of the clock, and not for the idle neighbour."""
    end = threading.Event()
    idle = threading.Thread(target=end.wait)
    idle.start()
    here, began_s = frozenset({threading.get_native_id()}), time.thread_time()
    before_s = cpu_seconds(here)
    while time.thread_time() - began_s < 0.1:
        pass
    assert cpu_seconds(here) - before_s > 0.05
    assert cpu_seconds(frozenset({idle.native_id})) < 0.05
    end.set()
    idle.join()


def test_only_threads_that_this_thread_starts_are_its_own():
    """One that another thread starts at the same time is not; the name is as before."""
    end, go = threading.Event(), threading.Event()
    own, foreign = (threading.Thread(target=end.wait) for _ in range(2))

    def start_another():
        go.wait()
        foreign.start()

    other = threading.Thread(target=start_another)
    other.start()
    name = Path("/proc/thread-self/comm").read_text()
    with started_threads() as found:
        own.start()
        go.set()
        other.join()
    living = thread_ids()
    end.set()  # a failure must not leave them waiting
    own.join()
    foreign.join()
    assert found == {own.native_id}
    assert foreign.native_id in living
    assert Path("/proc/thread-self/comm").read_text() == name
