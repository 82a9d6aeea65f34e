"""The run log has every epoch exactly once, also after a stop and a resume."""

import json
import resource

import cv2
import pytest

from edgecrack.errors import InputError, SinkError
from training.checkpoint import load_checkpoint
from training.config import TrainConfig
from training.loop import Epoch, Trainer
from training.run_log import RunLog
from training.validation import Validation

FIT = {"steps_per_epoch": 1, "epochs": 3}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard.*")


class SilentCallback:
    """A callback that does nothing."""

    def step(self, done, loss):
        """Ignore a step."""

    def epoch(self, epoch, net):
        """Ignore an epoch."""


@pytest.fixture
def run(road, configured):
    """A run of three epochs of one step."""
    return Trainer(configured(fit=FIT), road)


def epoch_of(number, quality, *, is_best=False):
    """Return the results of an epoch that was not trained."""
    return Epoch(number, 1.0, 0.5, 0.1, 2.0, Validation(quality=quality), is_best)


def numbers(folder):
    """Return the epoch numbers in metrics.jsonl."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["number"] for line in lines]


def test_the_log_of_a_run_is_complete(run, road, tmp_path):
    """A line, a panel and a checkpoint each epoch; configuration and TensorBoard beside them."""
    run_log = RunLog(tmp_path / "out", run.config, road)
    for epoch in run.epochs(SilentCallback()):
        run_log.record(epoch, run.average)
        run_log.keep(run, epoch)
    run_log.close()
    out = tmp_path / "out"
    assert numbers(out) == [1, 2, 3]
    line = json.loads((out / "metrics.jsonl").read_text().splitlines()[0])
    assert line["name"] == "tiny"
    assert line["validation"]["scores"]["lines"]["protocol"]["tolerance_px"] == 1
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

    run_log = RunLog(tmp_path, run.config, road)
    epochs = list(run.epochs(SilentCallback()))
    for epoch in epochs:
        run_log.record(epoch, run.average)
    run_log.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert {"loss", "f1/lines", "probability/crack"} <= set(events.Tags()["scalars"])
    losses = [(event.step, event.value) for event in events.Scalars("loss")]
    assert losses == [(epoch.number, pytest.approx(epoch.loss, rel=1e-6)) for epoch in epochs]


def test_best_pt_is_the_epoch_with_the_highest_quality(run, road, tmp_path):
    """best.pt changes only with an epoch that is the best so far, last.pt each time."""
    run_log = RunLog(tmp_path, run.config, road)
    best = []
    for number, is_best in enumerate((True, False, False, True, False), start=1):
        run_log.keep(run, epoch_of(number, 0.5, is_best=is_best))
        best.append(load_checkpoint(tmp_path / "best.pt").epoch)
        assert load_checkpoint(tmp_path / "last.pt").epoch == number
    run_log.close()
    assert best == [1, 1, 1, 4, 4]


def test_without_validation_only_the_last_is_kept(run, road, tmp_path):
    """Without an F1 there is no best.pt."""
    run_log = RunLog(tmp_path, run.config, road)
    run_log.keep(run, epoch_of(1, None))
    run_log.close()
    assert not (tmp_path / "best.pt").exists()


def test_a_run_is_never_written_over(run, road, tmp_path):
    """A folder that holds a run is named and stays as it is."""
    run_log = RunLog(tmp_path, run.config, road)
    run_log.record(epoch_of(1, None), run.average)
    run_log.close()
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    with pytest.raises(SinkError, match=f"{tmp_path.name} .*--resume"):
        RunLog(tmp_path, run.config, road)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_a_resumed_run_logs_each_epoch_once(run, road, tmp_path):
    """Lines of epochs that are in no checkpoint are removed, also an incomplete line."""
    run_log = RunLog(tmp_path, run.config, road)
    for number in (1, 2, 3):
        run_log.record(epoch_of(number, None), run.average)
    run_log.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"number": 4, "lo')
    again = RunLog(tmp_path, run.config, road, finished=2)
    again.record(epoch_of(3, None), run.average)
    again.close()
    assert numbers(tmp_path) == [1, 2, 3]


def test_tensorboard_drops_epochs_that_a_resumed_run_repeats(run, road, tmp_path):
    """The event file of a run resumed after epoch 2 purges everything from step 3 on."""
    from tensorboard.backend.event_processing.event_file_loader import (  # noqa: PLC0415
        EventFileLoader,
    )

    RunLog(tmp_path, run.config, road, finished=2).close()
    (events,) = tmp_path.glob("events.out.tfevents*")
    starts = [
        event for event in EventFileLoader(str(events)).Load() if event.HasField("session_log")
    ]
    assert [event.step for event in starts] == [3]


def test_a_folder_that_cannot_be_made_is_named(run, road, tmp_path):
    """A file in its place is a SinkError."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SinkError, match=r"/out\b"):
        RunLog(tmp_path / "out", run.config, road)


def test_nothing_is_made_when_the_data_are_missing(run, tmp_path):
    """The missing folder is named, and no folder for the run is made."""
    with pytest.raises(InputError, match="nowhere"):
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


def test_a_full_disk_is_a_sink_error(run, road, tmp_path):
    """When a panel cannot be written the folder is named, and earlier lines are complete."""
    run_log = RunLog(tmp_path, run.config, road)
    run_log.record(epoch_of(1, None), run.average)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(SinkError, match=tmp_path.name):
            run_log.record(epoch_of(2, None), run.average)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    run_log.close()
    assert numbers(tmp_path)[0] == 1
