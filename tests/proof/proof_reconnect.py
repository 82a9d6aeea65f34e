"""An RTSP camera that is down for 1, 10 and 60 s, twenty times in a row; forty minutes."""

from __future__ import annotations

import os
import random
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.backoff import Backoff
from edgecrack.sources import SourceSpec
from edgecrack.sources.supervised import SupervisedSource, Supervision
from edgecrack.sources.video import VideoSource
from tests.edgecrack.rtsp_server import RtspServer, free_port

if TYPE_CHECKING:
    from edgecrack.records import Frame

DOWN_S, TIMES = (1, 10, 60), 20
MOST_OVER_S = 3.0
SETTLED, MOST_GROWTH_BYTES, MOST_DESCRIPTORS, MOST_THREADS = 3, 10_000_000, 2, 4
UP_S = 2.0


class NotedBackoff(Backoff):
    """Notes each wait."""

    def next_s(self, attempt, random):
        """Return the wait, and note it."""
        waits_s.append(super().next_s(attempt, random))
        return waits_s[-1]


waits_s: list[float] = []


@dataclass(frozen=True, slots=True)
class Outage:
    """One time that the server was down.

    Attributes:
        down_s: How long.
        back_s: From when it listened again to the first picture.
        wait_s: The longest wait between attempts before that picture.
        descriptors: What the process had open then.
        threads: How many it had.
        resident_bytes: Its memory.
    """

    down_s: float
    back_s: float
    wait_s: float
    descriptors: int
    threads: int
    resident_bytes: int


def until(rounds, fact) -> Frame | None:
    """Take rounds until something is so; return the last frame among them."""
    last = None
    for one in rounds:
        last = one or last
        if fact(one):
            return last
    raise AssertionError("it ended")


def outages(times: int, downs_s: tuple[float, ...]) -> list[Outage]:
    """Have a server go down so many times for each of these, and watch the source."""
    port, seen = free_port(), []
    server = RtspServer(port)
    how = Supervision(backoff=NotedBackoff())
    spec = SourceSpec(address=server.url)
    with closing(SupervisedSource(partial(VideoSource, spec), [(64, 48)], how)) as source:
        rounds, last = iter(source), -1
        for down_s in downs_s * times:
            end_s = time.monotonic() + UP_S
            frame = until(rounds, lambda one: one is not None and time.monotonic() > end_s)  # noqa: B023
            assert frame.index > last
            last = frame.index
            server.stop()
            waits_s.clear()
            down_until_s = time.monotonic() + down_s
            until(rounds, lambda _one: time.monotonic() >= down_until_s)  # noqa: B023
            server = RtspServer(port)
            began_s = time.monotonic()
            assert until(rounds, lambda one: one is not None).index > last
            back_s = time.monotonic() - began_s
            seen.append(Outage(down_s, back_s, max(waits_s), *held()))
    server.stop()
    return seen


def held() -> tuple[int, int, int]:
    """Return descriptors, threads and resident bytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    counts = [sum(1 for _ in Path(f"/proc/self/{kind}").iterdir()) for kind in ("fd", "task")]
    return counts[0], counts[1], pages * os.sysconf("SC_PAGE_SIZE")


def check(seen: list[Outage], write) -> None:
    """Write a row for each length of outage; each came back in time, and nothing grew."""
    for down_s in sorted({outage.down_s for outage in seen}):
        those = [outage for outage in seen if outage.down_s == down_s]
        back_s = [outage.back_s for outage in those]
        over_s = max(outage.back_s - outage.wait_s for outage in those)
        write(f"| {down_s:g} s | {len(those)} | {max(back_s):.1f} s | {over_s:+.1f} s |\n")
        assert over_s < MOST_OVER_S
    first, *later = seen[SETTLED:]
    growth = max(outage.resident_bytes for outage in later) - first.resident_bytes
    write(
        f"| held | descriptors {first.descriptors} to {later[-1].descriptors} | threads "
        f"{first.threads} to {later[-1].threads} | memory {growth / 1e6:+.1f} MB at most |\n"
    )
    assert max(outage.descriptors for outage in later) <= first.descriptors + MOST_DESCRIPTORS
    assert max(outage.threads for outage in later) <= first.threads + MOST_THREADS
    assert growth < MOST_GROWTH_BYTES


def test_a_camera_comes_back_each_time(capsys):
    """Within the wait between attempts and three seconds, without growth."""
    random.seed(1)
    seen = outages(TIMES, DOWN_S)
    with capsys.disabled():
        sys.stdout.write("\n")
        check(seen, sys.stdout.write)
