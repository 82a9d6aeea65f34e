"""What the loop tells, what the system tells, and when a unit listens."""

import os
import threading
from contextlib import ExitStack

import pytest

from edgecrack.conditions import Conditions
from edgecrack.errors import ConfigError
from edgecrack.health import HealthSpec
from edgecrack.health.monitor import Monitor
from edgecrack.health.server import HealthServer
from edgecrack.health.snapshot import LoopReading, Vitals
from edgecrack.health.vitals import VitalsWatch, read_vitals
from tests.edgecrack.health.health_parts import WELL, get
from tests.edgecrack.rtsp_server import free_port


def test_the_loop_is_asked_once_a_second_and_heard_each_time():
    """Figures cost something; that it comes round is a time and costs nothing."""
    now_s, asked = [100.0], []

    def reading():
        asked.append(now_s[0])
        return LoopReading(frames_in=len(asked))

    monitor = Monitor(clock_s=lambda: now_s[0])
    assert not monitor.snapshot().is_looping
    for _ in range(8):
        told = monitor.turned(reading)
        now_s[0] += 0.25
    assert asked == [100.0, 101.0]
    assert told.frames_in == 2
    snapshot = monitor.snapshot()
    assert (snapshot.turn_age_s, snapshot.up_s) == (0.25, 2.0)
    assert snapshot.is_looping
    assert snapshot.loop is told


def test_what_comes_before_the_loop_is_heard_too():
    """A camera that is waited for, or an engine that is built, is no hang."""
    now_s = [0.0]
    monitor = Monitor(clock_s=lambda: now_s[0])
    now_s[0] = 50.0
    assert monitor.snapshot().turn_age_s == 50.0
    monitor.preparing()
    assert monitor.snapshot().turn_age_s == 0.0


def test_it_listens_only_where_that_is_asked_for(tmp_path):
    """By default nobody listens; asked for, vitals and conditions are there; then all is over."""
    conditions = Conditions()
    with ExitStack() as stack:
        before = threading.active_count()
        Monitor(conditions).serve(HealthSpec(), tmp_path, stack)
        assert threading.active_count() == before
        port = free_port()
        conditions.note("receiver", "away", "unplugged")
        Monitor(conditions).serve(HealthSpec(address=f"127.0.0.1:{port}"), tmp_path, stack)
        text = ""
        for _ in range(500):
            text = get(port, "/metrics")[1]
            if "edgecrack_disk_free_bytes" in text:
                break
        assert 'edgecrack_condition_info{part="receiver",state="away"} 1' in text
        assert "edgecrack_resident_bytes" in text
    with pytest.raises(ConnectionRefusedError):
        get(port, "/healthz")
    assert threading.active_count() <= before + 1  # the last handler may be about to end


def test_a_port_that_is_taken_ends_no_survey(tmp_path):
    """It is said, and the unit goes on without."""
    conditions = Conditions()
    with ExitStack() as stack:
        taken = HealthServer(("127.0.0.1", 0), lambda: WELL)
        stack.callback(taken.close)
        address = f"127.0.0.1:{taken.port}"
        Monitor(conditions).serve(HealthSpec(address=address), tmp_path, stack)
    told = conditions.now()["health"]
    assert (told.state, address in told.reason) == ("off", True)


def test_a_guard_that_is_missing_ends_the_start(tmp_path):
    """Who asks for a token is not answered without."""
    spec = HealthSpec(address="127.0.0.1:0", token_file=tmp_path / "none")
    with (
        ExitStack() as stack,
        pytest.raises(ConfigError, match=r"health\.token_file.*No such"),
    ):
        Monitor().serve(spec, tmp_path, stack)
    spec.token_file.write_text("\n")
    with ExitStack() as stack, pytest.raises(ConfigError, match=r"health\.token_file must hold"):
        Monitor().serve(spec, tmp_path, stack)


@pytest.mark.parametrize(
    ("host", "has_token", "is_said"),
    [("0.0.0.0", False, True), ("0.0.0.0", True, False), ("127.0.0.1", False, False)],
)
def test_an_address_open_to_all_is_said_once(host, has_token, is_said, tmp_path):
    """With what to do; not where a token guards it, nor where only this machine may ask."""
    told, token = [], tmp_path / "token"
    token.write_text("a-token")
    monitor = Monitor(Conditions(lambda change: told.append(str(change))))
    spec = HealthSpec(address=f"{host}:0", token_file=token if has_token else None)
    with ExitStack() as stack:
        monitor.serve(spec, tmp_path, stack)
    assert len(told) == is_said
    assert all("health: open: " in line and "health.token_file" in line for line in told)


def test_the_system_tells_of_this_very_process(tmp_path):
    """Memory, descriptors, threads, processor time, room: as the system counts them."""
    vitals = read_vitals(tmp_path)
    assert 10 * 2**20 < vitals.resident_bytes < 64 * 2**30
    with (tmp_path / "held").open("w"):
        assert read_vitals(tmp_path).open_descriptors == vitals.open_descriptors + 1
    assert vitals.threads == threading.active_count() or vitals.threads > threading.active_count()
    assert vitals.cpu_s > 0
    room = os.statvfs(tmp_path)
    assert vitals.disk_free_bytes == pytest.approx(room.f_bavail * room.f_frsize, rel=0.1)
    assert vitals.disk_used_bytes > 0
    not_there = read_vitals(tmp_path / "not" / "there")
    assert not_there.disk_free_bytes == pytest.approx(vitals.disk_free_bytes, rel=0.1)


def test_a_system_that_tells_nothing_is_no_error(tmp_path):
    """Without /proc and /sys only what needs neither is known."""
    vitals = read_vitals(tmp_path, root=tmp_path)
    unknown = (vitals.resident_bytes, vitals.open_descriptors, vitals.written_bytes)
    assert unknown == (None, None, None)
    proc = tmp_path / "proc/self"
    (proc / "fd").mkdir(parents=True)
    (proc / "status").write_text("VmRSS:\tmany kB\nThreads:\n")
    (proc / "io").write_bytes(b"write_bytes: 4096\ncancelled_write_bytes: 96\n\xff\xff: \xff\n")
    vitals = read_vitals(tmp_path, root=tmp_path)
    assert (vitals.resident_bytes, vitals.threads) == (None, None)
    assert (vitals.written_bytes, vitals.cancelled_bytes) == (4096, 96)


def test_the_watch_ends_when_it_is_told_to(tmp_path):
    """Twice is no fault."""
    watch = VitalsWatch(tmp_path, interval_s=60.0)
    watch.close()
    watch.close()
    assert watch.last != Vitals()
    assert "vitals" not in {thread.name for thread in threading.enumerate()}
