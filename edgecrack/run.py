"""One run: open everything, drive the loop, and leave a whole record behind whatever happens."""

from __future__ import annotations

import os
import resource
import time
import uuid
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecrack import __version__
from edgecrack.bundle import load_bundle
from edgecrack.device import describe_device
from edgecrack.errors import EdgecrackError, InputError, UsageError
from edgecrack.models import default_bundle
from edgecrack.pipeline import Detector, StopSignal, ordered_map
from edgecrack.positions import open_receiver, read_positions, track_of
from edgecrack.positions.geotag import Geotagger
from edgecrack.positions.track import Track, describe_span
from edgecrack.records import Observation
from edgecrack.report import Meter, Totals
from edgecrack.segmenters import load_segmenter
from edgecrack.sinks import SinkOptions, open_previews, open_sinks
from edgecrack.sinks.writer import Writer, dropped
from edgecrack.sources import Source, SourceRequest, open_source
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder
from edgecrack.threads import cpu_seconds, thread_ids
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from edgecrack.bundle import Bundle
    from edgecrack.config import RunConfig
    from edgecrack.records import Detection, Placement

QUEUE_DEPTH = 8
"""Observations with pictures that may wait for the writer: some 40 MB of 1280x720."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        out: Folder of the results.
        report: The FPS report, as in report.json.
        record: What ran, as in run.json.
    """

    out: Path
    report: dict[str, Any]
    record: dict[str, Any]

    @property
    def was_interrupted(self) -> bool:
        """Whether someone asked for the end before the source ended."""
        return bool(self.record["exit_reason"] == "interrupted")


def run(
    config: RunConfig, stop: StopSignal | None = None, on_frame: Callable[[int], None] | None = None
) -> Outcome:
    """Carry every frame of a source to a run folder.

    Args:
        config: What to do.
        stop: Called by a signal handler to end the run early.
        on_frame: Told the number of frames seen, for a progress bar.

    Raises:
        EdgecrackError: Whatever went wrong. Once the folder exists, everything acknowledged stays
            in it, and report.json and run.json say how the run ended.
    """
    with ExitStack() as stack:
        bundle = default_bundle() if config.model is None else load_bundle(config.model)
        source = open_source(_request(config, bundle))
        stack.callback(source.close)
        position = _position(config, source, stack)
        session = _Session(config, bundle, source, position)
        return session.go(stop or StopSignal(), on_frame)


def _request(config: RunConfig, bundle: Bundle) -> SourceRequest:
    entry = bundle.model()
    return SourceRequest(
        spec=config.source,
        input_width_px=entry.width_px,
        input_height_px=entry.height_px,
        region=config.region_px,
        live=config.live,
        rate_fps=config.rate_fps,
        start_ns=config.start_ns,
    )


@dataclass(frozen=True, slots=True)
class _Position:
    """Where the camera was, and what was found out about that.

    Attributes:
        placing: Places findings.
        track: Where the camera was, if anything tells.
        read: What a recorded log held, by kind.
    """

    placing: Geotagger
    track: Track | None
    read: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return what was read, what was refused, and what was kept."""
        if self.track is None:
            return {}
        return {
            "read": dict(self.read),
            "refused": dict(self.track.refused),
            "kept": len(self.track),
        }


def _position(config: RunConfig, source: Source, stack: ExitStack) -> _Position:
    """Find out where the camera was, from a log, a receiver, or the pictures themselves."""
    if config.position is None:
        pictured = _track_of_pictures(config)
        return _Position(Geotagger(pictured), pictured, {})
    if source.info.time_source == "none":
        raise UsageError(
            f"{source.info.name} does not say when it was taken, so --position cannot place it; "
            "give its start with --video-start 2026-05-01T12:00:00Z."
        )
    if config.position.startswith("serial:"):
        feed = open_receiver(config.position)
        stack.callback(feed.close)
        track = Track(max_gap_s=config.max_gap_s, keep_s=60)
        placing = Geotagger(track, feed, patience_s=config.max_gap_s)
        return _Position(placing, track, {})
    log = read_positions(config.position)
    track = track_of(log, config.max_gap_s)
    _check_overlap(track, source)
    return _Position(Geotagger(track), track, log.counts)


def _track_of_pictures(config: RunConfig) -> Track | None:
    if not Path(config.source).is_dir():
        return None
    from edgecrack.positions.exif_place import exif_fixes  # noqa: PLC0415  Pillow

    fixes = exif_fixes(Path(config.source))
    return Track(fixes, max_gap_s=config.max_gap_s) if fixes else None


def _check_overlap(track: Track, source: Source) -> None:
    info = source.info
    if info.start_ns is None or info.duration_ns is None:
        return
    end_ns = info.start_ns + info.duration_ns
    if not track.overlaps(info.start_ns, end_ns):
        raise InputError(describe_span(track, info.start_ns, end_ns))


class _Session:
    """A run whose inputs are all open and good, up to its last file."""

    def __init__(
        self, config: RunConfig, bundle: Bundle, source: Source, position: _Position
    ) -> None:
        self._config, self._bundle, self._source = config, bundle, source
        self._position, self._placing = position, position.placing
        info = source.info
        cores = len(os.sched_getaffinity(0))
        # Live: all cores on one frame, for its age. File: a core for each frame, for throughput.
        self._workers = 1 if info.live else max(2, cores)
        before = thread_ids()
        self._segmenter = load_segmenter(bundle, threads=cores if info.live else 1)
        self._helpers = thread_ids() - before
        self._meter = Meter()
        self._directory = RunFolder.create(config.out or _fresh_folder(), LocalDisk())
        self._writers: list[Writer] = []
        self._id = uuid.uuid4().hex
        self._seen = self._with_crack = 0
        self._area_share = 0.0
        self._times_ns: list[int | None] = [None, None]

    def go(self, stop: StopSignal, on_frame: Callable[[int], None] | None) -> Outcome:
        """Drive the loop; write run.json before and after, report.json after."""
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        failure = self._drive(stop, on_frame)
        reason = str(failure) if failure else "interrupted" if stop.asked else "end of source"
        wall_s, cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
        report = self._report(wall_s, cpu_s)
        record = self._record(reason)
        self._leave(report, record, failure)
        return Outcome(self._directory.path, report, record)

    def _drive(
        self, stop: StopSignal, on_frame: Callable[[int], None] | None
    ) -> EdgecrackError | None:
        """Carry frames to the sinks until there are no more; return what ended that early."""
        try:
            self._directory.write_json("run.json", self._record("running"))
            with ExitStack() as stack:
                stack.callback(self._directory.disk.close)
                for writer in self._open_writers():
                    self._writers.append(stack.enter_context(writer))
                try:
                    self._loop(stop, on_frame)
                finally:
                    self._flush()
        except EdgecrackError as error:
            return error
        return None

    def _open_writers(self) -> Iterator[Writer]:
        config = self._config
        options = SinkOptions(
            all_masks=config.all_masks,
            frames=config.frames,
            overlay=config.overlay,
            overlay_fps=self._source.info.fps or config.rate_fps or 25.0,
            run_id=self._id,
        )
        sinks, previews = (open_(self._directory, options) for open_ in (open_sinks, open_previews))
        yield Writer(sinks, depth=QUEUE_DEPTH, on_emit=self._on_emit)
        yield Writer(previews, depth=QUEUE_DEPTH, when_full=dropped)

    def _loop(self, stop: StopSignal, on_frame: Callable[[int], None] | None) -> None:
        look = Detector(self._segmenter, self._source.info)
        frames = stop.frames(self._source, self._meter)
        for finding in ordered_map(frames, look, self._workers):
            self._note(finding)
            for placed in self._placing.add(finding):
                self._keep(*placed)
            if on_frame is not None:
                on_frame(self._seen)

    def _flush(self) -> None:
        """Keep what still waits for its place, also when the source has failed."""
        for placed in self._placing.rest():
            self._keep(*placed)

    def _note(self, finding: Detection) -> None:
        frame = finding.frame
        for stage, (wall_s, cpu_s) in finding.took.items():
            self._meter.stage(stage, wall_s, cpu_s)
        self._meter.finished(frame.monotonic_ns, time.monotonic_ns())
        self._seen += 1
        self._area_share += finding.measure.area_share
        first_ns = self._times_ns[0]
        self._times_ns = [frame.captured_ns if first_ns is None else first_ns, frame.captured_ns]

    def _keep(self, finding: Detection, placement: Placement) -> None:
        found = finding.measure
        has_crack = found.area_px > 0 and found.area_share >= self._config.min_crack_share
        self._with_crack += has_crack
        seen = Observation(finding.frame, finding.mask, found, placement, has_crack)
        for writer in self._writers:
            writer.put(seen, wait=not self._source.info.live)

    def _on_emit(self, _index: int, wall_s: float, cpu_s: float) -> None:
        self._meter.stage("emit", wall_s, cpu_s)
        self._meter.out += 1

    def _report(self, wall_s: float, cpu_s: float) -> dict[str, Any]:
        self._meter.stage_cpu("infer", cpu_seconds(self._helpers))
        counts = self._source.counts()
        dropped = {
            "source": counts.dropped,
            "unfinished": max(0, counts.delivered - counts.dropped - self._seen),  # cut short
            "unreadable": self._source.unreadable(),
            "output": sum(writer.missed for writer in self._writers),  # final: they are closed
        }
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        totals = Totals(counts.delivered, dropped, wall_s, cpu_s, peak)
        manifest, entry = self._bundle.manifest, self._bundle.model()
        return {
            **self._meter.report(totals),
            "frames_with_crack": self._with_crack,
            "mean_crack_share": self._area_share / self._seen if self._seen else None,
            "backend": self._segmenter.backend,
            "precision": self._segmenter.precision,
            "input": {"width_px": entry.width_px, "height_px": entry.height_px},
            "model_macs": round(manifest.macs_per_pixel * entry.width_px * entry.height_px),
            "frames_at_once": self._workers,
            "device": describe_device(),
            "bundle": self._identity(),
        }

    def _identity(self) -> dict[str, str]:
        manifest = self._bundle.manifest
        return {"name": manifest.name, "release": manifest.release, "sha256": self._bundle.sha256}

    def _record(self, reason: str) -> dict[str, Any]:
        provenance, info = self._bundle.manifest.provenance, self._source.info
        first_ns, last_ns = self._times_ns
        return {
            "run_id": self._id,
            "edgecrack": __version__,
            "written_utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "source": asdict(info),
            "position": self._config.position,
            "fixes": self._position.as_json(),
            "model": {
                **self._identity(),
                "threshold": self._segmenter.threshold,
                "licence": provenance.licence,
                "data_terms": [f"{each.name}: {each.licence}" for each in provenance.data],
            },
            "config": {**self._config.model_dump(mode="json"), "source": info.name},  # no password
            "region": asdict(info.region),
            "first_utc": None if first_ns is None else to_iso(first_ns),
            "last_utc": None if last_ns is None else to_iso(last_ns),
            "exit_reason": reason,
        }

    def _leave(
        self, report: dict[str, Any], record: dict[str, Any], failure: EdgecrackError | None
    ) -> None:
        """Write the last files; the run's own failure is the one to hear about."""
        try:
            self._directory.write_json("report.json", report)
            self._directory.write_json("run.json", record)
        except EdgecrackError as error:
            failure = failure or error
        if failure is not None:
            self._directory.discard_if_empty()
            raise failure


def _fresh_folder() -> Path:
    return Path("runs") / datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
