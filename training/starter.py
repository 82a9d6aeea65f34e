"""The configuration that a first run on one's own pictures begins with."""

from __future__ import annotations

import re
from importlib import resources

from training.checkpoint import load_checkpoint
from training.shipped import start_path
from training.toml_text import toml_text

LEARNING_RATE = "5e-4"
"""That of a network which has learnt cracks already: a higher one would first forget them."""


def starter_text(start: str | None = None) -> str:
    """Return the text of a configuration for one's own pictures.

    Args:
        start: The checkpoint to begin with, a path or a name as ``training.shipped`` has them, so
            that ``[model]`` is its network; None for a small network from random weights.

    Raises:
        ConfigError: If there is no checkpoint of that name.
        InputError: If it cannot be read.
    """
    file = resources.files("edgecrack.configs") / "train" / "starter.toml"
    text = file.read_text(encoding="utf-8")
    if start is None:
        return text
    model = load_checkpoint(start_path(start)).config.model_dump(mode="json")["model"]
    table = toml_text({"model": model}).strip() + "\n"
    text = re.sub(r"\[model\]\n(?:.+\n)*", lambda _: table, text)
    text = re.sub(r'# start = ".*"\n', lambda _: toml_text({"start": start}).strip() + "\n", text)
    return re.sub(r"(learning_rate =) .*", rf"\1 {LEARNING_RATE}", text)
