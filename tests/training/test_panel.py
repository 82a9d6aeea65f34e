"""A panel shows rows of image | truth | probability."""

import cv2
import numpy as np
import pytest
import torch

from training.dataset import part_of, read_pair
from training.panel import ROW_HEIGHT_PX, panel, write_panel
from training.scoring import probability
from training.unet import UNet, UNetSpec


@pytest.fixture
def rows(road, configured):
    """Return a network, its samples and their panel."""
    torch.manual_seed(2)
    net = UNet(UNetSpec(widths=(4, 8))).eval()
    (data,) = configured().data
    samples = [(data, pair) for pair in part_of(data, road, "test")[:2]]
    return net, samples, panel(net, samples)


def test_each_row_holds_image_truth_and_probability(rows):
    """Side by side, enlarged alike, four dark lines below each row."""
    net, samples, picture = rows
    assert picture.shape == (2 * (ROW_HEIGHT_PX + 4), 3 * ROW_HEIGHT_PX, 3)
    assert picture.dtype == np.uint8
    for row, (data, pair) in enumerate(samples):
        image, mask = read_pair(pair, data)
        top = row * (ROW_HEIGHT_PX + 4)
        shown = picture[top : top + ROW_HEIGHT_PX].reshape(ROW_HEIGHT_PX, 3, ROW_HEIGHT_PX, 3)
        for column, plane in enumerate((image, mask, probability(net, image))):
            small = cv2.resize(shown[:, column], (48, 48), interpolation=cv2.INTER_AREA)
            wanted = plane if plane.ndim == 3 else np.repeat(plane[..., None], 3, axis=2)
            assert np.abs(small.astype(int) - wanted).mean() < 8
        assert not picture[top + ROW_HEIGHT_PX : top + ROW_HEIGHT_PX + 4].any()


def test_pictures_of_other_shapes_share_a_panel(rows, own_road, configured):
    """A wider picture makes a wider row; the others are filled up in black."""
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


def test_a_panel_is_written_as_it_looks(rows, tmp_path):
    """Red is red in the file."""
    _, _, picture = rows
    picture[0, 0] = (255, 0, 10)
    write_panel(picture, tmp_path / "a.png")
    bgr = cv2.imread(str(tmp_path / "a.png"))
    assert bgr is not None
    np.testing.assert_array_equal(bgr[..., ::-1], picture)
