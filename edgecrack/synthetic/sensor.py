"""What light, lens and sensor do to a picture: vignetting, blur, noise, and night."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from edgecrack.records import RgbImage
    from edgecrack.synthetic.texture import FloatPlane

_BANK_MARGIN_PX = 64


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a drive.

    Attributes:
        level: Brightness, 1 in daylight.
        headlamps: Share of the light that comes from the vehicle's own lamps, 0 to 1.
        noise: Deviation of the sensor's noise, in grey levels.
        tint: Colour cast of the light, RGB factors.
    """

    level: float
    headlamps: float
    noise: float
    tint: tuple[float, float, float]


DAY = Light(level=1.0, headlamps=0.0, noise=1.6, tint=(1.0, 1.0, 1.0))
NIGHT = Light(level=0.62, headlamps=0.8, noise=4.5, tint=(1.06, 1.0, 0.86))


class Sensor:
    """Turns light from the road into pixels.

    Args:
        size_px: Picture height and width.
        light: What lights the road.
        seed: Chooses the noise.
    """

    def __init__(self, size_px: tuple[int, int], light: Light, seed: int) -> None:
        self._size_px = size_px
        self._gain = _falloff(size_px, light) * np.array(light.tint, np.float32)
        rng = np.random.default_rng((seed, 3))
        bank = (size_px[0] + _BANK_MARGIN_PX, size_px[1] + _BANK_MARGIN_PX)
        grey = rng.standard_normal(bank, dtype=np.float32)
        chroma = rng.standard_normal((bank[0] // 2 + 1, bank[1] // 2 + 1, 3), dtype=np.float32)
        wide = cv2.resize(chroma, bank[::-1], interpolation=cv2.INTER_LINEAR)
        self._noise = light.noise * (grey[..., None] + 0.5 * wide)
        self._seed = seed

    def expose(self, grey: FloatPlane, colour: FloatPlane, index: int) -> RgbImage:
        """Return the picture of one instant.

        Args:
            grey: (H, W) texture around 128 as seen by the camera.
            colour: (H, W, 3) level of the road as seen by the camera.
            index: Number of the picture; chooses its noise.
        """
        rng = np.random.default_rng((self._seed, 4, index))
        top, left = rng.integers(0, _BANK_MARGIN_PX, 2)
        noise = self._noise[top : top + self._size_px[0], left : left + self._size_px[1]]
        blurred = cv2.GaussianBlur(grey, (0, 0), 0.55)  # the lens
        light = colour * self._gain
        light *= (blurred * np.float32(1 / 128))[..., None]
        light += noise
        return np.asarray(np.clip(light, 0, 255), np.uint8)


def _falloff(shape: tuple[int, int], light: Light) -> FloatPlane:
    """Return the gain of every pixel: dark corners, bright distance, headlamps at night."""
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    day = (1 - 0.10 * (x**2 + y**2) / 2) * (1 - 0.035 * y)
    headlamps = sum(
        np.exp(-(((x - side) / 0.55) ** 2) - ((y + 0.1) / 0.75) ** 2) for side in (-0.4, 0.4)
    )
    gain = day * ((1 - light.headlamps) + light.headlamps * 1.25 * headlamps)
    return np.asarray(light.level * gain[..., None], np.float32)
