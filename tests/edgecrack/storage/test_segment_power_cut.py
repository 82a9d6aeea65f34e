"""A survey that rolls, and whose power goes at any moment; also while it is repaired."""

from random import Random

import pytest

from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from edgecrack.storage.quota import Quota
from edgecrack.storage.store import SegmentStore
from tests.edgecrack.storage.power_cut import make_observations
from tests.edgecrack.storage.segment_power_cut import PARENT, check, recover, survey


def operations(observations) -> int:
    """Return how often such a survey asks its disk for something."""
    disk = MemoryDisk()
    survey(disk, observations)
    return disk.operations


def acknowledged(told) -> set[int]:
    """Return the frames with cracks that were acknowledged."""
    return {seen.frame.index for seen in told.observations[: told.synced] if seen.has_crack}


def test_a_survey_that_ends_leaves_sealed_segments():
    """Forty frames in segments of ten: all records, each sealed, none repaired."""
    observations, disk = make_observations(40), MemoryDisk()
    told = survey(disk, observations)
    recover(disk)
    left = check(disk)
    assert (left.segments, left.repaired, left.lines_cut) == (4, 0, 0)
    assert left.frames == acknowledged(told) == {n for n in range(40) if n % 3 != 2}


@pytest.mark.parametrize("unsynced", [Unsynced.LOST, Unsynced.NAMES_LEFT, Unsynced.LEFT])
def test_the_power_may_go_after_any_operation(unsynced):
    """What was acknowledged is there after a new start, wherever a survey of two segments ends."""
    observations = make_observations(14)
    for operations_left in range(operations(observations) + 1):
        disk = MemoryDisk(operations_left=operations_left)
        told = survey(disk, observations)
        left_disk = disk.after_power_cut(Random(0), unsynced)
        recover(left_disk)
        assert acknowledged(told) <= check(left_disk).frames


def test_the_power_may_go_again_while_segments_are_repaired():
    """A second cut in the middle of the repairs loses nothing either."""
    observations = make_observations(24)
    most, cuts = operations(observations), 0
    for seed in range(60):
        random = Random(seed)
        disk = MemoryDisk(operations_left=random.randrange(most // 2, most))
        told = survey(disk, observations)
        operations_left = random.randrange(12)
        found = disk.after_power_cut(random, operations_left=operations_left)
        recover(found)
        cuts += found.operations == operations_left
        found = found.after_power_cut(random)
        recover(found)
        assert acknowledged(told) <= check(found).frames
    assert cuts > 20


def test_what_a_quota_deletes_is_gone_as_a_whole():
    """With overwriting allowed old segments go; at any moment each is all there or not at all."""
    observations, whole = make_observations(60), MemoryDisk()
    survey(whole, observations)
    sizes = [segment.size_bytes for segment in SegmentStore(whole, PARENT).sealed()]
    quota = Quota(most_bytes=2 * max(sizes), overwrite=True)
    whole = MemoryDisk()
    survey(whole, observations, quota)
    assert check(recovered(whole)).segments < len(sizes)
    for seed in range(60):
        random = Random(seed)
        disk = MemoryDisk(operations_left=random.randrange(whole.operations))
        told = survey(disk, observations, quota)
        left = check(recovered(disk.after_power_cut(random)))
        newest = {seen.frame.index for seen in told.observations[max(0, told.synced - 10) :]}
        assert acknowledged(told) & newest <= left.frames


def recovered(disk: MemoryDisk) -> MemoryDisk:
    """Return a disk after a new start on it."""
    recover(disk)
    assert not any(name.startswith(".") for name in disk.names(PARENT) if disk.is_folder(PARENT))
    return disk
