"""This machine with the double of TensorRT, for all processes that are started meanwhile."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgecrack.doctor.machine import Machine
from tests.doubles.install import FOLDER, doubles

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[3]


@contextmanager
def double_machine(cache: Path, version: str = "10.3.0") -> Iterator[Machine]:
    """Have the double of a version of TensorRT, and a folder for engines and choices."""
    path = (str(FOLDER), str(CHECKOUT), os.environ.get("PYTHONPATH", ""))
    with pytest.MonkeyPatch.context() as patch, doubles(version):
        patch.setenv("PYTHONPATH", os.pathsep.join(path))
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield Machine()
