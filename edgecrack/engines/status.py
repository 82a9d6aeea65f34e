"""Whether the engines that a bundle needs on this machine are there; nothing is loaded or built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.engines.libraries import require_libraries
from edgecrack.engines.networks import tensorrt_networks
from edgecrack.engines.store import EngineStore, build_command
from edgecrack.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.bundle import Bundle
    from edgecrack.engines.fingerprint import Fingerprint
    from edgecrack.engines.sidecar import Sidecar


@dataclass(frozen=True, slots=True)
class EngineState:
    """The engine of one network.

    Attributes:
        file: The network file.
        precision: What the engine computes in.
        width_px: Width of its input.
        height_px: Height of its input.
        state: ``ok``, ``missing``, ``stale`` (there is one, for something else) or ``damaged``.
        why: What is wrong, and what to type; empty if it is ok.
        key: Of the engine that is needed.
        sidecar: Of the engine that is there, if it is ok.
    """

    file: str
    precision: str
    width_px: int
    height_px: int
    state: str
    why: str
    key: str
    sidecar: Sidecar | None


def engine_states(bundle: Bundle, store: EngineStore | None = None) -> tuple[EngineState, ...]:
    """Return the state of each engine that TensorRT would run a bundle with on this machine.

    Args:
        bundle: What is to be run.
        store: Where engines are kept; None is the usual place.

    Raises:
        EngineError: Engines cannot be used here at all.
    """
    require_libraries()
    from edgecrack.engines.building import wanted_fingerprint  # noqa: PLC0415  it loads TensorRT

    store = store or EngineStore()
    found = []
    for entry in tensorrt_networks(bundle.manifest):
        wanted = wanted_fingerprint(bundle, entry)
        state, why, sidecar = _state(store, wanted, bundle.path)
        found.append(
            EngineState(
                entry.file, entry.precision, *entry.size_px, state, why, wanted.key, sidecar
            )
        )
    return tuple(found)


def _state(
    store: EngineStore, wanted: Fingerprint, bundle: Path
) -> tuple[str, str, Sidecar | None]:
    fitting = store.fitting(wanted)
    if fitting is None:
        state = "stale" if store.nearest(wanted) else "missing"
        return state, f"{store.misfit(wanted)}; run '{build_command(bundle, wanted)}'.", None
    try:
        store.plan(fitting)
    except EngineError as error:
        return "damaged", str(error), None
    return "ok", "", fitting
