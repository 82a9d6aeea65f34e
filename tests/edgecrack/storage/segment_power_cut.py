"""A survey that rolls on a disk in memory, and what a power cut may leave of it."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from PIL import Image

from edgecrack.errors import SinkError
from edgecrack.recording import Statement, sinks_of
from edgecrack.segment_recording import Segments
from edgecrack.sinks import MemorySink, OutputSpec
from edgecrack.sinks.segments import Roll, SegmentSink
from edgecrack.sinks.writer import Writer
from edgecrack.storage.folders import make_folders
from edgecrack.storage.quota import Quota
from edgecrack.storage.segment import misfits, read_seal
from edgecrack.storage.store import SegmentStore

if TYPE_CHECKING:
    from edgecrack.records import Observation
    from edgecrack.storage.memory_disk import MemoryDisk

PARENT = Path("/card/runs")
FRAME_S, ROLL_S = 0.3, 3.0


@dataclass(frozen=True, slots=True)
class Source:
    """The part of it that sinks look at."""

    live: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """The part of ``run.json`` that segments look at."""

    run_id: str = "r"
    exit_reason: str = "running"
    segment: int | None = None
    source: Source = Source()

    def as_json(self) -> dict[str, object]:
        """Return JSON values."""
        return {"run_id": self.run_id, "exit_reason": self.exit_reason, "segment": self.segment}


STATEMENT = Statement(Record(), SimpleNamespace(as_json=dict))


class _Clock(MemorySink):
    """Lets time pass with each frame, so that every run syncs and rolls at the same frames."""

    now_s = 0.0

    def write(self, observation: Observation) -> None:
        """Let a frame's time pass."""
        super().write(observation)
        self.now_s += FRAME_S


def survey(
    disk: MemoryDisk, observations: list[Observation], quota: Quota | None = None
) -> MemorySink:
    """Write segments, sealing each and making room, until the end or until the power is gone.

    Returns what was told: as many observations as it counts synced were acknowledged.
    """
    told, clock = MemorySink(), _Clock()
    with suppress(SinkError):
        make_folders(disk, PARENT)
        store = SegmentStore(disk, PARENT)
        store.discard_unbegun()

        def look_after() -> None:
            tidy(store, segments.opened(), quota or Quota())

        segments = Segments(PARENT, sinks_of(OutputSpec()), disk, look_after)
        segments.state = lambda: STATEMENT
        look_after()
        sink = SegmentSink(segments.begin, Roll(after_s=ROLL_S), clock_s=lambda: clock.now_s)
        watched = _Acknowledged(sink, told)
        with Writer([clock, watched], most_bytes=2**20, clock=lambda: clock.now_s) as writer:
            for observation in observations:
                writer.put(observation, wait=True)
        last = sink.finish()
        if last is not None:
            last.end("end of source")
    return told


class _Acknowledged(MemorySink):
    """Hands on to a sink of segments, and counts as acknowledged what that no longer holds."""

    def __init__(self, sink: SegmentSink, told: MemorySink) -> None:
        super().__init__()
        self._sink, self._told = sink, told

    def write(self, observation: Observation) -> None:
        """Hand on."""
        self._told.write(observation)
        self._sink.write(observation)

    def sync(self) -> None:
        """Hand on; a sink that has failed has acknowledged nothing."""
        before = self._sink.counts.failures
        self._sink.sync()
        if self._sink.counts.failures == before and not self._sink.held:
            self._told.sync()

    def close(self) -> None:
        """Hand on."""
        self._sink.close()


def tidy(store: SegmentStore, opened: set[Path], quota: Quota) -> None:
    """Do what the housekeeper does in a round; without power it does nothing."""
    with suppress(SinkError):
        store.make_room(quota)
        for segment in store.not_sealed(opened):
            store.close(segment)
        store.make_room(quota)


def recover(disk: MemoryDisk) -> SegmentStore:
    """Start again on a disk: everything an earlier start left behind is repaired and sealed."""
    store = SegmentStore(disk, PARENT)
    with suppress(SinkError):
        store.discard_unbegun()
    tidy(store, set(), Quota())
    return store


@dataclass(frozen=True, slots=True)
class Left:
    """What was found on a disk after recovery.

    Attributes:
        frames: The frames with a record, in any order.
        segments: How many segments there are, all of them sealed.
        repaired: How many of them nobody had closed.
        lines_cut: Lines that were not whole.
    """

    frames: set[int]
    segments: int
    repaired: int
    lines_cut: int


def check(disk: MemoryDisk) -> Left:
    """Assert that every segment is sealed and as its seal says, and that nothing in it is half."""
    frames: set[int] = set()
    names = disk.names(PARENT) if disk.is_folder(PARENT) else []
    repairs = []
    for name in names:
        folder = PARENT / name
        seal = read_seal(disk, folder)
        assert seal is not None, f"{name} holds {disk.names(folder)}"
        assert misfits(disk, folder) == []
        repairs.append(seal.repairs)
        assert json.loads(disk.read(folder / "run.json"))["exit_reason"] != "running"
        frames |= _frames(disk, folder, set(seal.files))
    cut = sum(each.lines_cut for each in repairs if each is not None)
    return Left(frames, len(names), sum(each is not None for each in repairs), cut)


def _frames(disk: MemoryDisk, folder: Path, files: set[str]) -> set[int]:
    for path in files:
        if path.startswith(("masks/", "frames/")):
            with Image.open(io.BytesIO(disk.read(folder / path))) as picture:
                picture.load()
    if "cracks.geojsonl" not in files:
        return set()
    content = disk.read(folder / "cracks.geojsonl")
    records = [json.loads(line)["properties"] for line in content.splitlines()]
    assert content == b"" or content.endswith(b"\n")
    for record in records:
        named = {record[key] for key in ("mask", "picture") if record[key]}
        assert named <= files, "a line names a picture that is not there"
    return {record["frame"] for record in records}
