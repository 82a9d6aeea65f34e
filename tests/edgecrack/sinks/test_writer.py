"""The queue and the thread between the loop and the sinks."""

import threading
import time

import pytest

from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.sinks import MemorySink
from edgecrack.sinks.record_only import has_pictures, without_pictures
from edgecrack.sinks.writer import Writer

ONE_BYTES = 96 * 64 * 7  # the pictures of one observation
PATIENCE_S = 30.0  # a wait that long is a failure, not a measurement


class Gate(MemorySink):
    """A sink that waits for leave before each write, and can be told to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.leave = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)
        self.has_synced = threading.Event()
        self.error: Exception | None = None
        self.closed = False

    def write(self, observation) -> None:
        """Wait, then remember or fail."""
        self.entered.release()
        assert self.leave.acquire(timeout=PATIENCE_S)
        if self.error is not None:
            raise self.error
        super().write(observation)

    def sync(self) -> None:
        """Say so."""
        super().sync()
        self.has_synced.set()

    def close(self) -> None:
        """Say so."""
        self.closed = True

    @property
    def indices(self) -> list[int]:
        """What arrived."""
        return [observation.frame.index for observation in self.observations]


def _open_gate(gate: Gate) -> None:
    gate.leave.release(1_000_000)


def test_every_sink_gets_every_observation_in_order(make_observation):
    """All sinks see the same observations, synced and closed at the end."""
    first, second = MemorySink(), Gate()
    _open_gate(second)
    with Writer([first, second], most_bytes=3 * ONE_BYTES) as writer:
        for index in range(20):
            writer.put(make_observation(index), wait=True)

    assert second.indices == list(range(20))
    assert [o.frame.index for o in first.observations] == list(range(20))
    assert (first.synced, second.synced, second.closed) == (20, 20, True)


def test_a_file_waits_for_a_slow_sink(make_observation):
    """With the queue full, put blocks until there is room, and no picture is lost."""
    gate = Gate()
    writer = Writer([gate], most_bytes=2 * ONE_BYTES)
    put_by_then = []

    def produce() -> None:
        for index in range(10):
            writer.put(make_observation(index), wait=True)
            put_by_then.append(index)

    producer = threading.Thread(target=produce)
    producer.start()
    for done in range(10):
        assert gate.entered.acquire(timeout=PATIENCE_S)
        assert len(put_by_then) <= done + 1 + 2  # written or being written, and two that wait
        gate.leave.release()
    producer.join(PATIENCE_S)
    writer.close()

    assert all(has_pictures(observation) for observation in gate.observations)
    assert gate.indices == list(range(10))


def test_a_camera_never_waits(make_observation):
    """With the disk stuck every put returns, whatever waits already."""
    gate = Gate()
    writer = Writer([gate], most_bytes=ONE_BYTES)
    for index in range(50):
        writer.put(make_observation(index), wait=False)
    _open_gate(gate)
    writer.close()
    assert gate.indices == list(range(50))


def test_what_waits_is_counted_until_it_is_written(make_observation):
    """A camera's loop is told how much memory the disk is behind, down to nothing."""
    gate = Gate()
    writer = Writer([gate], most_bytes=ONE_BYTES)
    for index in range(3):
        writer.put(make_observation(index), wait=False)
    assert writer.waiting_bytes == 3 * ONE_BYTES
    writer.put(without_pictures(make_observation(3)), wait=False)
    assert writer.waiting_bytes == 3 * ONE_BYTES
    _open_gate(gate)
    writer.close()
    assert writer.waiting_bytes == 0


def test_a_picture_larger_than_all_memory_may_wait(make_observation):
    """A file whose pictures are immense goes on, one picture at a time."""
    sink = MemorySink()
    with Writer([sink], most_bytes=1) as writer:
        for index in range(3):
            writer.put(make_observation(index), wait=True)
    assert all(has_pictures(observation) for observation in sink.observations)


def test_a_slow_disk_costs_pictures_at_the_end_and_no_record(make_observation, monkeypatch):
    """When the time to close is over the pictures that wait are given up, the records are not."""
    gate = Gate()
    writer = Writer([gate], most_bytes=9 * ONE_BYTES, close_within_s=0.01)
    for index in range(5):
        writer.put(make_observation(index), wait=False)
    assert gate.entered.acquire(timeout=PATIENCE_S)

    def given_up(observation):
        gate.leave.release(2)
        return without_pictures(observation)

    monkeypatch.setattr("edgecrack.sinks.writer.without_pictures", given_up)
    writer.close()
    assert gate.indices == list(range(5))
    assert [has_pictures(seen) for seen in gate.observations] == [True, False, False, False, False]


def test_a_disk_that_has_stopped_is_told_at_the_end(make_observation, monkeypatch):
    """A disk that takes nothing any more ends the run with an error, not with a hang."""
    monkeypatch.setattr("edgecrack.sinks.writer._RECORDS_WITHIN_S", 0.01)
    gate = Gate()
    writer = Writer([gate], most_bytes=ONE_BYTES, close_within_s=0.01)
    writer.put(make_observation(0), wait=False)
    with pytest.raises(SinkError):
        writer.close()
    _open_gate(gate)


def test_records_do_not_pile_up_for_ever(make_observation, monkeypatch):
    """When the disk has stopped for good, the camera's loop is told instead of filling memory."""
    monkeypatch.setattr("edgecrack.sinks.writer.MOST_RECORDS", 10)
    gate = Gate()
    writer = Writer([gate], most_bytes=2 * ONE_BYTES)

    writer.put(make_observation(0), wait=False)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    for _ in range(10):
        writer.put(make_observation(0), wait=False)

    with pytest.raises(SinkError):
        writer.put(make_observation(0), wait=False)

    _open_gate(gate)
    writer.close()


def test_an_error_wakes_a_producer_that_waits_for_room(make_observation):
    """A producer blocked on a full queue gets the sink's error; nothing hangs."""
    gate = Gate()
    gate.error = SinkError("the card is full")
    writer = Writer([gate], most_bytes=ONE_BYTES)
    writer.put(make_observation(0), wait=True)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    writer.put(make_observation(1), wait=True)  # fills the queue
    threading.Thread(target=gate.leave.release).start()

    with pytest.raises(SinkError, match="card"):
        writer.put(make_observation(2), wait=True)
    for wait in (True, False):
        with pytest.raises(SinkError, match="card"):
            writer.put(make_observation(3), wait=wait)
    for _ in range(2):
        with pytest.raises(SinkError, match="card"):
            writer.close()
    assert gate.closed


def test_an_error_after_the_last_put_comes_out_of_close(make_observation):
    """Leaving the with block tells of a failure that no put could tell."""
    gate = Gate()
    gate.error = SinkError("the card is full")
    _open_gate(gate)

    with pytest.raises(SinkError, match="card"), Writer([gate], most_bytes=8 * ONE_BYTES) as writer:
        writer.put(make_observation(0), wait=True)


def test_a_failure_to_sync_acknowledges_nothing_after_it(make_observation):
    """When pictures cannot be made durable, the records behind them are not, and no one retries."""

    class Broken(MemorySink):
        syncs = 0

        def sync(self) -> None:
            self.syncs += 1
            if self.syncs == 1:  # the kernel tells of lost bytes only once
                raise SinkError("lost bytes")

    pictures, records = Broken(), MemorySink()
    writer = Writer([pictures, records], most_bytes=8 * ONE_BYTES)
    writer.put(make_observation(0), wait=True)
    with pytest.raises(SinkError):
        writer.close()

    assert (pictures.syncs, records.synced) == (1, 0)


def test_what_was_complete_before_a_failed_write_is_acknowledged(make_observation):
    """A full disk costs the observation that did not fit, not the ones before it."""

    class Full(MemorySink):
        def write(self, observation) -> None:
            if observation.frame.index == 2:
                raise SinkError("full")
            super().write(observation)

    pictures, records = Full(), MemorySink()
    writer = Writer([pictures, records], most_bytes=8 * ONE_BYTES)
    with pytest.raises(SinkError, match="full"):  # noqa: PT012  which call tells is up to the thread
        for index in range(5):
            writer.put(make_observation(index), wait=True)
        writer.close()

    assert records.synced == 2


def test_a_bug_in_a_sink_is_no_hang(make_observation, monkeypatch):
    """A fault nobody foresaw ends put and close with exit code 70, and its traceback is shown."""
    shown: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", shown.append)
    gate = Gate()
    gate.error = ZeroDivisionError()
    writer = Writer([gate], most_bytes=ONE_BYTES)
    _open_gate(gate)

    with pytest.raises(EdgecrackError) as caught:  # noqa: PT012
        for _ in range(5):
            writer.put(make_observation(0), wait=True)
        writer.close()

    assert caught.value.exit_code == 70
    assert [args.exc_type for args in shown] == [ZeroDivisionError]
    assert gate.closed


def test_a_closed_writer_takes_nothing(make_observation):
    """Putting after close is told, not forgotten."""
    writer = Writer([MemorySink()], most_bytes=ONE_BYTES)
    writer.close()
    writer.close()

    with pytest.raises(EdgecrackError):
        writer.put(make_observation(0), wait=True)


def test_an_idle_writer_still_syncs_and_then_takes_more(make_observation):
    """An observation is acknowledged in time although no other follows it for a while."""
    gate = Gate()
    _open_gate(gate)
    with Writer([gate], most_bytes=4 * ONE_BYTES, sync_every_s=0.05) as writer:
        writer.put(make_observation(0), wait=True)

        assert gate.has_synced.wait(PATIENCE_S)
        assert gate.synced == 1
        writer.put(make_observation(1), wait=True)
    assert len(gate.observations) == 2


def test_a_busy_writer_syncs_at_half_of_the_interval(make_observation):
    """With an observation every 0.4 s and 2 s allowed, every third or fourth is a sync."""
    now_s = [0.0]
    synced_at_s = []

    class Clocked(MemorySink):
        def write(self, observation) -> None:
            super().write(observation)
            now_s[0] += 0.4

        def sync(self) -> None:
            synced_at_s.append(round(now_s[0], 3))

    with Writer([Clocked()], most_bytes=99 * ONE_BYTES, clock=lambda: now_s[0]) as writer:
        for index in range(9):
            writer.put(make_observation(index), wait=True)

    assert synced_at_s == [1.2, 2.4, 3.6, 3.6]  # the last one is the end's


def test_each_observation_is_timed(make_observation):
    """The report gets the wall and CPU seconds of everything emitted, the sinks' time in them."""
    now_s, timed = [0.0], []

    class Clocked(MemorySink):
        def write(self, observation) -> None:
            super().write(observation)
            now_s[0] += observation.frame.index

    def on_emit(wall_s: float, cpu_s: float) -> None:
        timed.append((wall_s, cpu_s))

    with Writer(
        [Clocked()], most_bytes=4 * ONE_BYTES, clock=lambda: now_s[0], on_emit=on_emit
    ) as writer:
        for index in range(3, 9):
            writer.put(make_observation(index), wait=True)

    assert [wall_s for wall_s, _ in timed] == list(range(3, 9))
    assert all(0 <= cpu_s < 1 for _, cpu_s in timed)


def test_a_writer_is_busy_while_it_works_and_at_no_other_time(make_observation):
    """One that hangs is told by that, so one that has nothing to do must not look like it."""
    now_s, may_write, is_writing = [0.0], threading.Event(), threading.Event()

    class Slow(MemorySink):
        def write(self, observation):
            is_writing.set()
            assert may_write.wait(PATIENCE_S)
            super().write(observation)

    with Writer([Slow()], most_bytes=2**20, clock=lambda: now_s[0]) as writer:
        writer.put(make_observation(0), wait=False)
        assert is_writing.wait(PATIENCE_S)
        now_s[0] = 40.0
        assert writer.busy_s == 40.0
        may_write.set()
        deadline_s = time.monotonic() + PATIENCE_S
        while writer.busy_s > 0:
            assert time.monotonic() < deadline_s
        now_s[0] = 4000.0
        assert writer.busy_s == 0.0
