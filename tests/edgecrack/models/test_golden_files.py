"""Pictures from the bytes of a golden frame's files."""

import cv2
import numpy as np
import pytest

from edgecrack.errors import BundleError
from edgecrack.models.golden_files import decode_picture, decode_plane


def png(plane):
    """Return a picture as PNG."""
    return cv2.imencode(".png", plane)[1].tobytes()


def test_a_picture_that_claims_to_be_immense_is_refused():
    """A header of 100,000 x 100,000 pixels is a BundleError, not one of memory."""
    data = bytearray(png(np.zeros((1, 1), np.uint8)))
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    with pytest.raises(BundleError, match=r"golden/x\.png"):
        decode_plane(bytes(data), "golden/x.png")


def test_colours_are_in_the_order_of_the_network():
    """A red picture is red in the first channel."""
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes blue first
    assert decode_picture(png(red), "x")[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("data", [b"", b"no picture", png(np.zeros((9, 9), np.uint8))[:40]])
def test_bytes_that_are_no_picture_are_refused(data):
    """Nothing, text and half a picture name the file they are of."""
    for decode in (decode_picture, decode_plane):
        with pytest.raises(BundleError, match=r"golden/x\.png"):
            decode(data, "golden/x.png")


def test_a_plane_is_returned_as_it_was_written():
    """PNG keeps every level."""
    plane = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(decode_plane(png(plane), "x"), plane)
