"""A file that says which network is meant: a checkpoint, or the configuration of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.checkpoint import load_checkpoint
from training.config import load_config

if TYPE_CHECKING:
    from pathlib import Path

    from training.config import TrainConfig


def config_of(path: Path) -> TrainConfig:
    """Return the configuration in a TOML file, or that of a checkpoint (``.pt``).

    Raises:
        InputError: If a checkpoint cannot be used.
        ConfigError: If a configuration cannot.
    """
    return load_checkpoint(path).config if path.suffix == ".pt" else load_config(path)
