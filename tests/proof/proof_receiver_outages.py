"""A gpsd that is killed again and again, and a long fuzz of what it says."""

import os
import random
import sys
import threading
import time
from contextlib import closing
from functools import partial

from hypothesis import given, settings

from edgecrack.backoff import Backoff
from edgecrack.positions import open_receiver
from edgecrack.positions.supervised import SupervisedReceiver
from tests.edgecrack.positions import test_gpsd_parser
from tests.edgecrack.real_gpsd import PlayedReceiver, drive, epochs, gpsd_with

OUTAGES_S = (1.0,) * 12 + (4.0,) * 6 + (10.0,) * 2
EXAMPLES = 3000


def listen(receiver, seconds=None):
    """Poll like a survey's loop, until there is a fix or for so long; return for how long."""
    began_s, pause = time.monotonic(), threading.Event()
    while seconds is None or time.monotonic() - began_s < seconds:
        if receiver.poll() and seconds is None:
            break
        pause.wait(0.02)
    return time.monotonic() - began_s


def open_files():
    """Return how many descriptors and threads this process has."""
    return len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208


def longest_wait_s(outage_s):
    """Return the longest wait that may begin during an outage of this length, or just after it.

    A gpsd that was started again does not listen at once.
    """
    waited_s, attempt = 0.0, 0
    while waited_s <= outage_s:
        waited_s += Backoff().next_s(attempt, lambda: 1.0)
        attempt += 1
    return Backoff().next_s(attempt, lambda: 1.0)


def test_a_receiver_comes_back_each_time(tmp_path, capsys):
    """Within the wait that was begun and 3 s, of which gpsd needs one; nothing is left open."""
    taken, left = [], []
    with gpsd_with(tmp_path, PlayedReceiver(epochs(drive(100_000)), 0.05)) as gpsd:
        where = partial(open_receiver, str(gpsd.address))
        with closing(SupervisedReceiver(where)) as receiver:
            listen(receiver)
            for outage_s in random.sample(OUTAGES_S, len(OUTAGES_S)):
                gpsd.kill()
                listen(receiver, outage_s)
                gpsd.restart()
                taken.append((listen(receiver), outage_s))
                left.append(open_files())
            counts = receiver.counts
    with capsys.disabled():
        for outage_s in sorted({*OUTAGES_S}):
            of_these = [back_s for back_s, out_s in taken if out_s == outage_s]
            sys.stdout.write(
                f"\n| {outage_s:.0f} s | {len(of_these)} | {max(of_these):.1f} s "
                f"| {longest_wait_s(outage_s) + 3:.1f} s |"
            )
        sys.stdout.write(
            f"\n\n{counts['openings']} openings, lost {counts['lost']} times, away for "
            f"{counts['away_s']} s, descriptors and threads after each: {sorted({*left})}\n"
        )
    assert all(back_s <= longest_wait_s(outage_s) + 3 for back_s, outage_s in taken)
    assert len({*left}) == 1
    assert counts["lost"] == len(OUTAGES_S)


@settings(max_examples=EXAMPLES)
@given(test_gpsd_parser.STREAMS)
def test_no_stream_breaks_the_parser(stream):
    """As in the short variant, with thirty times as many streams."""
    test_gpsd_parser.check_stream(stream)
