"""The configuration that a first run on one's own pictures begins with."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from training.checkpoint import load_checkpoint
from training.shipped import start_path
from training.toml_text import toml_text

LEARNING_RATE = "2e-4"
"""That of a network which has learnt cracks already: a higher one would first forget them."""


def starter_text(start: str | None = None) -> str:
    """Return the text of a configuration for one's own pictures.

    With a start ``[model]`` is its network, and the crack weight the one that its training ended
    with: another would move all probabilities, and with them the threshold.

    Args:
        start: The checkpoint to begin with, a path or a name as ``training.shipped`` has them; None
            for a small network from random weights.

    Raises:
        ConfigError: If there is no checkpoint of that name.
        InputError: If it cannot be read.
    """
    file = resources.files("edgecrack.configs") / "train" / "starter.toml"
    text = file.read_text(encoding="utf-8")
    if start is None:
        return text
    config = load_checkpoint(start_path(start)).config.model_dump(mode="json")
    loss = config["loss"]
    loss |= {"beta": loss["beta_end"] or loss["beta"], "beta_end": None}
    text = _with_table(text, "model", config["model"])
    text = _with_table(text, "loss", loss)
    text = re.sub(r'# start = ".*"\n', lambda _: toml_text({"start": start}).strip() + "\n", text)
    return re.sub(r"(learning_rate =) .*", rf"\1 {LEARNING_RATE}", text)


def _with_table(text: str, name: str, values: dict[str, Any]) -> str:
    """Return the document with another table of this name."""
    table = toml_text({name: values}).strip() + "\n"
    return re.sub(rf"\[{name}\]\n(?:.+\n)*", lambda _: table, text)
