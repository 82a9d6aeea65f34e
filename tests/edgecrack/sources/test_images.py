"""A directory of images as frames."""

import os
import shutil

import numpy as np
import pytest
from PIL import ExifTags, Image

from edgecrack.errors import InputError, UsageError
from edgecrack.records import FrameGeometry, Region
from edgecrack.sources import SourceCounts, SourceSpec, open_source

_NOON_NS = 1_719_835_200 * 10**9  # 2024-07-01T12:00:00Z


@pytest.fixture
def source():
    """Open directories that are closed at the end of the test."""
    opened = []

    def _open(folder, width_px=20, height_px=10, **wishes):
        settings = SourceSpec(address=str(folder), **wishes)
        opened.append(open_source(settings, [(width_px, height_px)]))
        return opened[-1]

    yield _open
    for one in opened:
        one.close()


def _noise(height_px=30, width_px=41):
    return np.random.default_rng(4).integers(0, 256, (height_px, width_px, 3), np.uint8)


def _save(path, picture, taken=None, orientation=None):
    exif = Image.Exif()
    if taken is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(picture).save(path, exif=exif.tobytes())


def test_pictures_come_in_order_with_name_and_index(source, tmp_path):
    """Every format, in natural order, its pixels untouched where nothing needs scaling."""
    for name in ("10.png", "9.bmp", "1.tif"):
        _save(tmp_path / name, _noise())
    images = source(tmp_path, 41, 30)
    assert images.info.expected_frames == 3
    frames = list(images)
    assert [(frame.index, frame.name) for frame in frames] == [
        (0, "1.tif"),
        (1, "9.bmp"),
        (2, "10.png"),
    ]
    for frame in frames:
        np.testing.assert_array_equal(frame.image, _noise())
        np.testing.assert_array_equal(frame.evidence, _noise())
    assert images.counts() == SourceCounts(3)


def _assert_survey_pictures_are_read(source, folder):
    """Assert that JPEGs of 1920x1080 come at the network's size, evidence 1280 wide."""
    images = source(folder, 960, 540)
    frames = list(images)
    whole = Region(0, 0, 1920, 1080)
    assert {frame.geometry for frame in frames} == {FrameGeometry(1920, 1080, whole)}
    assert len(frames) == len(list(folder.iterdir()))
    assert {(f.image.shape, f.evidence.shape) for f in frames} == {((540, 960, 3), (720, 1280, 3))}


def test_pictures_larger_than_evidence_are_read(source, tmp_path):
    """JPEGs of 1920x1080 come at the network's size, evidence 1280 wide."""
    for name in ("1.jpg", "2.JPG", "3.jpeg"):
        _save(tmp_path / name, np.zeros((1080, 1920, 3), np.uint8))
    _assert_survey_pictures_are_read(source, tmp_path)


@pytest.mark.real_data
def test_real_pictures_are_read(source, shared_data):
    """So do those of a survey vehicle."""
    folder = shared_data / "nha12d" / "Asphalt_pavement_FD" / "Raw_images"
    _assert_survey_pictures_are_read(source, folder)


def test_a_region_is_cut_as_in_video(source, tmp_path):
    """The network sees the region's pixels."""
    _save(tmp_path / "a.png", _noise())
    (frame,) = source(tmp_path, region_px=(5, 7, 20, 10))
    np.testing.assert_array_equal(frame.image, _noise()[7:17, 5:25])


def test_a_region_outside_is_refused_with_the_size(source, tmp_path):
    """The picture's size is in the message."""
    _save(tmp_path / "a.png", _noise())
    with pytest.raises(UsageError, match="41x30"):
        source(tmp_path, region_px=(0, 0, 41, 31))


def test_a_picture_taken_upright_stands_upright(source, tmp_path):
    """EXIF orientation 6 turns the picture a quarter clockwise."""
    _save(tmp_path / "a.png", _noise(), orientation=6)
    frame = next(iter(source(tmp_path)))
    assert (frame.geometry.width_px, frame.geometry.height_px) == (30, 41)
    np.testing.assert_array_equal(frame.evidence, np.rot90(_noise(), -1))


def test_grey_deep_and_transparent_pictures_become_rgb(source, tmp_path):
    """Grey is repeated, sixteen bits are brought to eight, transparency is dropped."""
    grey = _noise()[:, :, 0]
    Image.fromarray(grey).save(tmp_path / "1.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "2.png")
    Image.fromarray(np.dstack([_noise(), grey])).save(tmp_path / "3.png")
    first, second, third = (frame.evidence for frame in source(tmp_path))
    np.testing.assert_array_equal(first, np.dstack([grey] * 3))
    np.testing.assert_array_equal(second, first)
    np.testing.assert_array_equal(third, _noise())


def test_a_rate_and_a_start_date_every_picture(source, tmp_path):
    """The argument beats EXIF: the start plus the index over the rate."""
    for index in range(3):
        _save(tmp_path / f"{index}.png", _noise(), taken="2024:07:01 12:00:00")
    images = source(tmp_path, rate_fps=4, start="2001-09-09T01:46:40Z")
    assert (images.info.fps, images.info.time_source) == (4, "argument")
    assert [frame.captured_ns - 10**18 for frame in images] == [0, 250_000_000, 500_000_000]


def test_exif_dates_a_picture_without_a_rate(source, tmp_path):
    """Each picture brings its own time; one without has none."""
    _save(tmp_path / "1.jpg", _noise(), taken="2024:07:01 12:00:00")
    _save(tmp_path / "2.jpg", _noise())
    images = source(tmp_path)
    assert (images.info.start_ns, images.info.time_source) == (None, "exif")
    assert [frame.captured_ns for frame in images] == [_NOON_NS, None]


def test_without_any_time_nothing_is_guessed(source, tmp_path):
    """No rate, no start, no EXIF: no time of capture, but an order."""
    for name in ("1.png", "2.png"):
        _save(tmp_path / name, _noise())
    images = source(tmp_path)
    assert images.info.time_source == "none"
    frames = list(images)
    assert [frame.captured_ns for frame in frames] == [None, None]
    assert frames[0].pts_ns < frames[1].pts_ns


def test_an_unreadable_picture_is_missing_and_never_black(source, tmp_path):
    """It is skipped and counted, and the others keep their numbers."""
    _save(tmp_path / "2.jpg", _noise())
    _save(tmp_path / "4.jpg", _noise())
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    (tmp_path / "3.jpg").write_bytes((tmp_path / "2.jpg").read_bytes()[:700])
    (tmp_path / "5.png").touch()
    images = source(tmp_path)
    assert [(frame.index, frame.name) for frame in images] == [(1, "2.jpg"), (3, "4.jpg")]
    assert images.counts() == SourceCounts(2, unreadable=3)


def test_no_sound_picture_at_all_is_an_error(source, tmp_path):
    """A directory in which nothing can be read is refused, with how many were tried."""
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    (tmp_path / "2.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="2 pictures"):
        source(tmp_path)


def test_a_directory_without_pictures_is_an_error(source, tmp_path):
    """An empty directory is refused."""
    with pytest.raises(InputError, match=str(tmp_path)):
        source(tmp_path)


def test_sizes_may_differ_without_a_region(source, tmp_path):
    """Each picture has its own evidence size, and is as large as fits the network's one input."""
    _save(tmp_path / "1.png", _noise(30, 40))
    _save(tmp_path / "2.png", _noise(60, 50))
    frames = list(source(tmp_path))
    shapes = [(frame.evidence.shape[:2], frame.image.shape[:2]) for frame in frames]
    assert shapes == [((30, 40), (10, 13)), ((60, 50), (10, 8))]
    assert [frame.geometry.width_px for frame in frames] == [40, 50]


def test_sizes_may_not_differ_with_a_region(source, tmp_path):
    """A region in one picture's pixels means nothing in another's."""
    _save(tmp_path / "1.png", _noise(30, 40))
    _save(tmp_path / "2.png", _noise(60, 50))
    with pytest.raises(InputError, match=r"2\.png .*50x60.*40x30"):
        list(source(tmp_path, region_px=(0, 0, 20, 10)))


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"live": True}, "cannot be live"),
        ({"decoder": "hardware"}, "the processor decodes"),
        ({"start": "2026-05-01T12:00:00Z"}, "a start but no pace"),
    ],
)
def test_wishes_that_contradict_themselves_are_refused(source, tmp_path, wishes, reason):
    """A directory has no live mode, no video decoder, and no start without a rate."""
    _save(tmp_path / "1.png", _noise())
    with pytest.raises(UsageError, match=reason):
        source(tmp_path, **wishes)


def test_closing_in_mid_stream_ends_the_pictures(source, tmp_path):
    """After close() the iteration ends; a second close is harmless."""
    for index in range(9):
        _save(tmp_path / f"{index}.png", _noise())
    images = source(f"file://{tmp_path}")
    frames = iter(images)
    next(frames)
    images.close()
    images.close()
    assert list(frames) == []


def test_pictures_removed_in_mid_run_are_an_error(source, tmp_path):
    """The frames before come; then the source fails and names what is gone."""
    for index in range(9):
        _save(tmp_path / f"{index}.png", _noise())
    images = source(tmp_path)
    frames = iter(images)
    next(frames)
    shutil.rmtree(tmp_path)
    with pytest.raises(InputError, match=r"\.png"):
        list(frames)
    assert 0 < images.counts().delivered < 9
    assert images.counts().unreadable == 0


def test_a_name_that_is_no_utf8_is_read_and_shown_with_escapes(source, tmp_path):
    """The folder and the picture are opened by their bytes; what is told of them is text."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    _save(folder / os.fsdecode(b"road_\xff.png"), _noise())
    images = source(folder)
    assert [frame.name for frame in images] == ["road_\\xff.png"]
    assert images.info.name == f"{tmp_path}/caf\\xe9"


def test_a_folder_that_may_not_be_entered_is_an_error(source, forbidden):
    """So is one with a name longer than any may be; both are named."""
    for folder in (forbidden, forbidden / "x", forbidden / ("x" * 300)):
        with pytest.raises(InputError, match=forbidden.name):
            source(folder)
