"""From a checkpoint to a bundle folder: networks, golden frames, scores, and where it all is from.

The folder appears only when everything in it has been proved: it is made beside its place and
renamed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnx

from edgecrack.bundle import (
    MANIFEST,
    DataEntry,
    FileEntry,
    GoldenEntry,
    Manifest,
    MetricEntry,
    ModelEntry,
    Provenance,
    file_entry,
    load_bundle,
)
from edgecrack.demo.golden import golden_frames
from edgecrack.errors import NotHealthyError, SinkError, UsageError
from edgecrack.segmenters import load_segmenter
from edgecrack.selftest import selftest
from export.parity import MAX_LEVELS, MIN_MASK_IOU, Parity, compare, require
from export.to_onnx import macs, to_onnx
from training.dataset import part_of, read_pair
from training.evaluation import evaluate, ods_threshold
from training.unet import parameter_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgecrack.bundle import Bundle
    from edgecrack.records import Picture
    from edgecrack.segmenters import Segmenter
    from training.checkpoint import Checkpoint
    from training.config import DataConfig
    from training.unet import UNet

TERMS = (
    "Weights for research and demonstration only: they were trained on the data sets named here, "
    "whose owners' terms apply."
)


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What to put into a bundle.

    Attributes:
        sizes_px: Input sizes (width, height); the first is the default.
        release: Version of the model.
        root: Where the data lies.
        set_name: The set that threshold and scores are taken on; None is the first with a split.
        tolerances_px: Tolerances of the scores; the threshold is chosen under the largest.
        licence: What may be done with the weights.
    """

    sizes_px: tuple[tuple[int, int], ...]
    release: str
    root: Path
    set_name: str | None = None
    tolerances_px: tuple[float, ...] = (5.0, 10.0)
    licence: str = TERMS


def write_bundle(checkpoint: Checkpoint, request: BundleRequest, out: Path) -> Parity:
    """Export ``checkpoint`` to the folder ``out`` and prove it.

    Returns:
        How far the exported network is from torch over the validation pictures.

    Raises:
        NotHealthyError: If it is too far; nothing is written then.
        SinkError: If ``out`` exists or cannot be written.
    """
    if out.exists():
        raise SinkError(f"{out} already exists; give another --out, nothing is ever overwritten.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as folder:
        build = Path(folder) / "bundle"
        build.mkdir()
        parity = _build(checkpoint, request, build)
        shutil.copytree(build, Path(folder) / "whole")
        (Path(folder) / "whole").rename(out)
    return parity


def _build(checkpoint: Checkpoint, request: BundleRequest, build: Path) -> Parity:
    net, data = checkpoint.network(), _set(checkpoint, request)
    models = tuple(_write_model(net, size, build) for size in request.sizes_px)
    manifest = _manifest(checkpoint, request, data, models, build)
    (build / MANIFEST).write_text(manifest.as_json(), encoding="utf-8")
    bundle = load_bundle(build)
    parity = compare(net, load_segmenter(bundle), _pictures(data, request.root, "validation"))
    require(parity)
    _add_golden(bundle, manifest, build)
    found = selftest(load_bundle(build))
    if not found.passed:
        raise NotHealthyError(f"the new bundle failed its own self-test: {found.results}.")
    return parity


def _set(checkpoint: Checkpoint, request: BundleRequest) -> DataConfig:
    for data in checkpoint.config.data:
        if data.split and request.set_name in {None, data.name}:
            return data
    names = [data.name for data in checkpoint.config.data if data.split]
    raise UsageError(f"the set must be one of {names}, not '{request.set_name}'.")


def _write_model(net: UNet, size_px: tuple[int, int], build: Path) -> ModelEntry:
    width_px, height_px = size_px
    name = f"model.{width_px}x{height_px}.fp32.onnx"
    (build / name).write_bytes(to_onnx(net, width_px, height_px))
    return ModelEntry(name, "fp32", width_px, height_px, MAX_LEVELS, MIN_MASK_IOU)


def _pictures(data: DataConfig, root: Path, part: str) -> Iterator[Picture]:
    return (read_pair(pair, data)[0] for pair in part_of(data, root, part))


def _manifest(
    checkpoint: Checkpoint,
    request: BundleRequest,
    data: DataConfig,
    models: Sequence[ModelEntry],
    build: Path,
) -> Manifest:
    net = checkpoint.network()
    tolerance = max(request.tolerances_px)
    threshold = ods_threshold(net, data, request.root, tolerance)
    first = models[0]
    graph = onnx.shape_inference.infer_shapes(onnx.load(str(build / first.file)))
    return Manifest(
        name=checkpoint.config.name,
        release=request.release,
        models=tuple(models),
        threshold=threshold,
        threshold_origin=f"ODS on {data.name} validation, many-to-one, {tolerance:g} px",
        stride_px=checkpoint.config.model.stride_px,
        parameters=parameter_count(net),
        macs_per_pixel=macs(graph) / (first.width_px * first.height_px),
        golden=(),
        metrics=tuple(_metrics(net, data, request)),
        provenance=_provenance(checkpoint, request),
        files=_entries(build),
    )


def _metrics(net: UNet, data: DataConfig, request: BundleRequest) -> Iterator[MetricEntry]:
    for part in ("validation", "test"):
        for found in evaluate(net, data, request.root, part, request.tolerances_px):
            fixed = found.at_threshold or found.ods
            protocol = f"{found.protocol}, threshold {fixed.threshold} from validation"
            yield MetricEntry(f"F1 {found.name}", round(fixed.f1, 4), protocol)


def _provenance(checkpoint: Checkpoint, request: BundleRequest) -> Provenance:
    data = tuple(DataEntry(**each) for each in checkpoint.data)
    config = checkpoint.config.model_dump(mode="json")
    return Provenance(config, data, request.licence, checkpoint.epoch, _commit())


def _commit() -> str:
    """Return the commit of the program's checkout, "unknown" outside one."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _add_golden(bundle: Bundle, manifest: Manifest, build: Path) -> None:
    """Write golden frames for the default size, with the answers of the exported network."""
    entry = bundle.model()
    segmenter = load_segmenter(bundle, entry)
    frames = golden_frames(entry.width_px, entry.height_px)
    (build / "golden").mkdir()
    golden = tuple(_write_golden(k, f, segmenter, entry, build) for k, f in frames.items())
    proved = Manifest(
        **{name: getattr(manifest, name) for name in Manifest.__dataclass_fields__}
        | {"golden": golden, "files": _entries(build)}
    )
    (build / MANIFEST).write_text(proved.as_json(), encoding="utf-8")


def _write_golden(
    kind: str, frame: Picture, segmenter: Segmenter, entry: ModelEntry, build: Path
) -> GoldenEntry:
    names = (f"golden/{kind}.frame.webp", f"golden/{kind}.probability.png")
    bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101]  # above 100 is lossless; a third less than PNG
    (build / names[0]).write_bytes(cv2.imencode(".webp", bgr, lossless)[1].tobytes())
    answer = segmenter.probability(frame)
    smallest = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    (build / names[1]).write_bytes(cv2.imencode(".png", np.asarray(answer), smallest)[1].tobytes())
    return GoldenEntry(kind, *names, entry.file)


def _entries(build: Path) -> dict[str, FileEntry]:
    files = sorted(file for file in build.rglob("*") if file.is_file() and file.name != MANIFEST)
    return {str(f.relative_to(build).as_posix()): file_entry(f.read_bytes()) for f in files}
