"""An evidence picture as a JPEG file."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from edgecrack.sinks.jpeg import jpeg_bytes
from edgecrack.synthetic.drive import DriveSpec, render_frames


@pytest.fixture(scope="module")
def road():
    """Return a picture of the synthetic road."""
    spec = DriveSpec(seed=3, seconds=0.1, fps=10, width_px=640, height_px=360)
    return next(render_frames(spec)).picture


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_the_picture_is_as_good_as_pillows(road):
    """The same pixels come back as from Pillow at quality 90 and 4:2:0, from a file as small."""
    buffer = io.BytesIO()
    Image.fromarray(road).save(buffer, "JPEG", quality=90, subsampling="4:2:0")
    ours, theirs = jpeg_bytes(road, b""), buffer.getvalue()

    wanted = cv2.PSNR(np.asarray(_opened(theirs)), road)
    assert cv2.PSNR(np.asarray(_opened(ours)), road) == pytest.approx(wanted, abs=0.1)
    assert len(ours) == pytest.approx(len(theirs), rel=0.01)


def test_the_exif_block_stands_behind_the_jfif_segment(road):
    """Both standards want to be first: JFIF is, and readers find EXIF right behind it."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
    content = jpeg_bytes(road, exif)

    assert content[6:11] == b"JFIF\0"
    assert content[20:24] == b"\xff\xe1" + (2 + len(exif)).to_bytes(2, "big")
    assert _opened(content).info["exif"] == exif
    assert np.array_equal(np.asarray(_opened(content)), np.asarray(_opened(jpeg_bytes(road, b""))))


def test_a_view_is_written_as_it_looks(road):
    """Rows with gaps between them, as GStreamer hands them over, and read-only pixels will do."""
    part = road[3:50, 5:61]
    part.flags.writeable = False

    assert np.abs(np.asarray(_opened(jpeg_bytes(part, b""))).astype(int) - part).mean() < 4
