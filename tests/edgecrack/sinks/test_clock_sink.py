"""``clock.jsonl`` is kept beside the records: the start, each change, and the end."""

import json
from pathlib import Path
from random import Random

import pytest

from edgecrack.clock import LEAST_UTC_NS, SECOND_NS, Arrival, ClockSample
from edgecrack.clock.gate import ClockGate
from edgecrack.clock.record import read_entries
from edgecrack.errors import SinkError
from edgecrack.sinks import OutputSpec, open_sinks
from edgecrack.sinks.clock import ClockSink
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from edgecrack.storage.run_folder import RunFolder
from tests.edgecrack.sinks.conftest import make_observation

S = SECOND_NS
RUN = Path("/card/run")
FILE = RUN / "clock.jsonl"


class Unit:
    """A gate whose clock comes to be known, and a sink of it on a disk in memory."""

    def __init__(self, disk):
        self.now_ns, self.gate = 0, ClockGate(boot_id="b")
        self.sink = ClockSink(RunFolder.create(RUN, disk), self.gate, lambda: self.now_ns)

    def second(self, utc_ns=0, *, kept=False):
        """Let a second pass, in which this machine's clock says so."""
        self.now_ns += S
        self.gate.sample(ClockSample(utc_ns + self.now_ns, self.now_ns, kept))

    def fix(self):
        """Hear a fix."""
        self.gate.hear(Arrival(LEAST_UTC_NS + self.now_ns, self.now_ns))


def sources(disk):
    """Return what each whole line on a disk names."""
    return [entry.source.value for entry in read_entries(disk.files().get(FILE, b""))]


def test_the_start_each_change_and_the_end_are_lines():
    """In the order of time, though a change came between two syncs; a second close adds none."""
    disk = MemoryDisk()
    unit = Unit(disk)
    unit.sink.sync()
    assert sources(disk) == ["none"]
    for _ in range(4):
        unit.second()
        unit.fix()
    unit.second(LEAST_UTC_NS, kept=True)
    unit.sink.sync()
    unit.sink.sync()
    assert sources(disk) == ["none", "gps", "ntp"]
    unit.second(LEAST_UTC_NS + 60 * S, kept=True)
    unit.sink.close()
    unit.sink.close()
    unit.sink.sync()
    lines = read_entries(disk.files()[FILE])
    assert [line.source.value for line in lines] == ["none", "gps", "ntp", "ntp", "ntp"]
    times_ns = [line.monotonic_ns for line in lines]
    assert times_ns == sorted(times_ns)
    assert json.loads(disk.files()[FILE].splitlines()[0]) == {
        "monotonic_s": 0.0, "utc": None, "source": "none", "error_s": None, "boot_id": "b",
        "asleep_s": 0.0,
    }  # fmt: skip


def test_a_later_folder_begins_with_what_is_known_by_then():
    """And tells nothing of what was before it."""
    disk = MemoryDisk()
    unit = Unit(disk)
    unit.second(LEAST_UTC_NS, kept=True)
    unit.sink.close()
    later = RunFolder.create(Path("/card/later"), disk)
    sink = ClockSink(later, unit.gate, lambda: unit.now_ns)
    sink.sync()
    sink.close()
    entries = read_entries(disk.files()[later.path / "clock.jsonl"])
    assert [entry.source.value for entry in entries] == ["ntp", "ntp"]


def write(disk):
    """Write two syncs of a clock on a disk; return how many lines were acknowledged."""
    acknowledged = 0
    try:
        unit = Unit(disk)
        unit.second()
        unit.sink.sync()
        acknowledged = 1
        unit.second(LEAST_UTC_NS, kept=True)
        unit.second(LEAST_UTC_NS + 60 * S, kept=True)
        unit.sink.sync()
        acknowledged = 3
        unit.sink.close()
    except SinkError:
        pass
    return acknowledged


@pytest.mark.parametrize("unsynced", [*Unsynced])
def test_the_power_may_go_at_any_moment(unsynced):
    """What was acknowledged is there, in order, and a torn line is left out."""
    whole = MemoryDisk()
    assert write(whole) == 3
    wanted = ["none", "ntp", "ntp", "ntp"]
    assert sources(whole.after_power_cut(Random(0), Unsynced.LOST)) == wanted
    for operations in range(whole.operations + 1):
        for seed in range(5):
            disk = MemoryDisk(operations_left=operations)
            acknowledged = write(disk)
            left = sources(disk.after_power_cut(Random(seed), unsynced))
            assert left == wanted[: len(left)]
            assert len(left) >= acknowledged


def test_a_full_disk_is_told_when_it_is_synced_and_not_when_it_is_closed():
    """The file ends with a whole line however much room there was."""
    whole = MemoryDisk()
    write(whole)
    for room_bytes in range(0, len(whole.files()[FILE]), 7):
        disk = MemoryDisk(room_bytes=room_bytes)
        acknowledged = write(disk)
        content = disk.files().get(FILE, b"")
        assert content == b"" or content.endswith(b"\n")
        assert len(sources(disk)) >= acknowledged


def test_a_run_whose_clock_is_believed_as_it_is_keeps_no_such_file():
    """With a gate it is the first sink, since no record waits for it; records name both times."""
    disk = MemoryDisk()
    gate = ClockGate()
    folder = RunFolder.create(RUN, disk)
    sinks = open_sinks(folder, OutputSpec(), live=True, gate=gate)
    assert [type(sink).__name__ for sink in sinks] == ["ClockSink", "ImageSink", "GeoJsonSink"]
    for sink in sinks:
        sink.write(make_observation(1))
        sink.sync()
    (record,) = disk.files()[RUN / "cracks.geojsonl"].splitlines()
    properties = json.loads(record)["properties"]
    assert properties["t_monotonic_s"] == make_observation(1).frame.monotonic_ns / S
    other = RunFolder.create(Path("/card/other"), disk)
    assert len(open_sinks(other, OutputSpec())) == 2
