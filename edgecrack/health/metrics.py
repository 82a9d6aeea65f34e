"""A snapshot in the text format of Prometheus, version 0.0.4. Pure.

Each name begins with ``edgecrack_``:

===================================  =========  =========================================
metric                               type       what it tells
===================================  =========  =========================================
build_info{version}                  gauge      1; the version of the program
model_info{name,release,sha256,...}  gauge      1; the network that runs, and by what
up_seconds                           gauge      since the start of the process
loop_turn_age_seconds                gauge      since the loop came round; much: it hangs
frames_in_total                      counter    pictures the decoder delivered
frames_inferred_total                counter    frames that the network has seen
frames_out_total                     counter    frames that the sinks have taken
frames_with_crack_total              counter    frames with a crack that counts
frames_dropped_total{stage}          counter    pictures given up, by stage or cause
fixes_total{quality}                 counter    frames by how their place is known
stage_seconds{stage}                 histogram  how long a stage took for one frame
capture_to_result_seconds            histogram  from the capture of a frame to its result
last_frame_age_seconds               gauge      since the last frame was taken
writer_busy_seconds                  gauge      for how long a writer is at one thing
waiting_bytes                        gauge      pictures that wait for place or disk
condition_info{part,state}           gauge      1; what a part does; /readyz: why
condition_seconds{part,state}        gauge      for how long it has done so
disk_free_bytes, _disk_used_bytes    gauge      of the disk with the surveys
written_bytes_total                  counter    what the process made disks write
written_bytes_per_frame              gauge      that by frame: flash wears by it
temperature_celsius                  gauge      of the hottest place
resident_bytes, _open_descriptors    gauge      of the process: flat, or there is a leak
threads                              gauge      of the process
cpu_seconds_total                    counter    processor time of the process
===================================  =========  =========================================

The stages of dropped frames are those of ``frames_dropped`` in report.json. Times leave the first
five frames out, while caches fill. Other rooms add gauges of their own.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from edgecrack.rates import BUCKETS_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgecrack.conditions import Condition
    from edgecrack.health.snapshot import HealthSnapshot, LoopReading, Vitals
    from edgecrack.rates import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Labels = dict[str, str]
_Values = list[tuple[_Labels, float | None]]


def metrics_text(snapshot: HealthSnapshot) -> str:
    """Return all metrics of a snapshot; what is not known is absent.

    Example:
        >>> from edgecrack.health.snapshot import HealthSnapshot
        >>> print(metrics_text(HealthSnapshot("0.1.0", 9.0, 0.5, True, 0.0)).splitlines()[2])
        edgecrack_build_info{version="0.1.0"} 1
    """
    lines = [
        *_family("build_info", "gauge", "Version of the program.",
                 [({"version": snapshot.edgecrack}, 1)]),
        *_gauge("up_seconds", "Seconds since the start of the process.", snapshot.up_s),
        *_gauge("loop_turn_age_seconds", "Seconds since the loop came round.", snapshot.turn_age_s),
        *_conditions(snapshot.conditions, snapshot.now_s),
        *_vitals(snapshot.vitals),
    ]  # fmt: skip
    if snapshot.loop is not None:
        lines += _loop(snapshot.loop, snapshot.now_s)
        lines += _written(snapshot.vitals, snapshot.loop)
    return "\n".join(lines) + "\n"


def _loop(loop: LoopReading, now_s: float) -> Iterator[str]:
    yield from _counter("frames_in", "Pictures the decoder delivered.", loop.frames_in)
    yield from _counter("frames_inferred", "Frames the network has seen.", loop.frames_inferred)
    yield from _counter("frames_out", "Frames the sinks have taken.", loop.frames_out)
    yield from _counter("frames_with_crack", "Frames with a crack.", loop.frames_with_crack)
    yield from _by("frames_dropped_total", "Pictures given up.", "stage", loop.dropped)
    yield from _by("fixes_total", "Frames by how their place is known.", "quality", loop.qualities)
    stages = [({"stage": stage}, histogram) for stage, histogram in loop.stages.items()]
    yield from _histograms("stage_seconds", "Time of a stage for one frame.", stages)
    age: list[tuple[_Labels, Histogram]] = [({}, loop.capture_to_result)]
    yield from _histograms("capture_to_result_seconds", "From capture to result.", age)
    last_s = loop.last_frame_s
    frame_age_s = None if last_s is None else now_s - last_s
    yield from _gauge("last_frame_age_seconds", "Since the last frame was taken.", frame_age_s)
    yield from _gauge("writer_busy_seconds", "A writer at one piece of work.", loop.writer_busy_s)
    yield from _gauge("waiting_bytes", "Pictures that wait.", loop.waiting_bytes)
    for name, value in sorted(loop.gauges.items()):
        yield from _gauge(name, "Told by its own room.", value)
    if loop.model is not None:
        labels = {
            "name": loop.model.name,
            "release": loop.model.release,
            "sha256": loop.model.sha256,
            "backend": loop.backend,
            "precision": loop.precision,
        }
        yield from _family("model_info", "gauge", "The network that runs.", [(labels, 1)])


def _conditions(conditions: Mapping[str, Condition], now_s: float) -> Iterator[str]:
    states = sorted(conditions.values(), key=lambda condition: condition.part)
    info: _Values = [({"part": of.part, "state": of.state}, 1) for of in states]
    yield from _family("condition_info", "gauge", "What a part does now.", info)
    ages: _Values = [({"part": of.part, "state": of.state}, now_s - of.since_s) for of in states]
    yield from _family("condition_seconds", "gauge", "For how long it has done so.", ages)


def _vitals(vitals: Vitals) -> Iterator[str]:
    yield from _gauge("disk_free_bytes", "Room left for surveys.", vitals.disk_free_bytes)
    yield from _gauge("disk_used_bytes", "Room taken there.", vitals.disk_used_bytes)
    yield from _counter("written_bytes", "What disks were made to write.", vitals.written_bytes)
    yield from _gauge("temperature_celsius", "Of the hottest place.", vitals.temperature_c)
    yield from _gauge("resident_bytes", "Memory of the process.", vitals.resident_bytes)
    yield from _gauge("open_descriptors", "Files and sockets held.", vitals.open_descriptors)
    yield from _gauge("threads", "Threads of the process.", vitals.threads)
    yield from _counter("cpu_seconds", "Processor time of the process.", vitals.cpu_s)


def _written(vitals: Vitals, loop: LoopReading) -> Iterator[str]:
    per_frame = None
    if vitals.written_bytes is not None and loop.frames_seen:
        written_bytes = vitals.written_bytes - (vitals.cancelled_bytes or 0)
        per_frame = written_bytes / loop.frames_seen
    yield from _gauge("written_bytes_per_frame", "Bytes written for a frame.", per_frame)


def _counter(name: str, about: str, value: float | None) -> Iterator[str]:
    yield from _family(f"{name}_total", "counter", about, [({}, value)])


def _gauge(name: str, about: str, value: float | None) -> Iterator[str]:
    yield from _family(name, "gauge", about, [({}, value)])


def _by(name: str, about: str, label: str, values: Mapping[str, int]) -> Iterator[str]:
    yield from _family(name, "counter", about, [({label: key}, n) for key, n in values.items()])


def _family(name: str, kind: str, about: str, values: _Values) -> Iterator[str]:
    known = [(labels, value) for labels, value in values if value is not None]
    if not known:
        return
    yield from _head(name, kind, about)
    for labels, value in known:
        yield _sample(name, labels, value)


def _histograms(name: str, about: str, values: list[tuple[_Labels, Histogram]]) -> Iterator[str]:
    if not values:
        return
    yield from _head(name, "histogram", about)
    ends = [f"{end_ms / 1e3:g}" for end_ms in BUCKETS_MS] + ["+Inf"]
    for labels, histogram in values:
        sums = list(accumulate(histogram.counts))
        for end, count in zip(ends, sums, strict=True):
            yield _sample(f"{name}_bucket", {**labels, "le": end}, count)
        yield _sample(f"{name}_sum", labels, histogram.total_ms / 1e3)
        yield _sample(f"{name}_count", labels, sums[-1])


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP edgecrack_{name} {about}"
    yield f"# TYPE edgecrack_{name} {kind}"


def _sample(name: str, labels: _Labels, value: float) -> str:
    written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return (
        f"edgecrack_{name}{{{written}}} {_number(value)}"
        if written
        else (f"edgecrack_{name} {_number(value)}")
    )


def _number(value: float) -> str:
    if math.isfinite(value):
        return str(int(value)) if value == int(value) else repr(float(value))
    return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
