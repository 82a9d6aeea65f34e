"""How a picture becomes a network's answer: one protocol, one leaf a backend, and a fake.

A backend's library is imported only when that backend is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  the type of a setting, read at run time
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edgecrack.errors import BundleError
from edgecrack.manifest import MOST_PX, PRECISIONS
from edgecrack.records import Answer
from edgecrack.redaction import is_remote, redact_address
from edgecrack.segmenters.backends import BACKENDS, REFERENCE, REFERENCE_PRECISION, load
from edgecrack.settings import setting

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle
    from edgecrack.records import RgbImage

__all__ = ["AUTO", "BACKENDS", "DarkSegmenter", "ModelSpec", "Segmenter", "load_segmenter"]

AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Which network runs, and what runs it.

    Attributes:
        bundle: Bundle directory, or name of a model that comes along; None is the default one.
        backend: ``auto`` or one of the backends.
        precision: ``auto`` or one of the precisions.
        size_px: Width and height of the input; None is the bundle's size that is nearest to the
            pictures.
        releases: Folder with the links ``current`` and ``previous`` to bundles, tried in this order
            and before the model that comes along; not looked at where ``bundle`` is given.
        swap_socket: Where a run is asked to change to another model; None is the folder that a
            service manager keeps for it, if it does.
    """

    bundle: Path | None = setting(
        None,
        flag="--model",
        help="Bundle directory, or the name of a model that comes along: vehicle, or the faster "
        "crack-n.",
        default_text="vehicle",
    )
    backend: str = setting(
        AUTO,
        flag="--backend",
        help=f"What runs the network: auto, {', '.join(BACKENDS)}. auto is the fastest whose masks "
        "agree with FP32 on this machine.",
    )
    precision: str = setting(
        AUTO,
        flag="--precision",
        help=f"What it computes in: auto, {', '.join(PRECISIONS)}. auto goes with --backend.",
    )
    size_px: tuple[int, int] | None = setting(
        None,
        flag="--size",
        help="Input size of the network, such as 960x544.",
        default_text="the bundle's size that is nearest to the pictures",
    )

    releases: Path | None = setting(
        None,
        flag="--releases",
        help="Folder with the links current and previous to bundles: what can be used first is.",
        default_text="none; --model comes before it",
    )
    swap_socket: Path | None = setting(
        None,
        flag="--swap-socket",
        help="Unix socket at which a run is asked to change its model; see 'edgecrack swap'.",
        default_text="$RUNTIME_DIRECTORY/edgecrack.sock, where systemd sets that",
    )

    def __post_init__(self) -> None:
        """Refuse what no network and no backend could be."""
        for name in ("bundle", "releases"):
            folder = getattr(self, name)
            if folder is not None and is_remote(str(folder)):
                shown = redact_address(str(folder))
                raise ValueError(f"{name} must be a folder of this machine, and is not: {shown}")
        if self.backend not in (AUTO, *BACKENDS):
            known = ", ".join((AUTO, *BACKENDS))
            raise ValueError(f"backend must be one of {known}, not '{self.backend}'")
        if self.precision not in (AUTO, *PRECISIONS):
            known = ", ".join((AUTO, *PRECISIONS))
            raise ValueError(f"precision must be one of {known}, not '{self.precision}'")
        if self.size_px is not None and not all(1 <= side <= MOST_PX for side in self.size_px):
            width_px, height_px = self.size_px
            raise ValueError(
                f"size_px must be 1 to {MOST_PX} wide and high, not {width_px}x{height_px}"
            )


class Segmenter(Protocol):
    """Says of each pixel how likely it is crack, and perhaps road.

    Attributes:
        width_px: Width of the picture it wants.
        height_px: Height of the picture it wants.
        threshold: A pixel is crack when its probability is at least this, 1..255.
        road_threshold: A pixel is road when its road is at least this, 0..255; None where the
            network does not say what is road.
        backend: What runs it, for the report.
        precision: Precision of the weights as inspected, not as the manifest declares it.
        model_sha256: Identity of the bundle it is from.
        at_once: Frames it wants to work on at the same time, each in a thread of the caller's.
    """

    width_px: int
    height_px: int
    threshold: int
    road_threshold: int | None
    backend: str
    precision: str
    model_sha256: str
    at_once: int

    def answer(self, image: RgbImage) -> Answer:
        """Return what it says of an RGB picture (H, W, 3). May be called by many threads.

        Raises:
            BundleError: The picture has another size, the network fails on it, or this is closed.
        """

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far by its own threads, the caller's not included."""

    def close(self) -> None:
        """Let go of the network and its threads. May be called again.

        A picture at work in another thread is given up: a network may never come to its end.
        """


class DarkSegmenter:
    """A segmenter without a network, for tests: dark pixels are crack.

    Args:
        width_px: Width of the picture it wants.
        height_px: Height of the picture it wants.
        live: One frame at a time.
        road_threshold: If given, it answers road, too: what is more blue than red is none.
    """

    backend, precision, threshold = "fake", "none", 128
    model_sha256 = "0" * 64

    def __init__(
        self,
        width_px: int,
        height_px: int,
        *,
        live: bool = False,
        road_threshold: int | None = None,
    ) -> None:
        self.width_px, self.height_px = width_px, height_px
        self.road_threshold = road_threshold
        self.at_once = 1 if live else 2
        self._is_closed = False

    def answer(self, image: RgbImage) -> Answer:
        """Return 255 where the picture is darker than a quarter of full light, else 0.

        Raises:
            BundleError: The picture has another size, or this is closed.
        """
        if self._is_closed:
            raise BundleError("the segmenter is closed; load it again.")
        if image.shape != (self.height_px, self.width_px, 3):
            raise BundleError(
                f"a picture must be {self.height_px} x {self.width_px} x 3, not {image.shape}."
            )
        dark = np.where(image.max(axis=2) < 64, np.uint8(255), np.uint8(0))
        if self.road_threshold is None:
            return Answer(dark)
        return Answer(dark, np.where(image[..., 2] > image[..., 0], np.uint8(0), np.uint8(255)))

    def cpu_s(self) -> float:
        """Return 0: it has no threads."""
        return 0.0

    def close(self) -> None:
        """Answer no more."""
        self._is_closed = True


def load_segmenter(
    bundle: Bundle, spec: ModelSpec | None = None, *, live: bool = False
) -> Segmenter:
    """Return what runs one network of a bundle.

    Args:
        bundle: Where the network is from; ``spec.bundle`` is not looked at.
        spec: Which network, and what runs it. Here ``auto`` is the reference, ONNX Runtime in FP32;
            what is fastest is found by ``edgecrack.models.choice``.
        live: All cores work on one frame, for the age of the answer; otherwise several frames are
            worked on at the same time, for throughput.

    Raises:
        BundleError: The bundle has no such network, or it cannot be loaded here.
    """
    spec = spec or ModelSpec()
    precision = REFERENCE_PRECISION if spec.precision == AUTO else spec.precision
    entry = bundle.model(precision, spec.size_px)
    backend = REFERENCE if spec.backend == AUTO else spec.backend
    return load(backend, bundle, entry, live=live)
