"""What a run leaves behind tells it as it was, also after it was stopped and gone on with."""

import json
import resource

import cv2
import pytest

from edgecrack.errors import InputError, SinkError
from training.checkpoint import load_checkpoint
from training.config import TrainConfig
from training.loop import Epoch, Trainer
from training.run_log import RunLog

FIT = {"steps_per_epoch": 1, "epochs": 3}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard.*")


class Deaf:
    """Watches a run and says nothing."""

    def step(self, done, loss):
        """Learn of a step."""

    def epoch(self, epoch, net):
        """Learn of an epoch."""


@pytest.fixture
def run(road, configured):
    """A run of three steps."""
    return Trainer(configured(fit=FIT), road)


def epoch_of(number, f1):
    """Return an epoch as if it had been trained."""
    return Epoch(number, 1.0, 0.5, 0.1, 2.0, {}, f1)


def numbers(folder):
    """Return the epochs that metrics.jsonl tells of."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["number"] for line in lines]


def test_a_run_is_told_in_full(run, road, tmp_path):
    """A line, a panel and a checkpoint each epoch; configuration and TensorBoard beside them."""
    journal = RunLog(tmp_path / "out", run.config, road)
    for epoch in run.epochs(Deaf()):
        journal.record(epoch, run.average)
        journal.keep(run, epoch)
    journal.close()
    out = tmp_path / "out"
    assert numbers(out) == [1, 2, 3]
    line = json.loads((out / "metrics.jsonl").read_text().splitlines()[0])
    assert line["name"] == "tiny"
    assert line["validation"]["lines"]["protocol"]["tolerance_px"] == 1
    assert TrainConfig.model_validate_json((out / "config.json").read_text()) == run.config
    assert load_checkpoint(out / "last.pt").epoch == 3
    for number in (1, 2, 3):
        panel = cv2.imread(str(out / "panels" / f"{number:04d}.png"))
        assert panel is not None
        assert panel.shape == (3 * 274, 3 * 270, 3)  # the three validation pictures


def test_tensorboard_has_the_figures(run, road, tmp_path):
    """Loss and F1 of every epoch can be read back from the event file."""
    from tensorboard.backend.event_processing.event_accumulator import (  # noqa: PLC0415
        EventAccumulator,
    )

    journal = RunLog(tmp_path, run.config, road)
    epochs = list(run.epochs(Deaf()))
    for epoch in epochs:
        journal.record(epoch, run.average)
    journal.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert {"loss", "f1/lines", "probability/crack"} <= set(events.Tags()["scalars"])
    told = [(event.step, event.value) for event in events.Scalars("loss")]
    assert told == [(each.number, pytest.approx(each.loss, rel=1e-6)) for each in epochs]


def test_best_is_the_best(run, road, tmp_path):
    """best.pt changes only when validation was better, last.pt each time."""
    journal = RunLog(tmp_path, run.config, road)
    kept = []
    for number, f1 in enumerate((0.5, 0.4, None, 0.6, 0.6), start=1):
        journal.keep(run, epoch_of(number, f1))
        kept.append((load_checkpoint(tmp_path / "best.pt").epoch, run.best))
        assert load_checkpoint(tmp_path / "last.pt").epoch == number
    journal.close()
    assert kept == [(1, 0.5), (1, 0.5), (1, 0.5), (4, 0.6), (4, 0.6)]
    assert load_checkpoint(tmp_path / "last.pt").best == 0.6


def test_without_validation_only_the_last_is_kept(run, road, tmp_path):
    """No score, no best."""
    journal = RunLog(tmp_path, run.config, road)
    journal.keep(run, epoch_of(1, None))
    journal.close()
    assert not (tmp_path / "best.pt").exists()


def test_a_run_is_never_written_over(run, road, tmp_path):
    """A folder that holds a run is refused and not touched."""
    journal = RunLog(tmp_path, run.config, road)
    journal.record(epoch_of(1, None), run.average)
    journal.close()
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    with pytest.raises(SinkError, match="already holds a run; give another --out, or --resume"):
        RunLog(tmp_path, run.config, road)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_a_resumed_run_tells_each_epoch_once(run, road, tmp_path):
    """What was told of epochs that no checkpoint has kept is forgotten, half a line too."""
    journal = RunLog(tmp_path, run.config, road)
    for number in (1, 2, 3):
        journal.record(epoch_of(number, None), run.average)
    journal.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"number": 4, "lo')
    again = RunLog(tmp_path, run.config, road, finished=2)
    again.record(epoch_of(3, None), run.average)
    again.close()
    assert numbers(tmp_path) == [1, 2, 3]


def test_a_folder_that_cannot_be_made_is_named(run, road, tmp_path):
    """A file in the way ends in one sentence."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SinkError, match="out"):
        RunLog(tmp_path / "out", run.config, road)


def test_nothing_is_made_when_the_data_are_missing(run, tmp_path):
    """Bad input leaves no folder behind."""
    with pytest.raises(InputError, match="must be a readable folder"):
        RunLog(tmp_path / "out", run.config, tmp_path / "nowhere")
    assert not (tmp_path / "out").exists()


def test_an_epoch_is_durable_before_its_checkpoint(run, road, tmp_path, recorded_disk):
    """The line is on the disk, name and bytes, before a checkpoint says that the epoch is done."""
    log = RunLog(tmp_path, run.config, road, disk=recorded_disk)
    recorded_disk.calls.clear()
    log.record(epoch_of(1, None), run.average)
    line = list(recorded_disk.calls)
    log.keep(run, epoch_of(1, None))
    log.close()

    metrics = tmp_path / "metrics.jsonl"
    assert line == [("append", metrics), ("sync", metrics), ("sync", tmp_path)]
    assert ("rename", tmp_path / "last.pt") in recorded_disk.calls[len(line) :]


def test_a_full_disk_is_one_sentence(run, road, tmp_path):
    """When a panel does not fit any more, the run ends, and what was told is whole."""
    journal = RunLog(tmp_path, run.config, road)
    journal.record(epoch_of(1, None), run.average)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(SinkError, match="cannot be written"):
            journal.record(epoch_of(2, None), run.average)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.close()
    assert numbers(tmp_path)[0] == 1
