"""A view keeps truth on its crack, however it is bent and lit."""

import numpy as np
import pytest

from training.augment import AugmentSpec, copy_paste, photometric, random_warp, warp

STILL = AugmentSpec(
    rotation_deg=0, shift_share=0, zoom_min=1, zoom_max=1, shear=0, flip_horizontal=False
)
WILD = AugmentSpec(
    rotation_deg=20, shift_share=0.1, zoom_min=0.7, zoom_max=1.5, shear=0.2, flip_vertical=True
)
NIGHT = AugmentSpec(light=0.3, gamma=0.8, colour=0.1, blur_px=7, noise=9, shadow=1)


def scene(height=40, width=56, seed=0):
    """Return a picture whose dark pixels are its mask, exactly."""
    rng = np.random.default_rng(seed)
    mask = (rng.random((height, width)) < 0.08).astype(np.uint8) * 255
    picture = np.where(mask[..., None] > 0, 20, rng.integers(120, 256, (height, width, 3)))
    return picture.astype(np.uint8), mask


def view_of(spec, seed=0, size=(40, 56)):
    """Return the view of a whole scene."""
    picture, mask = scene(*size)
    rng = np.random.default_rng(seed)
    matrix = random_warp(rng, spec, (size[1] / 2, size[0] / 2), None)
    return warp(picture, mask, matrix, (size[1], size[0]))


@pytest.mark.parametrize("size", [(40, 56), (41, 55)])
def test_no_change_is_no_change(size):
    """The identity gives back the same pixels, for even and odd sizes."""
    picture, mask = scene(*size)
    view, truth = view_of(STILL, size=size)
    np.testing.assert_array_equal(view, picture)
    np.testing.assert_array_equal(truth, mask)
    np.testing.assert_array_equal(photometric(picture, np.random.default_rng(0), STILL), picture)


def test_a_crop_is_cut_where_it_was_wanted():
    """A square around a centre holds exactly the pixels around it."""
    picture, mask = scene()
    matrix = random_warp(np.random.default_rng(0), STILL, (20, 18), 16)
    view, truth = warp(picture, mask, matrix, (16, 16))
    np.testing.assert_array_equal(view, picture[10:26, 12:28])
    np.testing.assert_array_equal(truth, mask[10:26, 12:28])


def test_flips_are_exact_and_happen_to_half():
    """A mirrored view has the very pixels of the picture, in both of the flipped ways."""
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
    seen = dict.fromkeys(flipped, 0)
    for seed in range(80):
        view, _ = view_of(spec, seed)
        (kind,) = (name for name, wanted in flipped.items() if np.array_equal(view, wanted))
        seen[kind] += 1
    assert all(8 <= count <= 34 for count in seen.values()), seen


@pytest.mark.parametrize("seed", range(12))
def test_truth_stays_on_the_crack(seed):
    """In any view, dark pixels lie where the mask is: both were bent by one warp."""
    picture = np.full((64, 64, 3), 200, np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    picture[20:40, 24:34], mask[20:40, 24:34] = 10, 255
    matrix = random_warp(np.random.default_rng(seed), WILD, (32, 32), 64)
    view, truth = warp(picture, mask, matrix, (64, 64))
    assert set(np.unique(truth)) <= {0, 255}
    dark = view[..., 0] < 105
    assert (dark != (truth > 0)).sum() <= 0.15 * dark.sum()  # half a pixel along the outline


def test_the_border_continues_its_neighbours():
    """Beyond the picture there is what lies next to it, in the picture and in the mask."""
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[:, :10], picture[:, 10:] = 50, 150
    mask = np.zeros((20, 20), np.uint8)
    mask[:, :3] = 255
    shrunk = AugmentSpec(
        rotation_deg=0, shift_share=0, zoom_min=0.25, zoom_max=0.25, shear=0, flip_horizontal=False
    )
    matrix = random_warp(np.random.default_rng(0), shrunk, (10, 10), 20)
    view, truth = warp(picture, mask, matrix, (20, 20))
    assert (view[:, :6] == 50).all()
    assert (view[:, 14:] == 150).all()
    assert (truth[:, :7] == 255).all()


def test_the_paper_s_small_warps_keep_the_share_of_crack():
    """Over many default views of a centred crack, its share of the pixels stays within 2 %."""
    mask = np.zeros((96, 96), np.uint8)
    mask[30:66, 47:49] = 255
    picture = np.zeros((96, 96, 3), np.uint8)
    rng = np.random.default_rng(0)
    shares = [
        (warp(picture, mask, random_warp(rng, AugmentSpec(), (48, 48), 96), (96, 96))[1] > 0).mean()
        for _ in range(200)
    ]
    assert np.mean(shares) == pytest.approx((mask > 0).mean(), rel=0.02)


@pytest.mark.parametrize("spec", [WILD, NIGHT])
def test_chance_is_seeded(spec):
    """The same generator gives the same view, another one a different view."""
    picture, _ = scene()

    def lit(seed):
        view, _ = view_of(spec, seed)
        return photometric(view, np.random.default_rng(seed), spec)

    np.testing.assert_array_equal(lit(1), lit(1))
    assert not np.array_equal(lit(1), lit(2))
    assert lit(1).shape == picture.shape


@pytest.mark.parametrize(
    "spec",
    [
        AugmentSpec(light=0.5),
        AugmentSpec(gamma=1.0),
        AugmentSpec(colour=0.3),
        AugmentSpec(blur_px=9),
        AugmentSpec(noise=20),
        AugmentSpec(shadow=1),
        NIGHT,
    ],
)
def test_each_light_changes_pixels_and_nothing_else(spec):
    """Every kind of light does something, keeps type and shape, and leaves the picture alone."""
    picture, _ = scene()
    before = picture.copy()
    rng = np.random.default_rng(0)
    views = [photometric(picture, rng, spec) for _ in range(12)]
    assert all(view.dtype == np.uint8 and view.shape == picture.shape for view in views)
    assert any((view != picture).mean() > 0.3 for view in views)
    np.testing.assert_array_equal(picture, before)


def test_blur_keeps_an_even_surface():
    """Motion moves light about and adds none."""
    even = np.full((32, 32, 3), 130, np.uint8)
    rng = np.random.default_rng(0)
    for _ in range(20):
        view = photometric(even, rng, AugmentSpec(blur_px=11))
        assert abs(view.astype(int) - 130).max() <= 1


@pytest.mark.parametrize(
    "wrong", [{"zoom_min": 0}, {"zoom_min": 1.2}, {"noise": -1}, {"rotation_deg": -1}]
)
def test_a_range_that_is_none_is_refused(wrong):
    """A zoom of 0, a range turned round or a negative one say so."""
    with pytest.raises(ValueError, match="must be"):
        AugmentSpec(**wrong)


def road(light, crack_rows):
    """Return an even road with a dark crack along some rows, and its mask."""
    mask = np.zeros((48, 64), np.uint8)
    mask[crack_rows] = 255
    picture = np.where(mask[..., None] > 0, light // 3, light).repeat(3, axis=2)
    return picture.astype(np.uint8), mask


def test_copy_paste_carries_a_crack_to_another_road():
    """A crack of a bright road darkens a dim one where it lay, and nowhere else."""
    here, there = road(90, slice(0, 0)), road(200, slice(20, 22))
    picture, truth = copy_paste(here, there)
    np.testing.assert_array_equal(truth, there[1])
    assert picture[20:22].max() < 60
    np.testing.assert_array_equal(picture[:12], here[0][:12])
    np.testing.assert_array_equal(picture[30:], here[0][30:])


def test_copy_paste_keeps_the_cracks_that_were_there():
    """Both pictures' cracks are in the truth; a donor without any changes nothing."""
    here, there = road(90, slice(5, 7)), road(200, slice(20, 22))
    np.testing.assert_array_equal(copy_paste(here, there)[1], here[1] | there[1])
    assert copy_paste(here, road(200, slice(0, 0))) is here


def test_a_mirrored_border_draws_no_straight_line():
    """Beyond the edge, replication repeats the last row and reflection the rows before it."""
    picture, mask = scene()
    matrix = random_warp(np.random.default_rng(0), STILL, (28, 8), 32)  # reaches 8 above the top
    repeated, mirrored = (
        warp(picture, mask, matrix, (32, 32), b) for b in ("replicate", "reflect")
    )
    for view, rows in ((repeated, [0] * 8), (mirrored, range(8, 0, -1))):
        np.testing.assert_array_equal(view[0][:8], picture[list(rows), 12:44])
        np.testing.assert_array_equal(view[1][:8], mask[list(rows), 12:44])
