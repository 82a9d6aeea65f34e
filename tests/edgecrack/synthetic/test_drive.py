"""The synthetic drive."""

import cv2
import numpy as np
import pytest

from edgecrack.errors import SinkError
from edgecrack.synthetic.drive import SECOND_NS, DriveSpec, drive_fixes, render_frames, write_drive


@pytest.mark.slow
def test_the_same_spec_gives_the_same_pixels(spec, frames):
    """A second rendering equals the first to the last pixel."""
    again = next(iter(render_frames(spec)))
    assert np.array_equal(again.picture, frames[0].picture)
    assert np.array_equal(again.mask, frames[0].mask)


def test_cracks_in_the_truth_are_dark_in_the_picture(frames):
    """Where the mask says crack, the picture is clearly darker than just beside it."""
    compared = 0
    for frame in frames:
        if (frame.mask > 0).sum() < 60:
            continue
        near = cv2.dilate(frame.mask, np.ones((21, 21), np.uint8))
        beside = (near > 0) & (cv2.dilate(frame.mask, np.ones((7, 7), np.uint8)) == 0)
        grey = cv2.cvtColor(frame.picture, cv2.COLOR_RGB2GRAY)
        assert grey[frame.mask > 0].mean() < np.median(grey[beside]) - 15
        compared += 1
    assert compared >= 3


def test_frames_are_grey_road_at_regular_times(spec, frames):
    """Frames come at the asked rate, look like daylight asphalt, and masks hold 0 and 255 only."""
    assert [frame.pts_ns for frame in frames] == [spec.pts_ns(n) for n in range(spec.frame_count)]
    assert all(95 < frame.picture.mean() < 150 for frame in frames)
    assert set(np.unique(np.stack([frame.mask for frame in frames]))) == {0, 255}


def test_a_written_drive_is_complete(drive, frames):
    """The video has every frame, each true mask is its frame's, and the log spans the video."""
    video = cv2.VideoCapture(str(drive.video))
    pictures = []
    while (read := video.read())[0]:
        pictures.append(read[1])
    assert len(pictures) == len(frames)
    assert np.abs(pictures[5][..., ::-1].astype(int) - frames[5].picture).mean() < 12
    for frame in frames:
        mask = cv2.imread(str(drive.truth / f"{frame.index:08d}.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(mask, frame.mask)
    assert drive.fixes == drive_fixes(drive.spec)
    assert drive.fixes[0].time_ns < drive.start_ns
    assert drive.fixes[-1].time_ns > drive.start_ns + drive.spec.seconds * SECOND_NS
    assert drive.positions.read_bytes().count(b"\r\n") == 2 * len(drive.fixes)


def test_an_unwritable_folder_is_a_sink_error(tmp_path):
    """A file where the folder should be is named and stays as it is."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(SinkError, match=r"/taken\b"):
        write_drive(DriveSpec(), tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == ""


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": 0},
        {"fps": -1},
        {"speed_mps": 0},
        {"fix_hz": 0},
        {"width_px": 641},
        {"width_px": 62},
        {"height_px": 361},
        {"height_px": 20},
    ],
)
def test_an_impossible_drive_is_refused(change):
    """A drive without time, rate or speed, or of a size that cannot be encoded, is an error."""
    with pytest.raises(ValueError, match=next(iter(change))):
        DriveSpec(**change)
