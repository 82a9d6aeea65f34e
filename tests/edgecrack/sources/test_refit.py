"""The input of the network changes while pictures come: none is lost, each is of one size."""

from contextlib import closing

import cv2
import numpy as np
import pytest

from edgecrack.gst.geometry import evidence_size_px
from edgecrack.letterbox import letterbox
from edgecrack.sources import SourceSpec, open_source

INPUTS_PX = [(64, 48), (320, 192), (160, 120), (96, 96)]  # the third is the evidence itself
EACH = 15


def refitted(source):
    """Yield frames, asking for the next input after each dozen or so."""
    for count, frame in enumerate(filter(None, source), 1):
        yield frame
        if count % EACH == 0:
            source.refit(INPUTS_PX[count // EACH % len(INPUTS_PX)])


def assert_is_whole(frame):
    """Assert that both sizes of a picture are those of its input, and show the same."""
    size_px = (frame.geometry.width_px, frame.geometry.height_px)
    region = frame.geometry.region
    picture_px = letterbox((region.width_px, region.height_px), frame.input_px).picture_px
    assert frame.image.shape[1::-1] == picture_px
    assert frame.evidence.shape[1::-1] == evidence_size_px(*size_px)
    rows = slice(region.y_px, region.y_px + region.height_px)
    seen = frame.evidence[rows, region.x_px : region.x_px + region.width_px]
    ours = cv2.resize(seen, picture_px, interpolation=cv2.INTER_AREA)
    assert np.abs(ours.astype(int) - frame.image).mean() < 4


@pytest.mark.parametrize("region_px", [None, (0, 60, 160, 60)])
@pytest.mark.parametrize("is_live", [False, True])
def test_each_picture_is_of_one_size_and_none_is_lost(region_px, is_live):
    """The size that is asked for comes within a few pictures, and every number is there once."""
    address = f"test:?width=160&height=120&fps={60 if is_live else 25}&frames=120"
    spec = SourceSpec(address=address, live=is_live, region_px=region_px)
    with closing(open_source(spec, INPUTS_PX[:1])) as source:
        frames = list(refitted(source))
        counts = source.counts()
    for frame in frames:
        assert_is_whole(frame)
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices))
    assert counts.delivered == 120
    assert len(frames) == counts.delivered - counts.dropped
    assert is_live or counts.dropped == 0
    for first in range(EACH, len(frames) - 4, EACH):  # at most a few were on their way
        wanted_px = INPUTS_PX[first // EACH % len(INPUTS_PX)]
        came = [frame.input_px for frame in frames[first : first + EACH]]
        assert came[4:] == [wanted_px] * len(came[4:])


def test_pictures_of_a_folder_are_refitted(tmp_path):
    """The next picture that is read is of the new size."""
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((120, 160, 3), 90, np.uint8))
    spec = SourceSpec(address=str(tmp_path), rate_fps=1.0)
    with closing(open_source(spec, INPUTS_PX[:1])) as source:
        pictures = iter(source)
        came = [next(pictures)]
        source.refit(INPUTS_PX[1])
        came += pictures
    assert [frame.input_px for frame in came] == [INPUTS_PX[0], *[INPUTS_PX[1]] * 3]
    for frame in came:
        assert_is_whole(frame)
    assert source.info.input_px == INPUTS_PX[1]
