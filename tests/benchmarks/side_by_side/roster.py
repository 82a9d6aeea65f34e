"""Who takes part, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EDGECRACK = "edgecrack"
_LOOP, _VIDEO, _PIPELINE = "opencv_loop", "supervision_video", "roboflow_pipeline"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A program, and what runs the network in it.

    Attributes:
        program: ``edgecrack``, or a module of ``contestants``.
        title: What a table calls the program.
        backend: ``onnxruntime``, ``openvino`` or, of edgecrack, ``auto``.
        precision: What it computes in; empty leaves the choice to edgecrack.
        environment: Name of its virtual environment; empty is edgecrack's own.
    """

    program: str
    title: str
    backend: str
    precision: str
    environment: str = "light"

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{self.title}, {self.backend} {self.precision}".strip()

    @property
    def slug(self) -> str:
        """A name for files."""
        return f"{self.program}-{self.backend}-{self.precision}".strip("-")


REFERENCE = Contestant(EDGECRACK, EDGECRACK, "onnxruntime", "fp32", "")
"""Whose masks the others are held against."""


def peers(*, has_bf16: bool) -> list[Contestant]:
    """Return the others. Each runs the network as its users would; OpenVINO twice in the loop.

    Args:
        has_bf16: Whether the processor computes in BF16 by itself.
    """
    precisions = ("fp32", "bf16") if has_bf16 else ("fp32",)
    return [
        Contestant(_LOOP, "OpenCV loop", "onnxruntime", "fp32"),
        *(Contestant(_LOOP, "OpenCV loop", "openvino", precision) for precision in precisions),
        Contestant(_VIDEO, "supervision.process_video", "onnxruntime", "fp32"),
        Contestant(_PIPELINE, "InferencePipeline", "onnxruntime", "fp32", "inference"),
    ]


def ours(variants: Sequence[tuple[str, str]]) -> list[Contestant]:
    """Return edgecrack with each pair of backend and precision, and with its own choice."""
    pairs = [*variants, ("auto", "")]
    return [Contestant(EDGECRACK, EDGECRACK, *pair, "") for pair in pairs]


def rounds(contestants: Sequence[Contestant], count: int) -> list[list[Contestant]]:
    """Return the order of each round: forwards, backwards, and so on.

    A clock that drifts over the rounds meets all alike.

    Example:
        >>> rounds(["a", "b"], 3)
        [['a', 'b'], ['b', 'a'], ['a', 'b']]
    """
    return [list(contestants)[:: -1 if number % 2 else 1] for number in range(count)]
