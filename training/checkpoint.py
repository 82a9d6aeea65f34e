"""A checkpoint: one file from which the network, and the run that made it, can be built again.

It holds the weights that were validated, the raw weights with the optimiser (for resuming), the
whole configuration, the metrics, and digests of the data. It is written to a neighbour and renamed,
so that a power cut leaves the old one or the new one. It is read with ``weights_only=True``: a
checkpoint from a stranger cannot run code.
"""

from __future__ import annotations

import io
import pickle
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from edgecrack.errors import ConfigError, InputError
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.replace_file import replace_file
from training.config import TrainConfig, parse_config
from training.unet import UNet

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.storage.disk import Disk

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a run has come to.

    Attributes:
        config: The configuration it ran with.
        epoch: Epochs finished.
        weights: The state of the network to use (the running average, if one is kept).
        resume: State of raw network, optimiser and step, for going on bit for bit.
        metrics: What the last validation found, JSON-like.
        data: For each data set its name, terms, picture count and digest, JSON-like.
        best: The best validation score so far; it decides which checkpoint is kept as best.
    """

    config: TrainConfig
    epoch: int
    weights: dict[str, torch.Tensor]
    resume: dict[str, Any]
    metrics: dict[str, Any]
    data: list[dict[str, Any]]
    best: float

    def network(self) -> UNet:
        """Build the network with these weights, ready to predict.

        Raises:
            InputError: If the weights are not of the network that the configuration describes.
        """
        net = UNet(self.config.model)
        try:
            net.load_state_dict(self.weights)
        except (RuntimeError, TypeError) as error:
            raise InputError(
                f"the weights of checkpoint '{self.config.name}' do not fit its own [model]; the "
                "file was put together wrongly: train again."
            ) from error
        return net.eval()


def save_checkpoint(checkpoint: Checkpoint, path: Path, disk: Disk | None = None) -> None:
    """Write ``checkpoint`` so that ``path`` is at every moment whole; durable on return.

    Args:
        checkpoint: What to keep.
        path: Where; an earlier checkpoint is replaced.
        disk: What writes it; None is this machine's.

    Raises:
        SinkError: If it cannot be written; an older file at ``path`` is then untouched.
    """
    content = {
        "format": FORMAT,
        "config": checkpoint.config.model_dump(mode="json"),
        **{key: getattr(checkpoint, key) for key in _FIELDS},
    }
    packed = io.BytesIO()
    torch.save(content, packed)
    replace_file(disk or LocalDisk(), path, packed.getvalue())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, on the CPU, without running anything it contains.

    Raises:
        InputError: If ``path`` is missing, damaged, or no checkpoint of this format.
    """
    try:
        whole = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} must be a readable checkpoint, but: {error}.") from error
    try:
        content = _unpack(whole)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} holds more than weights and numbers, which is never loaded; it is no "
            "checkpoint of edgecrack-train."
        ) from error
    except _DAMAGED as error:
        raise InputError(f"{path} is damaged or no checkpoint; use another copy.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path} is no checkpoint of format {FORMAT}; train again.")
    if wrong := [key for key, kind in _FIELDS.items() if not isinstance(content.get(key), kind)]:
        raise InputError(f"{path} holds no usable '{wrong[0]}'; use another copy of it.")
    try:
        config = parse_config(content.get("config"), str(path))
    except ConfigError as error:  # nobody wrote this file by hand
        raise InputError(f"{error} Use the version of edgecrack that trained it.") from error
    return Checkpoint(config=config, **{key: content[key] for key in _FIELDS})


def _unpack(whole: bytes) -> object:
    """Return what torch packed, having checked it: torch writes checksums and never reads them."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        if broken := archive.testzip():
            raise zipfile.BadZipFile(broken)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch thinks of a foreign file ends as an error
        return torch.load(io.BytesIO(whole), map_location="cpu", weights_only=True)


_DAMAGED = (  # what is raised over flipped and missing bytes
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError),
    *(OSError, RuntimeError, TypeError, ValueError, struct.error, zipfile.BadZipFile, zlib.error),
)
_FIELDS = {
    "epoch": int,
    "weights": dict,
    "resume": dict,
    "metrics": dict,
    "data": list,
    "best": float,
}
