"""From a request for another model to the exchange, or to the reason why there is none."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.errors import EdgecrackError, NotHealthyError, SinkError
from edgecrack.models.loaded import load_as
from edgecrack.models.proof_process import ProofProcess
from edgecrack.models.swap_proof import Question, load_asked
from edgecrack.models.swap_request import SOCKET_NAME
from edgecrack.models.swap_socket import SwapSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from edgecrack.conditions import Conditions
    from edgecrack.models.holder import ModelHolder
    from edgecrack.models.loaded import LoadedModel
    from edgecrack.models.swap_proof import Proved
    from edgecrack.segmenters import ModelSpec

WARM_UP = 2
"""Pictures that a network is shown before it is used: the first ones take longer."""


def socket_path(spec: ModelSpec, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return where a run is asked for another model: where it is told, or its service keeps it.

    Example:
        >>> from edgecrack.segmenters import ModelSpec
        >>> socket_path(ModelSpec(), {"RUNTIME_DIRECTORY": "/run/edgecrack"})
        PosixPath('/run/edgecrack/edgecrack.sock')
        >>> socket_path(ModelSpec(), {}) is None
        True
    """
    folder = environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if spec.swap_socket is None and folder:
        return Path(folder) / SOCKET_NAME
    return spec.swap_socket


@dataclass(frozen=True, slots=True)
class ModelSwaps:
    """Changes the model of a run when it is asked to.

    Attributes:
        spec: What the run was told about networks.
        models: What it detects with.
        live: All cores work on one frame.
        conditions: Told which model runs, what is proved, and what was refused.
    """

    spec: ModelSpec
    models: ModelHolder
    live: bool
    conditions: Conditions

    @contextmanager
    def served(self, on_swap: Callable[[], None]) -> Iterator[None]:
        """Take requests while what is within goes on, if there is a place for them.

        That none can be made there is no reason not to survey: it is said.

        Args:
            on_swap: Called after each change and before it is acknowledged, in another thread; a
                ``SinkError`` changes nothing about it.
        """
        path, proofs = socket_path(self.spec), ProofProcess()
        if path is None:
            yield
            return

        def asked(bundle: Path, sha256: str) -> int:
            return self.swap(bundle, sha256, proofs.prove, on_swap)

        try:
            listening = SwapSocket(path, asked)
        except SinkError as error:
            self.conditions.note("model", "running", str(error))
            yield
            return
        try:
            yield
        finally:
            self.models.end()
            proofs.close()
            listening.close()

    def swap(
        self,
        path: Path,
        sha256: str,
        prove: Callable[[Question], Proved],
        on_swap: Callable[[], None],
    ) -> int:
        """Change to a bundle that is proved to be good, and return its first frame's number.

        Raises:
            EdgecrackError: It is refused; the model that runs goes on.
        """
        if self.models.now.bundle.sha256 == sha256:
            return self.models.first_frame
        self.conditions.note("model", "proving", f"{path}, beside {self.models.now}")
        try:
            first_frame = self._swapped(path, sha256, prove)
        except EdgecrackError as error:
            self.conditions.note("model", "running", f"{self.models.now}; {path} refused: {error}")
            raise
        with suppress(SinkError):
            on_swap()
        self.conditions.note("model", "running", f"{self.models.now} from frame {first_frame}")
        return first_frame

    def _swapped(self, path: Path, sha256: str, prove: Callable[[Question], Proved]) -> int:
        region_px = self.models.region_px or self.models.now.input_px
        proved = prove(Question(path, sha256, self.spec, region_px))
        try:
            bundle = load_asked(path, sha256)
            spec = replace(self.spec, size_px=proved.input_px)
            new = load_as(bundle, spec, proved.choice, live=self.live)
        except MemoryError as error:
            raise NotHealthyError(
                f"bundle {path} must fit beside the model that runs, and memory ran out; use a "
                "smaller one, or switch the link and start the unit again"
            ) from error
        try:
            _warm(new)
            return self.models.swap(new)
        except BaseException:
            new.segmenter.close()
            raise


def _warm(model: LoadedModel) -> None:
    width_px, height_px = model.input_px
    for _ in range(WARM_UP):
        model.segmenter.answer(np.zeros((height_px, width_px, 3), np.uint8))
