"""All checks, one after the other: none of them can take another down, or keep it waiting."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from edgecrack import __version__
from edgecrack.doctor.accelerator import check_cuda, check_path, check_pycuda, check_tensorrt
from edgecrack.doctor.attempt import Attempt
from edgecrack.doctor.backends import check_backends
from edgecrack.doctor.board import check_board, check_jetpack, check_python
from edgecrack.doctor.camera import check_camera
from edgecrack.doctor.configuration import check_configuration
from edgecrack.doctor.disk import check_disk
from edgecrack.doctor.elements import check_gstreamer, check_jetson_elements
from edgecrack.doctor.engine import check_engine
from edgecrack.doctor.line import FAIL, Line, not_known
from edgecrack.doctor.listeners import check_health, check_stream
from edgecrack.doctor.model import check_bundle, check_data_terms
from edgecrack.doctor.power import check_clocks, check_power_mode, check_temperature
from edgecrack.doctor.receiver import check_receiver
from edgecrack.doctor.segments import check_storage
from edgecrack.doctor.short_selftest import PATIENCE_S as SELFTEST_PATIENCE_S
from edgecrack.doctor.short_selftest import check_selftest
from edgecrack.doctor.sparing import check_thermal
from edgecrack.doctor.time_sync import check_time
from edgecrack.doctor.uplink import check_mqtt, check_upload
from edgecrack.errors import NotHealthyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

    Check = Callable[[Machine, Unit], Finding]
    OnProgress = Callable[[str, int, int | None], None]

SCHEMA_VERSION = 1
PATIENCE_S = SELFTEST_PATIENCE_S + 10
"""How long one check may take: the programs that it asks have less time than that."""

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "board": check_board,
        "JetPack": check_jetpack,
        "power mode": check_power_mode,
        "clocks": check_clocks,
        "temperature": check_temperature,
        "Python": check_python,
        "GStreamer": check_gstreamer,
        "Jetson elements": check_jetson_elements,
        "TensorRT": check_tensorrt,
        "CUDA": check_cuda,
        "pycuda": check_pycuda,
        "TensorRT path": check_path,
        "backends": check_backends,
        "camera": check_camera,
        "receiver": check_receiver,
        "disk": check_disk,
        "time": check_time,
        "configuration": check_configuration,
        "storage": check_storage,
        "mqtt": check_mqtt,
        "upload": check_upload,
        "stream": check_stream,
        "health": check_health,
        "thermal": check_thermal,
        "bundle": check_bundle,
        "data terms": check_data_terms,
        "engines": check_engine,
        "self-test": check_selftest,
    }
)
"""Subject -> what looks at it."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor found.

    Attributes:
        edgecrack: Version of the program.
        written_utc: When it ended, ISO 8601, by this machine's clock.
        lines: A line for each subject.
        schema_version: Version of this layout.
    """

    edgecrack: str
    written_utc: str
    lines: tuple[Line, ...]
    schema_version: int = SCHEMA_VERSION

    @property
    def passed(self) -> bool:
        """Whether no line fails."""
        return all(line.state != FAIL for line in self.lines)

    def require(self) -> None:
        """Refuse a machine on which something fails.

        Raises:
            NotHealthyError: The message names what does.
        """
        failed = [line.subject for line in self.lines if line.state == FAIL]
        if failed:
            raise NotHealthyError(
                f"this machine must be fit to survey, but {', '.join(failed)} "
                f"fail{'s' if len(failed) == 1 else ''}; do what stands under each."
            )

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "passed": self.passed}


def examine(
    machine: Machine,
    unit: Unit,
    on_progress: OnProgress = lambda _what, _done, _total: None,
    checks: Mapping[str, Check] = CHECKS,
    patience_s: float = PATIENCE_S,
) -> Examination:
    """Look at every subject.

    Args:
        machine: What is looked at.
        unit: What it is to do.
        on_progress: Told how many subjects have been looked at, and of how many.
        checks: Subject -> what looks at it.
        patience_s: How long one check may take before it is left behind.
    """
    lines = []
    for done, (subject, check) in enumerate(checks.items()):
        on_progress("subjects looked at", done, len(checks))
        attempt = Attempt(partial(check, machine, unit), patience_s)
        lines.append(Line.of(subject, attempt.result or not_known(attempt.problem)))
    on_progress("subjects looked at", len(checks), len(checks))
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Examination(edgecrack=__version__, written_utc=now, lines=tuple(lines))
