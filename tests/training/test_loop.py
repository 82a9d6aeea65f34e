"""A run learns, can be resumed bit for bit, and stops with advice when it cannot go on."""

import itertools
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from edgecrack.errors import ConfigError, InputError
from training import loop, precision
from training.checkpoint import load_checkpoint, save_checkpoint
from training.loop import PLATEAU_EPOCHS, Trainer, TrainingError
from training.losses import answers_loss
from training.precision import autocast_dtype
from training.validation import Validation


class RecordingCallback:
    """Records every call of a run."""

    def __init__(self):
        self.steps, self.epochs = [], []

    def step(self, done, loss):
        """Record a step."""
        self.steps.append((done, loss))

    def epoch(self, epoch, net):
        """Record an epoch."""
        assert isinstance(net, torch.nn.Module)
        self.epochs.append(epoch)


def weights_of(trainer):
    """Return every tensor of a run that training changes, by name."""
    optimiser = trainer.optimiser.state_dict()["state"]
    moments = {
        f"{index} {name}": moment
        for index, state in optimiser.items()
        for name, moment in state.items()
    }
    average = {f"average {name}": value for name, value in trainer.average.state_dict().items()}
    return {**trainer.net.state_dict(), **average, **moments}


def assert_same(one, other):
    """Assert that two runs have the same tensors, bit for bit."""
    first, second = weights_of(one), weights_of(other)
    assert first.keys() == second.keys()
    assert [key for key in first if not torch.equal(first[key], second[key])] == []


CHANGING = {"ema": 0.9, "schedule": "cosine", "weight_decay": 1e-4}


@pytest.mark.parametrize(
    "fit",
    [{}, CHANGING, {"precision": "bf16"}, {"precision": "fp16"}],
    ids=["plain", "average", "bf16", "fp16"],
)
def test_a_resumed_run_equals_an_uninterrupted_one(road, configured, tmp_path, fit):
    """Four epochs, or two and a checkpoint and two more, give the same tensors, bit for bit."""
    config = configured(fit=fit)
    uninterrupted = Trainer(config, road)
    losses = [epoch.loss for epoch in uninterrupted.epochs(RecordingCallback())]

    first = Trainer(config, road)
    for epoch in itertools.islice(first.epochs(RecordingCallback()), 2):
        save_checkpoint(first.checkpoint(epoch), tmp_path / "last.pt")
    torch.manual_seed(99)  # the process may use random numbers in between
    second = Trainer(config, road, load_checkpoint(tmp_path / "last.pt"))
    assert second.finished == 2
    resumed_losses = [epoch.loss for epoch in second.epochs(RecordingCallback())]

    assert resumed_losses == losses[2:]
    assert_same(second, uninterrupted)


def test_the_same_seed_gives_the_same_run(road, configured):
    """Two runs with one seed have the same tensors; another seed gives others."""
    runs = [Trainer(configured(fit={"epochs": 1, "seed": seed}), road) for seed in (3, 3, 4)]
    for run in runs:
        list(run.epochs(RecordingCallback()))
    assert_same(runs[0], runs[1])
    heads = [run.net.head.weight for run in runs]
    assert not torch.equal(heads[0], heads[2])


def test_a_finished_run_has_nothing_to_resume(road, configured, tmp_path):
    """Resuming after the last epoch does not train further."""
    config = configured(fit={"epochs": 1})
    run = Trainer(config, road)
    (epoch,) = run.epochs(RecordingCallback())
    save_checkpoint(run.checkpoint(epoch), tmp_path / "last.pt")
    again = Trainer(config, road, load_checkpoint(tmp_path / "last.pt"))
    assert list(again.epochs(RecordingCallback())) == []
    assert_same(again, run)


def test_a_network_alone_cannot_be_resumed(road, configured):
    """A checkpoint without the state of net or optimiser is refused."""
    config = configured(fit={"epochs": 1, "steps_per_epoch": 1})
    run = Trainer(config, road)
    (epoch,) = run.epochs(RecordingCallback())
    checkpoint = run.checkpoint(epoch)
    for resume in ({}, {**checkpoint.resume, "optimiser": {}}, {**checkpoint.resume, "net": {}}):
        with pytest.raises(InputError, match=r"last\.pt"):
            Trainer(config, road, replace(checkpoint, resume=resume))


def test_a_run_cannot_be_resumed_on_other_pictures(own_road, configured, tmp_path):
    """When a training file has changed since the checkpoint, resuming is refused."""
    config = configured(fit={"epochs": 1})
    run = Trainer(config, own_road)
    (epoch,) = run.epochs(RecordingCallback())
    save_checkpoint(run.checkpoint(epoch), tmp_path / "last.pt")
    masks = own_road / "lines" / "masks"
    original = (masks / "003.png").read_bytes()
    (masks / "003.png").write_bytes((masks / "004.png").read_bytes())
    with pytest.raises(InputError) as caught:
        Trainer(config, own_road, load_checkpoint(tmp_path / "last.pt"))
    assert caught.value.exit_code == 66
    (masks / "003.png").write_bytes(original)
    assert Trainer(config, own_road, load_checkpoint(tmp_path / "last.pt")).finished == 1


def test_a_small_network_learns_lines(road, configured):
    """In 240 steps its F1 on validation pictures is above 0.8 and its loss has halved."""
    fit = {"steps_per_epoch": 30, "epochs": 8, "batch": 4}
    epochs = list(Trainer(configured(fit=fit), road).epochs(RecordingCallback()))
    assert epochs[0].validation.quality is not None
    assert epochs[-1].validation.quality is not None
    assert epochs[-1].validation.quality > 0.8
    assert epochs[-1].loss < 0.5 * epochs[0].loss
    assert epochs[-1].crack_probability > epochs[-1].other_probability + 0.5


def test_each_epoch_has_other_samples(road, configured):
    """A network that does not change has another loss in each epoch."""
    fit = {"learning_rate": 1e-12, "epochs": 2}
    run = Trainer(configured(fit=fit, model={"batch_norm": False}), road)
    first, second = run.epochs(RecordingCallback())
    assert first.loss != pytest.approx(second.loss, rel=1e-4)


def test_each_epoch_is_reported_and_validated(road, configured):
    """Steps and epochs are counted from 1, and validation has its protocol."""
    callback = RecordingCallback()
    epochs = list(Trainer(configured(fit={"epochs": 2}), road).epochs(callback))
    assert [done for done, _ in callback.steps] == [1, 2, 3, 4] * 2
    assert callback.epochs == epochs
    assert [epoch.number for epoch in epochs] == [1, 2]
    mean = sum(loss for _, loss in callback.steps[4:]) / 4
    assert epochs[1].loss == pytest.approx(mean)
    score = epochs[1].validation.scores["lines"]
    assert score["pictures"] == 3
    assert score["protocol"] == {
        "ground_truth": "lines masks > 127",
        "tolerance_px": 1.0,
        "split": "validation (3)",
        "resolution": "48x48",
        "matching": "many-to-one",
    }
    assert epochs[1].validation.quality == score["ods"]["f1"]
    assert epochs[1].validation.threshold == score["ods"]["threshold"]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns of any fork
def test_every_worker_process_is_kept_to_one_thread(road, configured, tmp_path, monkeypatch):
    """Each of two workers runs use_one_thread before it prepares samples."""
    monkeypatch.setattr(loop, "use_one_thread", lambda worker: (tmp_path / str(worker)).touch())
    run = Trainer(configured(fit={"workers": 2, "epochs": 1}), road)
    list(run.epochs(RecordingCallback()))
    assert {file.name for file in tmp_path.iterdir()} == {"0", "1"}


def test_the_mean_probabilities_are_of_known_pixels():
    """An unknown pixel counts neither as crack nor as another."""
    truth = torch.tensor([1.0, 0.0, 0.0, -1.0])
    sums = loop._sum_probabilities(torch.tensor([40.0, 0.0, -40.0, 40.0]), truth)  # noqa: SLF001
    assert sums.tolist() == pytest.approx([1.0, 1, 0.5, 2])


def test_validation_comes_when_it_is_due(road, configured):
    """With validate_every = 2 it comes every second epoch, and after the last one."""
    config = configured(fit={"epochs": 3, "validate_every": 2, "steps_per_epoch": 1})
    assert [
        epoch.validation.quality is not None
        for epoch in Trainer(config, road).epochs(RecordingCallback())
    ] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("without", ["validate_px", "split"])
def test_training_without_validation_must_be_asked_for(road, configured, without):
    """A set without split or validate_px is refused, unless validate_every is 0."""
    fit = {"epochs": 1, "steps_per_epoch": 1}
    with pytest.raises(ConfigError, match=r"fit\.validate_every"):
        Trainer(configured(fit=fit, data={without: None}), road)
    asked_for = configured(fit={**fit, "validate_every": 0}, data={without: None})
    (epoch,) = Trainer(asked_for, road).epochs(RecordingCallback())
    assert epoch.validation == Validation()


def test_the_average_follows_the_weights(road, configured):
    """Each step it is decay times the old average plus (1 - decay) times the new weights."""
    config = configured(fit={"ema": 0.75, "steps_per_epoch": 3, "epochs": 1})
    run = Trainer(config, road)
    expected = run.net.head.weight.detach().clone()

    class Follow(RecordingCallback):
        def step(self, done, loss):
            nonlocal expected
            super().step(done, loss)
            expected = 0.75 * expected + 0.25 * run.net.head.weight.detach()

    (epoch,) = run.epochs(Follow())
    torch.testing.assert_close(run.average.head.weight, expected)
    assert not torch.equal(run.average.head.weight, run.net.head.weight)
    checkpoint = run.checkpoint(epoch)
    assert torch.equal(checkpoint.network().head.weight, run.average.head.weight)
    norms = [name for name in checkpoint.weights if "running" in name]
    assert norms
    assert all(torch.equal(checkpoint.weights[n], run.net.state_dict()[n]) for n in norms)


def test_without_an_average_the_weights_are_kept(road, configured):
    """With ema = 0 the average is the trained network itself."""
    run = Trainer(configured(), road)
    assert run.average is run.net


def test_a_loss_of_nan_stops_the_run(road, configured, tmp_path):
    """A weight of NaN ends the run with advice, and the checkpoint before it can be used."""
    run = Trainer(configured(), road)
    epochs = run.epochs(RecordingCallback())
    save_checkpoint(run.checkpoint(next(epochs)), tmp_path / "last.pt")
    with torch.no_grad():
        run.net.head.bias.fill_(math.nan)
    with pytest.raises(TrainingError, match=r"loss .*epoch 2.*fit\.learning_rate"):
        next(epochs)
    checkpoint = load_checkpoint(tmp_path / "last.pt")
    assert checkpoint.epoch == 1
    assert all(value.isfinite().all() for value in checkpoint.network().state_dict().values())


def test_a_learning_rate_far_too_high_stops_the_run(road, configured):
    """Weights that overflow FP32 end the run with advice, not with a network of NaN."""
    config = configured(model={"batch_norm": False})
    fit = config.fit.model_copy(update={"learning_rate": 1e30})  # a file may not have such a value
    config = config.model_copy(update={"fit": fit})
    with pytest.raises(TrainingError, match=r"fit\.learning_rate"):
        list(Trainer(config, road).epochs(RecordingCallback()))


def test_an_epoch_with_infinite_weights_is_not_yielded(road, configured):
    """The last step of an epoch may break the weights: no checkpoint is made of them."""
    run = Trainer(configured(fit={"steps_per_epoch": 1}), road)

    class BreakWeights(RecordingCallback):
        def step(self, done, loss):
            super().step(done, loss)
            with torch.no_grad():
                run.net.head.weight[0, 0] = math.inf

    with pytest.raises(TrainingError, match=r"weight .*epoch 1"):
        next(run.epochs(BreakWeights()))


def test_smoothing_turned_off_is_named_as_a_cause(own_road, configured):
    """Without smoothing the weight is infinite on a batch without crack."""
    for file in (own_road / "lines" / "masks").iterdir():
        file.write_bytes((own_road / "lines" / "masks" / "001.png").read_bytes())
    config = configured(
        loss={"weighting": "xie", "smoothing": 0},
        fit={"batch": 1, "crop_px": 8, "steps_per_epoch": 40},
        data={"crack_share": 0},
        model={"batch_norm": False},
    )
    with pytest.raises(TrainingError, match=r"loss\.smoothing"):
        list(Trainer(config, own_road).epochs(RecordingCallback()))


def test_the_all_background_plateau_stops_the_run(road, configured):
    """A network that predicts background everywhere is stopped after three epochs."""
    config = configured(
        model={"batch_norm": False},
        fit={"learning_rate": 1e-12, "epochs": 9, "steps_per_epoch": 1, "batch": 8},
    )
    run = Trainer(config, road)
    with torch.no_grad():
        run.net.head.weight.zero_()
        run.net.head.bias.fill_(-9)
    with pytest.raises(TrainingError, match=r"\b3 epochs") as caught:
        list(run.epochs(RecordingCallback()))
    assert run.finished == PLATEAU_EPOCHS
    for key in ("model.batch_norm", "fit.learning_rate", "fit.seed"):
        assert key in str(caught.value)


def test_masks_without_crack_are_not_mistaken_for_a_plateau(own_road, configured):
    """When no sample has a crack pixel, the message asks to check the masks."""
    config = configured(data={"mask_threshold": 254}, fit={"steps_per_epoch": 1})
    for file in (own_road / "lines" / "masks").iterdir():
        marks = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert marks is not None
        faint = np.minimum(marks, np.uint8(254))
        file.write_bytes(cv2.imencode(".png", faint)[1].tobytes())
    with pytest.raises(TrainingError, match=r"epoch 1 .*mask_threshold"):
        list(Trainer(config, own_road).epochs(RecordingCallback()))


def test_each_step_is_trained_by_the_loss_that_is_due(road, configured, monkeypatch):
    """The crack weight falls over the last third of the run, a resumed one included."""
    betas = []

    def recorded(logits, truth, spec):
        betas.append(spec.beta)
        return answers_loss(logits, truth, spec)

    monkeypatch.setattr(loop, "answers_loss", recorded)
    config = configured(loss={"beta": 0.8, "beta_end": 0.2}, fit={"steps_per_epoch": 3})
    list(Trainer(config, road).epochs(RecordingCallback()))
    assert betas[:8] == [0.8] * 8
    assert betas[9:] == pytest.approx([0.4, 0.4 / 2**0.5, 0.2])


def test_the_optimiser_uses_the_scheduled_rate(road, configured):
    """The last step of a cosine run has a hundredth of the learning rate."""
    run = Trainer(configured(fit={"schedule": "cosine", "epochs": 2}), road)
    list(run.epochs(RecordingCallback()))
    assert run.optimiser.param_groups[0]["lr"] == pytest.approx(1e-4)


def test_each_precision_is_its_type(monkeypatch):
    """Auto is bf16 only on a processor with bf16 instructions."""
    cpu = torch.device("cpu")
    assert autocast_dtype("fp32", cpu) is None
    assert autocast_dtype("bf16", cpu) is torch.bfloat16
    assert autocast_dtype("fp16", cpu) is torch.float16
    monkeypatch.setattr(precision, "_cpu_flags", lambda: "flags : sse avx2")
    assert autocast_dtype("auto", cpu) is None


def test_the_optimiser_is_adam(road, configured):
    """Without weight decay it is Adam, with it AdamW, which decouples it."""
    assert type(Trainer(configured(), road).optimiser) is torch.optim.Adam
    decayed = Trainer(configured(fit={"weight_decay": 1e-4}), road)
    assert type(decayed.optimiser) is torch.optim.AdamW


def test_a_run_may_start_from_the_weights_of_another(road, configured, tmp_path):
    """The new run has the earlier weights, and records the earlier data and terms."""
    earlier = Trainer(configured(data={"licence": "older terms", "crack_share": 0.1}), road)
    (epoch, *_) = earlier.epochs(RecordingCallback())
    checkpoint = replace(
        earlier.checkpoint(epoch),
        data=[{"name": "old", "licence": "older terms", "pictures": 3, "sha256": "ab"}],
    )
    save_checkpoint(checkpoint, tmp_path / "best.pt")
    config = configured().model_copy(update={"start": str(tmp_path / "best.pt")})

    started = Trainer(config, road)

    for name, weight in checkpoint.weights.items():
        assert torch.equal(started.average.state_dict()[name], weight), name
    assert [entry["name"] for entry in started.checkpoint(epoch).data] == ["lines", "old"]


def test_weights_of_another_network_are_refused(road, configured, tmp_path):
    """A start whose network differs from [model] is named."""
    earlier = Trainer(configured(), road)
    (epoch, *_) = earlier.epochs(RecordingCallback())
    save_checkpoint(earlier.checkpoint(epoch), tmp_path / "best.pt")
    config = configured(model={"widths": [6, 8]}).model_copy(
        update={"start": str(tmp_path / "best.pt")}
    )
    with pytest.raises(InputError, match=r"best\.pt.*\[model\]"):
        Trainer(config, road)
