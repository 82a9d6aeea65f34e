"""The scene at an instant."""

import numpy as np
import pytest

from edgecrack.synthetic.motion import Motion
from edgecrack.synthetic.scene import Scene
from edgecrack.synthetic.sensor import DAY, Sensor


@pytest.mark.slow
def test_an_instant_looks_the_same_whatever_was_rendered_before():
    """Going back to an instant gives its picture again: nothing depends on the order."""
    scene, motion, sensor = Scene(2, 20.0, (144, 256)), Motion(10.0), Sensor((144, 256), DAY, 2)
    first = scene.look(motion, 0.5, sensor, 5)
    scene.look(motion, 1.7, sensor, 17)
    again = scene.look(motion, 0.5, sensor, 5)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
