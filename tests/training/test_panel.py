"""A panel has rows of image | true mask | probability."""

import cv2
import numpy as np
import pytest
import torch

from training.dataset import part_of, read_pair
from training.panel import ROW_HEIGHT_PX, UNKNOWN_GREY, panel, shown_truth, write_panel
from training.scoring import probability
from training.unet import UNet, UNetSpec


@pytest.fixture
def rows(road, configured):
    """Return a network, two pictures with masks, and their panel."""
    torch.manual_seed(2)
    net = UNet(UNetSpec(widths=(4, 8))).eval()
    (data,) = configured().data
    samples = [(data, pair) for pair in part_of(data, road, "test")[:2]]
    return net, samples, panel(net, samples)


def test_each_row_holds_image_truth_and_probability(rows):
    """They are side by side, enlarged alike, with four black lines below each row."""
    net, samples, picture = rows
    assert picture.shape == (2 * (ROW_HEIGHT_PX + 4), 3 * ROW_HEIGHT_PX, 3)
    assert picture.dtype == np.uint8
    for row, (data, pair) in enumerate(samples):
        image, mask = read_pair(pair, data)
        top = row * (ROW_HEIGHT_PX + 4)
        row_parts = picture[top : top + ROW_HEIGHT_PX].reshape(ROW_HEIGHT_PX, 3, ROW_HEIGHT_PX, 3)
        for column, part in enumerate((image, mask, probability(net, image))):
            small = cv2.resize(row_parts[:, column], (48, 48), interpolation=cv2.INTER_AREA)
            expected = part if part.ndim == 3 else np.repeat(part[..., None], 3, axis=2)
            assert np.abs(small.astype(int) - expected).mean() < 8
        assert not picture[top + ROW_HEIGHT_PX : top + ROW_HEIGHT_PX + 4].any()


def test_pictures_of_other_shapes_share_a_panel(rows, own_road, configured):
    """A wider picture makes a wider row; shorter rows are filled with black."""
    net, samples, _ = rows
    for part in ("images", "masks"):
        plane = np.full((24, 60), 200, np.uint8)
        (own_road / "lines" / part / "004.png").write_bytes(
            cv2.imencode(".png", plane)[1].tobytes()
        )
    (data,) = configured(data={"split": None}).data
    wide = next(pair for pair in part_of(data, own_road, "train") if pair.name == "004")
    picture = panel(net, [*samples, (data, wide)])
    assert picture.shape[1] == 3 * 60 * ROW_HEIGHT_PX / 24
    assert not picture[:ROW_HEIGHT_PX, 3 * ROW_HEIGHT_PX :].any()


def test_a_panel_is_written_with_its_colours(rows, tmp_path):
    """Every pixel of the file is that of the panel, with red as red."""
    _, _, picture = rows
    picture[0, 0] = (255, 0, 10)
    write_panel(picture, tmp_path / "a.png")
    bgr = cv2.imread(str(tmp_path / "a.png"))
    assert bgr is not None
    np.testing.assert_array_equal(bgr[..., ::-1], picture)


def test_a_truth_is_shown_as_crack_none_and_unknown():
    """Not road and paint are no crack; road without labels, and disputed pixels, are grey."""
    codes = np.array([[0, 1, 2, 255], [3, 4, 5, 0]], np.uint8)
    grey = UNKNOWN_GREY
    assert shown_truth(codes).tolist() == [[0, 0, 0, 255], [grey, grey, grey, 0]]
