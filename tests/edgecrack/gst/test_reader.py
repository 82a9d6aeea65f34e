"""One pipeline, two sizes of each picture: the right pixels, the right number, the right time."""

import threading
import time

import cv2
import numpy as np
import pytest

from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.gst.chain import PipelineSpec
from edgecrack.gst.reader import Reader
from edgecrack.gst.runtime import Gst
from edgecrack.records import Region
from edgecrack.synthetic.drive import DriveSpec, render_frames

_PICTURES = "appsrc name=source format=time max-bytes=0"
_SECOND_NS = 10**9


@pytest.fixture
def start():
    """Start readers that are closed at the end of the test."""
    readers = []

    def _start(spec, input_px, region=None, *, more_px=()):
        readers.append(Reader(spec, [input_px, *more_px], region))
        return readers[-1]

    yield _start
    for reader in readers:
        reader.close()


def _noise(height_px, width_px):
    return np.random.default_rng(2).integers(0, 256, (height_px, width_px, 3), np.uint8)


def _one(reader, picture):
    reader.push(picture, 0)
    return reader.pull()


@pytest.mark.parametrize("width_px", [64, 65, 66, 67])
def test_a_picture_of_the_networks_size_is_not_touched(start, width_px):
    """Without scaling both branches give the very pixels that came in, whatever the row stride."""
    picture = _noise(48, width_px)
    sample = _one(start(PipelineSpec("a", _PICTURES), (width_px, 48)), picture)
    np.testing.assert_array_equal(sample.image, picture)
    np.testing.assert_array_equal(sample.evidence, picture)


@pytest.mark.parametrize(
    "region", [Region(0, 0, 31, 17), Region(13, 7, 31, 17), Region(69, 33, 31, 17)]
)
def test_the_network_sees_the_region_and_nothing_else(start, region):
    """The region's pixels reach the network as they are; evidence stays whole."""
    picture = _noise(50, 100)
    sample = _one(start(PipelineSpec("a", _PICTURES), (31, 17), region), picture)
    rows = slice(region.y_px, region.y_px + region.height_px)
    columns = slice(region.x_px, region.x_px + region.width_px)
    np.testing.assert_array_equal(sample.image, picture[rows, columns])
    np.testing.assert_array_equal(sample.evidence, picture)


@pytest.fixture(scope="module")
def road():
    """Return a picture of the synthetic road, 1920x1080."""
    spec = DriveSpec(seed=3, seconds=0.1, fps=10, width_px=1920, height_px=1080)
    return next(render_frames(spec)).picture


def _assert_areas_are_averaged(reader, picture, size, bound):
    """Assert that a picture comes scaled as OpenCV's INTER_AREA would, to about a grey level."""
    sample = _one(reader, np.ascontiguousarray(picture))
    wanted = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    assert np.abs(sample.image.astype(int) - wanted).mean() < bound


SIZES = [((960, 540), 0.5), ((1280, 720), 1.2), ((480, 270), 1.5)]


@pytest.mark.parametrize(("size", "bound"), SIZES)
def test_scaling_averages_areas(start, road, size, bound):
    """The road scaled down differs from OpenCV's INTER_AREA by about one grey level."""
    _assert_areas_are_averaged(start(PipelineSpec("a", _PICTURES), size), road, size, bound)


@pytest.mark.real_data
@pytest.mark.parametrize(("size", "bound"), SIZES)
def test_scaling_averages_areas_of_a_real_road(start, shared_data, size, bound):
    """So does a photograph of concrete."""
    folder = shared_data / "nha12d" / "Concrete_pavement_FD" / "Raw_images"
    picture = cv2.imread(str(min(folder.iterdir())))[:, :, ::-1]
    _assert_areas_are_averaged(start(PipelineSpec("a", _PICTURES), size), picture, size, bound)


def test_the_aspect_of_the_region_is_kept(start):
    """A wide picture is as wide as a tall input, and as low as before; no bars are added."""
    picture = np.full((40, 400, 3), 200, np.uint8)
    sample = _one(start(PipelineSpec("a", _PICTURES), (30, 90)), picture)
    assert sample.image.shape == (3, 30, 3)
    assert sample.image.min() == 200


def test_the_first_picture_chooses_the_networks_input(start):
    """It is the input that its region fills best, and later pictures of other aspects fit it."""
    reader = start(PipelineSpec("a", _PICTURES), (20, 20), more_px=[(20, 10), (10, 20)])
    assert _one(reader, _noise(30, 60)).image.shape == (10, 20, 3)
    assert _one(reader, _noise(60, 30)).image.shape == (10, 5, 3)
    assert reader.input_px == (20, 10)
    low = Region(0, 0, 20, 40)
    tall = start(PipelineSpec("b", _PICTURES), (20, 20), low, more_px=[(20, 10), (10, 20)])
    assert _one(tall, _noise(40, 80)).image.shape == (20, 10, 3)


def test_a_line_is_one_pixel_of_the_network(start):
    """A picture that is all width still has a height."""
    sample = _one(start(PipelineSpec("a", _PICTURES), (30, 90)), _noise(1, 400))
    assert sample.image.shape == (1, 30, 3)


def test_a_picture_wider_than_evidence_is_scaled_down(start):
    """Evidence is 1280 wide where its source is wider."""
    sample = _one(start(PipelineSpec("a", _PICTURES), (32, 32)), _noise(90, 2560))
    assert sample.evidence.shape == (45, 1280, 3)


def test_pixels_that_are_not_square_stay_where_they_are(start):
    """An anamorphic source keeps its own rows and columns in both branches."""
    caps = "video/x-raw,width=72,height=57,pixel-aspect-ratio=16/11,framerate=25/1"
    spec = PipelineSpec("a", f"videotestsrc name=source num-buffers=1 ! {caps}")
    sample = start(spec, (40, 40)).pull()
    assert sample.image.shape == (32, 40, 3)
    assert sample.evidence.shape == (57, 72, 3)
    assert sample.evidence[:20, :9].mean() > 150  # the white bar fills its corner: no border


def test_sizes_may_change_in_mid_stream(start):
    """Each picture is laid out by its own size."""
    reader = start(PipelineSpec("a", _PICTURES), (20, 20))
    for index, (height_px, width_px) in enumerate([(30, 40), (60, 50), (30, 40)]):
        picture = _noise(height_px, width_px)
        reader.push(picture, index * _SECOND_NS)
        sample = reader.pull()
        np.testing.assert_array_equal(sample.evidence, picture)
        assert (sample.geometry.width_px, sample.geometry.height_px) == (width_px, height_px)


def test_one_picture_serves_both_while_they_would_be_the_same(start):
    """Sizes come and go; each picture keeps its own pixels, and is made twice only if due."""
    reader = start(PipelineSpec("a", _PICTURES), (40, 30))
    sizes = [(30, 40), (60, 80), (30, 40), (30, 40), (45, 60)]
    pictures = [_noise(*size) for size in sizes]
    for index, picture in enumerate(pictures):
        reader.push(picture, index * _SECOND_NS)
    for picture in pictures:
        sample = reader.pull()
        np.testing.assert_array_equal(sample.evidence, picture)
        assert sample.image.shape == (30, 40, 3)
        is_one = np.shares_memory(sample.image, sample.evidence)
        assert is_one == (picture.shape == sample.image.shape)


def test_a_region_of_the_inputs_size_is_not_the_evidence(start):
    """Where the network sees a part, the whole picture is made beside it."""
    picture = _noise(30, 40)
    reader = start(PipelineSpec("a", _PICTURES), (40, 30), Region(0, 0, 40, 29))
    sample = _one(reader, picture)
    assert not np.shares_memory(sample.image, sample.evidence)
    np.testing.assert_array_equal(sample.evidence, picture)


def test_a_region_follows_sizes_that_it_fits(start):
    """The same pixels are cut from pictures that grow and shrink around the region."""
    reader = start(PipelineSpec("a", _PICTURES), (20, 10), Region(5, 6, 20, 10))
    for index, (height_px, width_px) in enumerate([(30, 40), (60, 50), (16, 25), (17, 90)]):
        picture = _noise(height_px, width_px)
        reader.push(picture, index * _SECOND_NS)
        np.testing.assert_array_equal(reader.pull().image, picture[6:16, 5:25])


def test_a_region_that_fits_no_more_is_refused(start):
    """The size that does not hold it is told."""
    reader = start(PipelineSpec("a", _PICTURES), (20, 10), Region(5, 6, 20, 10))
    reader.push(_noise(30, 40), 0)
    assert reader.pull() is not None
    reader.push(_noise(30, 24), _SECOND_NS)
    with pytest.raises(UsageError, match="24x30"):
        reader.pull()


def test_a_region_outside_is_refused(start):
    """The picture's real size is told once it is known."""
    reader = start(PipelineSpec("a", _PICTURES), (20, 20), Region(0, 0, 41, 30))
    reader.push(_noise(30, 40), 0)
    with pytest.raises(UsageError, match="40x30"):
        reader.pull()


@pytest.mark.parametrize("times", [[5, 5, 5, 5], [9, 3, 3, 7], [2**64 - 1] * 4])
def test_times_that_repeat_or_are_missing_do_not_mix_up_pictures(start, times):
    """Index, image and evidence belong together even where no time tells them apart."""
    reader = start(PipelineSpec("a", _PICTURES), (8, 8))
    for value, pts_ns in enumerate(times):
        reader.push(np.full((16, 16, 3), value, np.uint8), pts_ns)
        sample = reader.pull()
        assert (sample.index, sample.image.max(), sample.evidence.max()) == (value, value, value)


def test_a_missing_time_follows_the_one_before(start):
    """A picture without a time stands one frame after its forerunner."""
    pattern = (
        "videotestsrc name=source num-buffers=3 ! video/x-raw,framerate=10/1,width=16,height=16"
    )
    reader = start(PipelineSpec("a", pattern), (8, 8))
    assert [reader.pull().pts_ns for _ in range(3)] == [0, _SECOND_NS // 10, _SECOND_NS // 5]


def test_views_outlive_the_next_pull_and_the_reader(start):
    """A picture that is kept does not change when others follow, nor when the reader closes."""
    pattern = "videotestsrc name=source num-buffers=30 pattern=ball animation-mode=frames"
    reader = start(PipelineSpec("a", f"{pattern} ! video/x-raw,width=80,height=60"), (40, 30))
    first = reader.pull()
    copies = first.image.copy(), first.evidence.copy()
    last = first
    while (sample := reader.pull()) is not None:
        last = sample
    reader.close()
    assert not np.array_equal(last.evidence, first.evidence)
    np.testing.assert_array_equal(first.image, copies[0])
    np.testing.assert_array_equal(first.evidence, copies[1])


def test_a_file_that_yields_nothing_ends_in_an_error(start):
    """A source without pictures or end is given up after its stall bound."""
    reader = start(PipelineSpec("quiet.mp4", _PICTURES, stall_ns=_SECOND_NS // 5), (8, 8))
    with pytest.raises(InputError, match=r"quiet\.mp4"):
        reader.pull()


def test_a_silent_camera_is_a_source_error(start):
    """A live source without pictures may come back, so its error says so by its class."""
    spec = PipelineSpec("cam", _PICTURES, is_live=True, may_return=True, stall_ns=_SECOND_NS // 5)
    with pytest.raises(SourceError, match="cam"):
        start(spec, (8, 8)).pull()


def test_the_end_of_an_endless_source_is_a_fault(start):
    """A camera that ends has failed; after close() it has not."""
    source = "videotestsrc name=source num-buffers=2 ! video/x-raw,width=16,height=16"
    reader = start(PipelineSpec("cam", source, is_endless=True, may_return=True), (8, 8))
    assert reader.pull().index == 0
    assert reader.pull().index == 1
    with pytest.raises(SourceError, match="cam"):
        reader.pull()
    reader.close()
    assert reader.pull() is None


def test_a_live_source_drops_only_at_the_queue_and_keeps_the_newest(start):
    """While nobody pulls all pictures are dropped but the last: none lies behind the queue."""
    source = (
        "videotestsrc name=source num-buffers=200 pattern=ball animation-mode=frames "
        "! video/x-raw,width=64,height=64,framerate=100/1"
    )
    reader = start(PipelineSpec("cam", source, is_live=True), (8, 8))
    entrance = reader._pipeline.get_by_name("latest").get_static_pad("sink")  # noqa: SLF001
    deadline_ns = time.monotonic_ns() + 20 * _SECOND_NS
    while entrance.get_sticky_event(Gst.EventType.EOS, 0) is None:
        assert time.monotonic_ns() < deadline_ns
    indices = []
    while (sample := reader.pull()) is not None:
        indices.append(sample.index)
    assert indices == [199]


def test_live_each_pull_takes_the_newest_there_is(start):
    """Of ten pictures that came since the last pull it is the tenth, whole and with its time."""
    reader = start(PipelineSpec("a", _PICTURES, is_live=True), (40, 30))
    for last in (9, 19, 20):
        for index in range(reader.delivered, last + 1):
            reader.push(np.full((30, 40, 3), index, np.uint8), index * _SECOND_NS)
        deadline_ns = time.monotonic_ns() + 20 * _SECOND_NS
        while reader.delivered <= last:
            assert time.monotonic_ns() < deadline_ns
        sample = reader.pull()
        assert (sample.index, sample.pts_ns) == (last, last * _SECOND_NS)
        assert np.abs(sample.image.astype(int) - last).max() <= 2


def test_live_it_is_closed_while_a_picture_waits_to_be_asked_for(start):
    """The thread that holds it lets it go, or closing would wait for that thread for ever."""
    reader = start(PipelineSpec("a", _PICTURES, is_live=True), (40, 30))
    deadline_ns = time.monotonic_ns() + 20 * _SECOND_NS
    for index in range(3):
        reader.push(np.zeros((30, 40, 3), np.uint8), index * _SECOND_NS)
    while reader.delivered < 3:
        assert time.monotonic_ns() < deadline_ns
    closing = threading.Thread(target=reader.close, daemon=True)
    closing.start()
    closing.join(60)
    assert not closing.is_alive()
    assert reader.pull() is None


def test_each_picture_has_the_geometry_it_was_cut_with(start):
    """Pictures of two sizes pushed at once keep their own sizes, whenever they are pulled."""
    reader = start(PipelineSpec("a", _PICTURES), (20, 20))
    sizes = [(30, 40), (60, 50), (60, 50)]
    for index, (height_px, width_px) in enumerate(sizes):
        reader.push(_noise(height_px, width_px), index * _SECOND_NS)
    geometries = [reader.pull().geometry for _ in sizes]
    assert [(geometry.height_px, geometry.width_px) for geometry in geometries] == sizes
