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
        roll_minutes: Begin a new segment after so long; None or 0 does not.
        roll_mb: Begin a new one after so many megabytes; None or 0 does not.
        most_gb: Where all sealed segments together take more, the oldest that was uploaded is
            deleted; None is no limit.
        keep_free_mb: The same where the disk has less room left.
        overwrite: Where that is not enough, also delete segments that were not uploaded.
    """

    roll_minutes: float | None = setting(
        None,
        flag="--roll-minutes",
        help="Begin a new folder after so many minutes, and seal the last; 0 does not.",
        default_text="one folder for the whole run",
    )
    roll_mb: float | None = setting(
        None,
        flag="--roll-mb",
        help="Begin a new folder after so many megabytes, and seal the last; 0 does not.",
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
        if minutes and not LEAST_ROLL_MINUTES <= minutes <= MOST_ROLL_MINUTES:
            raise ValueError(
                f"roll_minutes must be {LEAST_ROLL_MINUTES} to {MOST_ROLL_MINUTES}, or 0 not to "
                f"roll, not {minutes}"
            )
        if self.roll_mb and not 0.001 <= self.roll_mb <= 1e6:
            raise ValueError(
                f"roll_mb must be 0.001 to 1000000, or 0 not to roll, not {self.roll_mb}"
            )
        if self.most_gb is not None and not 0.001 <= self.most_gb <= 1e6:
            raise ValueError(f"most_gb must be 0.001 to 1000000, not {self.most_gb}")
        if not 0 <= self.keep_free_mb <= 1_000_000:
            raise ValueError(f"keep_free_mb must be 0 to 1000000, not {self.keep_free_mb}")

    @property
    def rolls(self) -> bool:
        """Whether a run is kept as segments."""
        return bool(self.roll_minutes or self.roll_mb)
