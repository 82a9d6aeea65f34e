"""What the network sees in one frame: a mask on the region, its measure, and what that took."""

import numpy as np
import pytest

from edgecrack.detector import DetectionSpec, Detector
from edgecrack.records import Answer, Frame, FrameGeometry, Region
from edgecrack.segmenters import DarkSegmenter


def detection(region, evidence_px, picture_px=(1920, 1080), spec=None):
    """Detect in a frame whose network input is dark in its right half."""
    image = np.full((8, 12, 3), 200, np.uint8)
    image[:, 6:] = 0
    evidence = np.full((evidence_px[1], evidence_px[0], 3), 99, np.uint8)
    frame = Frame(
        3, 0, None, 0, image, evidence, FrameGeometry(picture_px[0], picture_px[1], region)
    )
    return Detector(DarkSegmenter(12, 8), spec or DetectionSpec())(frame)


def test_a_region_is_marked_and_nothing_else():
    """What the network sees in the right half of its input is marked there on the evidence."""
    seen = detection(Region(480, 540, 960, 540), (192, 108))
    marked = np.zeros((108, 192), np.uint8)
    marked[54:, 96:144] = 255
    assert np.array_equal(seen.mask, marked)
    assert seen.frame.index == 3
    assert seen.measure.area_px == 48 * 54
    assert seen.measure.area_share == 0.5
    assert seen.measure.peak_probability == 1.0


def test_a_whole_picture_fits_evidence_of_any_size():
    """In a directory the pictures may differ; the whole of each is the whole of its mask."""
    seen = detection(Region(0, 0, 50, 40), (50, 40), picture_px=(50, 40))
    assert seen.mask.shape == (40, 50)
    assert seen.measure.area_share == pytest.approx(0.5)


class DarkInBorders(DarkSegmenter):
    """Marks everything but the picture that lies 6 px high in the middle of 12x16."""

    def answer(self, image):
        """Return 255 above and below the picture, and the dark pixels in it."""
        self.seen = image.copy()
        probability = super().answer(image).probability
        probability[:5] = probability[11:] = 255
        return Answer(probability)


def test_a_picture_of_another_aspect_is_seen_in_mirrored_borders():
    """The network gets its size, the picture is in the middle, and no answer in the borders counts.

    The picture is not scaled here: the source has done so.
    """
    picture = np.random.default_rng(1).integers(100, 256, (6, 12, 3), np.uint8)
    picture[2, 3] = 0
    geometry = FrameGeometry(12, 6, Region(0, 0, 12, 6))
    segmenter = DarkInBorders(12, 16)
    seen = Detector(segmenter, DetectionSpec())(Frame(0, 0, None, 0, picture, picture, geometry))
    assert np.array_equal(segmenter.seen[5:11], picture)
    assert np.array_equal(segmenter.seen[4], picture[1])
    assert np.array_equal(segmenter.seen[11], picture[4])
    assert np.argwhere(seen.mask).tolist() == [[2, 3]]
    assert seen.measure.area_share == 1 / 72


@pytest.mark.parametrize(("least_share", "has_crack"), [(0.0, True), (0.5, True), (0.51, False)])
def test_a_crack_counts_from_the_least_share_on(least_share, has_crack):
    """Half of the region is crack: that is enough up to a share of one half, inclusive."""
    spec = DetectionSpec(min_crack_share=least_share)
    assert detection(Region(0, 0, 1920, 1080), (192, 108), spec=spec).has_crack is has_crack


def test_no_crack_pixel_is_no_crack():
    """However small the least share, a frame without a crack pixel has no crack."""
    image = np.full((8, 12, 3), 200, np.uint8)
    frame = Frame(0, 0, None, 0, image, image, FrameGeometry(12, 8, Region(0, 0, 12, 8)))
    spec = DetectionSpec(min_crack_share=0.0)
    assert not Detector(DarkSegmenter(12, 8), spec)(frame).has_crack


def test_one_pixel_is_a_crack_where_any_area_counts():
    """With a least share of 0 a single crack pixel is enough."""
    image = np.full((8, 12, 3), 200, np.uint8)
    image[0, 0] = 0
    frame = Frame(0, 0, None, 0, image, image, FrameGeometry(12, 8, Region(0, 0, 12, 8)))
    seen = Detector(DarkSegmenter(12, 8), DetectionSpec(min_crack_share=0.0))(frame)
    assert seen.measure.area_px == 1
    assert seen.has_crack
    assert seen.mask[0, 0] == 255  # the whole picture begins in its corner


def test_a_whole_share_may_be_asked_for():
    """A frame that is all crack passes a least share of 1."""
    image = np.zeros((8, 12, 3), np.uint8)
    frame = Frame(0, 0, None, 0, image, image, FrameGeometry(12, 8, Region(0, 0, 12, 8)))
    assert Detector(DarkSegmenter(12, 8), DetectionSpec(min_crack_share=1.0))(frame).has_crack


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_lies_between_0_and_1(share):
    """What is no share is refused by its name."""
    with pytest.raises(ValueError, match="min_crack_share"):
        DetectionSpec(min_crack_share=share)


def test_a_detection_is_timed_by_stage_and_knows_its_model():
    """Wall and processor seconds of inference, mask and measure, and the bundle's identity."""
    seen = detection(Region(0, 0, 1920, 1080), (192, 108))
    assert list(seen.took) == ["infer", "mask", "measure"]
    assert all(0 <= wall_s < 5 and 0 <= cpu_s < 5 for wall_s, cpu_s in seen.took.values())
    assert sum(wall_s for wall_s, _ in seen.took.values()) > 0
    assert sum(cpu_s for _, cpu_s in seen.took.values()) < 0.5  # of this frame, not of the process
    assert seen.model_sha256 == DarkSegmenter.model_sha256


def road_detection(columns):
    """Detect in a picture of 12x8 with a crack all over, whose first columns are road."""
    image = np.zeros((8, 12, 3), np.uint8)
    image[:, columns:, 2] = 9  # blue, which is no road, and dark, which is crack
    frame = Frame(3, 0, None, 0, image, image, FrameGeometry(12, 8, Region(0, 0, 12, 8)))
    return Detector(DarkSegmenter(12, 8, road_threshold=128), DetectionSpec())(frame)


@pytest.mark.parametrize("columns", [3, 12])
def test_cracks_are_on_the_road_only(columns):
    """What looks like a crack beside the road is left out, and shares are of picture and road."""
    seen = road_detection(columns)
    marked = np.zeros((8, 12), np.uint8)
    marked[:, :columns] = 255
    assert np.array_equal(seen.mask, marked)
    assert seen.measure.road_share == seen.measure.area_share == columns / 12
    assert seen.measure.area_share_of_road == 1.0


def test_a_frame_without_road_has_no_crack():
    """Its road share is 0, and there is no share of a road."""
    seen = road_detection(0)
    assert not seen.mask.any()
    assert not seen.has_crack
    assert (seen.measure.road_share, seen.measure.area_share_of_road) == (0.0, None)
    assert seen.measure.peak_probability == 0.0


def test_without_a_road_answer_nothing_is_known_of_the_road():
    """Neither share is told, and cracks are reported everywhere."""
    seen = detection(Region(0, 0, 1920, 1080), (192, 108))
    assert (seen.measure.road_share, seen.measure.area_share_of_road) == (None, None)
