"""What the loop tells of itself while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.frame_counts import frames_dropped
from edgecrack.health.snapshot import LoopReading
from edgecrack.records import ModelIdentity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.meter import Meter
    from edgecrack.output import Output
    from edgecrack.parts import Parts


def read_loop(parts: Parts, meter: Meter, outputs: Sequence[Output]) -> LoopReading:
    """Return what a run has come to; to be called by its own thread.

    What it is at work on is not counted as ``unfinished``: that is known at the end.
    """
    tally, counts = meter.tally(), parts.source.counts()
    missed = sum(output.missed for output in outputs)
    dropped = frames_dropped(counts, tally.frames_inferred, tally.left_out, missed)
    del dropped["unfinished"]
    model = parts.models.now
    manifest = model.bundle.manifest
    return LoopReading(
        frames_in=counts.delivered,
        frames_inferred=tally.frames_inferred,
        frames_out=tally.frames_out,
        frames_with_crack=tally.frames_with_crack,
        frames_seen=tally.frames_inferred + sum(tally.left_out.values()),
        dropped=dropped,
        qualities=tally.qualities,
        stages=tally.histograms,
        capture_to_result=tally.capture_to_result,
        last_frame_s=None if tally.last_frame_ns is None else tally.last_frame_ns / 1e9,
        writer_busy_s=max((output.busy_s for output in outputs), default=0.0),
        waiting_bytes=sum(output.waiting_bytes for output in outputs),
        gauges={name: value for gauge in parts.gauges for name, value in gauge().items()},
        model=ModelIdentity(manifest.name, manifest.release, model.bundle.sha256),
        precision=model.segmenter.precision,
        backend=model.segmenter.backend,
    )
