"""From the shapes of a picture to its crack mask and its area mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.errors import InputError, UsageError

if TYPE_CHECKING:
    from edgecrack.records import GrayImage
    from training.imports.export import AnnotatedPicture, Export

AREAS = {"not road": 0, "road": 1, "paint": 2}
UNKNOWN = 255


@dataclass(frozen=True, slots=True)
class Roles:
    """What the categories of an export are.

    Attributes:
        of_category: Name of a category -> ``crack``, ``road``, ``paint`` or ``not road``. The
            shapes of other categories are left out.
        rest_not_road: Whether what no area covers is not road; else it is unknown.
    """

    of_category: dict[str, str]
    rest_not_road: bool = False

    @property
    def has_cracks(self) -> bool:
        """Whether a category is cracks, so that there are crack masks."""
        return "crack" in self.of_category.values()

    @property
    def has_areas(self) -> bool:
        """Whether a category is an area, so that there are area masks."""
        return bool(set(self.of_category.values()) & set(AREAS))


@dataclass(frozen=True, slots=True)
class Drawn:
    """The masks of one picture.

    Attributes:
        mask: 0 and 255 (crack), (H, W).
        area: 0 not road, 1 road, 2 paint, 255 unknown, (H, W).
        without_pixels: Shapes so small that they cover the centre of no pixel.
    """

    mask: GrayImage
    area: GrayImage
    without_pixels: int


def roles_of(export: Export, named: dict[str, str], *, rest_not_road: bool) -> Roles:
    """Return what each category is.

    Args:
        export: The export, which must have the categories.
        named: ``crack``, ``road``, ``paint`` or ``not road`` -> names of categories, with commas.
        rest_not_road: See `Roles`.

    Raises:
        UsageError: If nothing is named, a category is not there, or one is named twice.
    """
    there = ", ".join(f"{name} ({count})" for name, count in export.categories.items()) or "none"
    of_category: dict[str, str] = {}
    for role, names in named.items():
        for name in filter(None, names.split(",")):
            if name not in export.categories:
                raise UsageError(
                    f"there is no category '{name}'; those with their shapes: {there}."
                )
            if name in of_category:
                raise UsageError(
                    f"the category '{name}' cannot be both {of_category[name]} and {role}; name it "
                    "once."
                )
            of_category[name] = role
    if not of_category:
        raise UsageError(f"say by --crack which categories are cracks; those there are: {there}.")
    roles = Roles(of_category, rest_not_road)
    if rest_not_road and not roles.has_areas:
        raise UsageError("--rest-not-road needs --road, which says where the road is.")
    return roles


def draw(picture: AnnotatedPicture, roles: Roles, height_px: int, width_px: int) -> Drawn:
    """Draw the shapes of a picture, each above those before it.

    Raises:
        InputError: If a shape cannot be drawn, or reaches out of the picture.
    """
    mask = np.zeros((height_px, width_px), np.uint8)
    area = np.full((height_px, width_px), 0 if roles.rest_not_road else UNKNOWN, np.uint8)
    without_pixels = 0
    for shape in picture.shapes:
        role = roles.of_category.get(shape.category)
        if role is None:
            continue
        try:
            if role == "crack" and shape.is_box:
                raise ValueError("is a box, which does not say where in it the crack is")  # noqa: TRY301
            covered = shape.region.pixels(height_px, width_px)
        except ValueError as error:
            raise InputError(
                f"{picture.source}: a shape '{shape.category}' of {picture.name} {error}."
            ) from error
        without_pixels += not covered.any()
        if role == "crack":
            mask[covered] = 255
        else:
            area[covered] = AREAS[role]
    return Drawn(mask, area, without_pixels)
