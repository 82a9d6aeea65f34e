"""What a bundle must show before a unit that runs changes to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgecrack.bundle import load_bundle
from edgecrack.errors import BundleError
from edgecrack.models.choice import Choice, choose
from edgecrack.models.loaded import input_for
from edgecrack.models.selftest import selftest

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.bundle import Bundle
    from edgecrack.segmenters import ModelSpec


DEADLINE_S = 600.0
"""How long one network may take: it is proved beside one that is at work."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be proved.

    Attributes:
        path: The bundle's folder.
        sha256: What its identity must be.
        spec: What the unit was told about networks; its ``bundle`` is not looked at.
        region_px: Width and height of what the network sees of the pictures.
    """

    path: Path
    sha256: str
    spec: ModelSpec
    region_px: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Proved:
    """What the proof came to.

    Attributes:
        choice: What runs the bundle fastest here.
        input_px: Width and height of the input that the unit is to use.
    """

    choice: Choice
    input_px: tuple[int, int]


def load_asked(path: Path, sha256: str) -> Bundle:
    """Load a bundle that must be a certain one.

    Raises:
        BundleError: It is damaged, no bundle, or another one.
    """
    bundle = load_bundle(path)
    if bundle.sha256 != sha256:
        raise BundleError(
            f"bundle {path} must have the digest {sha256[:12]}... that was asked for, but has "
            f"{bundle.sha256[:12]}...; copy it again, or ask for what is there."
        )
    return bundle


def prove(question: Question) -> Proved:
    """Find what runs a bundle fastest here, and prove it in every size that the unit may use.

    That is the one nearest to its pictures now, and after a start with another camera any other,
    unless a person asked for a size.

    Raises:
        BundleError: It is not what was asked for, or does not run here.
        NotHealthyError: It does not give the answers that it promises.
        SinkError: What it needs cannot be kept.
    """
    bundle, spec = load_asked(question.path, question.sha256), question.spec
    input_px = input_for(bundle, spec, question.region_px)
    choice = choose(bundle, replace(spec, size_px=input_px))
    selftest(bundle, choice.applied_to(spec), deadline_s=DEADLINE_S).require()
    return Proved(choice, input_px)
