"""Numbers survive a queue that drops."""

import pytest

from edgecrack.gst.frame_numbers import FrameNumbers


def test_every_picture_keeps_its_number_when_none_is_dropped():
    """Pictures leave in the order in which they entered, with their arrival times."""
    stamps = FrameNumbers()
    for key in (10, 20, 30):
        stamps.enter(key, arrived_ns=key)
        stamps.leave(key)
    assert [(s.index, s.arrived_ns) for s in (stamps.take() for _ in range(3))] == [
        (0, 10),
        (1, 20),
        (2, 30),
    ]


def test_a_dropped_picture_leaves_a_gap():
    """The numbers of dropped pictures never come out."""
    stamps = FrameNumbers()
    for key in (1, 2, 3, 4):
        stamps.enter(key, arrived_ns=0)
    stamps.leave(2)
    stamps.leave(4)
    assert [stamps.take().index, stamps.take().index] == [1, 3]


def test_an_address_used_again_means_the_living_picture():
    """When a dropped picture's address is reused, the newer number is the right one."""
    stamps = FrameNumbers()
    for key in (7, 8, 7, 9):
        stamps.enter(key, arrived_ns=0)
    stamps.leave(7)
    stamps.leave(9)
    assert [stamps.take().index, stamps.take().index] == [2, 3]


def test_a_picture_comes_out_once():
    """Nothing is left after the last picture was taken."""
    stamps = FrameNumbers()
    stamps.enter(1, arrived_ns=0)
    stamps.leave(1)
    stamps.take()
    with pytest.raises(IndexError):
        stamps.take()
