"""From a network, and what is known about it, to the files of a bundle in an empty folder."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import onnx

from edgecrack.bundle import MANIFEST, file_entry, load_bundle
from edgecrack.manifest import FileEntry, GoldenEntry, Manifest, ModelEntry
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.synthetic.golden import golden_frames
from export.parity import MAX_LEVELS, MIN_MASK_IOU
from export.to_onnx import macs, to_onnx
from training.unet import parameter_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgecrack.bundle import Bundle
    from export.model_card import ModelCard
    from training.unet import UNet


def write_files(
    net: UNet, sizes_px: Sequence[tuple[int, int]], card: ModelCard, folder: Path
) -> Bundle:
    """Fill an empty folder with networks, golden frames and manifest, and load the bundle.

    Args:
        net: The trained network.
        sizes_px: Input sizes (width, height), each once; the first is the default.
        card: What the manifest says about it.
        folder: The folder to fill.
    """
    models = tuple(_write_network(net, size, folder) for size in sizes_px)
    first = models[0]
    graph = onnx.load(str(folder / first.file))
    manifest = Manifest(
        name=card.name,
        release=card.release,
        models=models,
        threshold=card.threshold,
        threshold_origin=card.threshold_origin,
        road_threshold=card.road_threshold if net.spec.road else None,
        stride_px=net.spec.stride_px,
        parameters=parameter_count(net),
        macs_per_pixel=macs(graph) / (first.width_px * first.height_px),
        golden=(),
        metrics=card.metrics,
        provenance=card.provenance,
        files=_entries(folder),
    )
    _write(manifest, folder)
    (folder / "golden").mkdir()
    bundle = load_bundle(folder)
    golden = tuple(golden for network in models for golden in _write_golden(bundle, network))
    _write(replace(manifest, golden=golden, files=_entries(folder)), folder)
    return load_bundle(folder)


def _write_network(net: UNet, size_px: tuple[int, int], folder: Path) -> ModelEntry:
    width_px, height_px = size_px
    name = f"model.{width_px}x{height_px}.fp32.onnx"
    (folder / name).write_bytes(to_onnx(net, width_px, height_px))
    return ModelEntry(name, "fp32", width_px, height_px, MAX_LEVELS, MIN_MASK_IOU)


def _write_golden(bundle: Bundle, network: ModelEntry) -> Iterator[GoldenEntry]:
    """Write the golden frames of a network's size, and what the exported network answers."""
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101]  # above 100 is lossless; a third less than PNG
    smallest = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    size = f"{network.width_px}x{network.height_px}"
    spec = ModelSpec(precision=network.precision, size_px=network.size_px)
    with closing(load_segmenter(bundle, spec, live=True)) as segmenter:
        for kind, frame in golden_frames(*network.size_px).items():
            frame_name = f"golden/{kind}.{size}.frame.webp"
            bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
            webp = cv2.imencode(".webp", bgr, lossless)[1]
            (bundle.path / frame_name).write_bytes(webp.tobytes())
            names = {}
            for answer, plane in segmenter.answer(frame).planes.items():
                names[answer] = f"golden/{kind}.{size}.{answer}.png"
                png = cv2.imencode(".png", plane, smallest)[1]
                (bundle.path / names[answer]).write_bytes(png.tobytes())
            yield GoldenEntry(kind, frame_name, model=network.file, **names)


def _write(manifest: Manifest, folder: Path) -> None:
    (folder / MANIFEST).write_text(manifest.as_json(), encoding="utf-8")


def _entries(folder: Path) -> dict[str, FileEntry]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    return {file.relative_to(folder).as_posix(): file_entry(file.read_bytes()) for file in files}
