"""What an engine was built from and for; where any of it differs, the engine does not fit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an engine runs on.

    Attributes:
        tensorrt: Version of TensorRT, such as ``10.3.0``.
        compute_capability: Of the GPU, such as ``8.7``.
        device: The GPU's name: ``Orin`` on the smallest and the largest board with one.
        multiprocessors: How many of the GPU's are switched on.
        board: What the board calls itself; empty where there is no device tree.
        l4t: Version of Jetson Linux, such as ``36.4.3``; empty elsewhere.
    """

    tensorrt: str
    compute_capability: str
    device: str
    multiprocessors: int
    board: str
    l4t: str

    @property
    def key(self) -> str:
        """A name for files that only this target can use: 32 hexadecimal digits."""
        return _digest(asdict(self))

    def __str__(self) -> str:
        l4t = f"L4T {self.l4t}" if self.l4t else ""
        size = f"{self.multiprocessors} multiprocessors"
        facts = ", ".join(filter(None, (self.compute_capability, size, self.board, l4t)))
        return f"TensorRT {self.tensorrt} on {self.device} ({facts})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Identity of an engine.

    Attributes:
        onnx_sha256: Digest of the network file.
        precision: What it was asked to compute in, as in a manifest.
        width_px: Width of its input.
        height_px: Height of its input.
        target: What it runs on.
        flags: Ways of building that are not the usual one, sorted: ``dla0``, ``refit``.
    """

    onnx_sha256: str
    precision: str
    width_px: int
    height_px: int
    target: Target
    flags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name of its files: 32 hexadecimal digits.

        Example:
            >>> target = Target(tensorrt="10.3.0", compute_capability="8.7", device="Orin",
            ...                 multiprocessors=16, board="", l4t="")
            >>> one = Fingerprint(onnx_sha256="0" * 64, precision="fp16", width_px=96, height_px=64,
            ...                   target=target)
            >>> len(one.key), one.key == replace(one, flags=("refit",)).key
            (32, False)
        """
        return _digest(asdict(self))

    @property
    def size(self) -> str:
        """Its input, as people write it: ``960x544``."""
        return f"{self.width_px}x{self.height_px}"

    def fits(self, wanted: Fingerprint) -> bool:
        """Whether an engine with this fingerprint may run where ``wanted`` is: flags are free."""
        return replace(self, flags=()) == replace(wanted, flags=())

    def differences(self, other: Fingerprint) -> str:
        """Say what sets another one apart, for people; empty where nothing does."""
        return ", ".join(_differences(self, other))


def _differences(one: Fingerprint, other: Fingerprint) -> Iterator[str]:
    mine, theirs = ({**asdict(each), **asdict(each.target)} for each in (one, other))
    for name in (*(field.name for field in fields(Fingerprint)), *mine["target"]):
        if name != "target" and mine[name] != theirs[name]:
            yield f"{name} {_short(mine[name])}, not {_short(theirs[name])}"


def _short(value: object) -> str:
    """Return a value as people read it; of a digest its beginning."""
    if isinstance(value, tuple):
        return " and ".join(value) or "none"
    text = str(value)
    return f"{text[:12]}..." if len(text) == 64 else text or "none"


def _digest(facts: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
