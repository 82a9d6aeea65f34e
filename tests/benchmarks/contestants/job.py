"""What a contestant is to do: a file that the benchmark writes and each contestant reads."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One video through one network.

    Attributes:
        video: A path, or an RTSP address.
        live: Whether it comes in real time, each picture with its number in it.
        folder: Where ``masks``, ``frames`` and ``figures.json`` go.
        network: The ONNX file.
        input_px: Width and height of the network's input.
        threshold: A pixel is crack from this probability on, 0..255.
        road_threshold: A pixel is road from this value on, 0..255; None without such a rule.
        backend: ``onnxruntime`` or ``openvino``.
        precision: ``fp32`` or ``bf16``; ONNX Runtime has the first alone.
    """

    video: str
    live: bool
    folder: str
    network: str
    input_px: tuple[int, int]
    threshold: int
    road_threshold: int | None
    backend: str
    precision: str

    def write(self, path: Path) -> None:
        """Write it for `read_job`."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read_job(path: Path) -> Job:
    """Return what `Job.write` wrote."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    return Job(**{**fields, "input_px": tuple(fields["input_px"])})
