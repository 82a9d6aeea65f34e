"""Light, lens and noise."""

import numpy as np

from edgecrack.synthetic.sensor import DAY, NIGHT, Sensor


def test_night_is_darker_and_noisier_and_noise_moves():
    """By night the same road is darker; each picture has noise of its own."""
    grey = np.full((90, 160), 128, np.float32)
    colour = np.full((90, 160, 3), 125, np.float32)
    day, night = (Sensor((90, 160), light, seed=1) for light in (DAY, NIGHT))
    first, second = day.expose(grey, colour, 0), day.expose(grey, colour, 1)
    assert 110 < first.mean() < 130
    assert night.expose(grey, colour, 0).mean() < 0.7 * first.mean()
    assert not np.array_equal(first, second)
    assert np.array_equal(first, day.expose(grey, colour, 0))
