"""The front of several networks: what each is worth and costs, measured side by side.

All are timed on one backend in one process, call by call in turns, so that a drift of the
machine's clock or load meets all alike. The paper's network takes part, at the paper's picture
size: how many times faster a pixel another network is holds on any machine far better than
milliseconds do.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from edgecrack.manifest import Provenance
from edgecrack.segmenters import load_segmenter
from export.bundle_files import write_files
from export.model_card import ModelCard
from training.complexity import complexity_of
from training.unet import UNet, UNetSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from training.complexity import Complexity

PAPER = "paper's U-Net"
PAPER_SIZE_PX = (480, 320)
PERCENTILES = (5, 50, 90, 95, 99)
_CARD = ModelCard(
    "front", "0", 128, "not chosen", (), Provenance({}, (), "not for use", 0, "unknown")
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network that is to be compared.

    Attributes:
        name: Its name in the table.
        net: The network; untrained weights cost the same.
        size_px: Width and height of its pictures.
        f1: F1, 0 to 1, on validation pictures of the sets it has learnt; None if not known.
        f1_left_out: F1 on sets that were left out of its training; None if not known.
    """

    name: str
    net: UNet
    size_px: tuple[int, int]
    f1: float | None = None
    f1_left_out: float | None = None


@dataclass(frozen=True, slots=True)
class FrontRow:
    """What one network is worth and costs.

    Attributes:
        name: Its name.
        f1: As in `Candidate`.
        f1_left_out: As in `Candidate`.
        complexity: What it costs to compute and to store.
        percentiles_ms: ``p50_ms`` and so on: a call's time.
        fps: Calls a second of the network alone, one after the other: calls over their time.
        faster_a_pixel: How many times the paper's network needs its time for a pixel, the median
            over the turns.
    """

    name: str
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
        calls = []
        for number, candidate in enumerate(compared):
            place = Path(folder) / str(number)
            place.mkdir()
            bundle = write_files(candidate.net, [candidate.size_px], _CARD, place)
            segmenter = stack.enter_context(closing(load_segmenter(bundle, live=True)))
            frame = _noise(*candidate.size_px)
            calls.append(lambda run=segmenter.answer, frame=frame: run(frame))
        backend = segmenter.backend
        times_s = in_turns(calls, turns, time.perf_counter)
    reference_s = times_s[-1] / _pixels(reference)
    pairs = zip(compared, times_s, strict=True)
    rows = tuple(front_row(each, own_s, reference_s) for each, own_s in pairs)
    return Front(backend, turns, rows)


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


def front_row(candidate: Candidate, times_s: np.ndarray, reference_s: np.ndarray) -> FrontRow:
    """Return the row of one network.

    Args:
        candidate: The network.
        times_s: The time of each of its calls.
        reference_s: The time that the reference needed for a pixel, in the same turns.
    """
    percentiles = np.percentile(1e3 * times_s, PERCENTILES)
    return FrontRow(
        name=candidate.name,
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
