"""Fingerprints, sidecars and builds for tests."""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import replace
from typing import Any

from edgecrack.engines.fingerprint import Fingerprint, Target
from edgecrack.engines.options import BuildOptions
from edgecrack.engines.sidecar import Sidecar

TARGET = Target(
    tensorrt="10.3.0",
    compute_capability="8.7",
    device="Orin",
    multiprocessors=16,
    board="NVIDIA Jetson AGX Orin",
    l4t="36.4.3",
)
FINGERPRINT = Fingerprint(
    onnx_sha256="ab" * 32, precision="fp16", width_px=96, height_px=64, target=TARGET
)
PLAN = b"a plan"


def sidecar(plan: bytes = PLAN, **changed: Any) -> Sidecar:
    """Return the sidecar of a plan."""
    whole = Sidecar(
        fingerprint=FINGERPRINT,
        architecture_sha256="cd" * 32,
        file="model.fp16.onnx",
        bundle="tiny 0.0.1",
        plan_bytes=len(plan),
        plan_sha256=hashlib.sha256(plan).hexdigest(),
        precision="fp16",
        convolutions={"fp16": 8},
        dla_fallback=("softmax",),
        refitted_from="",
        build_s=312.5,
        built_utc="2026-05-01T12:00:00.000+00:00",
        edgecrack="0.1.0",
    )
    return replace(whole, **changed)


def on(**changed: Any) -> Fingerprint:
    """Return the fingerprint of the same engine on another target."""
    return replace(FINGERPRINT, target=replace(TARGET, **changed))


def building():
    """Return the module; it can be imported once TensorRT is there."""
    return importlib.import_module("edgecrack.engines.building")


def make(bundle, precision="fp16", **options):
    """Build an engine and return its sidecar, and whether it is new."""
    again, on_progress = options.pop("again", False), options.pop("on_progress", quiet)
    return building().make_engine(
        bundle, bundle.model(precision), on_progress, BuildOptions(**options), again=again
    )


def quiet(_what, _done, _total):
    """Show no progress."""
