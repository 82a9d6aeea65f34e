"""Which backends there are, which of them are installed, and what each can run on this machine.

A backend's library is imported only when that backend is asked for. A leaf may own its input
buffers, and several frames may be in its hands at the same time (``Segmenter.at_once``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from edgecrack.engines.libraries import refuse_leftover
from edgecrack.errors import BundleError
from edgecrack.installation import to_install, to_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry
    from edgecrack.segmenters import Segmenter

    OnProgress = Callable[[str, int, int | None], None]

# Backend, named as its library is -> the module that wraps it. The first is the reference: it is
# always installed.
_LEAVES = {
    "onnxruntime": "edgecrack.segmenters.ort",
    "openvino": "edgecrack.segmenters.ov",
    "tensorrt": "edgecrack.segmenters.trt",
}
BACKENDS = tuple(_LEAVES)
REFERENCE = BACKENDS[0]
"""The backend whose FP32 answers the golden frames hold."""
REFERENCE_PRECISION = "fp32"


class Leaf(Protocol):
    """What the module of a backend has."""

    def prepare(self, bundle: Bundle, entry: ModelEntry, on_progress: OnProgress) -> bool:
        """Make what `load` needs and what may take minutes; return whether that is to be proved.

        Args:
            bundle: Where the network is from.
            entry: Which network.
            on_progress: Told what is going on, how much is done and, if that is known, of how much.

        Raises:
            BundleError: It cannot be made.
        """

    def accept(self, bundle: Bundle, entry: ModelEntry) -> None:
        """Remember that what was made gives the answers that the bundle promises."""

    def load(self, bundle: Bundle, entry: ModelEntry, *, live: bool) -> Segmenter:
        """Return the segmenter for one network of a bundle.

        Args:
            bundle: Where the network is from.
            entry: Which network.
            live: All cores on one frame, not one core a frame.

        Raises:
            BundleError: The library refuses the network, or it is not of the contract.
        """

    def refusal(self, precision: str) -> str | None:
        """Return why this machine cannot run a precision well, or None where it can."""

    def version(self) -> str:
        """Return the version of the library."""


def leaf(backend: str) -> Leaf:
    """Return the module of a backend.

    Raises:
        BundleError: Its library is not installed.
    """
    try:
        return _imported(backend)
    except ImportError as error:
        installed = ", ".join(name for name in BACKENDS if problem(name) is None)
        raise BundleError(
            f"backend {backend} needs a library that cannot be loaded here ({error}); "
            f"{_way_to(backend)}, or use {installed}."
        ) from error


def _way_to(backend: str) -> str:
    """Return how a backend's library is installed."""
    if backend != "tensorrt":
        return to_install(backend)
    return (
        f"on a Jetson install python3-libnvinfer with apt, run {to_link()}, {to_install(backend)}"
    )


def problem(backend: str) -> str | None:
    """Return why a backend's library cannot be used here, or None where it can."""
    try:
        _imported(backend)
    except ImportError as error:
        return f"not installed ({error})"
    return None


def _imported(backend: str) -> Leaf:
    """Import the module of a backend; Ctrl-C meanwhile is no missing library.

    Libraries of machine code make an ImportError of it on their way.
    """
    try:
        refuse_leftover(backend)
        return cast("Leaf", import_module(_LEAVES[backend]))
    except ImportError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                raise KeyboardInterrupt from error
            cause = cause.__cause__ or cause.__context__
        raise


def prepare(
    backend: str,
    bundle: Bundle,
    entry: ModelEntry,
    on_progress: OnProgress = lambda _what, _done, _total: None,
) -> bool:
    """Make what a backend needs to load a network and what may take minutes: a TensorRT engine.

    Args:
        backend: One of `BACKENDS`.
        bundle: Where the network is from.
        entry: Which network.
        on_progress: As in `Leaf.prepare`.

    Returns:
        Whether something was made, now or before, that is yet to be proved: then it is not to be
        used before `accept`.

    Raises:
        BundleError: As `load`, or it cannot be made.
    """
    return _able(backend, bundle, entry).prepare(bundle, entry, on_progress)


def accept(backend: str, bundle: Bundle, entry: ModelEntry) -> None:
    """Remember that what was prepared gives the answers that the bundle promises.

    Args:
        backend: One of `BACKENDS`.
        bundle: Where the network is from.
        entry: Which network.
    """
    leaf(backend).accept(bundle, entry)


def load(backend: str, bundle: Bundle, entry: ModelEntry, *, live: bool) -> Segmenter:
    """Return what runs one network of a bundle with a backend.

    Args:
        backend: One of `BACKENDS`.
        bundle: Where the network is from.
        entry: Which network.
        live: As in `Leaf.load`.

    Raises:
        BundleError: The backend is not installed, cannot run the precision here, or refuses the
            network.
    """
    return _able(backend, bundle, entry).load(bundle, entry, live=live)


def _able(backend: str, bundle: Bundle, entry: ModelEntry) -> Leaf:
    """Return the module of a backend if it can run a network here."""
    chosen = leaf(backend)
    if reason := chosen.refusal(entry.precision):
        runs = [other for other in bundle.manifest.precisions if not chosen.refusal(other)]
        raise BundleError(
            f"{backend} cannot run precision {entry.precision} here: {reason}; use "
            f"{', '.join(runs) or 'another backend'}."
        )
    return chosen
