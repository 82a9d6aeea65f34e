"""The demo: a drive rendered, surveyed by an ordinary run, scored against its truth, and shown."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.config import RunConfig
from edgecrack.errors import InputError, SinkError
from edgecrack.metrics import Protocol, count_matches, total
from edgecrack.page.document import write_page
from edgecrack.page.shown_frames import DrivenTrack
from edgecrack.page.tables import Score
from edgecrack.positions import PositionSpec
from edgecrack.run import Outcome, run
from edgecrack.run_reader import read_run
from edgecrack.segmenters import ModelSpec
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec
from edgecrack.synthetic.drive import Drive, DriveSpec, write_drive
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.metrics import Counts
    from edgecrack.parts import OnProgress
    from edgecrack.records import GrayImage

TOLERANCES_PX = (3.0, 6.0)
"""In the drive's 1280 px: about what 5 and 10 px are in a picture 1920 wide."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo came to.

    Attributes:
        page: The page to look at.
        outcome: The run behind it.
        scores: How the run did against the drive's truth.
    """

    page: Path
    outcome: Outcome
    scores: tuple[Score, ...]


def run_demo(
    folder: Path,
    spec: DriveSpec,
    on_progress: OnProgress = lambda _what, _done, _total: None,
    *,
    model: ModelSpec | None = None,
) -> DemoResult:
    """Render a drive into ``folder``, survey it, and write ``folder/index.html``.

    Args:
        folder: Where to write.
        spec: What to render.
        on_progress: Told what is counted, how many are done, and of how many.
        model: Which network runs, and what runs it; None is the one that comes along.

    Raises:
        SinkError: If ``folder`` holds anything but an earlier demo, which is replaced.
    """
    _clear(folder)
    drive = write_drive(spec, folder / "drive", partial(on_progress, "frames rendered"))
    config = RunConfig(
        source=SourceSpec(address=str(drive.video), start=to_iso(drive.start_ns)),
        position=PositionSpec(address=str(drive.positions)),
        model=model or ModelSpec(),
        output=OutputSpec(folder=folder / "run", all_masks=True, overlay=True),
    )
    outcome = run(config, on_progress=on_progress)
    scores = tuple(_score(drive, outcome.out / "masks", reach) for reach in TOLERANCES_PX)
    driven = DrivenTrack(drive.fixes, drive.start_ns)
    page = write_page(folder / "index.html", read_run(outcome.out), driven, scores)
    return DemoResult(page, outcome, scores)


def _clear(folder: Path) -> None:
    """Remove an earlier demo; refuse to delete anything else."""
    try:
        names = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
        # A survey may be called "run", too; only a demo has true masks.
        is_demo = (folder / "drive" / "truth").is_dir()
        foreign = names - {"drive", "run", "index.html"} if is_demo else names
        if foreign:
            raise SinkError(
                f"{folder} should hold nothing but an earlier demo, but holds {min(foreign)}; "
                "choose another --out."
            )
        (folder / "index.html").unlink(missing_ok=True)
        for name in ("run", "drive"):  # what marks it as a demo goes last
            if name in names:
                shutil.rmtree(folder / name)
    except OSError as error:
        raise SinkError(f"{folder} must be a folder to write to, but: {error}.") from error


def _score(drive: Drive, masks: Path, tolerance_px: float) -> Score:
    """Compare the masks of a run with the drive's truth, frame by frame."""
    counts: list[Counts] = [
        count_matches(_plane(masks / truth.name), _plane(truth), tolerance_px)
        for truth in sorted(drive.truth.iterdir())
    ]
    score = total(counts).at(255)
    size = f"{drive.spec.width_px}x{drive.spec.height_px}"
    protocol = Protocol("the generator's own masks", tolerance_px, f"{len(counts)} frames", size)
    name = f"F1, {tolerance_px:g} px"
    return Score(name, score.f1, score.precision, score.recall, str(protocol))


def _plane(path: Path) -> GrayImage:
    """Read a mask; one that is not there is an error, never an empty road."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise InputError(f"{path} should be a mask and cannot be read; run the demo again.")
    return np.asarray(image, np.uint8)
