"""Scores are what their protocol says, compared with distance transforms and plain loops."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgecrack.metrics import (
    LEVELS,
    Counts,
    Protocol,
    Score,
    count_matches,
    disc,
    mask_iou,
    ods,
    ois,
    total,
)

TOLERANCES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0)


def distance_px(marked):
    """Return each pixel's distance to the nearest marked one, infinite where none is."""
    there = np.argwhere(marked)
    if not len(there):
        return np.full(marked.shape, np.inf)
    rows, columns = (np.arange(size)[:, np.newaxis] for size in marked.shape)
    down, across = (rows - there[:, 0]) ** 2, (columns - there[:, 1]) ** 2
    return np.sqrt((down[:, np.newaxis] + across).min(axis=2))


def reference(probability, truth, tolerance_px, threshold):
    """Match as the definition says: the nearest pixel each way, at one threshold."""
    predicted, crack = probability >= threshold, truth > 0
    to_crack, to_predicted = distance_px(crack), distance_px(predicted)
    return {
        "predicted": int(predicted.sum()),
        "right": int((predicted & (to_crack <= tolerance_px)).sum()),
        "found": int((crack & (to_predicted <= tolerance_px)).sum()),
        "overlap": int((predicted & crack).sum()),
        "true": int(crack.sum()),
    }


def picture_and_truth():
    """Draw small pictures of few levels, so that ties, empty and full masks all come up."""
    shapes = arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)
    levels = st.sampled_from([0, 0, 0, 1, 127, 128, 254, 255])
    return shapes.flatmap(
        lambda shape: st.tuples(
            arrays.arrays(np.uint8, shape, elements=levels),
            arrays.arrays(np.uint8, shape, elements=st.sampled_from([0, 0, 0, 1, 255])),
        )
    )


@settings(max_examples=60, deadline=None)
@given(picture_and_truth(), st.sampled_from(TOLERANCES))
def test_one_pass_matches_as_the_definition_does_at_each_threshold(drawn, tolerance_px):
    """The counts at every threshold are those of the nearest pixel each way, many-to-one."""
    probability, truth = drawn
    counts = count_matches(probability, truth, tolerance_px)
    for threshold in (0, 1, 2, 127, 128, 129, 254, 255):
        matches = {
            field.name: int(np.broadcast_to(getattr(counts, field.name), LEVELS)[threshold])
            for field in dataclasses.fields(Counts)
        }
        assert matches == reference(probability, truth, tolerance_px, threshold)


@settings(max_examples=60, deadline=None)
@given(picture_and_truth(), st.sampled_from(TOLERANCES), st.integers(0, 2**32 - 1))
def test_unknown_pixels_are_neither_predicted_nor_true(drawn, tolerance_px, seed):
    """The counts are the definition's over known pixels, whatever the arrays hold elsewhere."""
    probability, truth = drawn
    known = np.random.default_rng(seed).random(truth.shape) < 0.5
    counts = count_matches(probability, truth, tolerance_px, known)
    for threshold in (1, 127, 128, 254, 255):
        expected = reference(
            np.where(known, probability, 0), np.where(known, truth, 0), tolerance_px, threshold
        )
        for name in ("predicted", "right", "found", "overlap"):
            assert int(getattr(counts, name)[threshold]) == expected[name]
        assert counts.true == expected["true"]
    assert int(counts.predicted[0]) == known.sum()
    near = distance_px((truth > 0) & known) <= tolerance_px
    assert int(counts.right[0]) == (near & known).sum()


def test_all_256_thresholds_are_counted():
    """No threshold is left out, on a picture that has every level."""
    rng = np.random.default_rng(0)
    probability = rng.permutation(np.arange(400) % LEVELS).astype(np.uint8).reshape(20, 20)
    truth = (rng.random((20, 20)) < 0.1).astype(np.uint8)
    counts = count_matches(probability, truth, 2)
    for threshold in range(LEVELS):
        wanted = reference(probability, truth, 2, threshold)
        assert int(counts.right[threshold]) == wanted["right"]
        assert int(counts.found[threshold]) == wanted["found"]


@settings(max_examples=60, deadline=None)
@given(picture_and_truth(), st.integers(1, 255))
def test_without_tolerance_a_score_is_the_strict_confusion(drawn, threshold):
    """Tolerance 0 gives TP, FP and FN, and IoU is theirs under any tolerance."""
    probability, truth = drawn
    predicted, crack = probability >= threshold, truth > 0
    hits, wrong = int((predicted & crack).sum()), int((predicted & ~crack).sum())
    missed = int((~predicted & crack).sum())

    score = count_matches(probability, truth).at(threshold)

    assert score.precision == (hits / (hits + wrong) if hits + wrong else 1)
    assert score.recall == (hits / (hits + missed) if hits + missed else 1)
    assert score.iou == (hits / (hits + wrong + missed) if hits + wrong + missed else 1)
    assert score.iou == mask_iou(predicted, crack)
    assert score.iou == count_matches(probability, truth, 3).at(threshold).iou


def test_a_reach_is_euclidean():
    """Two pixels off is within 2 px along a row and beyond it along a diagonal."""
    truth = np.zeros((9, 9), np.uint8)
    truth[4, 4] = 255
    for shift, within in (((0, 2), True), ((1, 1), True), ((2, 2), False), ((0, 3), False)):
        off = np.roll(truth, shift, axis=(0, 1))
        assert (count_matches(off, truth, 2).at(128).f1 == 1) == within


def test_matching_is_many_to_one():
    """Every pixel of a thick prediction within reach of a thin line is right."""
    truth = np.zeros((11, 20), np.uint8)
    truth[5] = 255
    thick = np.zeros_like(truth)
    thick[3:8] = 255
    assert count_matches(thick, truth, 2).at(128).f1 == 1
    assert count_matches(thick, truth, 1).at(128).precision == pytest.approx(3 / 5)


def test_reach_ends_at_the_border():
    """A crack at one edge is not within reach of the opposite one."""
    truth, probability = np.zeros((6, 6), np.uint8), np.zeros((6, 6), np.uint8)
    truth[:, 0], probability[:, -1] = 255, 255
    assert count_matches(probability, truth, 3).at(128).f1 == 0


def test_a_turned_picture_scores_the_same():
    """A view with another memory layout is counted like a copy of it."""
    rng = np.random.default_rng(1)
    probability, truth = rng.integers(0, 256, (2, 8, 8), np.uint8)
    turned = count_matches(np.rot90(probability), np.rot90(truth > 200).astype(np.uint8), 1)
    straight = count_matches(probability, (truth > 200).astype(np.uint8), 1)
    assert turned.at(100) == straight.at(100)


def drawn_counts(pictures=4):
    """Return counts of a few noisy pictures, with their probabilities and truths."""
    rng = np.random.default_rng(7)
    drawn = []
    for index in range(pictures):
        truth = (rng.random((16, 16)) < 0.15).astype(np.uint8) * 255
        noise = rng.normal(90 + 20 * index, 40, truth.shape)
        drawn.append((np.clip(noise + (truth > 0) * 60, 0, 255).astype(np.uint8), truth))
    return [count_matches(probability, truth, 1) for probability, truth in drawn], drawn


def f1_of(matches):
    """Return F1 of a list of reference matches, summed."""
    summed = {key: sum(match[key] for match in matches) for key in matches[0]}
    precision = summed["right"] / summed["predicted"] if summed["predicted"] else 1.0
    recall = summed["found"] / summed["true"] if summed["true"] else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def test_ods_is_the_best_single_threshold():
    """ODS equals a plain loop: sum the matches at each threshold, take the best F1."""
    counts, drawn = drawn_counts()
    loop = {t: f1_of([reference(p, m, 1, t) for p, m in drawn]) for t in range(1, LEVELS)}
    best = ods(counts)
    assert best.f1 == pytest.approx(max(loop.values()), abs=1e-12)
    assert best.threshold == min(t for t, f1 in loop.items() if f1 == max(loop.values()))


def test_ois_lets_each_picture_choose():
    """OIS equals a plain loop: each picture's own best threshold, matches summed, one F1."""
    counts, drawn = drawn_counts()
    own = []
    for probability, truth in drawn:
        matches = [reference(probability, truth, 1, t) for t in range(1, LEVELS)]
        own.append(max(matches, key=lambda match: f1_of([match])))
    assert ois(counts).f1 == pytest.approx(f1_of(own), abs=1e-12)
    assert ois(counts).f1 > ods(counts).f1  # these pictures want thresholds 60 levels apart


def one_row(*levels):
    """Return a picture of one row."""
    return np.array([levels], np.uint8)


def test_the_best_threshold_is_from_1_to_255():
    """At 0 every pixel is predicted, so 0 is never chosen; 1 and 255 may be."""
    crack = one_row(0, 0, 9, 9)
    for probability, threshold, f1 in (
        (one_row(0, 0, 1, 1), 1, 1.0),
        (one_row(254, 254, 255, 255), 255, 1.0),
        (one_row(0, 0, 0, 0), 1, 0.0),  # at 0 its F1 would be two thirds
    ):
        best = count_matches(probability, crack).best()
        assert (best.threshold, best.f1) == (threshold, f1)


def test_the_lowest_of_equal_thresholds_is_taken():
    """Where 11 to 200 score the same, it is 11."""
    best = count_matches(one_row(10, 10, 200, 200), one_row(0, 0, 9, 9)).best()
    assert (best.threshold, best.f1) == (11, 1.0)


def test_sums_do_not_depend_on_grouping():
    """Counts add up: a total over halves is the total over all."""
    counts, _ = drawn_counts()
    halves = total([total(counts[:2]), total(counts[2:])])
    assert [halves.at(t) for t in range(LEVELS)] == [total(counts).at(t) for t in range(LEVELS)]


def test_two_empty_masks_agree():
    """Nothing predicted where nothing is to be found is a perfect answer."""
    nothing = np.zeros((4, 4), np.uint8)
    assert count_matches(nothing, nothing, 2).at(128) == Score(128, 1, 1, 1, 1)
    assert mask_iou(nothing, nothing) == 1


def test_an_empty_prediction_finds_nothing():
    """Saying background everywhere scores F1 0 as soon as there is one crack pixel."""
    nothing, crack = np.zeros((2, 4, 4), np.uint8)
    crack[2, 2] = 255
    assert count_matches(nothing, crack, 2).at(1) == Score(1, 1, 0, 0, 0, 0)
    assert count_matches(crack, nothing, 2).at(1) == Score(1, 0, 1, 0, 0)
    assert mask_iou(nothing, crack) == 0


def test_iou_of_halves():
    """IoU of masks that share one pixel of three is a third."""
    assert mask_iou(np.array([1, 1, 0]), np.array([0, 7, 7])) == pytest.approx(1 / 3)


@pytest.mark.parametrize("score", [ods, ois])
def test_no_pictures_are_no_score(score):
    """An empty set is refused, because it would score a perfect 1."""
    with pytest.raises(ValueError, match="picture"):
        score([])


@pytest.mark.parametrize("tolerance_px", [-1, float("nan"), float("inf")])
def test_a_tolerance_is_a_distance(tolerance_px):
    """A tolerance that is no distance is refused."""
    plane = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match="tolerance"):
        count_matches(plane, plane, tolerance_px)


def test_sizes_must_agree():
    """A prediction is scored at the size of its truth or not at all."""
    with pytest.raises(ValueError, match=r"\(4, 4\)"):
        count_matches(np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8))
    with pytest.raises(ValueError, match=r"\(4, 4\)"):
        count_matches(
            np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8), known=np.ones((4, 5), bool)
        )


def test_a_disc_holds_the_offsets_within_reach():
    """The structuring element is every offset no longer than the radius."""
    for radius in TOLERANCES:
        reach = int(radius)
        wanted = sum(
            x * x + y * y <= radius * radius
            for x in range(-reach, reach + 1)
            for y in range(-reach, reach + 1)
        )
        assert int(disc(radius).sum()) == wanted


def test_a_protocol_says_all_that_a_score_depends_on():
    """Printed, a protocol names matching, tolerance, ground truth, split and resolution."""
    protocol = Protocol("CrackForest Segmentation == 2", 2.0, "test (46)", "480x320")
    assert str(protocol) == "many-to-one, 2 px, CrackForest Segmentation == 2, test (46), 480x320"


@pytest.mark.parametrize("threshold", [1, 100, 255])
def test_the_area_ratio_is_predicted_over_true_pixels(threshold):
    """Of known pixels only, whatever the tolerance."""
    rng = np.random.default_rng(5)
    probability = rng.integers(0, 256, (20, 30), np.uint8)
    truth, known = rng.random((2, 20, 30)) < np.array([0.1, 0.8])[:, None, None]
    score = count_matches(probability, truth, 3, known).at(threshold)
    predicted = ((probability >= threshold) & known).sum()
    assert score.area_ratio == pytest.approx(predicted / (truth & known).sum(), rel=1e-12)
