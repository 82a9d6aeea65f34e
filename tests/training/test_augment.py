"""Augmented samples keep the mask on the crack."""

import numpy as np
import pytest

from training.augment import AugmentSpec, copy_paste, photometric, random_warp, warp

UNCHANGED = AugmentSpec(
    rotation_deg=0, shift_share=0, zoom_min=1, zoom_max=1, shear=0, flip_horizontal=False
)
STRONG = AugmentSpec(
    rotation_deg=20, shift_share=0.1, zoom_min=0.7, zoom_max=1.5, shear=0.2, flip_vertical=True
)
NIGHT = AugmentSpec(light=0.3, gamma=0.8, colour=0.1, blur_px=7, noise=9, shadow=1)


def scene(height=40, width=56, seed=0):
    """Return a picture whose dark pixels are its mask, exactly."""
    rng = np.random.default_rng(seed)
    mask = (rng.random((height, width)) < 0.08).astype(np.uint8) * 255
    picture = np.where(mask[..., None] > 0, 20, rng.integers(120, 256, (height, width, 3)))
    return picture.astype(np.uint8), mask


def sample_of(spec, seed=0, size=(40, 56)):
    """Return a whole scene, warped."""
    picture, mask = scene(*size)
    rng = np.random.default_rng(seed)
    matrix = random_warp(rng, spec, (size[1] / 2, size[0] / 2), None)
    return warp(picture, mask, matrix, (size[1], size[0]))


@pytest.mark.parametrize("size", [(40, 56), (41, 55)])
def test_no_change_is_no_change(size):
    """With all ranges 0 the pixels stay the same, for even and odd sizes."""
    picture, mask = scene(*size)
    sample, truth = sample_of(UNCHANGED, size=size)
    np.testing.assert_array_equal(sample, picture)
    np.testing.assert_array_equal(truth, mask)
    np.testing.assert_array_equal(
        photometric(picture, np.random.default_rng(0), UNCHANGED), picture
    )


def test_a_crop_is_the_square_around_its_centre():
    """Without any other change its pixels are those of the picture."""
    picture, mask = scene()
    matrix = random_warp(np.random.default_rng(0), UNCHANGED, (20, 18), 16)
    sample, truth = warp(picture, mask, matrix, (16, 16))
    np.testing.assert_array_equal(sample, picture[10:26, 12:28])
    np.testing.assert_array_equal(truth, mask[10:26, 12:28])


def test_flips_are_exact_and_happen_to_half():
    """A mirrored sample has exactly the pixels of the picture; each way comes about as often."""
    picture, _ = scene()
    spec = AugmentSpec(
        rotation_deg=0, shift_share=0, zoom_min=1, zoom_max=1, shear=0, flip_vertical=True
    )
    flipped = {
        "none": picture,
        "x": picture[:, ::-1],
        "y": picture[::-1],
        "xy": picture[::-1, ::-1],
    }
    counts = dict.fromkeys(flipped, 0)
    for seed in range(80):
        sample, _ = sample_of(spec, seed)
        (kind,) = (name for name, wanted in flipped.items() if np.array_equal(sample, wanted))
        counts[kind] += 1
    assert all(8 <= count <= 34 for count in counts.values()), counts


@pytest.mark.parametrize("seed", range(12))
def test_truth_stays_on_the_crack(seed):
    """In any sample, dark pixels are where the mask is: both get the same warp."""
    picture = np.full((64, 64, 3), 200, np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    picture[20:40, 24:34], mask[20:40, 24:34] = 10, 255
    matrix = random_warp(np.random.default_rng(seed), STRONG, (32, 32), 64)
    sample, truth = warp(picture, mask, matrix, (64, 64))
    assert set(np.unique(truth)) <= {0, 255}
    dark = sample[..., 0] < 105
    assert (
        dark != (truth > 0)
    ).sum() <= 0.15 * dark.sum()  # the outline may differ by half a pixel


def test_the_border_repeats_the_edge():
    """Beyond the edge the pixels of the edge are repeated, in the picture and in the mask."""
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[:, :10], picture[:, 10:] = 50, 150
    mask = np.zeros((20, 20), np.uint8)
    mask[:, :3] = 255
    shrunk = AugmentSpec(
        rotation_deg=0, shift_share=0, zoom_min=0.25, zoom_max=0.25, shear=0, flip_horizontal=False
    )
    matrix = random_warp(np.random.default_rng(0), shrunk, (10, 10), 20)
    sample, truth = warp(picture, mask, matrix, (20, 20))
    assert (sample[:, :6] == 50).all()
    assert (sample[:, 14:] == 150).all()
    assert (truth[:, :7] == 255).all()


def test_the_paper_s_small_warps_keep_the_share_of_crack():
    """Over many default samples of a centred crack, its share of the pixels stays within 2 %."""
    mask = np.zeros((96, 96), np.uint8)
    mask[30:66, 47:49] = 255
    picture = np.zeros((96, 96, 3), np.uint8)
    rng = np.random.default_rng(0)
    shares = [
        (warp(picture, mask, random_warp(rng, AugmentSpec(), (48, 48), 96), (96, 96))[1] > 0).mean()
        for _ in range(200)
    ]
    assert np.mean(shares) == pytest.approx((mask > 0).mean(), rel=0.02)


@pytest.mark.parametrize("spec", [STRONG, NIGHT])
def test_samples_depend_on_the_seed(spec):
    """The same seed gives the same sample, another seed a different one."""
    picture, _ = scene()

    def augmented(seed):
        sample, _ = sample_of(spec, seed)
        return photometric(sample, np.random.default_rng(seed), spec)

    np.testing.assert_array_equal(augmented(1), augmented(1))
    assert not np.array_equal(augmented(1), augmented(2))
    assert augmented(1).shape == picture.shape


@pytest.mark.parametrize(
    "spec",
    [
        AugmentSpec(light=0.5),
        AugmentSpec(gamma=1.0),
        AugmentSpec(colour=0.3),
        AugmentSpec(blur_px=9),
        AugmentSpec(noise=20),
        AugmentSpec(shadow=1),
        AugmentSpec(jpeg=1),
        NIGHT,
    ],
)
def test_each_photometric_change_changes_pixels_only(spec):
    """Each kind has an effect, keeps type and shape, and does not modify the original."""
    picture, _ = scene()
    before = picture.copy()
    rng = np.random.default_rng(0)
    samples = [photometric(picture, rng, spec) for _ in range(12)]
    assert all(sample.dtype == np.uint8 and sample.shape == picture.shape for sample in samples)
    assert any((sample != picture).mean() > 0.3 for sample in samples)
    np.testing.assert_array_equal(picture, before)


def test_blur_keeps_an_even_surface():
    """Motion blur leaves an even surface as it is."""
    even = np.full((32, 32, 3), 130, np.uint8)
    rng = np.random.default_rng(0)
    for _ in range(20):
        sample = photometric(even, rng, AugmentSpec(blur_px=11))
        assert abs(sample.astype(int) - 130).max() <= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"zoom_min": 0},
        {"zoom_min": 1.2},
        *({name: -1} for name in ("rotation_deg", "shift_share", "shear", "light", "gamma")),
        *({name: -1} for name in ("colour", "blur_px", "noise", "shadow", "jpeg", "copy_paste")),
    ],
)
def test_an_impossible_range_is_refused(wrong):
    """A zoom of 0, zooms in the wrong order and negative ranges are errors."""
    with pytest.raises(ValueError, match="zoom" if "zoom_min" in wrong else "range"):
        AugmentSpec(**wrong)


def road(light, crack_rows):
    """Return an even road with a dark crack along some rows, and its mask."""
    mask = np.zeros((48, 64), np.uint8)
    mask[crack_rows] = 255
    picture = np.where(mask[..., None] > 0, light // 3, light).repeat(3, axis=2)
    return picture.astype(np.uint8), mask


def test_copy_paste_carries_a_crack_to_another_road():
    """A crack of a bright road darkens a dim road in the same place, and nowhere else."""
    target, donor = road(90, slice(0, 0)), road(200, slice(20, 22))
    picture, truth = copy_paste(target, donor)
    np.testing.assert_array_equal(truth, donor[1])
    assert picture[20:22].max() < 60
    np.testing.assert_array_equal(picture[:12], target[0][:12])
    np.testing.assert_array_equal(picture[30:], target[0][30:])


def test_copy_paste_keeps_the_cracks_that_were_there():
    """The mask has the cracks of both; a donor without cracks changes nothing."""
    target, donor = road(90, slice(5, 7)), road(200, slice(20, 22))
    np.testing.assert_array_equal(copy_paste(target, donor)[1], target[1] | donor[1])
    assert copy_paste(target, road(200, slice(0, 0))) is target


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_cracks_are_pasted_on_labelled_road_only(code):
    """Where the target is not road, paint or unknown, neither picture nor truth changes."""
    target, donor = road(90, slice(0, 0)), road(200, slice(20, 22))
    target[1][:, 40:] = code
    picture, truth = copy_paste(target, donor)
    np.testing.assert_array_equal(picture[:, 40:], target[0][:, 40:])
    np.testing.assert_array_equal(truth[:, 40:], code)
    assert (truth[20:22, :40] == 255).all()
    assert picture[20:22, :40].max() < 60


def test_unknown_pixels_of_a_donor_are_no_cracks():
    """Only its cracks are pasted, not what it does not know."""
    target, donor = road(90, slice(0, 0)), road(200, slice(20, 22))
    donor[1][:10] = 4
    np.testing.assert_array_equal(copy_paste(target, donor)[1] == 255, donor[1] == 255)
    donor[1][donor[1] == 255] = 5
    assert copy_paste(target, donor) is target


def test_jpeg_keeps_colours_in_their_channels():
    """An even picture of one colour stays nearly that colour."""
    even = np.full((32, 32, 3), (200, 90, 30), np.uint8)
    sample = photometric(even, np.random.default_rng(0), AugmentSpec(jpeg=1))
    assert abs(sample.astype(int) - even).max() <= 6


def test_a_mirrored_border_draws_no_straight_line():
    """Beyond the edge, replication repeats the last row and reflection the rows before it."""
    picture, mask = scene()
    matrix = random_warp(
        np.random.default_rng(0), UNCHANGED, (28, 8), 32
    )  # reaches 8 above the top
    repeated, mirrored = (
        warp(picture, mask, matrix, (32, 32), b) for b in ("replicate", "reflect")
    )
    for sample, rows in ((repeated, [0] * 8), (mirrored, range(8, 0, -1))):
        np.testing.assert_array_equal(sample[0][:8], picture[list(rows), 12:44])
        np.testing.assert_array_equal(sample[1][:8], mask[list(rows), 12:44])
