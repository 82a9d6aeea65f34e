"""Surveys by the real program, and what it means that a run folder is whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from edgecrack.config import RunConfig
from edgecrack.detector import DetectionSpec
from edgecrack.models import default_bundle
from edgecrack.models.holder import ModelHolder
from edgecrack.models.loaded import LoadedModel
from edgecrack.parts import Parts
from edgecrack.positions import PositionSpec
from edgecrack.positions.positioning import Positioning
from edgecrack.recording import FolderRecording
from edgecrack.run import carry_out
from edgecrack.segmenters import DarkSegmenter
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec
from edgecrack.stop_signal import StopSignal
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder
from edgecrack.synthetic.drive import DriveSpec, render_frames, write_drive
from edgecrack.utc import to_iso
from tests.edgecrack.survey_parts import source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def survey(command, tiny_bundle):
    """Return a function that runs ``edgecrack run`` with the tiny model into a folder."""

    def _survey(source: object, out: Path, *options: object) -> Any:
        return command("run", source, "--out", out, "--model", tiny_bundle, "--json", *options)

    return _survey


@pytest.fixture
def begin(environment, tiny_bundle):
    """Return a function that begins such a run and does not wait for its end."""
    begun: list[subprocess.Popen[str]] = []

    def _begin(source: object, out: Path, *options: object) -> subprocess.Popen[str]:
        arguments = ["run", source, "--out", out, "--model", tiny_bundle, "--json", *options]
        child = subprocess.Popen(
            [sys.executable, "-m", "edgecrack", *map(str, arguments)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        begun.append(child)
        return child

    yield _begin
    for child in begun:
        child.kill()
        child.communicate()


@pytest.fixture(scope="session")
def until():
    """Return a function that waits for a fact about a running program."""

    def _until(fact: Callable[[], object], child: subprocess.Popen[str]) -> None:
        for _ in range(6000):
            if fact():
                return
            try:
                child.wait(timeout=0.01)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the program ended before its time: {child.stderr.read()}")
        raise AssertionError("the program never came so far")

    return _until


@pytest.fixture(scope="session")
def features():
    """Return a function that reads the lines of a run, each a valid Feature of RFC 7946."""

    def _features(run: Path) -> list[dict[str, Any]]:
        text = (run / "cracks.geojsonl").read_text()
        assert text == "" or text.endswith("\n")
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            assert set(line) == {"type", "geometry", "properties"}
            assert line["type"] == "Feature"
            place = line["geometry"]
            if place is not None:
                assert place["type"] == "Point"
                lon_deg, lat_deg = place["coordinates"]
                assert -180 <= lon_deg <= 180
                assert -90 <= lat_deg <= 90
        return lines

    return _features


@pytest.fixture(scope="session")
def whole(features):
    """Return a function that asserts that each file of a run is whole, and counts the masks."""

    def _whole(run: Path) -> int:
        names = {entry.name for entry in run.iterdir()}
        known = {"run.json", "report.json", "cracks.geojsonl", "masks", "frames", "overlay.mp4"}
        assert names <= known
        for name in names & {"run.json", "report.json"}:
            assert json.loads((run / name).read_text())
        kept = {path.relative_to(run).as_posix() for path in run.glob("*/*")}
        for name in kept:
            with Image.open(run / name) as picture:
                picture.load()
        lines = [line["properties"] for line in features(run)]
        assert {line[key] for line in lines for key in ("mask", "picture")} - {None} <= kept
        return len(list((run / "masks").iterdir()))

    return _whole


@pytest.fixture(scope="session")
def spec():
    """Return what the small drive is made from."""
    return DriveSpec(seed=3, seconds=1.2, fps=10, width_px=480, height_px=270)


@pytest.fixture(scope="session")
def frames(spec):
    """Return the small drive's frames."""
    return list(render_frames(spec))


@pytest.fixture(scope="session")
def drive(spec, tmp_path_factory):
    """Return the small drive, written to disk."""
    return write_drive(spec, tmp_path_factory.mktemp("drive"))


@pytest.fixture(scope="session")
def surveyed(survey, drive, tmp_path_factory):
    """Return how a survey of the small drive ended, and its folder."""
    out = tmp_path_factory.mktemp("surveyed") / "out"
    ended = survey(
        drive.video, out, "--all-masks", "--position", drive.positions,
        "--video-start", to_iso(drive.start_ns),
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    return ended, out


@pytest.fixture
def forbidden(tmp_path):
    """Return a folder with a file in it that this process may not enter: it is nobody's for now."""
    folder = tmp_path / "forbidden"
    folder.mkdir()
    (folder / "file").write_text("")
    folder.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # permissions do not bind root
    yield folder
    os.seteuid(user)
    folder.chmod(0o700)


@pytest.fixture(scope="session")
def bundle():
    """Return the model that comes along, for its terms."""
    return default_bundle()


@pytest.fixture
def go(bundle, tmp_path):
    """Return a function that surveys frames in memory into ``tmp_path / "run"``."""

    def _go(  # noqa: PLR0913  all but the first by name
        frames,
        *,
        positioning=None,
        segmenter=None,
        detection=None,
        output=None,
        stop=None,
        more=None,
        on_frame=None,
        **options,
    ):
        parts = Parts(
            models=ModelHolder(
                LoadedModel(
                    bundle, segmenter or DarkSegmenter(12, 8, live=options.get("live", False))
                )
            ),
            source=frames if hasattr(frames, "counts") else source(frames, **options),
            positioning=positioning or Positioning(),
            recording=FolderRecording(
                RunFolder.create(tmp_path / "run", LocalDisk()), output or OutputSpec()
            ),
            **(more or {}),
        )
        config = RunConfig(
            source=SourceSpec(address="rtsp://me:s3cret@camera/1"),
            position=PositionSpec(max_gap_s=2.0),
            detection=detection or DetectionSpec(),
            output=output or OutputSpec(),
        )
        return carry_out(config, parts, stop or StopSignal(), on_frame)

    return _go
