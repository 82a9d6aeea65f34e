"""What NVIDIA ships together: the releases of JetPack that edgecrack is written for.

From the release notes of JetPack and of TensorRT; no release of L4T between two of these is known
to differ from the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass

ORIN, THOR = "Orin", "Thor"
FAMILIES = {"tegra264": THOR, "tegra234": ORIN}
"""Chip -> the family of boards."""
Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class JetPack:
    """A release of JetPack.

    Attributes:
        l4t: Major and minor number of its Linux, L4T.
        name: Its own number, or several that share that.
        python: The system's Python, for which its bindings are built.
        cuda: Major and minor number of its CUDA.
        tensorrt: Major and minor number of its TensorRT.
        families: The boards it runs on.
    """

    l4t: Version
    name: str
    python: Version
    cuda: Version
    tensorrt: Version
    families: tuple[str, ...]


JETPACKS = (
    JetPack((36, 3), "6.0", (3, 10), (12, 2), (8, 6), (ORIN,)),
    JetPack((36, 4), "6.1 to 6.2.1", (3, 10), (12, 6), (10, 3), (ORIN,)),
    JetPack((36, 5), "6.2.2", (3, 10), (12, 6), (10, 3), (ORIN,)),
    JetPack((38, 2), "7.0", (3, 12), (13, 0), (10, 13), (THOR,)),
    JetPack((38, 4), "7.1", (3, 12), (13, 0), (10, 13), (THOR,)),
    JetPack((39, 2), "7.2", (3, 12), (13, 2), (10, 16), (ORIN, THOR)),
)


def jetpack_of(l4t: Version | None) -> JetPack | None:
    """Return the release that an L4T belongs to; None where it is none of those known.

    Example:
        >>> jetpack_of((36, 4, 7)).name
        '6.1 to 6.2.1'
    """
    known = (release for release in JETPACKS if l4t is not None and release.l4t == l4t[:2])
    return next(known, None)


def dotted(version: Version) -> str:
    """Return a version as it is written.

    Example:
        >>> dotted((10, 3, 0))
        '10.3.0'
    """
    return ".".join(map(str, version))


def version_of(text: str) -> Version:
    """Return the numbers that a version begins with; empty where it begins with none.

    Example:
        >>> version_of("10.3.0.30-1+cuda12.5"), version_of("none")
        ((10, 3, 0, 30), ())
    """
    numbers: list[int] = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)
