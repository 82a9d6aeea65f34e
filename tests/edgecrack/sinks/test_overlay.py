"""The video for people."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgecrack.records import Fix, RgbImage
from edgecrack.sinks.overlay import OverlaySink, caption, to_overlay
from edgecrack.sinks.record_only import without_pictures
from edgecrack.storage.run_folder import RunFolder


def _play(path):
    """Return the pictures (RGB) and their times in milliseconds."""
    video = cv2.VideoCapture(str(path))
    pictures: list[RgbImage] = []
    times_ms: list[float] = []
    while True:
        read, picture = video.read()
        if not read:
            return pictures, times_ms
        pictures.append(picture.astype(np.uint8)[..., ::-1])
        times_ms.append(video.get(cv2.CAP_PROP_POS_MSEC))


def test_every_frame_is_in_the_video_at_its_own_time(directory, make_observation):
    """Frames with and without crack are there, the first at time 0."""
    sink = OverlaySink(directory, fps=25.0)
    for index in range(30, 45):
        sink.write(make_observation(index, has_crack=index % 2 == 0, size_px=(320, 240)))
    sink.close()
    sink.close()

    pictures, times_ms = _play(directory.path / "overlay.mp4")
    assert len(pictures) == 15
    assert times_ms == pytest.approx([40 * step for step in range(15)], abs=1)
    assert pictures[0].shape == (240, 320, 3)


def test_a_frame_without_its_picture_is_left_out_and_counted(directory, make_observation):
    """When pictures had to be given up the video goes on with the next one there is."""
    sink = OverlaySink(directory, fps=25.0)
    for index in range(6):
        seen = make_observation(index, size_px=(320, 240))
        sink.write(without_pictures(seen) if index in {0, 3} else seen)
    sink.close()
    assert len(_play(directory.path / "overlay.mp4")[0]) == 4
    assert sink.missed == 2


def test_the_crack_is_drawn_where_the_mask_is(make_observation):
    """Crack pixels turn magenta, the rest above the caption stays, the source is untouched."""
    observation = make_observation(1, size_px=(320, 240))
    before = observation.frame.evidence.copy()
    drawn = to_overlay(observation)

    assert np.array_equal(observation.frame.evidence, before)
    above = np.s_[:200]
    crack = observation.mask[above] > 0
    assert np.array_equal(drawn[above][~crack], before[above][~crack])
    red, green, blue = drawn[above][crack].mean(axis=0)
    assert red > 180
    assert blue > 110
    assert green < 60
    assert not np.array_equal(drawn[215:], before[215:])  # the caption
    margin, crack_there = np.s_[236:], observation.mask[236:] > 0
    assert np.array_equal(drawn[margin][~crack_there], before[margin][~crack_there])


def test_the_caption_says_only_what_is_known(make_observation):
    """Frame always; time and place where they are known."""
    assert caption(make_observation(4, pose=None, captured_ns=None)) == "frame 4"
    assert caption(make_observation(4, pose=Fix(0, -1.5, 2.25))) == (
        "frame 4  2026-03-20T09:46:40.123Z  -1.500000 2.250000"
    )


def test_pictures_of_other_sizes_are_scaled_to_the_first(directory, make_observation):
    """A folder of mixed pictures still makes one video."""
    sink = OverlaySink(directory, fps=2.0)
    for index, size_px in enumerate([(320, 240), (240, 320), (641, 481)]):
        sink.write(make_observation(index, size_px=size_px))
    sink.close()

    assert [picture.shape for picture in _play(directory.path / "overlay.mp4")[0]] == [
        (240, 320, 3)
    ] * 3


@pytest.mark.parametrize("size_px", [(1, 1), (2, 2), (1, 300), (15, 17)])
def test_a_tiny_picture_is_enlarged(directory, make_observation, size_px):
    """A picture smaller than an encoder takes is in the video all the same."""
    sink = OverlaySink(directory, fps=2.0)
    for index in range(3):
        sink.write(make_observation(index, size_px=size_px))
    sink.close()

    pictures = _play(directory.path / "overlay.mp4")[0]
    assert len(pictures) == 3
    assert min(pictures[0].shape[:2]) == 16


def test_the_video_is_made_durable(tmp_path, make_observation, recorded_disk):
    """Each sync, and the close, syncs the file; the first one makes its name durable as well."""
    sink = OverlaySink(RunFolder.create(tmp_path / "run", recorded_disk), fps=25.0)
    sink.write(make_observation(0, size_px=(320, 240)))
    video, synced = tmp_path / "run" / "overlay.mp4", []
    for end in (sink.sync, sink.sync, sink.close):
        recorded_disk.calls.clear()
        end()
        synced.append(list(recorded_disk.calls))

    assert synced == [
        [("sync", video), ("sync", video.parent)],
        [("sync", video)],
        [("sync", video)],
    ]
    assert len(_play(video)[0]) == 1


def test_a_run_without_frames_leaves_no_video(directory):
    """No picture, no file."""
    sink = OverlaySink(directory, fps=25.0)
    sink.sync()
    sink.close()

    assert not (directory.path / "overlay.mp4").exists()


def test_the_caption_of_a_frame_without_road_says_so(make_observation):
    """Nothing is said of a road that is there, or that the network does not know."""
    seen = make_observation(4, pose=None, captured_ns=None)
    captions = []
    for share in (None, 0.5, 0.01, 0.009, 0.0):
        measure = replace(seen.measure, road_share=share)
        captions.append(caption(replace(seen, detection=replace(seen.detection, measure=measure))))
    assert captions == 3 * ["frame 4"] + 2 * ["frame 4  no road"]
