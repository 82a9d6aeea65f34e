"""A mask as a PNG file."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from edgecrack.sinks.png import png_bytes


def _open(content: bytes) -> Image.Image:
    Image.open(io.BytesIO(content)).verify()
    return Image.open(io.BytesIO(content))


@settings(deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_every_plane_comes_back_bit_for_bit(plane):
    """Pillow verifies the checksums and reads the very plane, as 8-bit grey."""
    image = _open(png_bytes(plane, b"Exif\0\0MM\0*"))

    assert image.mode == "L"
    assert np.array_equal(np.asarray(image), plane)


@pytest.mark.parametrize("mark", [b"", b"Exif\0\0"])
def test_the_exif_block_stands_without_jpegs_mark(mark):
    """The eXIf chunk begins with the TIFF header, as the PNG standard wants."""
    content = png_bytes(np.zeros((2, 2), np.uint8), mark + b"MM\0*rest")

    assert b"\x00\x00\x00\x08eXIfMM\0*rest" in content


def test_a_view_with_gaps_is_written_as_it_looks():
    """A slice of a larger plane needs no copy by the caller."""
    plane = np.arange(600, dtype=np.uint8).reshape(20, 30)[::2, 3:20]

    assert np.array_equal(np.asarray(_open(png_bytes(plane, b""))), plane)


def test_masks_without_a_pixel_keep_their_own_size_and_exif():
    """What is compressed once for a size serves no other size, and no other picture's EXIF."""
    for shape, exif in [((3, 5), b"MM\0*a"), ((5, 3), b"MM\0*b"), ((3, 5), b"MM\0*c")]:
        content = png_bytes(np.zeros(shape, np.uint8), exif)
        assert np.array_equal(np.asarray(_open(content)), np.zeros(shape))
        assert exif in content


def test_a_mask_becomes_small():
    """A mask of half a megapixel with a thin crack takes a few kilobytes."""
    mask = np.zeros((540, 960), np.uint8)
    mask[np.arange(540), np.arange(540) + 100] = 255

    assert len(png_bytes(mask, b"")) < 5_000
