"""What a run may be told: on the command line, or in a ``unit.toml`` that a unit keeps.

Strict, frozen, doing nothing: an unknown key is refused and the nearest known one is named.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from edgecrack.errors import UsageError
from edgecrack.records import Region
from edgecrack.toml import config_error, read_toml
from edgecrack.utc import utc_ns

if TYPE_CHECKING:
    from collections.abc import Mapping


_END_NS = utc_ns("2100-01-01T00:00:00Z")


class RunConfig(BaseModel):
    """A run of ``edgecrack run``.

    Attributes:
        source: Video file, URI, ``v4l2:///dev/video0``, ``test:`` or a directory of images.
        position: NMEA or GPX file, or ``serial:///dev/ttyUSB0?baud=9600``.
        model: Bundle directory; None is the model that comes with edgecrack.
        out: Folder for the results; None makes one under ``runs``.
        video_start: UTC of the source's time zero, ISO 8601.
        region: x, y, width, height in source pixels; None is the whole picture.
        live: True lets the newest frame win, False lets none be dropped; None is the source's way.
        rate_fps: Pictures a second of a directory of images.
        all_masks: Write a mask for every frame, not only for those with a crack.
        frames: Keep the evidence picture beside each mask.
        overlay: Write overlay.mp4.
        min_crack_share: A frame has a crack from this share of the region on, 0 to 1.
        max_gap_s: Positions further apart are not interpolated.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    position: str | None = None
    model: Path | None = None
    out: Path | None = None
    video_start: str | None = None
    region: tuple[int, int, int, int] | None = None
    live: bool | None = None
    rate_fps: float | None = Field(default=None, gt=0, le=1000)
    all_masks: bool = False
    frames: bool = True
    overlay: bool = False
    min_crack_share: float = Field(default=0.0005, ge=0, le=1)
    max_gap_s: float = Field(default=2.0, gt=0, le=60)

    @field_validator("video_start")
    @classmethod
    def _is_instant(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                is_instant = 0 <= utc_ns(value) < _END_NS
            except ValueError:
                is_instant = False
            if not is_instant:
                raise ValueError(
                    "an instant from 1970 to 2100 is written like 2026-05-01T12:00:00Z, "
                    f"not '{value}'"
                )
        return value

    @field_validator("region")
    @classmethod
    def _is_region(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value is not None:
            Region(*value)
        return value

    @property
    def start_ns(self) -> int | None:
        """UTC of the source's time zero, or None when nobody said."""
        return None if self.video_start is None else utc_ns(self.video_start)

    @property
    def region_px(self) -> Region | None:
        """The region as a record, or None for the whole picture."""
        return None if self.region is None else Region(*self.region)


def configure(given: Mapping[str, Any], file: Path | None = None) -> RunConfig:
    """Put together what a run is told: a unit's file, and the command line, which wins.

    Relative paths in the file start from the current folder, as on the command line.

    Args:
        given: What the command line says, under the names of ``RunConfig``.
        file: A ``unit.toml``.

    Raises:
        ConfigError: If the file cannot be read, is no TOML, or says something not understood.
        UsageError: If the command line says something that cannot be.
    """
    written = {} if file is None else read_toml(file)
    try:
        return RunConfig.model_validate({**written, **given})
    except ValidationError as error:
        faults: list[dict[str, Any]] = [dict(each) for each in error.errors()]
        typed = [each for each in faults if file is None or each["loc"][0] in given]
        schema = RunConfig.model_json_schema()
        if typed:
            raise UsageError(str(config_error("the command line", typed, schema))) from error
        raise config_error(str(file), faults, schema) from error
