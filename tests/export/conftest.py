"""The tiny network, exported here by torch, a checkpoint of it, and pictures to prove it on."""

from __future__ import annotations

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from edgecrack.bundle import load_bundle
from export.model_card import ModelCard
from training.checkpoint import Checkpoint, save_checkpoint
from training.config import parse_config
from training.unet import UNet, UNetSpec

MAKER = Path(__file__).with_name("make_tiny.py")
SPLIT = {
    "train": ("APFD_01",),
    "validation": ("APFD_13", "CPFD_16", "APVD_08"),
    "test": ("APFD_07", "CPFD_15"),
}
"""A part of the committed split of nha12d, for pictures that only the tests make."""


@pytest.fixture(scope="session")
def maker():
    """Return the names of the program that makes the tiny bundle."""
    return runpy.run_path(str(MAKER))


@pytest.fixture(scope="session")
def tiny_net(maker):
    """Return the untrained network of 2,000 parameters."""
    return maker["tiny_net"]()


@pytest.fixture(scope="session")
def dark_net() -> UNet:
    """Return a network that calls dark pixels crack, surely: also in INT8 it finds the same."""
    net = UNet(UNetSpec(widths=(4, 8), stem=2)).eval()
    with torch.no_grad():
        for values in net.parameters():
            values.zero_()
        first, second, merge, last = (
            layer
            for level in (net.down[0], net.merge[0])
            for layer in level.children()
            if isinstance(layer, nn.Conv2d)
        )
        for pixel in range(4):  # of a block of the stem, each in a channel of its own
            first.weight[pixel, pixel::4, 1, 1] = -1 / 3  # the mean of the three colours
            for layer in (second, merge, last):
                layer.weight[pixel, pixel, 1, 1] = 1
            net.head.weight[pixel, pixel] = 40
        first.bias.fill_(0.35)
        net.head.bias.fill_(-4.0)
    return net


@pytest.fixture(scope="session")
def tiny_bundle(maker, tiny_net, tmp_path_factory) -> Path:
    """Return the bundle of that network, exported now: nobody may write to it."""
    folder: Path = tmp_path_factory.mktemp("bundles") / "tiny"
    maker["write_tiny"](tiny_net, folder)
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_bundle):
    """Return that bundle, loaded."""
    return load_bundle(tiny_bundle)


@pytest.fixture(scope="session")
def made_data(tmp_path_factory) -> Path:
    """Return a data folder with one set of small pictures, each with a dark crack and its mask."""
    root = tmp_path_factory.mktemp("data")
    for folder in ("pictures", "masks"):
        (root / folder).mkdir()
    random = np.random.default_rng(4)
    for name in (name for names in SPLIT.values() for name in names):
        picture = random.integers(120, 160, (96, 128, 3), np.uint8)
        mask = np.zeros((96, 128), np.uint8)
        path = random.integers(0, 96, (5, 2)).astype(np.int32)
        cv2.polylines(mask, [path], isClosed=False, color=255, thickness=2)
        picture[mask > 0] //= 3
        cv2.imwrite(str(root / "pictures" / f"{name}.png"), picture)
        cv2.imwrite(str(root / "masks" / f"{name}.png"), mask)
    return root


@pytest.fixture(scope="session")
def checkpoint(tiny_net) -> Checkpoint:
    """Return a checkpoint of the tiny network, with that set and with one that has no split."""
    made = {"name": "made", "images": ["pictures"], "masks": ["masks"], "split": "nha12d"}
    whole = {"name": "whole", "images": ["pictures"], "masks": ["masks"], "licence": "none at all"}
    model = {"widths": [4, 8], "stem": 2}
    config = parse_config({"name": "tiny", "model": model, "data": [whole, made]}, "made up")
    data = [
        {"name": "made", "pictures": 1, "sha256": "00" * 32, "licence": "free"},
        {"name": "whole", "pictures": 6, "sha256": "11" * 32, "licence": "none at all"},
    ]
    return Checkpoint(
        config=config,
        epoch=3,
        weights=tiny_net.state_dict(),
        resume={},
        metrics={},
        data=data,
        best=0.5,
    )


@pytest.fixture(scope="session")
def checkpoint_file(checkpoint, tmp_path_factory) -> Path:
    """Return that checkpoint as a file."""
    path = tmp_path_factory.mktemp("checkpoint") / "best.pt"
    save_checkpoint(checkpoint, path)
    return path


@pytest.fixture(scope="session")
def card(tiny) -> ModelCard:
    """Return what the tiny bundle says about its network."""
    manifest = tiny.manifest
    return ModelCard(
        manifest.name,
        manifest.release,
        manifest.threshold,
        manifest.threshold_origin,
        manifest.provenance,
    )
