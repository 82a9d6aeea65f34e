"""The front of several networks: what each is worth and costs, measured side by side.

All are timed in one process, call by call in turns, so that a drift of the machine's clock or load
meets all alike. Networks are run by ONNX Runtime in FP32; a bundle by each backend and precision
that it has here. The paper's network takes part, at the paper's picture
size: how many times faster a pixel another network is holds on any machine far better than
milliseconds do.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from edgecrack.manifest import Provenance
from edgecrack.models.selftest import prove
from edgecrack.models.variants import Variant, variants
from edgecrack.segmenters import ModelSpec, load_segmenter
from export.bundle_files import write_files
from export.model_card import ModelCard
from training.complexity import complexity_of
from training.config import parse_config
from training.unet import UNet, UNetSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edgecrack.bundle import Bundle
    from training.complexity import Complexity

PAPER = "paper's U-Net"
PAPER_SIZE_PX = (480, 320)
PERCENTILES = (5, 50, 90, 95, 99)
_CARD = ModelCard("front", "0", 128, "not chosen", Provenance({}, (), "not for use", 0, "unknown"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network that is to be compared.

    Attributes:
        name: Its name in the table.
        net: The network; untrained weights cost the same.
        size_px: Width and height of its pictures.
        f1: F1, 0 to 1, on validation pictures of the sets it has learnt; None if not known.
        f1_left_out: F1 on sets that were left out of its training; None if not known.
        bundle: Where it has been exported to; None exports it now.
        run: How the bundle is run.
    """

    name: str
    net: UNet
    size_px: tuple[int, int]
    f1: float | None = None
    f1_left_out: float | None = None
    bundle: Bundle | None = None
    run: ModelSpec = field(default_factory=ModelSpec)


@dataclass(frozen=True, slots=True)
class FrontRow:
    """What one network is worth and costs.

    Attributes:
        name: Its name.
        runs_on: Backend and precision.
        mask_iou: IoU of its crack masks with those of FP32, on golden frames, 0 to 1; None where
            nothing but FP32 was run.
        f1: As in `Candidate`.
        f1_left_out: As in `Candidate`.
        complexity: What it costs to compute and to store.
        percentiles_ms: ``p50_ms`` and so on: a call's time.
        fps: Calls a second of the network alone, one after the other: calls over their time.
        faster_a_pixel: How many times the paper's network needs its time for a pixel, the median
            over the turns.
    """

    name: str
    runs_on: str
    mask_iou: float | None
    f1: float | None
    f1_left_out: float | None
    complexity: Complexity
    percentiles_ms: dict[str, float]
    fps: float
    faster_a_pixel: float

    def as_json(self) -> dict[str, Any]:
        """Return every number, JSON-like."""
        return asdict(self) | {"complexity": self.complexity.as_json()}


@dataclass(frozen=True, slots=True)
class Front:
    """Several networks side by side.

    Attributes:
        backend: What ran them.
        turns: Timed calls of each.
        rows: A row for each network; the last is the paper's.
    """

    backend: str
    turns: int
    rows: tuple[FrontRow, ...]

    def as_json(self) -> dict[str, Any]:
        """Return every number, JSON-like."""
        rows = [row.as_json() for row in self.rows]
        return {"backend": self.backend, "turns": self.turns, "networks": rows}


def paper_candidate() -> Candidate:
    """Return the paper's network of 31,031,745 parameters, untrained."""
    return Candidate(PAPER, UNet(UNetSpec()).eval(), PAPER_SIZE_PX)


def measure_front(candidates: Sequence[Candidate], reference: Candidate, turns: int) -> Front:
    """Export and time networks, all cores on one picture.

    Args:
        candidates: The networks.
        reference: What they are compared with, and the last row.
        turns: Calls of each that count; one more warms up.

    Raises:
        EdgecrackError: A network cannot be exported.
    """
    compared = [*candidates, reference]
    with TemporaryDirectory() as folder, ExitStack() as stack:
        calls, runs_on = [], []
        for number, candidate in enumerate(compared):
            bundle = candidate.bundle or _exported(candidate, Path(folder) / str(number))
            loaded = load_segmenter(bundle, candidate.run, live=True)
            segmenter = stack.enter_context(closing(loaded))
            frame = _noise(*candidate.size_px)
            calls.append(lambda run=segmenter.answer, frame=frame: run(frame))
            runs_on.append(f"{segmenter.backend.partition(' CPU')[0]}, {segmenter.precision}")
        backend = segmenter.backend
        times_s = in_turns(calls, turns, time.perf_counter)
    reference_s = times_s[-1] / _pixels(reference)
    rows = tuple(
        front_row(each, where, own_s, reference_s)
        for each, where, own_s in zip(compared, runs_on, times_s, strict=True)
    )
    return Front(backend, turns, rows)


def _exported(candidate: Candidate, place: Path) -> Bundle:
    place.mkdir()
    return write_files(candidate.net, [candidate.size_px], _CARD, place, fp16=False)


def candidates_of(bundle: Bundle) -> list[Candidate]:
    """Return a candidate for each backend and precision that runs a bundle here, at its first size.

    Raises:
        ConfigError: Its provenance holds no training configuration.
    """
    manifest = bundle.manifest
    net = UNet(parse_config(manifest.provenance.config, f"bundle {bundle.path}").model).eval()
    size_px = manifest.sizes_px[0]
    return [
        Candidate(
            f"{manifest.name} {manifest.release}",
            net,
            size_px,
            bundle=bundle,
            run=ModelSpec(backend=each.backend, precision=each.precision, size_px=size_px),
        )
        for each in variants(bundle)
    ]


def _agreement(candidate: Candidate) -> float | None:
    """Return the IoU of a bundle's masks with those of FP32 on its golden frames."""
    if candidate.bundle is None:
        return None
    run = candidate.run
    network = candidate.bundle.model(run.precision, run.size_px)
    return prove(candidate.bundle, network, Variant(run.backend, run.precision)).mask_iou


def in_turns(
    calls: Sequence[Callable[[], object]], turns: int, clock_s: Callable[[], float]
) -> np.ndarray:
    """Return the seconds of each call, float64 (calls, turns), made one after the other in turns.

    One turn more comes first, and is not counted.
    """
    times_s = np.zeros((len(calls), turns + 1))
    for turn in range(turns + 1):
        for number, call in enumerate(calls):
            began_s = clock_s()
            call()
            times_s[number, turn] = clock_s() - began_s
    return times_s[:, 1:]


def front_row(
    candidate: Candidate, runs_on: str, times_s: np.ndarray, reference_s: np.ndarray
) -> FrontRow:
    """Return the row of one network.

    Args:
        candidate: The network.
        runs_on: Backend and precision.
        times_s: The time of each of its calls.
        reference_s: The time that the reference needed for a pixel, in the same turns.
    """
    percentiles = np.percentile(1e3 * times_s, PERCENTILES)
    return FrontRow(
        name=candidate.name,
        runs_on=runs_on,
        mask_iou=_agreement(candidate),
        f1=candidate.f1,
        f1_left_out=candidate.f1_left_out,
        complexity=complexity_of(candidate.net.spec, *candidate.size_px),
        percentiles_ms={
            f"p{share}_ms": float(value)
            for share, value in zip(PERCENTILES, percentiles, strict=True)
        },
        fps=float(len(times_s) / times_s.sum()),
        faster_a_pixel=float(np.median(reference_s * _pixels(candidate) / times_s)),
    )


def validation_f1(metrics: Mapping[str, Any]) -> float | None:
    """Return the mean over the sets of the best validation F1 that a checkpoint's metrics hold."""
    scores = metrics.get("scores") or {}
    return float(np.mean([score["ods"]["f1"] for score in scores.values()])) if scores else None


def _pixels(candidate: Candidate) -> int:
    width_px, height_px = candidate.size_px
    return width_px * height_px


def _noise(width_px: int, height_px: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height_px, width_px, 3), np.uint8)
