"""A fragment of many runs becomes one of a single run, and nothing behind it moves."""

import struct

from edgecrack.gst.fragment import merge_runs

_OFFSET, _DURATION, _SIZE, _FLAGS = 0x1, 0x100, 0x200, 0x400
_NOT_A_KEY_FRAME = 0x100C0


def box(kind, *bodies):
    """Return a box of MP4."""
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def words(*values):
    """Return numbers of 32 bits."""
    return struct.pack(f">{len(values)}I", *values)


def fragment(*runs, header=(0x8, 1, 60)):
    """Return a fragment as mp4mux of GStreamer 1.20 writes it: 60 is every sample's duration."""
    told = [box(b"tfhd", words(*header)), box(b"tfdt", words(0, 900))]
    track = box(b"traf", *told, *(box(b"trun", words(*run)) for run in runs))
    return box(b"moof", box(b"mfhd", words(0, 1)), track)


def test_the_samples_of_many_runs_are_told_by_one():
    """Each keeps its size and flags; the first, which told no flags, is a key frame."""
    rest = [(_SIZE | _FLAGS, 1, size, _NOT_A_KEY_FRAME) for size in (16, 17)]
    many = fragment((_OFFSET | _SIZE, 1, 180, 674), *rest)
    samples = (674, 0, 16, _NOT_A_KEY_FRAME, 17, _NOT_A_KEY_FRAME)
    one = fragment((_OFFSET | _SIZE | _FLAGS, 3, 180, *samples))
    merged = merge_runs(many)
    assert merged[: len(one)] == one
    assert len(merged) == len(many)
    assert merged[len(one) :] == box(b"free", bytes(len(many) - len(one) - 8))


def test_what_one_sample_tells_is_told_of_all():
    """A duration or flags that only some tell come from the header for the others."""
    header = (0x2 | 0x8 | 0x10 | 0x20, 1, 9, 60, 50, 8)  # 9 is no default: which description
    first = (_OFFSET | 0x4, 2, 200, 5)  # of two samples: the first one's flags are 5
    rest = [(_DURATION | _SIZE | _FLAGS, 1, 61, size, 6) for size in range(70, 74)]
    told = (60, 50, 5, 60, 50, 8, 61, 70, 6, 61, 71, 6, 61, 72, 6, 61, 73, 6)
    one = fragment((_OFFSET | _DURATION | _SIZE | _FLAGS, 6, 200, *told), header=header)
    assert merge_runs(fragment(first, *rest, header=header))[: len(one)] == one


def test_runs_that_take_less_room_than_one_are_left_alone():
    """It could not be told without moving what follows."""
    crowded = fragment((_OFFSET, 1, 148), (_DURATION | _SIZE | _FLAGS, 1, 61, 70, 6))
    assert merge_runs(crowded) == crowded


def test_a_single_run_is_left_alone():
    """Also one that was merged before, with its free box."""
    single = fragment((_OFFSET | _SIZE, 1, 112, 300))
    assert merge_runs(single) == single
    rest = [(_SIZE | _FLAGS, 1, size, _NOT_A_KEY_FRAME) for size in range(10)]
    merged = merge_runs(fragment((_OFFSET | _SIZE, 1, 348, 674), *rest))
    assert merge_runs(merged) == merged
    assert b"free" in merged
