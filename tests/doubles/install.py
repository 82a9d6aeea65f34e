"""The doubles in the place of the libraries, for as long as a test runs."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.gpu import Gpu

FOLDER = Path(__file__).parent
VERSIONS = ("8.6.1", "10.3.0", "10.16.1.11", "11.4.0.106")
# Modules that have taken in a library.
_LEAVES = ("builder", "building", "execution", "gpu", "log", "monitor", "refitting", "target")


def _is_stale(name: str) -> bool:
    leaves = {f"edgecrack.engines.{leaf}" for leaf in _LEAVES} | {"edgecrack.segmenters.trt"}
    is_part = any(
        name == root or name.startswith(f"{root}.") for root in ("tensorrt", "pycuda", "cuda")
    )
    return is_part or name in leaves or name.startswith(("tests.doubles.gpu", "tests.doubles.trt_"))


def _forget() -> None:
    for name in list(filter(_is_stale, sys.modules)):
        parent, _, leaf = name.rpartition(".")
        del sys.modules[name]
        if parent in sys.modules and hasattr(sys.modules[parent], leaf):
            delattr(sys.modules[parent], leaf)


@contextmanager
def doubles(version: str) -> Iterator[Gpu]:
    """Have a double of this version of TensorRT, and give the GPU behind it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENSORRT_DOUBLE", version)
        patch.syspath_prepend(str(FOLDER))
        _forget()
        try:
            yield importlib.import_module("tests.doubles.gpu").GPU
        finally:
            _forget()
