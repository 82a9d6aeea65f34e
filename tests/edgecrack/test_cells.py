"""The score by cells is what a loop over the cells counts."""

import numpy as np
import pytest

from edgecrack.cells import count_cells


def drawn(seed, height, width, unknown=0.0):
    """Return a probability, cracks and what is known: patches, so that cells differ."""
    rng = np.random.default_rng(seed)

    def patches(side):
        """Return random numbers that are the same within squares of ``side`` px."""
        coarse = rng.random((height // side + 1, width // side + 1))
        return np.kron(coarse, np.ones((side, side)))[:height, :width]

    probability = (256 * patches(3) ** 2).astype(np.uint8)
    return probability, patches(2) > 0.9, patches(7) >= unknown


def cells_one_by_one(probability, crack, known, threshold):
    """Return how many cells are marked, cracked, and both, by the words of the protocol."""
    side = crack.shape[1] / 32
    cells = {}
    for y, x in np.argwhere(known).tolist():
        pixel = probability[y, x] >= threshold, crack[y, x]
        cells.setdefault((y // side, x // side), []).append(pixel)
    shares = [np.mean(pixels, axis=0) for pixels in cells.values() if len(pixels) >= side**2 / 2]
    marked = [share >= 0.01 for share, _ in shares]
    cracked = [share >= 0.02 for _, share in shares]
    return sum(marked), sum(cracked), sum(np.logical_and(marked, cracked))


@pytest.mark.parametrize(
    ("height", "width", "unknown"), [(20, 64, 0.0), (26, 128, 0.5), (9, 48, 0.4)]
)
@pytest.mark.parametrize("threshold", [1, 128, 220])
def test_cells_are_counted_as_by_a_loop(height, width, unknown, threshold):
    """Also where a part is unknown, and where the picture ends within a cell."""
    probability, crack, known = drawn(1, height, width, unknown)
    counts = count_cells(probability, crack, known)
    marked, cracked, both = cells_one_by_one(probability, crack, known, threshold)
    assert 0 < both < marked
    assert (counts.predicted[threshold], counts.true) == (marked, cracked)
    for of_both in (counts.right, counts.found, counts.overlap):
        assert of_both[threshold] == both


@pytest.mark.parametrize(
    ("crack_pixels", "marked_pixels", "f1"), [(21, 11, 1.0), (20, 11, 0.0), (21, 10, 0.0)]
)
def test_a_cell_is_cracked_from_two_and_marked_from_one_percent_on(crack_pixels, marked_pixels, f1):
    """Of 1024 pixels, 21 are 2 % and 11 are 1 %; one fewer is not."""
    truth, probability = np.zeros((2, 32, 1024), np.uint8)
    truth[0, :crack_pixels] = 255
    probability[0, :marked_pixels] = 200
    assert count_cells(probability, truth).at(200).f1 == f1
    assert count_cells(probability, truth).predicted[201] == 0


def test_cells_grow_with_the_picture():
    """A picture twice as wide has the same cells, four times as large."""
    probability, crack, known = drawn(2, 40, 64, 0.3)
    small = count_cells(probability, crack, known)
    enlarged = [array.repeat(2, axis=0).repeat(2, axis=1) for array in (probability, crack, known)]
    large = count_cells(*enlarged)
    assert [small.at(t) for t in range(256)] == [large.at(t) for t in range(256)]


def test_a_cell_of_which_too_little_is_known_does_not_count():
    """Half a cell is enough; one pixel fewer is not, and shares are of the known pixels."""
    truth, probability = np.full((2, 32, 1024), 255, np.uint8)
    known = np.zeros((32, 1024), bool)
    known[:16, :32] = True
    assert count_cells(probability, truth, known).true == 1
    known[0, 0] = False
    assert count_cells(probability, truth, known).true == 0
    assert count_cells(probability, truth, known).predicted[0] == 0


def test_shapes_that_differ_are_refused_by_cells():
    """Truth and known must be as large as the prediction."""
    plane = np.zeros((32, 32), np.uint8)
    with pytest.raises(ValueError, match="truth"):
        count_cells(plane, plane[1:])
    with pytest.raises(ValueError, match="known"):
        count_cells(plane, plane, np.ones((32, 31), bool))
