"""Settings that are good each by itself, but cannot be together."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from edgecrack.settings import setting_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgecrack.config import RunConfig

_ROLLING = ("roll_minutes", "roll_mb")


def disagreement(config: RunConfig, said: Mapping[str, Mapping[str, Any]]) -> str:
    """Say which settings cannot be together and what to do; empty where all can.

    What is about sealed segments needs a run that rolls only where it is said in ``said``: so
    ``--roll-minutes 0`` makes one folder though a unit's file says how segments are kept.

    Args:
        config: All settings.
        said: Table -> key -> value, of those that are looked at: a file's, or those typed.
    """
    if config.storage.rolls:
        return next(_against_rolling(config), "")
    return next(_for_segments_alone(config, said), "")


def _against_rolling(config: RunConfig) -> Iterator[str]:
    rolling = [key for key in _ROLLING if getattr(config.storage, key)]
    asked = " and ".join(_named(config, "storage", key) for key in rolling)
    off = " ".join(f"{_flag(config, 'storage', key)} 0" for key in rolling)
    why = f"cannot be together with {asked}: a run that rolls makes one folder after the other"
    if config.output.overlay:
        yield (
            f"{_named(config, 'output', 'overlay')} {why}, and no video of the whole; leave out "
            f"one of them ({off} does not roll), or watch it live with --stream"
        )
    if config.output.folder is not None:
        yield (
            f"--out {why}; name --runs-folder, in which it makes them, or leave out rolling "
            f"with {off}"
        )


def _for_segments_alone(config: RunConfig, said: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    whys = {
        ("upload", "address"): "it sends sealed segments",
        ("storage", "most_gb"): "it bounds sealed segments",
        ("storage", "overwrite"): "it deletes sealed segments",
    }
    rolling = " or ".join(_named(config, "storage", key) for key in _ROLLING)
    for (table, key), why in whys.items():
        is_said = said.get(table, {}).get(key) is not None
        if is_said and getattr(getattr(config, table), key):
            yield f"{_named(config, table, key)} needs {rolling}: {why}; add that, or leave it out"


def _named(config: RunConfig, table: str, key: str) -> str:
    return f"{table}.{key} ({_flag(config, table, key)})"


def _flag(config: RunConfig, table: str, key: str) -> str:
    spec = getattr(config, table)
    return next(setting_of(each).flag for each in fields(spec) if each.name == key)
