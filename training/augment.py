"""Augmentation: random geometric and photometric changes of a picture and its truth.

Rotation, shift, zoom, flips and shear are one affine warp, so that a pixel is resampled once. The
border is "padding with neighbouring pixels", as in the paper. The truth, of codes of
``training.truth``, is warped by nearest neighbour: cracks are one or two pixels wide, and a
threshold after interpolation would change their share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import cv2
import numpy as np

from training.truth import CRACK, NO_CRACK, SOUND_ROAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgecrack.records import GrayImage, RgbImage


Border = Literal["replicate", "reflect"]

SURROUND_PX = 31
"""Side of the square over which the road around a crack is averaged."""


@dataclass(frozen=True, slots=True)
class AugmentSpec:
    """How much a sample may differ from its picture. Ranges are symmetric around no change.

    Attributes:
        rotation_deg: Largest rotation.
        shift_share: Largest shift of the crop's centre, as a share of the crop's side.
        zoom_min: Smallest magnification.
        zoom_max: Largest magnification.
        shear: Largest shear, as a slope.
        flip_horizontal: Whether half of the samples are mirrored left to right.
        flip_vertical: Whether half of the samples are mirrored top to bottom.
        light: Largest change of contrast (share) and of brightness (share of 255).
        gamma: Largest change of gamma, as a power of two: night and glare.
        colour: Largest gain of one colour channel against the others.
        blur_px: Largest length of motion blur.
        noise: Largest standard deviation of sensor noise, in levels of 255.
        shadow: Probability of a straight-edged shadow.
        border: What is beyond a picture's edge: ``replicate`` repeats the edge's pixels, as in the
            paper; ``reflect`` mirrors the picture. Where samples are larger than pictures,
            replication extends cracks to straight lines, which look like joints.
        jpeg: Probability that the picture is compressed as JPEG, of a quality of 25 to 90.
        copy_paste: Probability that the cracks of another picture are pasted in.
        copy_from: Where that picture is from: the same ``set``, or ``all`` sets with crack labels.
        paint: Probability that a line of paint is drawn over the road (``training.paint``).
    """

    # read by pydantic in training.config
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "allow_inf_nan": False}

    rotation_deg: float = 0.2
    shift_share: float = 0.05
    zoom_min: float = 0.95
    zoom_max: float = 1.05
    shear: float = 0.05
    flip_horizontal: bool = True
    flip_vertical: bool = False
    light: float = 0.0
    gamma: float = 0.0
    colour: float = 0.0
    blur_px: float = 0.0
    noise: float = 0.0
    shadow: float = 0.0
    jpeg: float = 0.0
    copy_paste: float = 0.0
    copy_from: Literal["set", "all"] = "set"
    paint: float = 0.0
    border: Border = "replicate"

    def __post_init__(self) -> None:
        """Refuse a negative range and an empty range of zooms."""
        if not 0 < self.zoom_min <= self.zoom_max:
            raise ValueError(
                f"zoom_min must be above 0 and no more than zoom_max, not {self.zoom_min:g} to "
                f"{self.zoom_max:g}"
            )
        ranges = [self.rotation_deg, self.shift_share, self.shear, self.light, self.gamma]
        ranges += [self.colour, self.blur_px, self.noise, self.shadow, self.jpeg, self.copy_paste]
        ranges.append(self.paint)
        if min(ranges) < 0:
            raise ValueError("every range must be 0 or more")


def random_warp(
    rng: np.random.Generator, spec: AugmentSpec, centre_px: tuple[float, float], size_px: int | None
) -> NDArray[np.float64]:
    """Return a random 2x3 matrix that maps pixels of the sample to pixels of the picture (x, y).

    Args:
        rng: Source of randomness.
        spec: The ranges.
        centre_px: The point of the picture (x, y) in the middle of the sample.
        size_px: Side of the square sample, or None for a sample twice as large as ``centre_px``.
    """
    angle = np.deg2rad(rng.uniform(-1, 1) * spec.rotation_deg)
    zoom = np.exp(rng.uniform(np.log(spec.zoom_min), np.log(spec.zoom_max)))
    cos, sin, shear = np.cos(angle), np.sin(angle), rng.uniform(-1, 1) * spec.shear
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, shear], [0, 1]]) / zoom
    if spec.flip_horizontal and rng.random() < 0.5:
        linear[:, 0] *= -1
    if spec.flip_vertical and rng.random() < 0.5:
        linear[:, 1] *= -1
    size = np.array(
        [size_px, size_px] if size_px else [2 * place for place in centre_px], dtype=float
    )
    centre = np.array(centre_px) + rng.uniform(-1, 1, 2) * spec.shift_share * size
    offset = centre - 0.5 - linear @ (size / 2 - 0.5)
    return np.concatenate([linear, offset[:, None]], axis=1)


def warp(
    picture: RgbImage,
    truth: GrayImage,
    matrix: NDArray[np.float64],
    size_px: tuple[int, int],
    border: Border = "replicate",
) -> tuple[RgbImage, GrayImage]:
    """Return both arrays warped by ``matrix`` to ``size_px`` (width, height)."""
    border_mode = cv2.BORDER_REPLICATE if border == "replicate" else cv2.BORDER_REFLECT_101
    linear, nearest = (
        cv2.WARP_INVERSE_MAP | interpolation
        for interpolation in (cv2.INTER_LINEAR, cv2.INTER_NEAREST)
    )
    warped = cv2.warpAffine(picture, matrix, size_px, flags=linear, borderMode=border_mode)
    warped_truth = cv2.warpAffine(truth, matrix, size_px, flags=nearest, borderMode=border_mode)
    return np.asarray(warped, np.uint8), np.asarray(warped_truth, np.uint8)


def copy_paste(
    target: tuple[RgbImage, GrayImage], donor: tuple[RgbImage, GrayImage]
) -> tuple[RgbImage, GrayImage]:
    """Return ``target``, a picture and its truth, with the cracks of ``donor``, of the same size.

    What is copied is how much darker a crack is than the road around it, so that it gets the light
    and colour of its new place. A few dozen labelled pictures then show their cracks on every road
    of the set, next to every joint and every line of paint. Nothing is pasted on what is paint, not
    road, or unknown: cracks without known road around them would teach that road is crack.
    """
    (picture, truth), (donor_picture, donor_truth) = target, donor
    labelled = np.isin(truth, (NO_CRACK, SOUND_ROAD, CRACK))
    crack = (donor_truth == CRACK) & labelled
    if not crack.any():
        return target
    brightness = donor_picture.astype(np.float32) + 1  # never 0: it divides
    surround = cv2.blur(brightness, (SURROUND_PX, SURROUND_PX), borderType=cv2.BORDER_REPLICATE)
    near = cv2.dilate(crack.astype(np.float32), np.ones((5, 5), np.uint8))
    alpha = (cv2.GaussianBlur(near, (0, 0), 1.0) * labelled)[..., None]  # (H, W, 1)
    shade = 1 + alpha * (brightness / surround - 1)
    pasted = np.clip(picture * shade, 0, 255).astype(np.uint8)
    return pasted, np.where(crack, np.uint8(CRACK), truth)


def photometric(picture: RgbImage, rng: np.random.Generator, spec: AugmentSpec) -> RgbImage:
    """Return the picture with random light, colour, shadow, motion blur and noise, same shape."""
    changed = np.asarray(cv2.LUT(picture, _tones(rng, spec)[None]), np.float32)
    if spec.shadow and rng.random() < spec.shadow:
        changed *= _shadow(rng, changed.shape[0], changed.shape[1])[..., None]
    if spec.blur_px and rng.random() < 0.3:
        kernel = _motion_kernel(rng, spec.blur_px)
        blurred = cv2.filter2D(changed, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        changed = np.asarray(blurred, np.float32)
    if spec.noise:
        changed += rng.standard_normal(changed.shape, np.float32) * np.float32(
            rng.random() * spec.noise
        )
    levels = np.clip(changed, 0, 255).astype(np.uint8)
    if spec.jpeg and rng.random() < spec.jpeg:
        return _compressed(levels, quality=int(rng.integers(25, 91)))
    return levels


def _tones(rng: np.random.Generator, spec: AugmentSpec) -> NDArray[np.float32]:
    """Return what the levels 0..255 of each channel become, (256, 3): gamma, light and colour."""
    tones = np.repeat(np.arange(256, dtype=np.float32)[:, None], 3, axis=1)
    if spec.gamma:
        power = 2.0 ** (rng.uniform(-1, 1) * spec.gamma)
        tones = np.float32(255) * (tones / np.float32(255)) ** np.float32(power)
    if spec.light or spec.colour:
        gains = 1 + rng.uniform(-1, 1) * spec.light + rng.uniform(-1, 1, 3) * spec.colour
        brightness = 255 * rng.uniform(-1, 1) * spec.light
        tones = (tones - 127.5) * gains.astype(np.float32) + np.float32(127.5 + brightness)
    return np.asarray(tones, np.float32)


def _compressed(picture: RgbImage, quality: int) -> RgbImage:
    """Return the RGB picture as JPEG of ``quality`` (1 to 100) shows it."""
    bgr = picture[..., ::-1]
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def _shadow(rng: np.random.Generator, height_px: int, width_px: int) -> NDArray[np.float32]:
    """Return a factor (H, W) in (0, 1] that darkens one side of a random line."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:height_px, :width_px].astype(np.float32)
    x, y = columns - rng.uniform(0, width_px), rows - rng.uniform(0, height_px)
    side = np.cos(angle) * x + np.sin(angle) * y
    edge = 1 / (1 + np.exp(-np.clip(side / rng.uniform(0.5, 12), -30, 30)))
    return np.asarray(1 - rng.uniform(0.15, 0.6) * edge, np.float32)


def _motion_kernel(rng: np.random.Generator, longest_px: float) -> NDArray[np.float32]:
    """Return the kernel of a motion blur of random length and direction, with sum 1."""
    length = rng.uniform(1, max(longest_px, 1))
    side = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((side, side), np.float32)
    angle, middle = rng.uniform(0, np.pi), side // 2
    for step in np.linspace(-length / 2, length / 2, 4 * side):
        row, column = middle + step * np.sin(angle), middle + step * np.cos(angle)
        kernel[round(row), round(column)] += 1
    return np.asarray(kernel / kernel.sum(), np.float32)
