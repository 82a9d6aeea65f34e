"""Each loss is the paper's formula, in value and in gradient."""

import math

import numpy as np
import pytest
import torch

from training.losses import (
    LossSpec,
    answers_loss,
    crack_weight,
    holistic_loss,
    jaccard_distance,
    non_crack_share,
    road_cross_entropy,
    weighted_cross_entropy,
)

SPECS = [
    LossSpec("xie"),
    LossSpec("power", beta=0.5, gamma=0.5),
    LossSpec("power", beta=0.85, gamma=1 / 3),
    LossSpec("log", beta=0.9),
    LossSpec("exp", beta=0.75),
    LossSpec("exp", beta=1.0, gamma=0.5),
]
MASKS = ["sparse", "half", "one pixel", "empty", "full"]


def drawn(kind):
    """Return logits and true mask of a batch of two, as float64."""
    rng = np.random.default_rng(3)
    truth = np.zeros((2, 1, 24, 20))
    if kind == "sparse":
        truth[rng.random(truth.shape) < 0.05] = 1
    elif kind == "half":
        truth[..., 10:] = 1
    elif kind == "one pixel":
        truth[1, 0, 5, 5] = 1
    elif kind == "full":
        truth[:] = 1
    return rng.normal(0, 3, truth.shape), truth


def reference_weight(truth, spec):
    """Return q by the paper's formulas, in plain float64."""
    crack, count = truth.sum(), truth.size
    if spec.weighting == "exp":
        alpha = (count - crack) / count
        return spec.beta * 10 ** (spec.gamma * (2 * alpha - 1))
    alpha = (count - crack + spec.smoothing) / (count + 2 * spec.smoothing)
    odds = alpha / (1 - alpha)
    if spec.weighting == "log":
        return max(0.0, spec.beta * math.log(odds))
    return odds if spec.weighting == "xie" else spec.beta * odds**spec.gamma


def reference(logits, truth, spec):
    """Return (loss, gradient) of a L + b d for each logit, in plain float64."""
    p, y, q = 1 / (1 + np.exp(-logits)), truth, reference_weight(truth, spec)
    entropy = -(q * y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    d_entropy = -(q * y * (1 - p) - (1 - y) * p) / y.size
    above = (y * p).sum() + spec.jaccard_lambda
    below = y.sum() + p.sum() - (y * p).sum() + spec.jaccard_lambda
    distance = 1 - above / below
    d_distance = -(y * below - (1 - y) * above) / below**2 * p * (1 - p)
    return spec.a * entropy + spec.b * distance, spec.a * d_entropy + spec.b * d_distance


def computed(logits, truth, spec):
    """Return (loss, gradient) as training computes them."""
    tensor = torch.tensor(logits, dtype=torch.float32, requires_grad=True)
    loss = holistic_loss(tensor, torch.tensor(truth, dtype=torch.float32), spec)
    loss.backward()
    assert tensor.grad is not None
    return loss.item(), tensor.grad.double().numpy()


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("kind", MASKS)
def test_loss_and_gradient_are_those_of_the_formula(spec, kind):
    """Value and gradient equal a float64 reference, also on empty and full masks."""
    logits, truth = drawn(kind)
    loss, gradient = computed(logits, truth, spec)
    expected, slope = reference(logits, truth, spec)
    assert loss == pytest.approx(expected, rel=2e-5)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-6 * np.abs(slope).max())


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_unknown_pixels_count_in_no_formula(spec, kind, share):
    """Loss and gradient are the reference's over the known pixels; elsewhere the gradient is 0."""
    logits, truth = drawn(kind)
    known = np.random.default_rng(7).random(truth.shape) >= share
    loss, gradient = computed(logits, np.where(known, truth, -1), spec)
    expected, slope = reference(logits[known], truth[known], spec)
    assert loss == pytest.approx(expected, rel=2e-5)
    np.testing.assert_allclose(gradient[known], slope, rtol=1e-4, atol=1e-5 * np.abs(slope).max())
    assert not gradient[~known].any()


@pytest.mark.parametrize("spec", SPECS)
def test_the_weight_and_the_share_are_of_known_pixels(spec):
    """Alpha and q equal the reference's over known pixels; in an unknown one nothing is read."""
    _, truth = drawn("sparse")
    known = np.random.default_rng(8).random(truth.shape) < 0.3
    masked = torch.tensor(np.where(known, truth, -1), dtype=torch.float32)
    assert non_crack_share(masked).item() == pytest.approx(1 - truth[known].mean(), rel=1e-6)
    expected = reference_weight(truth[known], spec)
    assert crack_weight(masked, spec).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("spec", SPECS)
def test_a_batch_of_which_nothing_is_known_teaches_nothing(spec):
    """Its loss and its gradient are 0, not infinite."""
    logits, truth = drawn("half")
    loss, gradient = computed(logits, np.full_like(truth, -1), spec)
    assert loss == 0
    assert not gradient.any()


@pytest.mark.parametrize("spec", SPECS)
def test_the_gradient_is_the_slope(spec):
    """A small step along a logit changes the reference loss as the gradient says."""
    logits, truth = drawn("sparse")
    _, gradient = computed(logits, truth, spec)
    for place in ((0, 0, 0, 0), tuple(np.argwhere(truth)[0])):
        step = np.zeros_like(logits)
        step[place] = 1e-5
        ahead, behind = (reference(logits + s, truth, spec)[0] for s in (step, -step))
        assert gradient[place] == pytest.approx((ahead - behind) / 2e-5, rel=1e-3)


@pytest.mark.parametrize("a_b", [(1.0, 0.0), (0.0, 1.0), (50.0, 2.5)])
def test_the_holistic_loss_is_the_weighted_sum(a_b):
    """It is a times the cross-entropy plus b times the distance, also where one is 0."""
    logits, truth = (torch.tensor(array, dtype=torch.float32) for array in drawn("sparse"))
    spec = LossSpec(a=a_b[0], b=a_b[1])
    parts = (weighted_cross_entropy(logits, truth, spec), jaccard_distance(logits, truth))
    assert holistic_loss(logits, truth, spec).item() == pytest.approx(
        spec.a * parts[0].item() + spec.b * parts[1].item(), rel=1e-6
    )


def test_the_cross_entropy_is_a_mean():
    """A batch twice as large has the same loss, so a = 20 fits every size."""
    logits, truth = (torch.tensor(array, dtype=torch.float32) for array in drawn("sparse"))
    twice = torch.cat([logits, logits]), torch.cat([truth, truth])
    once = weighted_cross_entropy(logits, truth, LossSpec())
    torch.testing.assert_close(weighted_cross_entropy(*twice, LossSpec()), once)


@pytest.mark.parametrize(
    ("spec", "q"),
    [
        (LossSpec("xie", smoothing=0), 89.9),
        (LossSpec("power", beta=0.5, gamma=1 / 2, smoothing=0), 4.74),
        (LossSpec("power", beta=0.85, gamma=1 / 3, smoothing=0), 3.81),
        (LossSpec("log", beta=0.9, smoothing=0), 4.05),
        (LossSpec("exp", beta=0.75, smoothing=0), 7.13),
    ],
)
def test_at_the_papers_share_of_crack_the_weights_are_the_papers(spec, q):
    """At 1.1 % crack, the five weightings give the weights that the paper discusses."""
    truth = torch.zeros(1000)
    truth[:11] = 1
    assert crack_weight(truth, spec).item() == pytest.approx(q, abs=0.005 * 10 ** (q > 10))


@pytest.mark.parametrize("crack", [0, 1, 500, 1000])
def test_the_exponential_weight_is_bounded(crack):
    """With beta 1 it is between 1/10 and 10 for any mask."""
    truth = torch.zeros(1000)
    truth[:crack] = 1
    q = crack_weight(truth, LossSpec("exp", beta=1.0)).item()
    assert 0.1 - 1e-6 <= q <= 10 + 1e-5


@pytest.mark.parametrize("spec", SPECS)
def test_the_weight_of_one_crack_pixel_in_a_million_is_exact(spec):
    """1 - alpha is counted, not subtracted: FP32 would round it."""
    truth = torch.zeros(1_000_003)
    truth[7] = 1
    expected = reference_weight(truth.double().numpy(), spec)
    assert crack_weight(truth, spec).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("weighting", ["xie", "power", "log"])
def test_smoothing_keeps_a_batch_without_crack_finite(weighting):
    """Without smoothing the weight is infinite there."""
    truth = torch.zeros(64)
    assert crack_weight(truth, LossSpec(weighting)).isfinite()
    assert not crack_weight(truth, LossSpec(weighting, smoothing=0)).isfinite()


def test_the_logarithmic_weight_is_never_negative():
    """Where all pixels are crack, the weight is 0."""
    assert crack_weight(torch.ones(64), LossSpec("log")).item() == 0


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_logits_give_an_fp32_loss(kind):
    """Sums over more pixels than FP16 can represent stay finite and exact."""
    logits = torch.full((2, 1, 300, 300), -8.0, dtype=kind)
    loss = holistic_loss(logits, torch.zeros(logits.shape), LossSpec())
    assert loss.dtype == torch.float32
    expected, _ = reference(logits.double().numpy(), np.zeros(logits.shape), LossSpec())
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["empty", "full", "sparse"])
@pytest.mark.parametrize("size", [60.0, -60.0])
def test_certain_predictions_have_finite_gradients(kind, size):
    """Logits at which a sigmoid is 0 or 1 give a finite loss and gradient."""
    _, truth = drawn(kind)
    for spec in SPECS:
        loss, gradient = computed(np.full(truth.shape, size), truth, spec)
        assert math.isfinite(loss)
        assert np.isfinite(gradient).all()


def test_the_jaccard_distance_ranges_from_0_to_1():
    """A perfect prediction has 0, also for an empty mask; the opposite has nearly 1."""
    truth = torch.zeros(1000)
    assert jaccard_distance(torch.full((1000,), -90.0), truth).item() == 0
    truth[:500] = 1
    perfect = (truth - 0.5) * 200
    assert jaccard_distance(perfect, truth).item() == pytest.approx(0, abs=1e-6)
    assert jaccard_distance(-perfect, truth).item() == pytest.approx(1 - 1 / 1001)


def test_alpha_is_the_share_of_pixels_that_are_not_crack():
    """It is that of the whole batch, not of one picture."""
    truth = torch.zeros(2, 1, 10, 10)
    truth[0, 0, 0] = 1
    assert non_crack_share(truth).item() == pytest.approx(0.95)


@pytest.mark.parametrize(
    "wrong", [{"beta": 0}, {"jaccard_lambda": 0}, {"smoothing": -1}, {"a": -1}, {"a": 0, "b": 0}]
)
def test_a_loss_without_a_minimum_is_refused(wrong):
    """The parameter is named."""
    with pytest.raises(ValueError, match=rf"\b{next(iter(wrong))}\b"):
        LossSpec(**wrong)


def test_the_road_loss_is_the_formula_on_known_pixels():
    """Equal to a float64 reference; unknown pixels and their gradients are left out."""
    generator = np.random.default_rng(5)
    logits = generator.normal(0, 3, (2, 1, 6, 7))
    truth = generator.integers(-1, 2, logits.shape).astype(np.float64)
    known = truth >= 0
    probability = 1 / (1 + np.exp(-logits[known]))
    entropy = truth[known] * np.log(probability) + (1 - truth[known]) * np.log(1 - probability)
    tensor = torch.tensor(logits, dtype=torch.float32, requires_grad=True)
    loss = road_cross_entropy(tensor, torch.tensor(truth, dtype=torch.float32))
    loss.backward()
    assert loss.item() == pytest.approx(-entropy.mean(), rel=1e-6)
    expected = np.zeros(logits.shape)
    expected[known] = (probability - truth[known]) / known.sum()
    assert tensor.grad.numpy() == pytest.approx(expected, abs=1e-7)


def test_the_loss_of_both_answers_is_their_weighted_sum():
    """Crack first, road second; a network without the second answer has the first loss alone."""
    torch.manual_seed(0)
    logits, truth = torch.randn(2, 2, 5, 5), torch.randint(-1, 2, (2, 2, 5, 5)).float()
    spec = LossSpec(c=3.0)
    crack = holistic_loss(logits[:, :1], truth[:, :1], spec)
    road = road_cross_entropy(logits[:, 1:], truth[:, 1:])
    assert answers_loss(logits, truth, spec).item() == pytest.approx((crack + 3 * road).item())
    assert answers_loss(logits[:, :1], truth, spec).item() == pytest.approx(crack.item())
