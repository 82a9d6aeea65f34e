"""Thumbnails."""

import base64
from dataclasses import replace

import cv2
import numpy as np

from edgecrack.page.thumbnails import marked
from edgecrack.run_reader import read_run


def decoded(uri):
    """Return the picture in a data URI."""
    raw = base64.b64decode(uri.partition(",")[2])
    return cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)


def test_cracks_are_marked_red_and_the_rest_is_left_grey(run_dir):
    """Pixels of the mask turn red; the others keep their colour."""
    worst = max(read_run(run_dir).observations, key=lambda frame: frame.area_share)
    picture = decoded(marked(worst, 480)).astype(int)
    mask = cv2.imread(str(worst.mask), cv2.IMREAD_GRAYSCALE)
    redness = picture[..., 2] - picture[..., 1]
    assert picture.shape == (270, 480, 3)
    assert redness[mask > 0].mean() > 60
    assert abs(redness[cv2.dilate(mask, np.ones((15, 15))) == 0].mean()) < 6


def test_without_a_readable_picture_there_is_no_thumbnail(run_dir, tmp_path):
    """A missing or damaged frame gives an empty string."""
    frame = read_run(run_dir).observations[0]
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    (tmp_path / "empty.jpg").touch()
    assert marked(replace(frame, picture=None), 100) == ""
    assert marked(replace(frame, picture=tmp_path / "empty.jpg"), 100) == ""
    assert marked(replace(frame, picture=tmp_path / "gone.jpg"), 100) == ""
    assert marked(replace(frame, picture=tmp_path / "broken.jpg"), 100) == ""
