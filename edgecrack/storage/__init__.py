"""What keeps bytes: the disk every result is written to, the run folder on it, and its segments."""

from __future__ import annotations

from dataclasses import dataclass

from edgecrack.settings import setting

LEAST_ROLL_MINUTES, MOST_ROLL_MINUTES = 0.01, 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSpec:
    """How a run that goes on for weeks is kept: the table ``[storage]`` of ``unit.toml``.

    With ``roll_minutes`` or ``roll_mb`` a run begins a new folder from time to time, a segment,
    and seals the last one; a disk that takes nothing is waited for. The other settings are about
    such segments.

    Attributes:
        roll_minutes: Begin a new segment after so long; None does not.
        roll_mb: Begin a new one after so many megabytes; None does not.
        most_gb: Where all sealed segments together take more, the oldest that was uploaded is
            deleted; None is no limit.
        keep_free_mb: The same where the disk has less room left.
        overwrite: Where that is not enough, also delete segments that were not uploaded.
    """

    roll_minutes: float | None = setting(
        None,
        flag="--roll-minutes",
        help="Begin a new folder after so many minutes, and seal the last.",
        default_text="one folder for the whole run",
    )
    roll_mb: float | None = setting(
        None,
        flag="--roll-mb",
        help="Begin a new folder after so many megabytes, and seal the last.",
        default_text="one folder for the whole run",
    )
    most_gb: float | None = setting(
        None,
        flag="--most-gb",
        help="Where sealed folders take more, the oldest that was uploaded is deleted.",
        default_text="as much as there is",
    )
    keep_free_mb: int = setting(
        512,
        flag="--keep-free-mb",
        help="Where the disk has less left, the oldest folder that was uploaded is deleted.",
    )
    overwrite: bool = setting(
        default=False,
        flag="--overwrite",
        help="Where room is needed, also delete the oldest folders that were not uploaded.",
    )

    def __post_init__(self) -> None:
        """Refuse what no disk can have."""
        minutes = self.roll_minutes
        if minutes is not None and not LEAST_ROLL_MINUTES <= minutes <= MOST_ROLL_MINUTES:
            raise ValueError(
                f"roll_minutes must be {LEAST_ROLL_MINUTES} to {MOST_ROLL_MINUTES}, not {minutes}"
            )
        for key in ("roll_mb", "most_gb"):
            value = getattr(self, key)
            if value is not None and not 0.001 <= value <= 1e6:
                raise ValueError(f"{key} must be 0.001 to 1000000, not {value}")
        if not 0 <= self.keep_free_mb <= 1_000_000:
            raise ValueError(f"keep_free_mb must be 0 to 1000000, not {self.keep_free_mb}")

    @property
    def rolls(self) -> bool:
        """Whether a run is kept as segments."""
        return self.roll_minutes is not None or self.roll_mb is not None
