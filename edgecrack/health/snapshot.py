"""What is known of a running unit at one time: frozen, so that any thread may look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgecrack.rates import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edgecrack.conditions import Condition
    from edgecrack.records import ModelIdentity

    Gauges = Sequence[Callable[[], Mapping[str, float]]]
    """What rooms of their own add to the metrics: name -> value, at once and from memory."""


@dataclass(frozen=True, slots=True)
class LoopReading:
    """What the loop has come to, told by itself.

    Attributes:
        frames_in: Pictures the decoder delivered.
        frames_inferred: Frames that the network has seen.
        frames_out: Frames that the sinks have taken.
        frames_with_crack: Frames with a crack large enough to count.
        frames_seen: Those that the network has seen or that were left out on purpose.
        dropped: Stage -> pictures given up there.
        qualities: Quality of position -> frames placed like that.
        stages: Stage -> how long it took.
        capture_to_result: From the capture of a frame to its result.
        last_frame_s: Monotonic seconds at which the last frame was taken; None before the first.
        writer_busy_s: For how long the writers have been at one piece of work.
        waiting_bytes: Memory of pictures that wait for their place or the disk.
        gauges: What other rooms tell.
        model: The network that runs.
        precision: What it computes in.
        backend: What runs it.
    """

    frames_in: int = 0
    frames_inferred: int = 0
    frames_out: int = 0
    frames_with_crack: int = 0
    frames_seen: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    qualities: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, Histogram] = field(default_factory=dict)
    capture_to_result: Histogram = field(default_factory=Histogram)
    last_frame_s: float | None = None
    writer_busy_s: float = 0.0
    waiting_bytes: int = 0
    gauges: Mapping[str, float] = field(default_factory=dict)
    model: ModelIdentity | None = None
    precision: str = ""
    backend: str = ""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the system says of this process and its machine; None where it does not.

    Attributes:
        resident_bytes: Memory of the process.
        open_descriptors: Files and sockets it holds.
        threads: Threads it has.
        cpu_s: Processor time it took.
        written_bytes: What it has had written to disks.
        cancelled_bytes: The part of it that was deleted before it was written.
        disk_free_bytes: Room that is left for surveys.
        disk_used_bytes: Room that is taken there.
        temperature_c: Of the hottest place.
    """

    resident_bytes: int | None = None
    open_descriptors: int | None = None
    threads: int | None = None
    cpu_s: float | None = None
    written_bytes: int | None = None
    cancelled_bytes: int | None = None
    disk_free_bytes: int | None = None
    disk_used_bytes: int | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, slots=True)
class HealthSnapshot:
    """Everything that is told of a unit.

    Attributes:
        edgecrack: Version of the program.
        up_s: Seconds since it began.
        turn_age_s: Seconds since the loop came round, or since it was told what is opened.
        is_looping: Whether the loop has begun; before it a camera is waited for, or an engine.
        now_s: Monotonic seconds now.
        loop: What the loop has come to; None before it told.
        vitals: Process and machine.
        conditions: Part -> what it does.
    """

    edgecrack: str
    up_s: float
    turn_age_s: float
    is_looping: bool
    now_s: float
    loop: LoopReading | None = None
    vitals: Vitals = field(default_factory=Vitals)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
