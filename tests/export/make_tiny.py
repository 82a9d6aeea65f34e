"""Makes ``tests/edgecrack/data/tiny``, the bundle that the runtime's tests run without torch.

Make it again after a change to the manifest, the export or the golden frames::

    python tests/export/make_tiny.py
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import torch

CHECKOUT = Path(__file__).resolve().parents[2]
TINY = CHECKOUT / "tests" / "edgecrack" / "data" / "tiny"
sys.path.insert(0, str(CHECKOUT))

from edgecrack.manifest import DataEntry, MetricEntry, Provenance  # noqa: E402  (of this checkout, wherever it is run from)
from export.bundle_files import write_files  # noqa: E402
from export.model_card import ModelCard  # noqa: E402
from training.unet import UNet, UNetSpec  # noqa: E402

SIZE_PX = (96, 64)


def tiny_net() -> UNet:
    """Return an untrained network of 2,000 parameters, always the same."""
    torch.manual_seed(0)
    return UNet(UNetSpec(widths=(4, 8), stem=2)).eval()


def write_tiny(net: UNet, folder: Path) -> None:
    """Write the bundle of a network into a new folder, exported like any other."""
    card = ModelCard(
        name="tiny",
        release="0.0.1",
        threshold=145,  # a tenth of an asphalt picture
        threshold_origin="chosen for the tests",
        metrics=(MetricEntry("F1 nothing", 0.0, "never scored", "fp32"),),
        provenance=Provenance(
            config={"seed": 0},
            data=(DataEntry("nothing", 0, hashlib.sha256(b"").hexdigest(), "no terms"),),
            licence="for tests",
            trained_epochs=0,
            commit="unknown",
        ),
    )
    folder.mkdir(parents=True)
    write_files(net, [SIZE_PX], card, folder)


if __name__ == "__main__":
    shutil.rmtree(TINY, ignore_errors=True)
    write_tiny(tiny_net(), TINY)
