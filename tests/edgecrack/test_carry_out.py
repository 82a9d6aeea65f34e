"""A run over parts in memory: what is counted, what is written, and what is left on failure."""

import json
import signal
import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from edgecrack import recording as recording_module
from edgecrack.config import RunConfig
from edgecrack.detector import DetectionSpec
from edgecrack.errors import EdgecrackError, SinkError, SourceError
from edgecrack.models.holder import ModelHolder
from edgecrack.models.loaded import LoadedModel
from edgecrack.parts import Parts
from edgecrack.positions.positioning import Positioning
from edgecrack.positions.track import Track
from edgecrack.recording import FolderRecording
from edgecrack.records import Fix, ModelIdentity
from edgecrack.run import carry_out
from edgecrack.segmenters import DarkSegmenter
from edgecrack.sinks import MemorySink, OutputSpec
from edgecrack.sinks.images import ImageSink
from edgecrack.sinks.writer import Writer
from edgecrack.sources import SourceCounts, SourceSpec
from edgecrack.stop_signal import StopSignal
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder
from tests.edgecrack.survey_parts import FailsOnLight, SentFixes, frame, lazy, source

SECOND_NS = 10**9
START_NS = 1_780_304_400 * SECOND_NS
SEEN_BYTES = 12 * 8 * 4  # the picture and the mask of one detection


def read(folder, name="run.json"):
    """Return a JSON file of a run."""
    return json.loads((folder / name).read_text())


def test_what_is_returned_is_what_is_written(go, tmp_path):
    """report.json and run.json hold the very report and record of the outcome."""
    outcome = go([frame(n, crack_columns=n % 2) for n in range(9)])
    assert outcome.out == tmp_path / "run"
    assert read(outcome.out, "report.json") == json.loads(json.dumps(outcome.report.as_json()))
    assert read(outcome.out) == json.loads(json.dumps(outcome.record.as_json()))
    assert outcome.record.exit_reason == "end of source"
    assert not outcome.was_interrupted


def test_every_frame_is_counted_once(go):
    """Nine frames in, inferred and out; four of them with a twelfth of the area crack."""
    report = go([frame(n, crack_columns=n % 2) for n in range(9)]).report
    assert report.frames_in == report.frames_inferred == report.frames_out == 9
    assert report.frames_with_crack == 4
    assert report.mean_crack_share == pytest.approx(4 / 9 / 12)
    assert set(report.frames_dropped.values()) == {0}
    assert report.stages["infer"].count == 4


def test_a_report_says_what_ran(go, bundle):
    """Backend, size, work of the network, memory and the model are those of the parts."""
    report = go([frame(0)]).report
    assert (report.backend, report.frames_at_once) == ("fake", 2)
    assert report.model_macs == round(bundle.manifest.macs_per_pixel * 96)
    assert (report.input.width_px, report.input.height_px) == (12, 8)
    manifest = bundle.manifest
    assert report.bundle == ModelIdentity(manifest.name, manifest.release, bundle.sha256)
    assert report.wall_s > 0
    assert report.core_ms_per_frame > 0
    assert 10_000_000 < report.peak_memory_bytes < 100_000_000_000


def test_a_record_says_what_was_seen_and_when(go, bundle):
    """Region and size of the picture, times of the first and last frame, and the model's terms."""
    frames = [frame(n, captured_ns=START_NS + n * SECOND_NS) for n in range(3)]
    record = go(frames).record
    assert record.picture_px == (12, 8)
    assert record.region == frames[0].geometry.region
    assert record.first_utc == "2026-06-01T09:00:00.000Z"
    assert record.last_utc == "2026-06-01T09:00:02.000Z"
    assert record.model.licence == bundle.manifest.provenance.licence
    assert record.model.data_terms == tuple(
        f"{data.name}: {data.licence}" for data in bundle.manifest.provenance.data
    )
    assert (record.model.name, record.model.release) == ("vehicle", "2.2.0")


def test_no_password_is_written_anywhere(go, tmp_path):
    """The source's name for people stands in run.json in place of the address that was typed."""
    go([frame(0, crack_columns=3)], name="rtsp://***@camera/1")
    written = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert len(written) >= 4
    for path in written:
        assert b"s3cret" not in path.read_bytes()
    assert read(tmp_path / "run")["config"]["source"]["address"] == "rtsp://***@camera/1"


@pytest.mark.parametrize(("share", "frames_with_crack"), [(0.16, 1), (0.17, 0)])
def test_what_counts_as_a_crack_is_the_configurations(go, share, frames_with_crack):
    """Two columns of twelve are a sixth: enough for 0.16, too little for 0.17."""
    report = go([frame(0, crack_columns=2)], detection=DetectionSpec(min_crack_share=share)).report
    assert report.frames_with_crack == frames_with_crack


def test_a_run_without_frames_has_a_report(go):
    """No frame is a report without rates and shares, not a failure."""
    outcome = go([])
    assert outcome.report.frames_inferred == 0
    assert outcome.report.fps_out is None
    assert outcome.report.mean_crack_share is None
    assert outcome.record.region is None


def test_a_failing_source_leaves_a_whole_record(go, tmp_path):
    """What came before the failure is kept, and run.json says what ended the run."""
    frames = [frame(n, crack_columns=3) for n in range(3)]
    with pytest.raises(SourceError):
        go(frames, error=SourceError("the camera is gone"))
    run = tmp_path / "run"
    assert read(run)["exit_reason"] == "the camera is gone"
    assert read(run, "report.json")["frames_out"] == 3
    assert len((run / "cracks.geojsonl").read_text().splitlines()) == 3
    assert len(list((run / "masks").iterdir())) == 3


@pytest.mark.parametrize("error", [ZeroDivisionError("a fault"), MemoryError(), OSError(24, "x")])
def test_an_unforeseen_failure_leaves_a_whole_record_too(go, tmp_path, error):
    """Whatever a source raises, what was begun is kept and no run stays "running"."""
    with pytest.raises(type(error)):
        go([frame(n, crack_columns=3) for n in range(6)], error=error)
    assert read(tmp_path / "run")["exit_reason"] == (str(error) or "MemoryError")
    assert read(tmp_path / "run", "report.json")["frames_out"] == 6
    assert len(list((tmp_path / "run" / "masks").iterdir())) == 6


def test_the_reason_of_a_failure_shows_no_password(go, tmp_path):
    """An unforeseen error that quotes an address is recorded without its secrets."""
    with pytest.raises(ValueError, match="camera"):
        go([frame(0)], error=ValueError("cannot open rtsp://joe:secret@camera/1"))
    assert read(tmp_path / "run")["exit_reason"] == "cannot open rtsp://***@camera/1"


@pytest.mark.parametrize("error", [ZeroDivisionError("a fault"), MemoryError(), OSError(24, "x")])
def test_a_failure_of_the_network_costs_only_its_frame(go, tmp_path, error):
    """What was begun beside the frame on which the network fails is kept, in order."""
    frames = [frame(n, crack_columns=3 * (n != 2)) for n in range(9)]
    with pytest.raises(type(error)):
        go(frames, segmenter=FailsOnLight(error))
    assert read(tmp_path / "run")["exit_reason"] == (str(error) or "MemoryError")
    masks = sorted(path.name for path in (tmp_path / "run" / "masks").iterdir())
    assert masks == [f"0000000{number}.png" for number in (0, 1, 3, 4)]


def test_an_unforeseen_failure_of_a_sink_keeps_what_it_had_taken(go, tmp_path, monkeypatch):
    """What was complete before a fault in a sink is on disk, and no run stays "running"."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    write = ImageSink.write

    def fail_late(self, observation):
        if observation.frame.index == 4:
            raise MemoryError
        write(self, observation)

    monkeypatch.setattr(ImageSink, "write", fail_late)
    with pytest.raises(EdgecrackError) as caught:
        go([frame(n, crack_columns=3) for n in range(9)])
    assert caught.value.exit_code == 70
    assert read(tmp_path / "run")["exit_reason"] == str(caught.value)
    assert len(list((tmp_path / "run" / "masks").iterdir())) == 4
    assert len((tmp_path / "run" / "cracks.geojsonl").read_text().splitlines()) == 4


@pytest.mark.parametrize("name", ["report.json", "run.json"])
@pytest.mark.parametrize("began", [True, False])
def test_a_second_signal_does_not_cost_the_last_files(go, tmp_path, monkeypatch, began, name):
    """One that comes while they are written, as it does after two at once, waits for them."""
    write, stop = RunFolder.write_json, StopSignal()

    def write_interrupted(self, file, values):
        if stop.asked and file == name:
            signal.raise_signal(signal.SIGTERM)
        write(self, file, values)

    def first_signal(*_arguments):
        signal.raise_signal(signal.SIGINT)
        yield

    monkeypatch.setattr(RunFolder, "write_json", write_interrupted)
    if not began:
        monkeypatch.setattr(recording_module, "open_sinks", lambda *_, **__: next(first_signal()))
    with suppress(KeyboardInterrupt), stop.installed():
        go(lazy(first_signal), stop=stop)
    assert read(tmp_path / "run")["exit_reason"] == "interrupted"
    assert read(tmp_path / "run", "report.json")["frames_inferred"] == 0


def test_ctrl_c_without_our_handler_is_an_interruption(go, tmp_path):
    """A program that calls this may be stopped, too: the record says so and the error passes on."""
    with pytest.raises(KeyboardInterrupt):
        go([frame(n, crack_columns=3) for n in range(6)], error=KeyboardInterrupt())
    assert read(tmp_path / "run")["exit_reason"] == "interrupted"


def test_the_first_failure_is_the_one_to_hear_about(go, monkeypatch):
    """A report that cannot be written does not hide why the run ended."""
    write_json = RunFolder.write_json

    def full(folder, name, mapping):
        if name == "report.json":
            raise SinkError("the disk is full")
        write_json(folder, name, mapping)

    monkeypatch.setattr(RunFolder, "write_json", full)
    with pytest.raises(SourceError):
        go([frame(0)], error=SourceError("the camera is gone"))


def test_a_last_file_that_cannot_be_written_is_a_failure(go, monkeypatch):
    """A run whose report is lost has not ended well."""

    def full(_folder, name, _mapping):
        if name == "report.json":
            raise SinkError("the disk is full")

    monkeypatch.setattr(RunFolder, "write_json", full)
    with pytest.raises(SinkError):
        go([frame(0)])


def test_a_folder_in_which_nothing_came_to_be_is_given_back(go, tmp_path, monkeypatch):
    """When not even run.json can be written, the folder may be used again."""

    def full(_folder, _name, _mapping):
        raise SinkError("the disk is full")

    monkeypatch.setattr(RunFolder, "write_json", full)
    with pytest.raises(SinkError):
        go([frame(0)])
    assert not (tmp_path / "run").exists()


def test_live_what_waits_for_its_fix_is_kept_at_the_end(go, tmp_path):
    """The last second of a drive has no fix behind it, and its frames are written all the same."""
    receiver = SentFixes([Fix(START_NS, 50.0, 8.0)])
    frames = [frame(n, 3, START_NS + (n + 1) * 10**8) for n in range(5)]
    outcome = go(frames, live=True, positioning=Positioning(Track(), receiver))
    assert outcome.report.frames_out == 5
    lines = (tmp_path / "run" / "cracks.geojsonl").read_text().splitlines()
    assert [json.loads(line)["properties"]["frame"] for line in lines] == list(range(5))
    assert outcome.record.fixes.kept == 1


def test_what_the_source_lost_is_counted(go):
    """Dropped, also at the opening, unreadable, missing: as the source counts; or unfinished."""
    lossy = source([frame(n) for n in range(3)])
    lossy.counts = lambda: SourceCounts(delivered=10, dropped=4, opening=1, unreadable=2, missing=5)
    report = go(lossy).report
    assert report.frames_in == 10
    assert report.frames_dropped == {
        "opening": 1,
        "source": 3,
        "stale": 0,
        "unfinished": 3,
        "standstill": 0,
        "thermal": 0,
        "unreadable": 2,
        "missing": 5,
        "output": 0,
    }


def test_pictures_that_output_gave_up_are_counted(go, monkeypatch):
    """A sink that misses pictures says so, and the report adds them up."""

    def two_sinks(*_arguments, **_more):
        sinks = [MemorySink(), MemorySink()]
        sinks[0].missed, sinks[1].missed = 2, 3
        return sinks

    monkeypatch.setattr(recording_module, "open_sinks", two_sinks)
    assert go([frame(0)]).report.frames_dropped["output"] == 5


def test_an_interrupted_run_says_so(bundle, tmp_path):
    """Asked to end before the first frame, the run has a record that says it was interrupted."""
    stop = StopSignal()
    stop.ask()
    parts = Parts(
        ModelHolder(LoadedModel(bundle, DarkSegmenter(12, 8))), source([frame(0)]), Positioning(),
        FolderRecording(RunFolder.create(tmp_path / "run", LocalDisk()), OutputSpec()),
    )  # fmt: skip
    outcome = carry_out(RunConfig(source=SourceSpec(address="clip")), parts, stop)
    assert outcome.was_interrupted
    assert outcome.report.frames_inferred == 0


def test_a_run_says_running_while_it_runs(go, tmp_path):
    """Whoever looks before the end finds run.json, and in it that the run goes on."""
    reasons = []

    def frames():
        reasons.append(read(tmp_path / "run")["exit_reason"])
        yield frame(0)

    go(lazy(frames))
    assert reasons == ["running"]


def test_age_is_counted_from_delivery(go):
    """The time from delivery to result is that of the frame's own clock, not zero."""
    report = go([replace(frame(n), monotonic_ns=0) for n in range(8)]).report
    assert report.capture_to_result_ms.min_ms > 1000


@pytest.mark.parametrize("live", [True, False])
def test_only_a_file_may_wait_for_the_writer(go, monkeypatch, live):
    """A camera never waits for the disk; a file always does."""
    waits, put = set(), Writer.put

    def noting(self, observation, *, wait):
        waits.add(wait)
        put(self, observation, wait=wait)

    monkeypatch.setattr(Writer, "put", noting)
    go([frame(0), frame(1)], live=live)
    assert waits == {not live}


@pytest.mark.parametrize(("fps", "declared"), [(12.5, 12.5), (None, 25.0)])
def test_an_overlay_declares_the_rate_of_the_source(go, monkeypatch, fps, declared):
    """The nominal rate is the source's, or 25 where nothing tells it."""
    rates = []

    def no_previews(_folder, _spec, fps, **_how):
        rates.append(fps)
        return []

    monkeypatch.setattr(recording_module, "open_previews", no_previews)
    go([], fps=fps)
    assert rates == [declared]


def test_frames_without_road_are_counted(go):
    """The report tells how many there are, and the shares of all frames together."""
    off_road = frame(1)
    off_road.image[..., 2] = 255
    segmenter = DarkSegmenter(12, 8, road_threshold=128)
    road = go([frame(0, crack_columns=2), off_road], segmenter=segmenter).report.road
    assert road.frames_without_road == 1
    assert road.mean_road_share == pytest.approx(0.5)
    assert road.mean_crack_share_of_road == pytest.approx(2 / 12)


def test_without_a_road_answer_the_report_has_no_road(go):
    """What the network does not say is None, not 0."""
    assert go([frame(0)]).report.road is None
