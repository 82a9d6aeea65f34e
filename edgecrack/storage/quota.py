"""Which segments must go so that there is room for new ones. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A sealed segment.

    Attributes:
        name: Its folder's name.
        order: Larger than that of every segment sealed before it.
        size_bytes: What it takes.
        is_uploaded: Whether it is known to have arrived elsewhere.
    """

    name: str
    order: int
    size_bytes: int
    is_uploaded: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """How much room segments may take.

    Attributes:
        most_bytes: All sealed segments together; None is no limit.
        keep_free_bytes: Room that is left to others on the disk.
        overwrite: Whether those that have not arrived elsewhere go too, once no others are left.

    Example:
        >>> old, sent = StoredSegment("a", 1, 60), StoredSegment("b", 2, 50, is_uploaded=True)
        >>> quota = Quota(most_bytes=100)
        >>> quota.evicted([old, sent], free_bytes=0)
        ['b']
        >>> Quota(most_bytes=40, overwrite=True).evicted([old, sent], free_bytes=0)
        ['b', 'a']
    """

    most_bytes: int | None = None
    keep_free_bytes: int = 0
    overwrite: bool = False

    def evicted(self, segments: Iterable[StoredSegment], free_bytes: int) -> list[str]:
        """Return the names of those to delete: the oldest that was uploaded first.

        Args:
            segments: All that are sealed.
            free_bytes: Room left on their disk now.
        """
        those = sorted(segments, key=lambda one: (not one.is_uploaded, one.order))
        used_bytes = sum(segment.size_bytes for segment in those)
        names: list[str] = []
        for segment in those:
            if self._fits(used_bytes, free_bytes) or not (segment.is_uploaded or self.overwrite):
                break
            names.append(segment.name)
            used_bytes -= segment.size_bytes
            free_bytes += segment.size_bytes
        return names

    def _fits(self, used_bytes: int, free_bytes: int) -> bool:
        is_within = self.most_bytes is None or used_bytes <= self.most_bytes
        return is_within and free_bytes >= self.keep_free_bytes
