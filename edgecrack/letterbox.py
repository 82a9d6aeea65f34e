"""A picture in a network's input of another aspect: scaled alike both ways, with borders around it.

Pure arithmetic. What the network answers in the borders is cut off again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.records import GrayImage

_BORDER_WEIGHT = 0.25  # against the scale: a border costs time alone, a smaller scale costs cracks
_WORTH_A_CHANGE = 0.01  # what is nearer by less is no reason to leave the first size


@dataclass(frozen=True, slots=True)
class Borders:
    """Pixels of a network's input on each side of the picture in it."""

    left_px: int
    top_px: int
    right_px: int
    bottom_px: int


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a picture lies in the input of a network: in the middle.

    Attributes:
        input_px: Width and height of the input.
        picture_px: Width and height of the picture in it; one of them is the input's.
    """

    input_px: tuple[int, int]
    picture_px: tuple[int, int]

    @property
    def borders(self) -> Borders:
        """What is left around the picture; an odd pixel lies right or below."""
        spare_x_px, spare_y_px = (
            whole - part for whole, part in zip(self.input_px, self.picture_px, strict=True)
        )
        left_px, top_px = spare_x_px // 2, spare_y_px // 2
        return Borders(left_px, top_px, spare_x_px - left_px, spare_y_px - top_px)

    def crop(self, probability: GrayImage) -> GrayImage:
        """Return what the network answers of the picture alone, (H, W); it is shared."""
        around, (width_px, height_px) = self.borders, self.picture_px
        rows = slice(around.top_px, around.top_px + height_px)
        return probability[rows, around.left_px : around.left_px + width_px]


def letterbox(picture_px: tuple[int, int], input_px: tuple[int, int]) -> Letterbox:
    """Return how a picture is laid into an input: as large as it fits, its aspect kept.

    Args:
        picture_px: Width and height of the picture.
        input_px: Width and height of the network's input.

    Example:
        >>> box = letterbox((480, 320), (960, 540))
        >>> box.picture_px, box.borders
        ((810, 540), Borders(left_px=75, top_px=0, right_px=75, bottom_px=0))
    """
    scale = fitting_scale(picture_px, input_px)
    width_px, height_px = (
        min(most, max(1, round(side * scale)))
        for side, most in zip(picture_px, input_px, strict=True)
    )
    return Letterbox(input_px, (width_px, height_px))


def fitting_scale(picture_px: tuple[int, int], input_px: tuple[int, int]) -> float:
    """Return how many pixels of the input one pixel of the picture becomes, across and down."""
    return min(whole / side for whole, side in zip(input_px, picture_px, strict=True))


def best_input(
    picture_px: tuple[int, int], inputs_px: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Return the input that is nearest to a picture, in its pixels and in its aspect.

    Args:
        picture_px: Width and height of the picture.
        inputs_px: Width and height of each input; at least one, the default first.

    Example:
        >>> sizes_px = [(960, 544), (640, 352), (480, 288), (960, 320)]
        >>> best_input((1920, 1080), sizes_px), best_input((1920, 540), sizes_px)
        ((960, 544), (960, 320))
        >>> best_input((640, 360), sizes_px), best_input((480, 320), sizes_px)
        ((640, 352), (480, 288))
    """
    away = [_distance(picture_px, input_px) for input_px in inputs_px]
    enough = min(away) + _WORTH_A_CHANGE
    return next(size for size, far in zip(inputs_px, away, strict=True) if far <= enough)


def _distance(picture_px: tuple[int, int], input_px: tuple[int, int]) -> float:
    """Return how far the scale is from 1, and how much of the input is border, as logarithms."""
    filled = math.prod(letterbox(picture_px, input_px).picture_px) / math.prod(input_px)
    return abs(math.log(fitting_scale(picture_px, input_px))) - _BORDER_WEIGHT * math.log(filled)
