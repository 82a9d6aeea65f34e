"""From a checkpoint to a bundle that has proved itself, with its scores and where it is from.

The folder appears only when everything in it has been proved and is durable: it is made beside its
place and renamed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError, UsageError
from edgecrack.models.selftest import selftest
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from export.bundle_files import write_files
from export.model_card import model_card
from export.parity import compare, require
from training.dataset import part_of, read_pair

if TYPE_CHECKING:
    from edgecrack.storage.disk import Disk
    from export.model_card import BundleRequest
    from export.parity import Parity
    from training.checkpoint import Checkpoint
    from training.config import DataConfig


def build_bundle(
    checkpoint: Checkpoint, request: BundleRequest, out: Path, disk: Disk | None = None
) -> tuple[Parity, ...]:
    """Export ``checkpoint`` to the folder ``out`` and prove it; durable on return.

    Args:
        checkpoint: What to export.
        request: What for.
        out: Where to.
        disk: What puts the folder in place; None is this machine's.

    Returns:
        How far each exported network is from torch over the validation pictures.

    Raises:
        NotHealthyError: One is too far, or fails its self-test; nothing is written then.
        UsageError: No set of the checkpoint can prove it.
        SinkError: ``out`` exists or cannot be written.
    """
    if out.exists():
        raise SinkError(f"{out} already exists; give another --out, nothing is ever overwritten.")
    data, disk = _set(checkpoint, request), disk or LocalDisk()
    try:
        make_folders(disk, out.parent)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as folder:
            build = Path(folder) / "bundle"
            build.mkdir()
            parities = _build(checkpoint, request, data, build)
            for path in (*build.rglob("*"), build):
                disk.sync(path)
            disk.rename(build, out)
            disk.sync(out.parent)
    except OSError as error:
        raise SinkError(
            f"{out} could not be written ({error.strerror}); make room or give another --out."
        ) from error
    return parities


def _set(checkpoint: Checkpoint, request: BundleRequest) -> DataConfig:
    """Return the set that threshold, parity and scores are taken on."""
    known = {
        data.name: data for data in checkpoint.config.data if data.split and data.has_crack_labels
    }
    name = request.set_name or next(iter(known), None)
    if name not in known:
        raise UsageError(
            "the set must be one the checkpoint was trained on, with crack labels and a split, "
            f"{sorted(known)}, not '{name}'; give --set."
        )
    if not part_of(known[name], request.root, "validation"):
        raise UsageError(f"set '{name}' has no validation picture here to prove anything with.")
    return known[name]


def _build(
    checkpoint: Checkpoint, request: BundleRequest, data: DataConfig, build: Path
) -> tuple[Parity, ...]:
    net = checkpoint.network()
    bundle = write_files(net, request.sizes_px, model_card(checkpoint, net, request, data), build)
    pairs = part_of(data, request.root, "validation")
    parities = compare(net, bundle, [read_pair(pair, data)[0] for pair in pairs])
    for parity in parities:
        require(parity)
    selftest(bundle).require()
    return parities
