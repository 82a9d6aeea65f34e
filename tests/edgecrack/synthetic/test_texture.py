"""Bare pavement."""

import numpy as np

from edgecrack.synthetic.texture import GRAIN, Pavement, colour, grain, smooth_noise


def test_noise_tiles_without_a_seam():
    """The first row continues the last, so a repeated tile shows no seam."""
    noise = smooth_noise(np.random.default_rng(1), (200, 50), (6.0, 2.0))
    seam = np.abs(noise[0] - noise[-1]).mean()
    steps = np.abs(np.diff(noise, axis=0)).mean()
    far = np.abs(noise[0] - noise[100]).mean()
    assert seam < 2 * steps < far
    assert np.abs(noise[:, 0] - noise[:, -1]).mean() < far / 2


def test_grain_is_centred_and_asphalt_is_rougher():
    """Both pavements lie around 128, and asphalt varies more than concrete."""
    tiles = {
        kind: grain(np.random.default_rng(2), GRAIN[kind], width_m=0.8, cell_m=0.0025)
        for kind in Pavement
    }
    assert all(abs(float(tile.mean()) - 128) < 3 for tile in tiles.values())
    assert tiles[Pavement.ASPHALT].std() > tiles[Pavement.CONCRETE].std()


def test_colour_changes_where_the_pavement_does():
    """Concrete is warmer than asphalt: less blue than red."""
    level = colour(np.random.default_rng(3), 20.0, 8.8, concrete_from_m=10.0)
    asphalt, concrete = level[: len(level) // 2], level[len(level) // 2 :]
    assert asphalt[..., 2].mean() > asphalt[..., 0].mean()
    assert concrete[..., 2].mean() < concrete[..., 0].mean()
