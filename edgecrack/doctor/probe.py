"""What is asked in a process of its own: libraries of machine code may end it, or never return.

``python -m edgecrack.doctor.probe QUESTION [ARGUMENT...]`` prints its answer as a line of JSON.
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecrack.child_process import child_command
from edgecrack.errors import EdgecrackError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.doctor.machine import Machine

MODULE = "edgecrack.doctor.probe"
PATIENCE_S = 60.0
"""A small board that is cold takes half a minute to load TensorRT or to look at each plugin."""
_ENDS_BY_ITSELF_S = 300
"""The one that asked may be gone, and cannot end what hangs."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe answered.

    Attributes:
        values: What it said; empty where there is a problem.
        problem: Why there is no answer, as a sentence without its full stop; else empty.
        has_ended: Whether the process came to its end, with whatever it said; if it was killed, or
            took too long, nothing is known.
    """

    values: dict[str, Any]
    problem: str = ""
    has_ended: bool = True


def ask(machine: Machine, *question: str, patience_s: float = PATIENCE_S) -> Answer:
    """Put a question to a new process of this Python.

    Args:
        machine: What runs it.
        question: One of `QUESTIONS`, and its arguments.
        patience_s: How long it may take.
    """
    ended = machine.run(child_command(MODULE, *question), patience_s)
    if ended.problem:
        return Answer({}, ended.problem, has_ended=False)
    try:
        values = json.loads((ended.stdout.splitlines() or [""])[-1])
        problem = str(values.pop("problem", ""))
    except (ValueError, AttributeError, TypeError):  # something else printed last
        return Answer({}, f"it answered {ended.stdout[-80:]!r}")
    return Answer(values, problem)


def _elements(*names: str) -> dict[str, Any]:
    """Return the version of GStreamer, and which elements are missing."""
    from edgecrack.gst.runtime import Gst, has_element  # noqa: PLC0415  GStreamer

    version = ".".join(map(str, Gst.version()[:3]))
    return {"version": version, "missing": [name for name in names if not has_element(name)]}


def _library(name: str) -> dict[str, Any]:
    """Return the version of a library; None where it does not say."""
    module = import_module(name)
    version = getattr(module, "__version__", None) or getattr(module, "VERSION_TEXT", None)
    return {"version": None if version is None else str(version)}


def _libraries() -> dict[str, Any]:
    """Return what there is of TensorRT, pycuda and a GPU, and what does not fit together."""
    from edgecrack.engines.libraries import describe_libraries  # noqa: PLC0415  CUDA

    return asdict(describe_libraries())


def _engines(bundle: str) -> dict[str, Any]:
    """Return the state of each engine that TensorRT would run a bundle with."""
    from edgecrack.engines.status import engine_states  # noqa: PLC0415  TensorRT
    from edgecrack.models import open_bundle  # noqa: PLC0415  OpenCV
    from edgecrack.segmenters import ModelSpec  # noqa: PLC0415

    states = engine_states(open_bundle(ModelSpec(bundle=Path(bundle) if bundle else None)))
    keys = ("file", "precision", "width_px", "height_px", "state", "why")
    return {"engines": [{key: getattr(state, key) for key in keys} for state in states]}


def _backends() -> dict[str, Any]:
    """Return the version of each backend, or what is wrong with it."""
    from edgecrack.segmenters.backends import BACKENDS, leaf, problem  # noqa: PLC0415  libraries

    found = {name: problem(name) for name in BACKENDS}
    return {
        name: {"problem": wrong} if wrong else {"version": leaf(name).version()}
        for name, wrong in found.items()
    }


def _selftest(bundle: str, duration_s: str) -> dict[str, Any]:
    """Return what a short self-test of a bundle came to."""
    from edgecrack.doctor.short_selftest import short_selftest  # noqa: PLC0415  backends

    return short_selftest(bundle, float(duration_s))


QUESTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "elements": _elements,
    "library": _library,
    "libraries": _libraries,
    "engines": _engines,
    "backends": _backends,
    "selftest": _selftest,
}
"""Question -> what answers it, given the arguments."""


def _answer(question: str, *arguments: str) -> dict[str, Any]:
    try:
        return QUESTIONS[question](*arguments)
    except ModuleNotFoundError as error:
        return {"problem": f"there is no module '{error.name}'", "absent": error.name}
    except (EdgecrackError, ImportError, OSError) as error:
        return {"problem": str(error).rstrip(".") or type(error).__name__}


if __name__ == "__main__":
    signal.alarm(_ENDS_BY_ITSELF_S)
    sys.stdout.write(f"\n{json.dumps(_answer(*sys.argv[1:]))}\n")
