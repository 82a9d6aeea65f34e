"""All contestants, one after another, over the same file and the same camera."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.synthetic.drive import DriveSpec, write_drive
from tests.benchmarks.side_by_side import coded_clip
from tests.benchmarks.side_by_side.agreement import agreement
from tests.benchmarks.side_by_side.environments import FOLDER
from tests.benchmarks.side_by_side.figures import fastest
from tests.benchmarks.side_by_side.roster import REFERENCE, rounds
from tests.benchmarks.side_by_side.rtsp_server import FPS
from tests.benchmarks.side_by_side.trial import TrialError, over_camera, over_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.side_by_side.agreement import Agreement
    from tests.benchmarks.side_by_side.figures import Figures
    from tests.benchmarks.side_by_side.roster import Contestant
    from tests.benchmarks.side_by_side.trial import Network

_KBPS = 4000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run.

    Attributes:
        contestants: Who takes part; the reference must be among them.
        network: What all run.
        video: The file; the camera plays it, too.
        rounds: How often each goes over the file.
        live_s: How long the camera plays; 0 leaves it out.
        cracked_s: Length of a synthetic road full of cracks, on which masks are compared as well; 0
            leaves it out.
    """

    contestants: Sequence[Contestant]
    network: Network
    video: Path
    rounds: int
    live_s: int
    cracked_s: float = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, by contestants' names.

    Attributes:
        file: All trials with the file.
        agreements: Masks of the file against the reference's.
        cracked: The same of the cracked road.
        live: The trial with the camera.
        problems: Contestant and mode -> why there are no figures.
    """

    file: dict[str, list[Figures]] = field(default_factory=dict)
    agreements: dict[str, Agreement] = field(default_factory=dict)
    cracked: dict[str, Agreement] = field(default_factory=dict)
    live: dict[str, Figures] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def best(self) -> dict[str, Figures]:
        """The fastest trial of each with the file."""
        return {name: fastest(trials) for name, trials in self.file.items()}


def hold(plan: Plan) -> Outcome:
    """Run all of a plan."""
    outcome = Outcome()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        _file_rounds(plan, Path(folder), outcome)
        if plan.cracked_s:
            _cracked_round(plan, Path(folder), outcome)
        if plan.live_s:
            _live_round(plan, Path(folder), outcome)
    return outcome


def _file_rounds(plan: Plan, folder: Path, outcome: Outcome) -> None:
    for order in rounds(plan.contestants, plan.rounds):
        for contestant in order:
            place = folder / contestant.slug

            def trial(contestant: Contestant = contestant, place: Path = place) -> None:
                figures = over_file(contestant, plan.network, plan.video, place)
                outcome.file.setdefault(contestant.name, []).append(figures)

            _tried(trial, f"{contestant.name}, file", outcome)
    outcome.agreements.update(_agreements(plan, folder))


def _cracked_round(plan: Plan, folder: Path, outcome: Outcome) -> None:
    spec = DriveSpec(width_px=960, height_px=540, seconds=plan.cracked_s)
    drive = write_drive(spec, folder / "drive")
    for contestant in plan.contestants:

        def trial(contestant: Contestant = contestant) -> None:
            over_file(contestant, plan.network, drive.video, folder / contestant.slug)

        _tried(trial, f"{contestant.name}, cracked road", outcome)
    outcome.cracked.update(_agreements(plan, folder))


def _agreements(plan: Plan, folder: Path) -> dict[str, Agreement]:
    """Hold the masks that lie in the folders against the reference's."""
    places = {each.name: folder / each.slug / "out" / "masks" for each in plan.contestants}
    reference = places[REFERENCE.name]
    return {name: agreement(place, reference) for name, place in places.items() if place.is_dir()}


def _live_round(plan: Plan, folder: Path, outcome: Outcome) -> None:
    clip = folder / "clip"
    frames = coded_clip.numbered_frames(plan.video, plan.live_s * FPS)
    coded_clip.write_clip(coded_clip.encoded(frames, FPS, _KBPS), clip)
    for contestant in plan.contestants:

        def trial(contestant: Contestant = contestant) -> None:
            place = folder / f"{contestant.slug}-live"
            outcome.live[contestant.name] = over_camera(contestant, plan.network, clip, place)

        _tried(trial, f"{contestant.name}, live", outcome)


def _tried(trial: Callable[[], None], what: str, outcome: Outcome) -> None:
    """One that fails is reported, and does not keep the others from being measured."""
    sys.stderr.write(f"{what}\n")
    try:
        trial()
    except TrialError as error:
        outcome.problems[what] = str(error)
