"""Cracks leave for the outbox when their records are durable, and not before."""

import json
from contextlib import closing

import numpy as np
import pytest

from edgecrack.recording import Statement, begin_folder, sinks_of
from edgecrack.records import UNPLACED, CrackMeasure, Detection, Observation
from edgecrack.sinks import OutputSpec
from edgecrack.sinks.record_only import without_pictures
from edgecrack.sinks.writer import Writer
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder
from edgecrack.uplink import intake as intake_module
from edgecrack.uplink.crack_sink import CrackSink
from edgecrack.uplink.intake import Intake
from edgecrack.uplink.message import Kind
from edgecrack.uplink.messages import Told
from edgecrack.uplink.outbox import Outbox
from tests.edgecrack.survey_parts import frame


def observation(index, *, has_crack=True):
    """Return an observation of a frame with a quarter of crack."""
    mask = np.zeros((8, 12), np.uint8)
    mask[:, :3] = 255
    measure = CrackMeasure(24, 0.25, 1, 0.9)
    seen = Detection(frame(index), mask, measure, has_crack, "f" * 64, {})
    return Observation(seen, UNPLACED)


@pytest.fixture
def outbox(tmp_path):
    """Return an outbox."""
    box = Outbox(tmp_path / "unit" / "outbox.db")
    yield box
    box.close()


@pytest.fixture
def intake(outbox):
    """Return what stands before it."""
    return Intake(outbox)


@pytest.fixture
def sink(intake):
    """Return a sink that puts pictures, too."""
    return CrackSink(intake, Told("van-7", "run-1", "20260501T120000Z", pictures=True))


def test_nothing_is_put_before_it_is_synced(sink, outbox):
    """What was only written may be lost; what is without a crack is never put."""
    for index in range(3):
        sink.write(observation(index, has_crack=index > 0))
    assert outbox.waiting() == {}
    sink.sync()
    assert {kind: count for kind, (count, _) in outbox.waiting().items()} == {
        Kind.CRACK: 2,
        Kind.PICTURE: 2,
    }


def test_a_crack_is_the_feature_of_its_record_with_an_id_that_stays(sink, outbox):
    """Valid GeoJSON with the members id, unit and model; the same again for the same frame."""
    sink.write(observation(7))
    sink.sync()
    crack, picture = outbox.take(9)
    told = json.loads(crack.payload)
    assert (crack.topic, told["type"], told["id"]) == (
        "edgecrack/van-7/cracks", "Feature", crack.id,
    )  # fmt: skip
    assert (told["unit"], told["folder"], told["model_sha256"]) == (
        "van-7", "20260501T120000Z", "f" * 64,
    )  # fmt: skip
    assert (told["properties"]["frame"], told["properties"]["run_id"]) == (7, "run-1")
    assert picture.topic == "edgecrack/van-7/pictures/run-1/00000007.png"
    assert picture.payload.startswith(b"\x89PNG")
    sink.write(observation(7))
    sink.sync()
    assert len(outbox.take(9)) == 2


def test_a_record_without_its_pictures_has_no_picture(sink, outbox):
    """What was given up because output lagged is not sent either."""
    sink.write(without_pictures(observation(1)))
    sink.sync()
    assert [*outbox.waiting()] == [Kind.CRACK]


def test_an_outbox_that_fails_ends_no_survey(sink, intake, outbox, tmp_path):
    """Messages wait in memory until it works again; none is put twice."""
    (tmp_path / "unit").write_text("")
    sink.write(observation(1))
    sink.sync()
    sink.write(observation(2))
    sink.sync()
    assert outbox.problem
    (tmp_path / "unit").unlink()
    intake.put()
    cracks = [json.loads(message.payload) for message in outbox.take(9, [Kind.CRACK])]
    assert [crack["properties"]["frame"] for crack in cracks] == [1, 2]
    assert outbox.counts()["put"] == 4


def test_what_waits_in_memory_is_bounded_and_what_goes_is_counted(
    sink, intake, outbox, tmp_path, monkeypatch
):
    """Pictures first, then the oldest; and at the end all that could not be put."""
    monkeypatch.setattr(intake_module, "MOST_WAITING_BYTES", 20_000)
    (tmp_path / "unit").write_text("")
    for index in range(100):
        sink.write(observation(index))
        sink.sync()
    counts = outbox.counts()
    assert counts["dropped_picture"] >= 95
    assert 60 < counts["dropped_crack"] < 95
    sink.close()
    intake.close()
    intake.close()
    assert outbox.counts()["dropped_crack"] == 100


def test_what_was_never_synced_is_told_to_nobody(sink, outbox):
    """Its record is not on the disk: whoever keeps it writes it again, or it is lost, too."""
    sink.write(observation(1))
    sink.close()
    sink.sync()
    assert outbox.waiting() == {}


def test_a_record_that_is_written_again_in_a_new_folder_is_told_once(intake, outbox):
    """A disk that failed for a while: its id is that of the run and the frame."""
    for folder in ("20260501T120000Z", "20260501T121000Z"):
        sink = CrackSink(intake, Told("van-7", "run-1", folder))
        sink.write(observation(1))
        sink.sync()
        sink.close()
    assert outbox.counts()["put"] == 1


def test_every_message_has_its_record_on_the_disk(go, intake, outbox, tmp_path):
    """As what follows a run's own sinks it is synced after the lines that it speaks of."""
    folder = RunFolder.create(tmp_path / "told", LocalDisk())
    records, put = tmp_path / "told" / "cracks.geojsonl", outbox.put

    def checked(messages):
        lines = [json.loads(line) for line in records.read_text().splitlines()]
        known = {line["properties"]["frame"] for line in lines}
        told = [json.loads(message.payload)["properties"]["frame"] for message in messages]
        assert {*told} <= known
        put(messages)

    outbox.put = checked

    def followers(at, run_id):
        return [CrackSink(intake, Told("van-7", run_id, at.path.name))]

    statement = Statement(go([frame(0)]).record, None)
    with closing(folder.disk):
        sinks = begin_folder(folder, sinks_of(OutputSpec(), None, followers), statement)
        with Writer(sinks, most_bytes=2**20, sync_every_s=0.01) as writer:
            for index in range(100):
                writer.put(observation(index), wait=True)
    assert outbox.waiting()[Kind.CRACK][0] == 100
