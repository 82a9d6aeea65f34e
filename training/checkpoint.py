"""A checkpoint: one file from which a network can be used, and its training run resumed.

It holds the weights that were validated, the raw weights with the optimiser (for resuming), the
whole configuration, the metrics, and digests of the data. It is written to a temporary file beside
it and renamed, so that a power cut leaves the old one or the new one. It is read with
``weights_only=True``: a checkpoint from an unknown source cannot run code.
"""

from __future__ import annotations

import io
import pickle
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass, replace
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
    """The state of a training run after an epoch.

    Attributes:
        config: The run's configuration.
        epoch: Epochs finished.
        weights: State dict of the network to use (the running average, if there is one).
        resume: State dicts of raw network, optimiser and gradient scaler, to resume bit for bit;
            empty in a packed checkpoint.
        metrics: Loss and validation scores of the epoch, JSON-like.
        data: For each data set its name, licence, number of pictures and digest, JSON-like.
        best: The highest validation quality so far, which decides what becomes ``best.pt``.
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
                f"the weights of checkpoint '{self.config.name}' must fit its [model], but do not; "
                "train again."
            ) from error
        return net.eval()


def packed(checkpoint: Checkpoint) -> Checkpoint:
    """Return it with weights of 16 bits, and with nothing to resume from.

    Raises:
        InputError: If the weights are not those of its network, or one has no value in 16 bits.
    """
    weights = {
        name: value.half() if value.is_floating_point() else value
        for name, value in checkpoint.network().state_dict().items()
    }
    if wrong := [name for name, value in weights.items() if not value.isfinite().all()]:
        raise InputError(
            f"the weights of checkpoint '{checkpoint.config.name}' must fit in 16 bits, but "
            f"'{wrong[0]}' does not; keep the file as it is."
        )
    return replace(checkpoint, weights=weights, resume={})


def save_checkpoint(checkpoint: Checkpoint, path: Path, disk: Disk | None = None) -> None:
    """Write ``checkpoint`` so that ``path`` is a complete file at any moment; durable on return.

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
    """Read a checkpoint, on the CPU, without running code that it contains.

    Raises:
        InputError: If ``path`` is missing, damaged, or not a checkpoint of this format.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} must be a readable checkpoint, but: {error}.") from error
    try:
        content = _unpack(data)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} must hold only weights and numbers, but holds other objects; use a checkpoint "
            "of edgecrack-train."
        ) from error
    except _DAMAGED as error:
        raise InputError(f"{path} is damaged or not a checkpoint; use another copy.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path} is not a checkpoint of format {FORMAT}; train again.")
    if wrong := [key for key, kind in _FIELDS.items() if not isinstance(content.get(key), kind)]:
        raise InputError(f"{path} holds no usable '{wrong[0]}'; use another copy.")
    try:
        config = parse_config(content.get("config"), str(path))
    except ConfigError as error:  # not a file that a person edits
        raise InputError(f"{error} Use the version of edgecrack that trained it.") from error
    return Checkpoint(config=config, **{key: content[key] for key in _FIELDS})


def _unpack(data: bytes) -> object:
    """Return what torch saved. Checks the ZIP's checksums, which torch writes but never reads."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if broken := archive.testzip():
            raise zipfile.BadZipFile(broken)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a file that is not torch's becomes an error
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


_DAMAGED = (  # raised for flipped or missing bytes
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
