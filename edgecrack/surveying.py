"""A survey as a function call: what ``edgecrack run`` does, for Python programs."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from edgecrack.config import SPECS, configure, settings
from edgecrack.errors import UsageError
from edgecrack.run import run
from edgecrack.run_reader import read_run
from edgecrack.settings import setting_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Unpack

    from edgecrack.config import Tables
    from edgecrack.run_reader import Run


class SurveySettings(TypedDict, total=False):
    """What ``survey`` may be told: the options of ``edgecrack run``, with ``_`` for ``-``.

    ``edgecrack run --help`` says what each of them means, and its default.
    """

    video_start: str | None
    region: tuple[int, int, int, int] | None
    rate: float | None
    live: bool | None
    decoder: str
    reconnect: bool | None
    stale_after: float
    most_age: float
    position: str | os.PathLike[str] | None
    max_gap: float
    standstill: str
    position_latency: float
    clock: str
    model: str | os.PathLike[str] | None
    backend: str
    precision: str
    size: tuple[int, int] | None
    releases: str | os.PathLike[str] | None
    swap_socket: str | os.PathLike[str] | None
    min_crack_share: float
    out: str | os.PathLike[str] | None
    runs_folder: str | os.PathLike[str]
    all_masks: bool
    frames: bool
    overlay: bool
    roll_minutes: float | None
    roll_mb: float | None
    most_gb: float | None
    keep_free_mb: int
    overwrite: bool
    mqtt: str | None
    unit: str | None
    mqtt_credentials: str | os.PathLike[str] | None
    mqtt_ca: str | os.PathLike[str] | None
    mqtt_cert: str | os.PathLike[str] | None
    mqtt_key: str | os.PathLike[str] | None
    status_every: float
    mqtt_budget: float | None
    metered: str
    mqtt_pictures: bool
    spool: str | os.PathLike[str] | None
    outbox: str | os.PathLike[str]
    upload: str | None
    upload_region: str
    upload_credentials: str | os.PathLike[str] | None
    upload_budget: float | None
    upload_metered: str
    stream: str | None
    stream_picture: str
    stream_bitrate: int
    stream_fps: float
    health: str | None
    health_token: str | os.PathLike[str] | None
    log: str
    warm_at: float | None
    hot_at: float | None
    critical_at: float | None
    cooler_by: float
    low_supply: float | None
    critical_supply: float | None
    supply_alarms: bool


def survey(
    source: str | os.PathLike[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    **given: Unpack[SurveySettings],
) -> Run:
    """Survey a source, as ``edgecrack run`` does, and return what that left behind.

    Args:
        source: A video, a folder of pictures, a stream or a camera; None where ``config`` says.
        config: A ``unit.toml`` with any of the settings; those given here win.
        given: The options of ``edgecrack run`` as keywords: see ``SurveySettings``. None is as if
            not given.

    Returns:
        The run, as ``read_run`` reads it; without ``out`` its folder is made in ``runs_folder``.

    Raises:
        UsageError: There is no such setting, or a value cannot be.
        EdgecrackError: Whatever went wrong. What was finished before stays in the run's folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = survey("test:?width=96&height=64&frames=3", out=f"{folder}/run")
        >>> done.report["frames_in"], done.record["exit_reason"]
        (3, 'end of source')
    """
    tables = _tables({"SOURCE": source, **given})
    outcome = run(configure(tables, None if config is None else Path(config)))
    return read_run(outcome.out)


def _tables(given: Mapping[str, object]) -> Tables:
    """Sort keywords into the tables of ``unit.toml``."""
    places = keywords()
    tables: Tables = {table: {} for table in SPECS}
    for keyword, value in given.items():
        if keyword not in places:
            near = difflib.get_close_matches(keyword, places, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(places)}."
            raise UsageError(f"a survey has no setting '{keyword}'; {hint}")
        if value is not None:
            table, key = places[keyword]
            tables[table][key] = os.fspath(value) if isinstance(value, os.PathLike) else value
    return tables


def keywords() -> dict[str, tuple[str, str]]:
    """Return keyword -> table and key of ``unit.toml``, from what the rooms declare."""
    return {
        setting_of(declared).flag.partition("/")[0].lstrip("-").replace("-", "_"): (
            table,
            declared.name,
        )
        for table, spec in SPECS.items()
        for declared in settings(spec)
    }
