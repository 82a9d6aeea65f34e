"""The learning rate and the crack weight change as the configuration says."""

import itertools

import pytest

from training.config import FitConfig
from training.losses import LossSpec
from training.schedule import loss_at, rate_factor


def test_a_constant_rate_is_constant():
    """The paper's schedule multiplies by one."""
    assert {rate_factor(step, FitConfig()) for step in (1, 10, 6000)} == {1.0}


def test_the_cosine_rises_and_falls():
    """It rises linearly to 1 in 2 % of the steps, then falls along a cosine to 0.01."""
    fit = FitConfig(schedule="cosine", epochs=10, steps_per_epoch=100)
    rates = [rate_factor(step, fit) for step in range(1, 1001)]
    assert rates[:20] == pytest.approx([step / 20 for step in range(1, 21)])
    assert all(rate > later for rate, later in itertools.pairwise(rates[19:]))
    assert rates[20 + 490 - 1] == pytest.approx(0.505)  # half way down
    assert rates[-1] == pytest.approx(0.01)
    short = FitConfig(schedule="cosine", epochs=1, steps_per_epoch=1)
    assert rate_factor(1, short) == 1


@pytest.mark.parametrize("beta_end", [0.1, 3.0])
def test_the_crack_weight_reaches_its_end_in_the_last_third(beta_end):
    """By equal factors, down or up; nothing else of the loss changes."""
    fit = FitConfig(epochs=3, steps_per_epoch=10)
    loss = LossSpec(beta=0.9, beta_end=beta_end, a=7.0)
    assert {loss_at(step, loss, fit) for step in range(1, 21)} == {loss}
    last = [loss_at(step, loss, fit) for step in range(20, 31)]
    factors = [later.beta / earlier.beta for earlier, later in itertools.pairwise(last)]
    assert factors == pytest.approx([factors[0]] * 10)
    assert last[-1].beta == pytest.approx(beta_end)
    assert last[-1].a == 7.0


def test_without_an_end_it_stays():
    """The paper's loss has one beta."""
    loss, fit = LossSpec(beta=0.5), FitConfig(epochs=2, steps_per_epoch=2)
    assert [loss_at(step, loss, fit) for step in (1, 4)] == [loss, loss]
