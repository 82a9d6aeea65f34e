"""The checkpoints that come with the source, to begin a training run with.

They are in ``training/checkpoints`` of a clone, and not in the wheel: a vehicle does not train.
"""

from __future__ import annotations

from pathlib import Path

from edgecrack.errors import ConfigError

FOLDER = Path(__file__).parent / "checkpoints"


def shipped_names() -> list[str]:
    """Return the names of the checkpoints that are there, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.pt"))


def start_path(start: str) -> Path:
    """Return the file that a configuration's ``start`` means.

    Args:
        start: A path if it has a ``/`` or ends in ``.pt``, else a name.

    Raises:
        ConfigError: If there is no checkpoint of that name.

    Example:
        >>> str(start_path("runs/first/best.pt"))
        'runs/first/best.pt'
    """
    if "/" in start or start.endswith(".pt"):
        return Path(start)
    names = shipped_names()
    if start not in names:
        there = f"those in {FOLDER} are: {', '.join(names)}" if names else f"{FOLDER} holds none"
        raise ConfigError(
            f"start = '{start}' must name a checkpoint that comes with the source, but {there}; "
            f"{'use one of these, or' if names else 'give'} the path of a .pt file."
        )
    return FOLDER / f"{start}.pt"
