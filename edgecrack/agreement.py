"""Settings that are good each by itself, but cannot be together."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from edgecrack.settings import setting_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.sinks import OutputSpec
    from edgecrack.storage import StorageSpec
    from edgecrack.uplink import UploadSpec

    _Spec = OutputSpec | StorageSpec | UploadSpec

_ROLLING = ("roll_minutes", "roll_mb")


def disagreement(
    output: OutputSpec,
    storage: StorageSpec,
    upload: UploadSpec,
    said: Mapping[str, Mapping[str, Any]],
) -> str:
    """Say which settings cannot be together and what to do; empty where all can.

    What is about sealed segments needs a run that rolls only where it is in ``said``: so
    ``--roll-minutes 0`` makes one folder though a unit's file says how segments are kept.

    Args:
        output: What is kept.
        storage: How.
        upload: Where finished segments go.
        said: Table -> key -> value, of those that are looked at: a file's, or those typed.

    Example:
        >>> from edgecrack.sinks import OutputSpec
        >>> from edgecrack.storage import StorageSpec
        >>> from edgecrack.uplink import UploadSpec
        >>> disagreement(OutputSpec(), StorageSpec(roll_minutes=10.0), UploadSpec(), {})
        ''
    """
    if storage.rolls:
        return _against_rolling(output, storage)
    about_segments: tuple[tuple[_Spec, str, str], ...] = (
        (upload, "address", "it sends sealed segments"),
        (storage, "most_gb", "it bounds sealed segments"),
        (storage, "overwrite", "it deletes sealed segments"),
    )
    for spec, key, why in about_segments:
        if said.get(_table(spec), {}).get(key) is not None and getattr(spec, key):
            rolling = " or ".join(_named(storage, each) for each in _ROLLING)
            return f"{_named(spec, key)} needs {rolling}: {why}; add that, or leave it out"
    return ""


def _against_rolling(output: OutputSpec, storage: StorageSpec) -> str:
    rolling = [key for key in _ROLLING if getattr(storage, key)]
    asked = " and ".join(_named(storage, key) for key in rolling)
    off = " ".join(f"{_flag(storage, key)} 0" for key in rolling)
    why = f"cannot be together with {asked}: a run that rolls makes one folder after the other"
    if output.overlay:
        return (
            f"{_named(output, 'overlay')} {why}, and no video of the whole; leave out one of them "
            f"({off} does not roll), or watch it live with --stream"
        )
    if output.folder is not None:
        return (
            f"--out {why}; name --runs-folder, in which it makes them, or leave out rolling "
            f"with {off}"
        )
    return ""


def _named(spec: _Spec, key: str) -> str:
    return f"{_table(spec)}.{key} ({_flag(spec, key)})"


def _table(spec: _Spec) -> str:
    """Return the table of a spec: ``OutputSpec`` is that of ``output``."""
    return type(spec).__name__.removesuffix("Spec").lower()


def _flag(spec: _Spec, key: str) -> str:
    return next(setting_of(each).flag for each in fields(spec) if each.name == key)
