"""From a network, and what is known about it, to the files of a bundle in an empty folder."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from edgecrack.bundle import MANIFEST, file_entry, load_bundle
from edgecrack.manifest import FileEntry, GoldenEntry, Manifest, ModelEntry
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.synthetic.golden import golden_frames
from export.halving import halved
from export.quantising import quantised
from export.to_onnx import to_onnx
from training.complexity import complexity_of
from training.unet import parameter_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import MetricEntry
    from edgecrack.records import RgbImage
    from export.model_card import ModelCard
    from training.unet import UNet

TOLERANCES = {
    "fp32": (2, 0.995),
    "bf16": (64, 0.95),
    "fp16": (8, 0.98),
    "int8": (96, 0.93),
    "int8-trt": (96, 0.93),
}
"""Precision -> largest difference in 1/255, and smallest mask IoU, on golden frames.

Processors add FP32 numbers up in orders of their own: a pixel here and there moves by one level,
and one of the few crack pixels of a dark frame across the threshold.
"""

KINDS = ("crack", "clean", "dark")
KINDS_OF_OTHERS = ("crack", "dark")
"""Golden frames of the default size, and of each other: a bundle travels over mobile networks."""


@dataclass(frozen=True, slots=True)
class Quantise:
    """What INT8 files are made of.

    Attributes:
        frames: Frames of the kind that a run shows to the network, uint8 (H, W, 3).
        precisions: ``int8``, ``int8-trt``.
        step: Every so many of them also show how channels are to be brought to like ranges.
    """

    frames: Sequence[RgbImage]
    precisions: tuple[str, ...] = ("int8",)
    step: int = 4


def write_files(
    net: UNet,
    sizes_px: Sequence[tuple[int, int]],
    card: ModelCard,
    folder: Path,
    quantise: Quantise | None = None,
    *,
    fp16: bool = True,
) -> Bundle:
    """Fill an empty folder with networks, golden frames and manifest, and load the bundle.

    Args:
        net: The trained network.
        sizes_px: Input sizes (width, height), each once, multiples of the stride; the first is the
            default.
        card: What the manifest says about it.
        folder: The folder to fill.
        quantise: What to make INT8 files of and with; None makes none.
        fp16: Whether to write an FP16 file.

    Raises:
        EdgecrackError: A graph breaks its contract.
    """
    files = _write_networks(net, folder, quantise, fp16=fp16)
    models = tuple(
        ModelEntry(file, precision, *size_px, *TOLERANCES[precision])
        for precision, file in files.items()
        for size_px in sizes_px
    )
    manifest = Manifest(
        name=card.name,
        release=card.release,
        models=models,
        threshold=card.threshold,
        threshold_origin=card.threshold_origin,
        road_threshold=card.road_threshold if net.spec.road else None,
        stride_px=net.spec.stride_px,
        parameters=parameter_count(net),
        macs_per_pixel=complexity_of(net.spec, *sizes_px[0]).macs / math.prod(sizes_px[0]),
        golden=(),
        metrics=card.metrics,
        provenance=card.provenance,
        files=_entries(folder),
    )
    return _with_golden(manifest, folder)


def with_metrics(bundle: Bundle, metrics: tuple[MetricEntry, ...]) -> Bundle:
    """Write scores into the manifest of a bundle, and load it again."""
    _write(replace(bundle.manifest, metrics=metrics), bundle.path)
    return load_bundle(bundle.path)


def _write_networks(
    net: UNet, folder: Path, quantise: Quantise | None, *, fp16: bool
) -> dict[str, str]:
    """Write each network file once; return precision -> file. BF16 is computed from FP32."""
    whole = to_onnx(net, _tensors(quantise.frames[:: quantise.step]) if quantise else ())
    networks = {"fp32": whole}
    if fp16:
        networks["fp16"] = halved(whole)
    if quantise:
        networks |= {
            precision: quantised(whole, precision, quantise.frames)
            for precision in quantise.precisions
        }
    for precision, network in networks.items():
        (folder / f"model.{precision}.onnx").write_bytes(network)
    files = {"fp32": "model.fp32.onnx", "bf16": "model.fp32.onnx"}
    return files | {precision: f"model.{precision}.onnx" for precision in networks}


def _with_golden(manifest: Manifest, folder: Path) -> Bundle:
    """Write golden frames of every size beside the networks of a manifest, and load the bundle."""
    _write(manifest, folder)
    (folder / "golden").mkdir()
    bundle = load_bundle(folder)
    golden = tuple(
        entry
        for number, size_px in enumerate(manifest.sizes_px)
        for entry in _write_golden(bundle, size_px, KINDS if number == 0 else KINDS_OF_OTHERS)
    )
    _write(replace(manifest, golden=golden, files=_entries(folder)), folder)
    return load_bundle(folder)


def _tensors(frames: Sequence[RgbImage]) -> list[torch.Tensor]:
    pictures = (torch.from_numpy(np.array(frame)) for frame in frames)
    return [picture.permute(2, 0, 1)[None].float() / 255 for picture in pictures]


def _write_golden(
    bundle: Bundle, size_px: tuple[int, int], kinds: Sequence[str]
) -> Iterator[GoldenEntry]:
    """Write golden frames of a size, and what the FP32 network answers."""
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101]  # above 100 is lossless; a third less than PNG
    smallest = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    size = f"{size_px[0]}x{size_px[1]}"
    frames = golden_frames(*size_px)
    with closing(load_segmenter(bundle, ModelSpec(size_px=size_px), live=True)) as segmenter:
        for kind in kinds:
            frame_name = f"golden/{kind}.{size}.frame.webp"
            bgr = cv2.cvtColor(frames[kind], cv2.COLOR_RGB2BGR)
            webp = cv2.imencode(".webp", bgr, lossless)[1]
            (bundle.path / frame_name).write_bytes(webp.tobytes())
            names = {}
            for answer, plane in segmenter.answer(frames[kind]).planes.items():
                names[answer] = f"golden/{kind}.{size}.{answer}.png"
                png = cv2.imencode(".png", plane, smallest)[1]
                (bundle.path / names[answer]).write_bytes(png.tobytes())
            width_px, height_px = size_px
            yield GoldenEntry(kind, frame_name, width_px=width_px, height_px=height_px, **names)


def _write(manifest: Manifest, folder: Path) -> None:
    (folder / MANIFEST).write_text(manifest.as_json(), encoding="utf-8")


def _entries(folder: Path) -> dict[str, FileEntry]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    return {file.relative_to(folder).as_posix(): file_entry(file.read_bytes()) for file in files}
