"""A survey whose power goes at any moment."""

from random import Random

import pytest

from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from tests.edgecrack.storage.power_cut import check, make_observations, survey


def operations(observations) -> int:
    """Return how often a survey of these observations asks its disk for something."""
    disk = MemoryDisk()
    assert survey(disk, observations).has_ended
    return disk.operations


def test_a_survey_that_ends_is_durable_to_the_last_byte():
    """After the run nothing is left that a power cut could take."""
    observations, disk = make_observations(10), MemoryDisk()
    told = survey(disk, observations)
    left = check(disk.after_power_cut(Random(0), Unsynced.LOST), told, observations)

    assert len(told.acknowledged) == 10
    assert (left.lines, left.torn_bytes, left.pictures) == (7, 0, 2 * 5)
    assert not any(".pending" in str(path) for path in disk.files())


@pytest.mark.parametrize("unsynced", [Unsynced.LOST, Unsynced.NAMES_LEFT, Unsynced.LEFT])
def test_the_power_may_go_after_any_operation(unsynced):
    """Whatever was acknowledged is whole and nothing is half, wherever a short run is cut."""
    observations = make_observations(6)
    for operations_left in range(operations(observations) + 1):
        disk = MemoryDisk(operations_left=operations_left)
        told = survey(disk, observations)
        check(disk.after_power_cut(Random(0), unsynced), told, observations)


@pytest.mark.slow
def test_a_power_cut_may_leave_any_part_of_what_was_not_synced():
    """A hundred cuts at random moments, each with its own unsynced names and bytes left."""
    observations = make_observations(40)
    most, acknowledged, torn = operations(observations), set(), 0
    for seed in range(100):
        random = Random(seed)
        disk = MemoryDisk(operations_left=random.randrange(most))
        told = survey(disk, observations)
        torn += check(disk.after_power_cut(random), told, observations).torn_bytes > 0
        acknowledged.add(len(told.acknowledged))

    assert len(acknowledged) > 5  # the cuts were early and late
    assert torn > 0  # and some of them in the middle of a line


def test_a_disk_may_be_full_at_any_byte():
    """However little room there is, what was acknowledged is whole and durable."""
    observations, disk = make_observations(12), MemoryDisk()
    survey(disk, observations)
    most_bytes = sum(map(len, disk.files().values()))
    for room_bytes in range(0, most_bytes, most_bytes // 60):
        disk = MemoryDisk(room_bytes=room_bytes)
        told = survey(disk, observations)
        check(disk.after_power_cut(Random(0), Unsynced.LOST), told, observations)
        left = check(disk, told, observations)

        assert not told.has_ended
        assert left.torn_bytes == 0
        assert not any(".pending" in str(path) for path in disk.files())
