"""What a run says of itself: run.json, report.json, and the figures of its status."""

from __future__ import annotations

import resource
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack import __version__
from edgecrack.clock.kernel import boot_id
from edgecrack.device import describe_device
from edgecrack.frame_counts import frames_dropped
from edgecrack.recording import Statement
from edgecrack.records import ModelIdentity
from edgecrack.report import InputSize, Setup, Totals, make_report
from edgecrack.run_record import RunRecord, network_input
from edgecrack.uplink.messages import Figures
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from edgecrack.config import RunConfig
    from edgecrack.meter import Meter, Snapshot
    from edgecrack.output import Output
    from edgecrack.parts import Parts
    from edgecrack.positions.positioning import FixCounts
    from edgecrack.positions.standstills import Standstill
    from edgecrack.sources import SourceCounts, SourceInfo
    from edgecrack.thermal.sparing import DegradedTime


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the loop's thread may ask for.

    Attributes:
        counts: What became of the source's pictures.
        fixes: What became of the fixes; None without any track.
        standstills: When the vehicle stood.
        degraded: When the unit went easy.
    """

    counts: SourceCounts
    fixes: FixCounts | None
    standstills: tuple[Standstill, ...]
    degraded: tuple[DegradedTime, ...]


@dataclass(frozen=True, slots=True)
class Statements:
    """Says what a run has come to.

    Attributes:
        config: What it was told.
        parts: What it runs with.
        meter: What it has measured.
        outputs: What its results go to, once there is any.
        run_id: What ties its records together.
    """

    config: RunConfig
    parts: Parts
    meter: Meter
    outputs: list[Output] = field(default_factory=list)
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    _began_s: float = field(default_factory=time.monotonic)
    _began_cpu_s: float = field(default_factory=time.process_time)

    def facts(self) -> Facts:
        """Return what is so far; for the loop's thread."""
        positioning = self.parts.positioning
        return Facts(
            self.parts.source.counts(),
            positioning.counts(),
            positioning.standstills.noted,
            self.parts.sparing.noted,
        )

    def statement(self, facts: Facts, exit_reason: str = "running") -> Statement:
        """Return what run.json and report.json say; any thread may ask."""
        snapshot = self.meter.snapshot()
        record = replace(self._record(snapshot, facts), exit_reason=exit_reason)
        totals = self._totals(snapshot, facts.counts)
        return Statement(record, make_report(snapshot, totals, _setup(self.parts)))

    def figures(self) -> Figures:
        """Return what a status message says; any thread may ask."""
        snapshot = self.meter.snapshot()
        return Figures(
            run_id=self.run_id,
            frames=snapshot.frames_inferred + sum(snapshot.left_out.values()),
            frames_with_crack=snapshot.frames_with_crack,
            fps=snapshot.fps_out,
            model_sha256=self.parts.models.now.bundle.sha256,
        )

    def _totals(self, snapshot: Snapshot, counts: SourceCounts) -> Totals:
        parts = self.parts
        missed = sum(output.missed for output in self.outputs)  # final when they are closed
        return Totals(
            frames_in=counts.delivered,
            dropped=frames_dropped(counts, snapshot.frames_inferred, snapshot.left_out, missed),
            wall_s=time.monotonic() - self._began_s,
            process_cpu_s=time.process_time() - self._began_cpu_s,
            infer_cpu_s=parts.models.cpu_s(),
            storage=parts.recording.totals(),
            disk_bytes=_disk_bytes(),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            server_timed=parts.dating.server_timed if parts.dating else counts.server_timed,
            interruptions=counts.interruptions,
            uplink=parts.uplink.counts(),
            stream=parts.view.counts(),
        )

    def _record(self, snapshot: Snapshot, facts: Facts) -> RunRecord:
        parts, info, geometry = self.parts, self.parts.source.info, snapshot.geometry
        settings = self.config.as_json()
        return RunRecord(
            run_id=self.run_id,
            edgecrack=__version__,
            written_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            source=info,
            position=settings["position"]["address"],
            fixes=facts.fixes,
            model=parts.models.uses[-1].model,
            models=parts.models.uses,
            model_choice=parts.model_choice,
            config=settings,
            picture_px=(geometry.width_px, geometry.height_px) if geometry else None,
            region=geometry.region if geometry else None,
            input=network_input(geometry.region, parts.models.now.input_px) if geometry else None,
            first_utc=_iso(snapshot.first_ns),
            last_utc=_iso(snapshot.last_ns),
            standstills=facts.standstills,
            boot_id=boot_id() if info.live else None,
            clock=parts.dating.gate.account() if parts.dating else None,
            degraded=facts.degraded,
            exit_reason="running",
        )


def describe_decoder(info: SourceInfo) -> str:
    """Return what decodes a source's pictures, and why, where there was a choice."""
    return f"{info.decoder} ({info.decoder_choice})" if info.decoder_choice else info.decoder


def _setup(parts: Parts) -> Setup:
    model = parts.models.now
    manifest, segmenter = model.bundle.manifest, model.segmenter
    pixels = segmenter.width_px * segmenter.height_px
    return Setup(
        backend=segmenter.backend,
        backend_choice=model.why,
        decoder=describe_decoder(parts.source.info),
        precision=segmenter.precision,
        input=InputSize(segmenter.width_px, segmenter.height_px),
        model_macs=round(manifest.macs_per_pixel * pixels),
        frames_at_once=parts.models.at_once,
        device=describe_device(),
        bundle=ModelIdentity(manifest.name, manifest.release, model.bundle.sha256),
    )


def _iso(time_ns: int | None) -> str | None:
    return None if time_ns is None else to_iso(time_ns)


def _disk_bytes() -> int | None:
    """Return what this process has had written to disks, by the kernel's account."""
    try:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    counts = dict(line.split(": ") for line in lines)
    return int(counts["write_bytes"]) - int(counts["cancelled_write_bytes"])
