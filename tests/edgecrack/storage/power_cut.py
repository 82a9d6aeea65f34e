"""A small survey on a disk in memory, and what must be true of what a power cut leaves of it."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from edgecrack.errors import SinkError
from edgecrack.sinks import MemorySink, OutputSpec, open_sinks
from edgecrack.sinks.record_only import has_pictures, without_pictures
from edgecrack.sinks.writer import Writer
from edgecrack.storage.run_folder import RunFolder
from tests.edgecrack.sinks.conftest import make_observation

if TYPE_CHECKING:
    from edgecrack.records import Observation
    from edgecrack.storage.memory_disk import MemoryDisk

RUN = Path("/card/run")
FRAME_S = 0.3  # with two seconds to acknowledge, every fourth frame is followed by a sync


def make_observations(count: int) -> list[Observation]:
    """Return small frames: every third without crack, every fifth without its pictures."""
    made = [make_observation(n, size_px=(32, 24), has_crack=n % 3 != 2) for n in range(count)]
    return [without_pictures(seen) if n % 5 == 4 else seen for n, seen in enumerate(made)]


class _Ticks(MemorySink):
    """Lets time pass with each frame, so that every run syncs at the same frames."""

    now_s = 0.0

    def write(self, observation: Observation) -> None:
        """Let a frame's time pass."""
        super().write(observation)
        self.now_s += FRAME_S


@dataclass(slots=True)
class Told:
    """What a survey had been told when it ended.

    Attributes:
        states: The versions of ``run.json`` whose writing has returned.
        kept: The last sink: as many of its observations as it counts synced were acknowledged.
        has_ended: Whether nothing failed.
    """

    states: list[str] = field(default_factory=list)
    kept: MemorySink = field(default_factory=MemorySink)
    has_ended: bool = False

    @property
    def acknowledged(self) -> list[Observation]:
        """What must be found on the disk, whatever happens."""
        return self.kept.observations[: self.kept.synced]


def survey(disk: MemoryDisk, observations: list[Observation]) -> Told:
    """Write a run folder as a run does, until the end or until the disk fails."""
    told, ticks = Told(), _Ticks()
    with suppress(SinkError):
        folder = RunFolder.create(RUN, disk)
        folder.write_json("run.json", {"state": "running"})
        told.states.append("running")
        sinks = [ticks, *open_sinks(folder, OutputSpec()), told.kept]
        with Writer(sinks, most_bytes=2**20, clock=lambda: ticks.now_s) as writer:
            for observation in observations:
                writer.put(observation, wait=True)
        folder.write_json("run.json", {"state": "ended"})
        told.states.append("ended")
        told.has_ended = True
    return told


@dataclass(frozen=True, slots=True)
class Left:
    """What a power cut left of a survey.

    Attributes:
        lines: Whole lines of ``cracks.geojsonl``.
        torn_bytes: Bytes behind the last newline.
        pictures: Files under ``masks`` and ``frames``.
    """

    lines: int
    torn_bytes: int
    pictures: int


def check(disk: MemoryDisk, told: Told, observations: list[Observation]) -> Left:
    """Assert that all that was acknowledged is on a disk, and that nothing on it is half."""
    files = disk.files()
    _check_run_json(files.get(RUN / "run.json"), told)
    pictures = {path for path in files if path.parent in {RUN / "masks", RUN / "frames"}}
    for path in pictures:
        with Image.open(io.BytesIO(files[path])) as picture:
            picture.load()
            assert picture.size == (32, 24)
    *lines, torn = files.get(RUN / "cracks.geojsonl", b"").split(b"\n")
    records = [json.loads(line)["properties"] for line in lines]
    _check_records(records, pictures, told, observations)
    known = {"run.json", ".run.json.part", "cracks.geojsonl", "masks", "frames", ".pending"}
    assert {path.relative_to(RUN).parts[0] for path in files} <= known
    return Left(len(lines), len(torn), len(pictures))


def _check_run_json(content: bytes | None, told: Told) -> None:
    states = ["running", "ended"]
    possible = states[max(len(told.states) - 1, 0) :]  # the last that returned, or a later one
    if content is None:
        assert not told.states
    else:
        assert json.loads(content)["state"] in possible


def _check_records(
    records: list[dict[str, Any]], pictures: set[Path], told: Told, observations: list[Observation]
) -> None:
    cracked = [seen for seen in observations if seen.has_crack]
    wanted = sum(seen.has_crack for seen in told.acknowledged)
    assert len(records) >= wanted, "an acknowledged line is missing"
    for record, seen in zip(records, cracked, strict=False):
        assert record["frame"] == seen.frame.index
        named = {RUN / record[key] for key in ("mask", "picture") if record[key]}
        assert len(named) == (2 if has_pictures(seen) else 0)
        assert named <= pictures, "a line names a picture that is not there"
