"""From a checkpoint to a bundle that has proved itself, with its scores and where it is from.

The folder appears only when everything in it has been proved and is durable: it is made beside its
place and renamed.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import NotHealthyError, SinkError, UsageError
from edgecrack.models.selftest import selftest
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from export.bundle_files import Quantise, with_metrics, write_files
from export.calibration import calibration_frames
from export.magnitudes import largest_activation, require_room
from export.metric_entries import brief_metrics, metrics
from export.model_card import model_card
from export.parity import compare, compare_half, golden_pictures, require, require_half
from export.quality import measure_quality, require_quality, validation_pictures
from training.dataset import part_of, read_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import MetricEntry
    from edgecrack.records import RgbImage
    from edgecrack.storage.disk import Disk
    from export.magnitudes import Magnitude
    from export.model_card import BundleRequest
    from export.parity import Parity
    from training.checkpoint import Checkpoint
    from training.config import DataConfig


def build_bundle(
    checkpoint: Checkpoint,
    request: BundleRequest,
    out: Path,
    disk: Disk | None = None,
    on_note: Callable[[str], None] = lambda _text: None,
) -> tuple[Parity, ...]:
    """Export ``checkpoint`` to the folder ``out`` and prove it; durable on return.

    Args:
        checkpoint: What to export.
        request: What for.
        out: Where to.
        disk: What puts the folder in place; None is this machine's.
        on_note: Told, in a sentence, how much of FP16's range is used, and what was left out.

    Returns:
        How far the exported network is from torch over the validation pictures, at each size; and
        FP16 from FP32 over these and the golden frames.

    Raises:
        NotHealthyError: It is too far, FP16 could overflow, a precision finds fewer cracks, or one
            fails its self-test; nothing is written then.
        UsageError: No set of the checkpoint can prove it.
        SinkError: ``out`` exists or cannot be written.
    """
    if out.exists():
        raise SinkError(f"{out} already exists; give another --out, nothing is ever overwritten.")
    data, disk = _set(checkpoint, request), disk or LocalDisk()
    _check_sizes(request.sizes_px, checkpoint.config.model.stride_px)
    try:
        make_folders(disk, out.parent)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as folder:
            build = Path(folder) / "bundle"
            build.mkdir()
            parities = _build_what_is_good(checkpoint, request, data, build, on_note)
            for path in (*build.rglob("*"), build):
                disk.sync(path)
            disk.rename(build, out)
            disk.sync(out.parent)
    except OSError as error:
        raise SinkError(
            f"{out} could not be written ({error.strerror}); make room or give another --out."
        ) from error
    return parities


def _build_what_is_good(
    checkpoint: Checkpoint,
    request: BundleRequest,
    data: DataConfig,
    build: Path,
    on_note: Callable[[str], None],
) -> tuple[Parity, ...]:
    """Build all that was asked for; where INT8 is no good and may lack, all but that."""
    try:
        return _build(checkpoint, request, data, build, on_note)
    except NotHealthyError as error:
        if not (request.int8_precisions and request.int8_may_lack):
            raise
        shutil.rmtree(build)
        build.mkdir()
        without = replace(request, int8_precisions=())
        parities = _build(checkpoint, without, data, build, lambda _text: None)
        on_note(f"INT8 is left out: {error}")  # and nothing else was at fault
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


def _check_sizes(sizes_px: Sequence[tuple[int, int]], stride_px: int) -> None:
    """Refuse sizes that the network would have to pad.

    Raises:
        UsageError: One is no multiple of the stride.
    """
    for width_px, height_px in sizes_px:
        if width_px % stride_px or height_px % stride_px:
            fitting = "x".join(
                str(max(2, -(-side // stride_px)) * stride_px) for side in (width_px, height_px)
            )
            raise UsageError(
                f"--size must be a multiple of the network's stride, {stride_px} px, both ways, "
                f"not {width_px}x{height_px}; {fitting} is."
            )


def _build(
    checkpoint: Checkpoint,
    request: BundleRequest,
    data: DataConfig,
    build: Path,
    on_note: Callable[[str], None],
) -> tuple[Parity, ...]:
    net, root = checkpoint.network(), request.root
    labelled = [one for one in checkpoint.config.data if one.has_crack_labels]
    quantise = None
    if request.int8_precisions:
        frames = calibration_frames(labelled, root, request.sizes_px[0])
        quantise = Quantise(frames, request.int8_precisions)
    card = model_card(checkpoint, net, request, data)
    bundle = write_files(net, request.sizes_px, card, build, quantise, fp16=request.fp16)
    pairs = part_of(data, root, "validation")
    pictures = [read_pair(pair, data)[0] for pair in pairs]
    parities = compare(net, bundle, pictures)
    for parity in parities:
        require(parity)
    sets = [data] if request.set_name else [one for one in checkpoint.config.data if one.split]
    entries: tuple[MetricEntry, ...] = ()
    if request.fp16:
        magnitude = _magnitude(bundle, sets, root)
        on_note(f"{magnitude.text}.")
        require_room(magnitude)
        parities += _half_parities(bundle, pictures)
        entries = (magnitude.entry,)
    selftest(with_metrics(bundle, _scores(bundle, request, sets) + entries)).require()
    return parities


def _magnitude(bundle: Bundle, sets: Sequence[DataConfig], root: Path) -> Magnitude:
    """Return the largest activation of FP32 on validation pictures and golden frames."""
    network = bundle.model("fp32")
    frames = validation_pictures(sets, root, network.size_px)
    frames += golden_pictures(bundle, network.size_px)
    return largest_activation(bundle.read(network.file), frames)


def _half_parities(bundle: Bundle, pictures: Sequence[RgbImage]) -> tuple[Parity, ...]:
    """Compare FP16 with FP32, and refuse the first answer that differs."""
    parities = tuple(compare_half(bundle, pictures))
    for parity in parities:
        require_half(parity)
    return parities


def _scores(
    bundle: Bundle, request: BundleRequest, sets: Sequence[DataConfig]
) -> tuple[MetricEntry, ...]:
    """Score FP32 in full at the default size; other precisions there, and other sizes, in short."""
    root, tolerance_px = request.root, max(request.tolerances_px)
    qualities = measure_quality(bundle, sets, root, tolerance_px)
    require_quality(qualities)
    first, *others = bundle.networks("fp32")
    with closing(load_segmenter(bundle, ModelSpec(size_px=first.size_px), live=True)) as segmenter:
        entries = list(metrics(segmenter, sets, root, request.tolerances_px))
    for quality in qualities[1:]:
        entries += quality.entries
    for network in others:
        spec = ModelSpec(size_px=network.size_px)
        with closing(load_segmenter(bundle, spec, live=True)) as segmenter:
            entries += brief_metrics(segmenter, sets, root, tolerance_px)
    return tuple(entries)
