"""A model that runs: its bundle, what runs it, and why that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.letterbox import best_input
from edgecrack.models.choice import Choice, choose
from edgecrack.models.selftest import asked_variants
from edgecrack.segmenters import load_segmenter

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bundle import Bundle
    from edgecrack.segmenters import ModelSpec, Segmenter

    OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A bundle and the segmenter that was made of it: thresholds and digest come with it.

    Attributes:
        bundle: Where the network is from.
        segmenter: What runs it.
        why: Why this backend and precision; empty where nobody chose.
    """

    bundle: Bundle
    segmenter: Segmenter
    why: str = ""

    @property
    def input_px(self) -> tuple[int, int]:
        """Width and height of the network's input."""
        return self.segmenter.width_px, self.segmenter.height_px

    def __str__(self) -> str:
        manifest = self.bundle.manifest
        return f"{manifest.name} {manifest.release} ({self.bundle.sha256[:12]})"


def input_sizes(bundle: Bundle, spec: ModelSpec) -> tuple[tuple[int, int], ...]:
    """Return width and height of each input that a run may choose from, the default first.

    Raises:
        BundleError: The bundle holds no such network, or none that runs here.
    """
    variant = asked_variants(bundle, spec)[0]
    networks = bundle.networks(variant.precision, spec.size_px)
    return tuple(network.size_px for network in networks)


def input_for(bundle: Bundle, spec: ModelSpec, region_px: tuple[int, int]) -> tuple[int, int]:
    """Return the input that a run takes for a region of this width and height, as a source does.

    Raises:
        BundleError: As `input_sizes`.
    """
    return best_input(region_px, input_sizes(bundle, spec))


def load_chosen(
    bundle: Bundle, spec: ModelSpec, on_progress: OnProgress, *, live: bool
) -> LoadedModel:
    """Choose what runs a bundle, and load it.

    Args:
        bundle: Where the network is from; ``spec.bundle`` is not looked at.
        spec: What was asked for, with the input size.
        on_progress: Told what is counted, how many are done, and of how many.
        live: All cores on one frame.

    Raises:
        BundleError: Nothing here runs it.
        NotHealthyError: No candidate gives the answers that the bundle promises.
        SinkError: What it needs cannot be kept.
    """
    return load_as(bundle, spec, choose(bundle, spec, on_progress), live=live)


def load_as(bundle: Bundle, spec: ModelSpec, choice: Choice, *, live: bool) -> LoadedModel:
    """Load a bundle with what was chosen before; see `load_chosen`."""
    segmenter = load_segmenter(bundle, choice.applied_to(spec), live=live)
    return LoadedModel(bundle, segmenter, choice.why)
