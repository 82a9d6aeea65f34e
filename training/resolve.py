"""From the shares in a configuration to the pictures that were drawn for each part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.dataset import find_pairs, split_of
from training.split import listed

if TYPE_CHECKING:
    from pathlib import Path

    from training.config import DataConfig, TrainConfig


def resolve_splits(config: TrainConfig, root: Path) -> TrainConfig:
    """Return ``config`` with each split by shares replaced by one by ids.

    So a run, its checkpoints and the bundles made from them know their test pictures, whatever is
    added to the folders later.

    Args:
        config: The configuration.
        root: The data folder.

    Raises:
        InputError: If a folder cannot be read, or a picture has no mask.
        ConfigError: If a split cannot be drawn.
    """
    sets = tuple(_resolved(data, root) for data in config.data)
    return config.model_copy(update={"data": sets})


def _resolved(data: DataConfig, root: Path) -> DataConfig:
    if data.split is None or not data.split.by_shares:
        return data
    parts = split_of(data, data.split, find_pairs(data, root), root)
    return data.model_copy(update={"split": listed(parts)})
