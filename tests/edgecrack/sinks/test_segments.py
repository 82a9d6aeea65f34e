"""Segments that roll, and a disk that takes nothing for a while."""

import pytest

from edgecrack.errors import SinkError
from edgecrack.sinks import MemorySink
from edgecrack.sinks import segments as segments_module
from edgecrack.sinks.record_only import has_pictures
from edgecrack.sinks.segments import Roll, SegmentSink


class Unit:
    """A unit whose disk and clock a test has in its hands."""

    def __init__(self, roll: Roll) -> None:
        self.now_s, self.is_failing, self.told = 0.0, False, []
        self.is_nearly_full = False
        self.segments: list[MemorySegment] = []
        self.sink = SegmentSink(
            self._begin, roll, lambda *told: self.told.append(told), all_masks=True,
            clock_s=lambda: self.now_s,
        )  # fmt: skip

    def _begin(self) -> "MemorySegment":
        self.check()
        self.segments.append(MemorySegment(self))
        return self.segments[-1]

    def check(self) -> None:
        """Fail as the disk does."""
        if self.is_failing:
            raise SinkError("the disk is full")

    def frames(self) -> list[list[int]]:
        """Return the frames of each segment that are acknowledged."""
        return [
            [seen.frame.index for seen in segment.kept.observations[: segment.kept.synced]]
            for segment in self.segments
        ]


class MemorySegment:
    """A segment in memory that fails while its unit's disk does."""

    def __init__(self, unit: Unit) -> None:
        self._unit, self.kept, self.how = unit, MemorySink(), "open"
        self.sinks = [self]
        self.missed, self.close = 0, lambda: None

    def write(self, observation):
        """Keep one."""
        self._unit.check()
        self.kept.write(observation)
        self.missed += not has_pictures(observation)

    def sync(self):
        """Make them durable."""
        self._unit.check()
        self.kept.sync()

    def written_bytes(self) -> int:
        """A hundred for each frame."""
        return 100 * len(self.kept.observations)

    def check_room(self):
        """Fail as a disk does that is nearly full."""
        if self._unit.is_nearly_full:
            raise SinkError("too little room")

    def end(self, exit_reason="rolled"):
        """Note that it was ended."""
        self._unit.check()
        self.how = exit_reason

    def leave(self):
        """Note that it was left."""
        self.how = "left"


@pytest.mark.parametrize("roll", [Roll(after_s=3), Roll(after_bytes=300)])
def test_a_full_segment_is_ended_and_the_next_begins_with_the_next_frame(roll, make_observation):
    """After its time or its bytes; an empty one is never ended."""
    unit = Unit(roll)
    for index in range(7):
        unit.sink.write(make_observation(index))
        unit.now_s += 1
        unit.sink.sync()
    assert unit.frames() == [[0, 1, 2], [3, 4, 5], [6]]
    assert [segment.how for segment in unit.segments] == ["rolled", "rolled", "open"]
    unit.now_s += 100
    unit.sink.sync()  # idle, as the writer does: full by its age
    unit.now_s += 100
    unit.sink.sync()
    assert len(unit.segments) == 3


def test_records_wait_for_a_disk_that_takes_none(make_observation):
    """They come first in the next segment, without pictures, and all that was lost is pictures."""
    unit = Unit(Roll(after_s=1000))
    unit.sink.write(make_observation(0))
    unit.sink.sync()
    unit.sink.write(make_observation(1))
    unit.is_failing = True
    unit.sink.sync()
    unit.sink.write(make_observation(2))
    assert unit.told[-1] == ("failing", "the disk is full")
    assert unit.segments[0].how == "left"
    unit.is_failing = False
    unit.now_s += 60
    unit.sink.write(make_observation(3))
    unit.sink.sync()
    assert unit.frames() == [[0], [1, 2, 3]]
    assert [seen.mask.size > 0 for seen in unit.segments[1].kept.observations] == [0, 0, 1]
    assert (unit.sink.missed, unit.sink.counts.records_lost, unit.sink.held) == (2, 0, 0)
    assert unit.told[-1] == ("recording", "")


def test_a_disk_is_asked_again_ever_more_rarely(make_observation):
    """A thousand frames in a hundred seconds of failure: some ten tries, not a thousand."""
    unit = Unit(Roll())
    unit.is_failing = True
    for index in range(1000):
        unit.sink.write(make_observation(index, size_px=(8, 8)))
        unit.now_s += 0.1
    assert 5 < unit.sink.counts.failures < 15


def test_too_many_records_are_given_up_and_counted(monkeypatch, make_observation):
    """The oldest go first; memory is bounded whatever the disk does."""
    monkeypatch.setattr(segments_module, "MOST_HELD", 3)
    unit = Unit(Roll())
    unit.is_failing = True
    for index in range(5):
        unit.sink.write(make_observation(index))
    unit.is_failing, unit.now_s = False, 60.0
    unit.sink.sync()
    assert unit.frames() == [[2, 3, 4]]
    assert (unit.sink.counts.records_lost, unit.sink.counts.records_held) == (2, 3)


def test_at_the_end_a_disk_is_asked_once_more(make_observation):
    """What waits is written then, however short the wait has been; else its loss is told."""
    unit = Unit(Roll())
    unit.is_failing = True
    unit.sink.write(make_observation(0))
    with pytest.raises(SinkError, match="1 records should be written"):
        unit.sink.close()
    unit = Unit(Roll())
    unit.is_failing = True
    unit.sink.write(make_observation(0))
    unit.is_failing = False
    unit.sink.close()
    assert unit.frames() == [[0]]


def test_a_segment_that_cannot_be_ended_is_left_to_be_repaired(make_observation, monkeypatch):
    """Its records were acknowledged, so none is written twice."""
    unit = Unit(Roll(after_s=1))
    unit.sink.write(make_observation(0))
    unit.now_s = 2.0
    monkeypatch.setattr(unit.segments[0], "sync", lambda: setattr(unit, "is_failing", True))
    unit.sink.sync()
    assert unit.segments[0].how == "left"
    assert unit.sink.held == 0


def test_each_picture_that_is_given_up_is_counted_once(make_observation):
    """However often its record is written, and whether it has a crack or not."""
    unit = Unit(Roll())
    unit.is_failing = True
    unit.sink.write(make_observation(0))
    unit.sink.write(make_observation(1, has_crack=False))
    for unit.now_s in (10.0, 20.0, 50.0):
        unit.is_failing = unit.now_s < 50
        unit.sink.sync()
    assert unit.frames() == [[0]]
    unit.sink.write(make_observation(2))
    unit.sink.sync()
    assert unit.sink.missed == 2


def test_the_last_of_a_disk_is_left_to_others(make_observation):
    """What was written is acknowledged first; then the segment is given up before it is full."""
    unit = Unit(Roll())
    unit.is_nearly_full = True
    unit.sink.write(make_observation(0))
    unit.sink.sync()
    assert unit.told[-1] == ("failing", "too little room")
    assert (unit.frames(), unit.sink.held, unit.segments[0].how) == ([[0]], 0, "left")
