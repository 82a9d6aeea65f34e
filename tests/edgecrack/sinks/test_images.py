"""Masks and evidence pictures on disk."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from edgecrack.errors import SinkError
from edgecrack.sinks.images import ImageSink
from edgecrack.sinks.record_only import without_pictures
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from edgecrack.storage.run_folder import RunFolder


def test_mask_and_frame_of_an_index_belong_together(directory, make_observation, exiftool):
    """Both have the same size and the same GPS tags; the mask is exact, the picture is close."""
    observation = make_observation(7)
    sink = ImageSink(directory)
    sink.write(observation)
    sink.sync()
    sink.close()

    mask = Image.open(directory.masks / "00000007.png")
    frame = Image.open(directory.frames / "00000007.jpg")
    assert (mask.mode, frame.mode) == ("L", "RGB")
    assert mask.size == frame.size
    assert np.array_equal(np.asarray(mask), observation.mask)
    assert set(np.unique(np.asarray(mask))) == {0, 255}
    difference = np.asarray(frame).astype(int) - observation.frame.evidence
    assert np.abs(difference).mean() < 8
    of_mask, of_frame = exiftool(*(directory.path / p for p in (mask.filename, frame.filename)))
    gps = {tag: value for tag, value in of_mask.items() if tag.startswith("GPS")}
    assert len(gps) > 15
    assert gps == {tag: value for tag, value in of_frame.items() if tag.startswith("GPS")}


def test_colours_are_not_swapped(directory, make_observation):
    """A red road stays red."""
    observation = make_observation(0)
    observation.frame.evidence[:] = (200, 30, 20)
    sink = ImageSink(directory)
    sink.write(observation)
    sink.sync()
    sink.close()

    pixel = Image.open(directory.frames / "00000000.jpg").getpixel((5, 5))
    assert pixel == pytest.approx((200, 30, 20), abs=6)


@pytest.mark.parametrize(
    ("options", "masks", "frames"),
    [
        ({}, ["00000001.png"], ["00000001.jpg"]),
        ({"all_masks": True}, ["00000000.png", "00000001.png"], ["00000000.jpg", "00000001.jpg"]),
        ({"frames": False}, ["00000001.png"], None),
    ],
)
def test_only_what_was_asked_for_is_kept(
    directory, make_observation, options, masks, frames, names
):
    """Pictures are kept of cracks, or of everything, with or without the evidence."""
    sink = ImageSink(directory, **options)
    sink.write(make_observation(0, has_crack=False))
    sink.write(make_observation(1))
    sink.sync()
    sink.close()

    assert names(directory.masks) == masks
    assert (names(directory.frames) if directory.frames.exists() else None) == frames
    assert sink.missed == 0


def test_nothing_appears_before_it_is_durable(directory, make_observation, names):
    """A file has its name only after the sync; one never synced is gone after close."""
    sink = ImageSink(directory)
    sink.write(make_observation(0))
    assert names(directory.masks) == []

    sink.sync()
    sink.write(make_observation(1))
    assert names(directory.masks) == ["00000000.png"]

    sink.close()
    sink.close()
    assert names(directory.path) == ["frames", "masks"]
    assert names(directory.masks) == ["00000000.png"]


MASK, FRAME = Path("/run/masks/00000000.png"), Path("/run/frames/00000000.jpg")


@pytest.fixture
def memory():
    """A disk in memory."""
    return MemoryDisk()


@pytest.mark.parametrize("frames", [True, False])
def test_synced_pictures_outlive_a_power_cut(memory, make_observation, frames):
    """Once sync has returned, mask and frame are there under their names, byte for byte."""
    sink = ImageSink(RunFolder.create(Path("/run"), memory), frames=frames)
    sink.write(make_observation(0))
    sink.sync()

    left = memory.after_power_cut(Random(0), Unsynced.LOST)
    assert left.files() == memory.files()
    assert set(left.files()) == ({MASK, FRAME} if frames else {MASK})


def test_a_picture_that_has_its_name_is_whole(make_observation):
    """Wherever a sync is cut short, no name under masks or frames outlives its bytes."""
    whole = MemoryDisk()
    operations_left, has_ended = 0, False
    while not has_ended:
        disk = MemoryDisk(operations_left=operations_left)
        try:
            sink = ImageSink(RunFolder.create(Path("/run"), disk))
            sink.write(make_observation(0))
            sink.sync()
            has_ended, whole = True, disk
        except SinkError:
            operations_left += 1
        left = disk.after_power_cut(Random(0), Unsynced.NAMES_LEFT).files()
        assert all(left[path] for path in (MASK, FRAME) if path in left)

    assert set(whole.files()) == {MASK, FRAME}


def test_a_full_disk_leaves_no_mask_without_its_frame(memory, make_observation):
    """When the picture does not fit its mask goes too; what was complete before can be synced."""
    sink = ImageSink(RunFolder.create(Path("/run"), memory))
    sink.write(make_observation(0))
    before = memory.files()
    sink.write(make_observation(1))
    memory.room_bytes = sum(map(len, memory.files().values())) + 1000  # a mask, not a picture
    with pytest.raises(SinkError, match=r"00000002\.jpg"):
        sink.write(make_observation(2))
    sink.sync()
    sink.close()

    assert {path.name for path in memory.files()} == {
        f"0000000{index}.{ending}" for index in (0, 1) for ending in ("png", "jpg")
    }
    assert set(before.values()) <= set(memory.files().values())
    assert memory.names(Path("/run")) == ["frames", "masks"]


def test_a_failed_write_leaves_nothing_of_its_observation(directory, make_observation, names):
    """When the picture cannot be written its mask goes too, which frees room for the records."""
    sink = ImageSink(directory)
    sink.write(make_observation(2))
    (directory.path / ".pending" / "00000003.jpg").mkdir()

    with pytest.raises(SinkError, match=r"00000003\.jpg"):
        sink.write(make_observation(3))

    assert "00000003.png" not in names(directory.path / ".pending")
    sink.sync()
    sink.close()
    assert names(directory.masks) == ["00000002.png"]


def test_dropped_pictures_are_counted_where_they_were_due(directory, make_observation, names):
    """An observation without pixels counts as missed if, and only if, it should have been kept."""
    sink = ImageSink(directory)
    sink.write(without_pictures(make_observation(0)))
    sink.write(without_pictures(make_observation(1, has_crack=False)))
    sink.sync()
    sink.close()

    assert sink.missed == 1
    assert names(directory.masks) == []


def test_a_folder_that_vanishes_is_one_sentence(directory, make_observation):
    """When the medium is pulled out, the error names the file and what to do."""
    sink = ImageSink(directory)
    (directory.path / ".pending").rmdir()

    with pytest.raises(SinkError, match=r"00000003\.png"):
        sink.write(make_observation(3))
    sink.close()
