"""A small data set for training tests: dark lines on grey noise, drawn from a seed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from training.config import TrainConfig, parse_config

# Ids of the CrackForest split, some of each part.
TRAIN = ("003", "004", "005", "010", "011", "012", "013", "014")
VALIDATION = ("001", "009", "045")
TEST = ("002", "006", "007")


def draw(folder: Path, name: str, side_px: int = 48) -> None:
    """Write one picture and its mask: a dark line, two pixels wide, at a random place."""
    rng = np.random.default_rng(int(name))
    mask = np.zeros((side_px, side_px), np.uint8)
    (x, y), (u, v) = rng.integers(4, side_px - 4, (2, 2)).tolist()
    cv2.line(mask, (x, y), (side_px - u, side_px - v), 255, 2)
    noise = rng.normal(150, 12, (*mask.shape, 3))
    picture = np.clip(np.where(mask[..., None] > 0, noise - 90, noise), 0, 255).astype(np.uint8)
    for part, plane in (("images", picture), ("masks", mask)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / f"{name}.png").write_bytes(cv2.imencode(".png", plane)[1].tobytes())


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """One thread is faster for pictures this small, and makes sums reproducible."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def road(tmp_path_factory) -> Path:
    """A data folder with ``lines/images`` and ``lines/masks``; tests must not change it."""
    root: Path = tmp_path_factory.mktemp("road")
    for name in (*TRAIN, *VALIDATION, *TEST):
        draw(root / "lines", name)
    return root


@pytest.fixture
def own_road(tmp_path) -> Path:
    """A data folder with three pictures, which a test may change."""
    for name in ("003", "004", "001"):
        draw(tmp_path / "data" / "lines", name)
    return tmp_path / "data"


@pytest.fixture(scope="session")
def configured() -> Callable[..., TrainConfig]:
    """Return a function: sections to change -> a configuration that trains in a second."""

    def make(**sections: dict[str, Any]) -> TrainConfig:
        lines = {
            "name": "lines",
            "images": ["lines/images"],
            "masks": ["lines/masks"],
            "split": "crackforest",
            "validate_px": 1,
            "licence": "drawn by a test",
        }
        fit = {"batch": 2, "crop_px": 32, "steps_per_epoch": 4, "epochs": 4, "learning_rate": 1e-2}
        defaults: dict[str, dict[str, Any]] = {
            "model": {"widths": [4, 8], "batch_norm": True},
            "loss": {},
            "augment": {"flip_vertical": True},
            "fit": {**fit, "precision": "fp32", "threads": 1},
        }
        merged = {key: {**value, **sections.get(key, {})} for key, value in defaults.items()}
        return parse_config(
            {"name": "tiny", **merged, "data": [{**lines, **sections.get("data", {})}]}, "a test"
        )

    return make
