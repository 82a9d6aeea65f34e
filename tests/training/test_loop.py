"""A run learns, can be stopped and gone on with bit for bit, and says when it is lost."""

import itertools
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from edgecrack.errors import InputError
from training import loop
from training.checkpoint import load_checkpoint, save_checkpoint
from training.config import FitConfig
from training.loop import PLATEAU_EPOCHS, Trainer, TrainingError, autocast_dtype, rate_factor


class Quiet:
    """Watches a run and remembers what it was told."""

    def __init__(self):
        self.steps, self.told = [], []

    def step(self, done, loss):
        """Remember a step."""
        self.steps.append((done, loss))

    def epoch(self, epoch, net):
        """Remember an epoch."""
        assert isinstance(net, torch.nn.Module)
        self.told.append(epoch)


def weights_of(trainer):
    """Return every number of a run that training changes, by name."""
    optimiser = trainer.optimiser.state_dict()["state"]
    moments = {f"{k} {n}": v for k, each in optimiser.items() for n, v in each.items()}
    average = {f"average {k}": v for k, v in trainer.average.state_dict().items()}
    return {**trainer.net.state_dict(), **average, **moments}


def assert_same(one, other):
    """Hold two runs to the same numbers, bit for bit."""
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
    """Four epochs, or two, a checkpoint on disk and two more: all numbers equal, bit for bit."""
    config = configured(fit=fit)
    straight = Trainer(config, road)
    whole = [epoch.loss for epoch in straight.epochs(Quiet())]

    first = Trainer(config, road)
    for epoch in itertools.islice(first.epochs(Quiet()), 2):
        save_checkpoint(first.checkpoint(epoch), tmp_path / "last.pt")
    torch.manual_seed(99)  # whatever else has happened in the process
    second = Trainer(config, road, load_checkpoint(tmp_path / "last.pt"))
    assert second.finished == 2
    rest = [epoch.loss for epoch in second.epochs(Quiet())]

    assert rest == whole[2:]
    assert_same(second, straight)


def test_the_same_seed_gives_the_same_run(road, configured):
    """Twice the same configuration, twice the same numbers; another seed, others."""
    runs = [Trainer(configured(fit={"epochs": 1, "seed": seed}), road) for seed in (3, 3, 4)]
    for run in runs:
        list(run.epochs(Quiet()))
    assert_same(runs[0], runs[1])
    heads = [run.net.head.weight for run in runs]
    assert not torch.equal(heads[0], heads[2])


def test_a_finished_run_has_nothing_to_resume(road, configured, tmp_path):
    """Going on from the last epoch trains no further."""
    config = configured(fit={"epochs": 1})
    run = Trainer(config, road)
    (epoch,) = run.epochs(Quiet())
    save_checkpoint(run.checkpoint(epoch), tmp_path / "last.pt")
    again = Trainer(config, road, load_checkpoint(tmp_path / "last.pt"))
    assert list(again.epochs(Quiet())) == []
    assert_same(again, run)


def test_a_network_alone_cannot_be_gone_on_with(road, configured):
    """A checkpoint that kept no optimiser says so."""
    config = configured(fit={"epochs": 1, "steps_per_epoch": 1})
    run = Trainer(config, road)
    (epoch,) = run.epochs(Quiet())
    kept = run.checkpoint(epoch)
    for resume in ({}, {**kept.resume, "optimiser": {}}, {**kept.resume, "net": {}}):
        with pytest.raises(InputError, match="no run of it to go on with"):
            Trainer(config, road, replace(kept, resume=resume))


def test_other_pictures_cannot_be_resumed_on(own_road, configured, tmp_path):
    """When a file has changed since, a resumed run would be another run, and is refused."""
    config = configured(fit={"epochs": 1})
    run = Trainer(config, own_road)
    (epoch,) = run.epochs(Quiet())
    save_checkpoint(run.checkpoint(epoch), tmp_path / "last.pt")
    masks = own_road / "lines" / "masks"
    (masks / "003.png").write_bytes((masks / "004.png").read_bytes())
    with pytest.raises(InputError, match="not those the checkpoint was trained on"):
        Trainer(config, own_road, load_checkpoint(tmp_path / "last.pt"))


def test_a_small_network_learns_lines(road, configured):
    """From next to nothing to F1 above 0.8 on pictures it has not seen, in a few hundred steps."""
    fit = {"steps_per_epoch": 30, "epochs": 8, "batch": 4}
    epochs = list(Trainer(configured(fit=fit), road).epochs(Quiet()))
    assert epochs[0].f1 is not None
    assert epochs[-1].f1 is not None
    assert epochs[-1].f1 > 0.8
    assert epochs[-1].loss < 0.5 * epochs[0].loss
    assert epochs[-1].crack_probability > epochs[-1].other_probability + 0.5


def test_each_epoch_shows_other_views(road, configured):
    """A network that does not move has another loss in each epoch."""
    fit = {"learning_rate": 1e-12, "epochs": 2}
    run = Trainer(configured(fit=fit, model={"batch_norm": False}), road)
    first, second = run.epochs(Quiet())
    assert first.loss != pytest.approx(second.loss, rel=1e-4)


def test_each_epoch_is_told_and_validated(road, configured):
    """Steps are counted from 1, epochs too, and validation says its protocol."""
    watcher = Quiet()
    epochs = list(Trainer(configured(fit={"epochs": 2}), road).epochs(watcher))
    assert [done for done, _ in watcher.steps] == [1, 2, 3, 4] * 2
    assert watcher.told == epochs
    assert [epoch.number for epoch in epochs] == [1, 2]
    mean = sum(loss for _, loss in watcher.steps[4:]) / 4
    assert epochs[1].loss == pytest.approx(mean)
    found = epochs[1].validation["lines"]
    assert found["pictures"] == 3
    assert found["protocol"] == {
        "ground_truth": "lines masks > 127",
        "tolerance_px": 1.0,
        "split": "validation (3)",
        "resolution": "48x48",
        "matching": "many-to-one",
    }
    assert epochs[1].f1 == found["ods"]["f1"]


def test_validation_comes_when_it_is_due(road, configured):
    """Every second epoch, and after the last one."""
    config = configured(fit={"epochs": 3, "validate_every": 2, "steps_per_epoch": 1})
    assert [bool(e.validation) for e in Trainer(config, road).epochs(Quiet())] == [
        False,
        True,
        True,
    ]
    unscored = configured(fit={"epochs": 1, "steps_per_epoch": 1}, data={"validate_px": None})
    (epoch,) = Trainer(unscored, road).epochs(Quiet())
    assert (epoch.validation, epoch.f1) == ({}, None)


def test_the_average_follows_the_weights(road, configured):
    """What is kept is decay times the old average plus the rest of the new weights, each step."""
    config = configured(fit={"ema": 0.75, "steps_per_epoch": 3, "epochs": 1})
    run = Trainer(config, road)
    expected = run.net.head.weight.detach().clone()

    class Follow(Quiet):
        def step(self, done, loss):
            nonlocal expected
            super().step(done, loss)
            expected = 0.75 * expected + 0.25 * run.net.head.weight.detach()

    (epoch,) = run.epochs(Follow())
    torch.testing.assert_close(run.average.head.weight, expected)
    assert not torch.equal(run.average.head.weight, run.net.head.weight)
    kept = run.checkpoint(epoch)
    assert torch.equal(kept.network().head.weight, run.average.head.weight)
    norms = [name for name in kept.weights if "running" in name]
    assert norms
    assert all(torch.equal(kept.weights[n], run.net.state_dict()[n]) for n in norms)


def test_without_an_average_the_weights_are_kept(road, configured):
    """With ema = 0 there is but the very network that is trained."""
    run = Trainer(configured(), road)
    assert run.average is run.net


def test_a_loss_that_is_no_number_stops_the_run(road, configured, tmp_path):
    """Poisoned weights end with advice, and the checkpoint before is intact and usable."""
    run = Trainer(configured(), road)
    epochs = run.epochs(Quiet())
    save_checkpoint(run.checkpoint(next(epochs)), tmp_path / "last.pt")
    with torch.no_grad():
        run.net.head.bias.fill_(math.nan)
    with pytest.raises(TrainingError, match=r"the loss .* epoch 2; lower fit\.learning_rate"):
        next(epochs)
    kept = load_checkpoint(tmp_path / "last.pt")
    assert kept.epoch == 1
    assert all(value.isfinite().all() for value in kept.network().state_dict().values())


def test_a_learning_rate_far_too_high_stops_the_run(road, configured):
    """Steps that throw the weights out of FP32 end with advice, not with a network of NaN."""
    config = configured(model={"batch_norm": False})
    fit = config.fit.model_copy(update={"learning_rate": 1e30})  # no file may ask for as much
    config = config.model_copy(update={"fit": fit})
    with pytest.raises(TrainingError, match=r"lower fit\.learning_rate"):
        list(Trainer(config, road).epochs(Quiet()))


def test_weights_that_became_no_number_are_never_yielded(road, configured):
    """A step at the very end of an epoch that breaks the weights is found before they are kept."""
    run = Trainer(configured(fit={"steps_per_epoch": 1}), road)

    class Poison(Quiet):
        def step(self, done, loss):
            super().step(done, loss)
            with torch.no_grad():
                run.net.head.weight[0, 0] = math.inf

    with pytest.raises(TrainingError, match="a weight stopped being a finite number in epoch 1"):
        next(run.epochs(Poison()))


def test_smoothing_turned_off_is_named_as_a_cause(own_road, configured):
    """The paper's own weight is infinite on a batch without crack, and the advice says so."""
    for file in (own_road / "lines" / "masks").iterdir():
        file.write_bytes((own_road / "lines" / "masks" / "001.png").read_bytes())
    config = configured(
        loss={"weighting": "xie", "smoothing": 0},
        fit={"batch": 1, "crop_px": 8, "steps_per_epoch": 40},
        data={"crack_share": 0},
        model={"batch_norm": False},
    )
    with pytest.raises(TrainingError, match=r"loss\.smoothing = 1"):
        list(Trainer(config, own_road).epochs(Quiet()))


def test_the_all_background_plateau_stops_the_run(road, configured):
    """A network that answers background everywhere is given three epochs, then advice."""
    config = configured(
        model={"batch_norm": False},
        fit={"learning_rate": 1e-12, "epochs": 9, "steps_per_epoch": 1, "batch": 8},
    )
    run = Trainer(config, road)
    with torch.no_grad():
        run.net.head.weight.zero_()
        run.net.head.bias.fill_(-9)
    with pytest.raises(
        TrainingError, match=r"same everywhere, 0\.00 on cracks and 0\.00"
    ) as caught:
        list(run.epochs(Quiet()))
    assert run.finished == PLATEAU_EPOCHS
    for advice in ("model.batch_norm = true", "fit.learning_rate", "fit.seed", "intact"):
        assert advice in str(caught.value)


def test_masks_without_crack_are_not_mistaken_for_a_plateau(own_road, configured):
    """When no view holds a crack pixel, the masks are what has to be looked at."""
    config = configured(data={"mask_threshold": 254}, fit={"steps_per_epoch": 1})
    for file in (own_road / "lines" / "masks").iterdir():
        marks = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert marks is not None
        faint = np.minimum(marks, np.uint8(254))
        file.write_bytes(cv2.imencode(".png", faint)[1].tobytes())
    with pytest.raises(TrainingError, match="single crack pixel; check the masks, mask_threshold"):
        list(Trainer(config, own_road).epochs(Quiet()))


def test_a_constant_rate_is_constant():
    """The paper's schedule multiplies by one."""
    assert {rate_factor(step, FitConfig()) for step in (1, 10, 6000)} == {1.0}


def test_the_cosine_rises_and_falls():
    """From 1/warm up to 1 in 2 % of the steps, then down a cosine to a hundredth."""
    fit = FitConfig(schedule="cosine", epochs=10, steps_per_epoch=100)
    rates = [rate_factor(step, fit) for step in range(1, 1001)]
    assert rates[:20] == pytest.approx([step / 20 for step in range(1, 21)])
    assert all(a > b for a, b in itertools.pairwise(rates[19:]))
    assert rates[20 + 490 - 1] == pytest.approx(0.505)  # half way down
    assert rates[-1] == pytest.approx(0.01)
    short = FitConfig(schedule="cosine", epochs=1, steps_per_epoch=1)
    assert rate_factor(1, short) == 1


def test_the_rate_reaches_the_optimiser(road, configured):
    """The last step of a cosine run is taken at a hundredth of the rate."""
    run = Trainer(configured(fit={"schedule": "cosine", "epochs": 2}), road)
    list(run.epochs(Quiet()))
    assert run.optimiser.param_groups[0]["lr"] == pytest.approx(1e-4)


def test_precision_is_what_was_asked_for(monkeypatch):
    """Each name means its type; auto takes bf16 only where the processor multiplies it."""
    cpu = torch.device("cpu")
    assert autocast_dtype("fp32", cpu) is None
    assert autocast_dtype("bf16", cpu) is torch.bfloat16
    assert autocast_dtype("fp16", cpu) is torch.float16
    monkeypatch.setattr(loop, "_cpu_flags", lambda: "flags : sse avx2")
    assert autocast_dtype("auto", cpu) is None


def test_the_optimiser_is_adam(road, configured):
    """Plain Adam unless weight decay is asked for, which is then decoupled."""
    assert type(Trainer(configured(), road).optimiser) is torch.optim.Adam
    decayed = Trainer(configured(fit={"weight_decay": 1e-4}), road)
    assert type(decayed.optimiser) is torch.optim.AdamW


def test_a_run_may_begin_with_the_weights_of_another(road, configured, tmp_path):
    """The first weights are the earlier run's best, and its data and terms are remembered."""
    earlier = Trainer(configured(data={"licence": "older terms", "crack_share": 0.1}), road)
    (epoch, *_) = earlier.epochs(Quiet())
    kept = replace(
        earlier.checkpoint(epoch),
        data=[{"name": "old", "licence": "older terms", "pictures": 3, "sha256": "ab"}],
    )
    save_checkpoint(kept, tmp_path / "best.pt")
    config = configured().model_copy(update={"start": str(tmp_path / "best.pt")})

    begun = Trainer(config, road)

    for name, weight in kept.weights.items():
        assert torch.equal(begun.average.state_dict()[name], weight), name
    assert [entry["name"] for entry in begun.checkpoint(epoch).data] == ["lines", "old"]


def test_weights_of_another_network_are_refused(road, configured, tmp_path):
    """A start whose network differs from [model] is an error that says so."""
    earlier = Trainer(configured(), road)
    (epoch, *_) = earlier.epochs(Quiet())
    save_checkpoint(earlier.checkpoint(epoch), tmp_path / "best.pt")
    config = configured(model={"widths": [6, 8]}).model_copy(
        update={"start": str(tmp_path / "best.pt")}
    )
    with pytest.raises(InputError, match="another network"):
        Trainer(config, road)
