"""The pictures of a set by what they have in common: their folder, or the road in their id."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from edgecrack.errors import ConfigError
from training.split import group_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.config import DataConfig
    from training.dataset import Pair

Item = TypeVar("Item")


def groups(data: DataConfig, pairs: Sequence[Pair], items: Sequence[Item]) -> dict[str, list[Item]]:
    """Return the items of the whole set and, where it has several, of each folder and each road.

    Args:
        data: The data set; its ``group`` finds the road.
        pairs: Pictures of it.
        items: Something of each picture.

    Raises:
        ConfigError: If ``data.group`` is not in an id.
    """
    found: dict[str, list[Item]] = {data.name: list(items)}
    for name_of in (_folder_of, group_of):
        named: dict[str, list[Item]] = {}
        for pair, item in zip(pairs, items, strict=True):
            if name := name_of(data, pair):
                named.setdefault(f"{data.name} {name}", []).append(item)
        found |= named if len(named) > 1 or name_of is _folder_of else {}
    return found


def _folder_of(data: DataConfig, pair: Pair) -> str | None:
    folder = pair.picture.parent
    if len(data.images) == 1:
        return None
    return folder.parent.name if folder.name == "Raw_images" else folder.name


def group_of(data: DataConfig, pair: Pair) -> str | None:
    """Return the road that ``data.group`` finds in an id; None if the set has no ``group``.

    Raises:
        ConfigError: If it finds none.
    """
    if data.group is None:
        return None
    found = group_in(data.group, pair.name)
    if found is None:
        raise ConfigError(
            f"data set '{data.name}' has the group '{data.group}', which the id '{pair.name}' does "
            "not have; change group so that it finds one in each id."
        )
    return found
