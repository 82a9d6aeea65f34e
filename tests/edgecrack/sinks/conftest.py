"""Observations made from a seed, for the tests of sinks and for the processes they kill."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edgecrack.records import (
    UNPLACED,
    CrackMeasure,
    Detection,
    Fix,
    Frame,
    FrameGeometry,
    Observation,
    Placement,
    Region,
)
from edgecrack.records import PositionQuality as Quality
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

CAPTURED_NS = 1_774_000_000_123_456_789  # 2026-03-20T09:46:40.123456789Z
POSE = Fix(CAPTURED_NS, 51.3401234, 12.3712345, 112.5, 271.25, 13.9, 0.9)


def make_observation(
    index: int = 0,
    *,
    pose: Fix | None = POSE,
    captured_ns: int | None = CAPTURED_NS,
    has_crack: bool = True,
    size_px: tuple[int, int] = (96, 64),
    name: str = "",
) -> Observation:
    """Return an observation with asphalt and one crack that depend only on the index."""
    width_px, height_px = size_px
    random = np.random.default_rng(index)
    evidence = random.integers(90, 120, (height_px, width_px, 3), np.uint8)
    mask = np.zeros((height_px, width_px), np.uint8)
    points = random.integers(0, (width_px, height_px), (6, 2)).astype(np.int32)
    cv2.polylines(mask, [points], isClosed=False, color=255, thickness=2)
    area_px = int(np.count_nonzero(mask))
    geometry = FrameGeometry(width_px, height_px, Region(0, 0, width_px, height_px))
    detection = Detection(
        frame=Frame(index, index * 40_000_000, captured_ns, 0, evidence, evidence, geometry, name),
        mask=mask,
        measure=CrackMeasure(area_px, area_px / mask.size, 1, 0.875),
        has_crack=has_crack,
        model_sha256="0" * 64,
        took={},
    )
    return Observation(detection, Placement(Quality.INTERPOLATED, pose) if pose else UNPLACED)


def exiftool(*arguments: Path | str) -> list[dict[str, object]]:
    """Return what exiftool reads from files, as numbers where a tag is a number."""
    command = ["exiftool", "-n", "-json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="session", name="make_observation")
def _make_observation():
    return make_observation


@pytest.fixture(scope="session", name="exiftool")
def _exiftool():
    return exiftool


@pytest.fixture(scope="session")
def names():
    """Return what a folder holds, sorted."""
    return lambda folder: sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def directory(tmp_path):
    """A claimed, empty run folder."""
    disk = LocalDisk()
    yield RunFolder.create(tmp_path / "run", disk)
    disk.close()
