"""Whose pictures are kept when a camera, a receiver and a disk do not go at the same pace."""

import json
import threading

import pytest

from edgecrack import output as output_module
from edgecrack import recording as recording_module
from edgecrack.conditions import Conditions
from edgecrack.errors import SinkError
from edgecrack.health.monitor import Monitor
from edgecrack.positions.positioning import Positioning
from edgecrack.positions.track import Track
from edgecrack.records import Fix
from edgecrack.sinks import MemorySink
from edgecrack.sinks import writer as writer_module
from edgecrack.sinks.images import ImageSink
from edgecrack.sinks.record_only import has_pictures
from tests.edgecrack.survey_parts import SentFixes, frame, lazy

SECOND_NS = 10**9
START_NS = 1_780_304_400 * SECOND_NS
SEEN_BYTES = 12 * 8 * 4  # the picture and the mask of one detection


def test_live_what_is_only_shown_loses_whole_frames(go, monkeypatch):
    """A preview that lags is given no more pictures than fit in memory; those it lost count."""
    monkeypatch.setattr(output_module, "PREVIEW_BYTES", 5 * SEEN_BYTES)
    may_show = threading.Event()

    class Kept(MemorySink):
        def write(self, observation):
            super().write(observation)
            if len(self.observations) == 30:
                may_show.set()

    class Shown(MemorySink):
        def write(self, observation):
            assert may_show.wait(30)
            self.missed += not has_pictures(observation)
            super().write(observation)

    shown = Shown()
    monkeypatch.setattr(recording_module, "open_sinks", lambda *_, **__: [Kept()])
    monkeypatch.setattr(recording_module, "open_previews", lambda *_, **__: [shown])
    report = go([frame(n) for n in range(30)], live=True).report

    assert [has_pictures(seen) for seen in shown.observations] == [True] * 5 + [False] * 25
    assert report.frames_out == 30
    assert report.frames_dropped["output"] == 25


def test_a_second_of_frames_that_a_fix_releases_at_once_is_kept(go, tmp_path, monkeypatch):
    """Live at 25 a second with a fix a second and a disk that is busy, no picture is given up."""
    polls = [[Fix(START_NS, 50.0, 8.0)], *[[] for _ in range(24)]]
    polls += [[Fix(START_NS + SECOND_NS, 50.0001, 8.0)]]
    may_write, write = threading.Event(), ImageSink.write

    def write_late(self, observation):
        assert may_write.wait(30)
        write(self, observation)

    def frames():
        for number in range(50):
            yield frame(number, 3, START_NS + number * SECOND_NS // 25)
        may_write.set()

    monkeypatch.setattr(ImageSink, "write", write_late)
    positioning = Positioning(Track(), SentFixes(*polls))
    report = go(lazy(frames), live=True, positioning=positioning).report
    assert report.frames_dropped["output"] == 0
    assert report.frames_out == len(list((tmp_path / "run" / "masks").iterdir())) == 50


def test_a_disk_that_does_not_keep_up_costs_pictures_and_no_record(go, tmp_path, monkeypatch):
    """When memory is full new frames are kept without pictures, each with its line and place."""
    monkeypatch.setattr(output_module, "LIVE_BYTES", 10 * SEEN_BYTES)
    may_write, write = threading.Event(), ImageSink.write

    def write_late(self, observation):
        assert may_write.wait(30)
        write(self, observation)

    def frames():
        for number in range(30):
            yield frame(number, 3, START_NS + number * SECOND_NS // 25)
        may_write.set()

    monkeypatch.setattr(ImageSink, "write", write_late)
    fixes = [Fix(START_NS + second * SECOND_NS, 50.0, 8.0) for second in range(3)]
    report = go(lazy(frames), live=True, positioning=Positioning(Track(), SentFixes(fixes))).report
    assert report.frames_dropped["output"] == 20
    lines = (tmp_path / "run" / "cracks.geojsonl").read_text().splitlines()
    assert all(json.loads(line)["geometry"] for line in lines)
    with_mask = [bool(json.loads(line)["properties"]["mask"]) for line in lines]
    assert with_mask == [True] * 10 + [False] * 20


class Broken(MemorySink):
    """Shows two frames, and then nothing more."""

    def write(self, observation):
        """Fail from the third on."""
        if len(self.observations) == 2:
            raise SinkError("the encoder is gone")
        super().write(observation)


def test_live_what_shows_a_run_fails_alone(go, monkeypatch):
    """An encoder that breaks costs its own pictures, counted and told; every record is there."""
    kept, told = MemorySink(), []
    monkeypatch.setattr(recording_module, "open_sinks", lambda *_, **__: [kept])
    monkeypatch.setattr(recording_module, "open_previews", lambda *_, **__: [Broken()])
    monitor = Monitor(Conditions(lambda change: told.append(str(change))))

    def frames():
        for number in range(50):
            yield frame(number)
            while len(kept.observations) <= number:  # one after the other
                pass

    report = go(lazy(frames), live=True, more={"monitor": monitor}).report
    assert report.frames_out == 50
    assert report.frames_dropped["output"] == 48
    assert [line for line in told if "preview" in line] == ["preview: off: the encoder is gone"]


def test_a_file_that_was_to_be_shown_ends_with_what_shows_it(go, monkeypatch):
    """Whoever asked for a video of a file wants to know that there is none."""
    monkeypatch.setattr(recording_module, "open_previews", lambda *_, **__: [Broken()])
    with pytest.raises(SinkError, match="the encoder is gone"):
        go([frame(number) for number in range(50)])


def test_live_what_shows_a_run_may_hang_for_ever(go, monkeypatch):
    """Its queue is full then, which raises nothing: each picture that finds no room is counted."""
    monkeypatch.setattr(writer_module, "MOST_RECORDS", 5)
    may_show, is_kept = threading.Event(), threading.Event()

    class Kept(MemorySink):
        def write(self, observation):
            super().write(observation)
            is_kept.set()

    class Hanging(MemorySink):
        def write(self, observation):
            assert may_show.wait(30)
            super().write(observation)

    def frames():
        for number in range(30):
            is_kept.clear()
            yield frame(number)
            assert is_kept.wait(30)
        may_show.set()

    monkeypatch.setattr(recording_module, "open_sinks", lambda *_, **__: [Kept()])
    monkeypatch.setattr(recording_module, "open_previews", lambda *_, **__: [Hanging()])
    report = go(lazy(frames), live=True).report
    assert report.frames_inferred == report.frames_out == 30
    assert report.frames_dropped["output"] in (24, 25)  # one is shown, or waits to be taken
