"""A panel to look at: one picture with rows of image | true mask | probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.dataset import read_shrunk
from training.scoring import probability
from training.truth import CRACK, is_known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.records import GrayImage, RgbImage
    from training.config import DataConfig
    from training.dataset import Pair
    from training.unet import UNet

ROW_HEIGHT_PX = 270

UNKNOWN_GREY = 80


def panel(net: UNet, samples: Sequence[tuple[DataConfig, Pair]]) -> RgbImage:
    """Return one RGB picture (H, W, 3) with a row of image | true mask | probability a sample."""
    rows = []
    for config, pair in samples:
        picture, mask = read_shrunk(pair, config)
        grays = (shown_truth(mask), probability(net, picture))
        columns = [picture, *(np.repeat(gray[..., np.newaxis], 3, axis=2) for gray in grays)]
        row = np.hstack(columns)
        scale = ROW_HEIGHT_PX / row.shape[0]
        rows.append(cv2.resize(row, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0))) for row in rows]
    return np.asarray(np.vstack(padded), np.uint8)


def shown_truth(truth: GrayImage) -> GrayImage:
    """Return codes of ``training.truth`` as a picture: white crack, black none, grey not known."""
    shown = np.where(is_known(truth), np.uint8(0), np.uint8(UNKNOWN_GREY))
    shown[truth == CRACK] = 255
    return np.asarray(shown, np.uint8)


def panel_png(picture: RgbImage) -> bytes:
    """Return an RGB picture as PNG."""
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return data.tobytes()


def write_panel(picture: RgbImage, path: Path) -> None:
    """Write an RGB picture as PNG."""
    path.write_bytes(panel_png(picture))
