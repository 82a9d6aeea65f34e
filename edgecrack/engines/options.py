"""How an engine is to be built, where that is left to a person."""

from __future__ import annotations

from dataclasses import dataclass

WORKSPACE_MIB = 1024
"""Memory that TensorRT may try kernels with. Left to itself it takes all that the board has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What an engine is built with.

    Attributes:
        workspace_mib: Memory that TensorRT may try kernels with, in MiB.
        refit: Keep the weights exchangeable: retrained ones then take seconds instead of minutes.
        dla_core: Deep-learning accelerator to run on, of the boards that have one; what it cannot
            run, the GPU does. None is the GPU alone.
    """

    workspace_mib: int = WORKSPACE_MIB
    refit: bool = False
    dla_core: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no device could do."""
        if not 16 <= self.workspace_mib <= 1_048_576:
            raise ValueError(f"workspace must be 16 to 1048576 MiB, not {self.workspace_mib}")
        if self.dla_core is not None and not 0 <= self.dla_core <= 7:
            raise ValueError(f"dla must be a core from 0 to 7, not {self.dla_core}")

    @property
    def flags(self) -> tuple[str, ...]:
        """What of it makes another engine, sorted: ``dla0``, ``refit``."""
        dla = () if self.dla_core is None else (f"dla{self.dla_core}",)
        return (*dla, "refit") if self.refit else dla
