"""Bundles made of the tiny one: of another input size, or as good but with another digest."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnxruntime

from edgecrack.bundle import load_bundle

if TYPE_CHECKING:
    from pathlib import Path


def renamed(bundle: Path, target: Path, release: str) -> Path:
    """Return a copy whose network is the same and whose identity is another."""
    shutil.copytree(bundle, target)
    values = json.loads((target / "manifest.json").read_text())
    values["release"] = release
    (target / "manifest.json").write_text(json.dumps(values))
    return target


def resized(bundle: Path, target: Path, size_px: tuple[int, int]) -> Path:
    """Return a copy that is proved at another size; its golden answers are the network's own."""
    shutil.copytree(bundle, target)
    values = json.loads((target / "manifest.json").read_text())
    width_px, height_px = size_px
    network = onnxruntime.InferenceSession((target / "model.fp32.onnx").read_bytes())
    for golden in values["golden"]:
        frame = cv2.resize(cv2.imread(str(target / golden["frame"])), size_px)
        rgb = np.ascontiguousarray(frame[np.newaxis, ..., ::-1])
        (answer,) = network.run(["probability"], {"frame": rgb})
        lossless = [cv2.IMWRITE_WEBP_QUALITY, 101]
        (target / golden["frame"]).write_bytes(cv2.imencode(".webp", frame, lossless)[1].tobytes())
        (target / golden["probability"]).write_bytes(cv2.imencode(".png", answer[0])[1].tobytes())
    for entry in (*values["models"], *values["golden"]):
        entry["width_px"], entry["height_px"] = width_px, height_px
    for name in values["files"]:
        data = (target / name).read_bytes()
        values["files"][name] = {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    (target / "manifest.json").write_text(json.dumps(values))
    return target


def digest(bundle: Path) -> str:
    """Return the identity of a bundle that is sound."""
    return load_bundle(bundle).sha256
