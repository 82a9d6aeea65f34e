"""One picture file: bounds on its memory, and what is not the picture's fault."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image

from edgecrack.errors import InputError
from edgecrack.sources import picture as module
from edgecrack.sources.picture import load_picture

_RAMP = np.tile(np.arange(0, 200, 2, dtype=np.uint8)[:, None, None], (1, 80, 3))  # 100x80


def _png_that_claims(width_px, height_px):
    """Return a PNG of which only the head is there: it says how large the picture would be."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 9) + b"IDAT"


@pytest.mark.parametrize("side_px", [8001, 12_000, 20_000])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path, side_px):
    """Its head says how large it is; the error names the file."""
    (tmp_path / "large.png").write_bytes(_png_that_claims(side_px, side_px))
    with pytest.raises(InputError, match=r"large\.png"):
        load_picture(tmp_path / "large.png")


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_large_picture_is_scaled_down_by_a_whole_number(tmp_path, monkeypatch, name):
    """It keeps its aspect, turned upright or not, unless somebody counts in its pixels."""
    monkeypatch.setattr(module, "KEPT_PIXELS", 2000)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.fromarray(_RAMP).save(tmp_path / name, exif=exif, quality=95)
    small = load_picture(tmp_path / name).pixels
    assert small.shape == (40, 50, 3)
    expected = np.rot90(_RAMP, -1)[::2, ::2].astype(int)
    assert np.abs(small.astype(int) - expected).max() < 8
    assert load_picture(tmp_path / name, keep_size=True).pixels.shape == (80, 100, 3)


def test_a_large_jpeg_is_never_decoded_whole(tmp_path, monkeypatch):
    """Beyond the limit of other formats it still gives a picture, at a part of its size."""
    monkeypatch.setattr(module, "KEPT_PIXELS", 2000)
    monkeypatch.setattr(module, "MOST_PIXELS", 2000)
    Image.fromarray(_RAMP).save(tmp_path / "a.jpg")
    assert load_picture(tmp_path / "a.jpg").pixels.shape == (50, 40, 3)
    with pytest.raises(InputError, match=r"a\.jpg"):
        load_picture(tmp_path / "a.jpg", keep_size=True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_brought_upright(tmp_path, orientation):
    """The eight ways of EXIF, against Pillow's own answer for a file without loss."""
    noise = np.random.default_rng(1).integers(0, 256, (6, 9, 3), np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(noise).save(tmp_path / "a.png", exif=exif)
    turns = {1: noise, 2: noise[:, ::-1], 3: noise[::-1, ::-1], 4: noise[::-1],
             5: noise.transpose(1, 0, 2), 6: np.rot90(noise, -1),
             7: noise[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(noise)}  # fmt: skip
    np.testing.assert_array_equal(load_picture(tmp_path / "a.png").pixels, turns[orientation])


def test_a_picture_outlives_exif_that_cannot_be_taken_apart(tmp_path):
    """Without its time, which nobody can read, the picture itself is taken."""
    file = io.BytesIO()
    Image.fromarray(_RAMP).save(file, "JPEG", exif=b"Exif\0\0MM\0\x2a" + b"\xff" * 40)
    (tmp_path / "a.jpg").write_bytes(file.getvalue())
    Image.fromarray(_RAMP).save(tmp_path / "b.jpg", exif=b"Exif\0\0no TIFF at all")
    for name in ("a.jpg", "b.jpg"):
        picture = load_picture(tmp_path / name)
        assert (picture.pixels.shape, picture.taken_ns) == (_RAMP.shape, None)


def test_a_picture_that_is_gone_is_no_unreadable_picture(tmp_path):
    """What was there when the run began, and is not any more, is an error."""
    with pytest.raises(InputError, match=r"gone\.jpg"):
        load_picture(tmp_path / "gone.jpg")
    (tmp_path / "a").touch()
    with pytest.raises(InputError, match=r"a/b\.jpg"):
        load_picture(tmp_path / "a" / "b.jpg")
