"""The engines that TensorRT needs on this board: built if they are not there, and inspected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgecrack.bench.apart import apart
from edgecrack.doctor.accelerator import read_installed
from edgecrack.doctor.attempt import Kept
from edgecrack.doctor.line import fail, ok
from edgecrack.engines.status import EngineState, engine_states
from edgecrack.first_hour.step import Outcome
from edgecrack.models import open_bundle
from edgecrack.segmenters import AUTO
from edgecrack.segmenters.backends import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.first_hour.plan import Plan
    from edgecrack.segmenters import ModelSpec

    OnProgress = Callable[[str, int, int | None], None]

BACKEND = "tensorrt"


def build_engines(machine: Machine, plan: Plan, on_progress: OnProgress) -> Outcome:
    """Build what is missing, each in a new process, and say in what each engine computes.

    A build that finds another precision than was asked for is refused by whoever builds.

    Raises:
        EdgecrackError: Engines cannot be used here at all.
    """
    asked = plan.unit.model
    if not read_installed(machine).has_tensorrt:
        return Outcome(ok("none to build without TensorRT"))
    if asked.backend not in {AUTO, BACKEND}:
        return Outcome(ok(f"none to build for {asked.backend}"))
    model = plan.model()
    before = apart("looking at the engines", _states, model)
    problems: dict[str, str] = {}
    for done, state in enumerate(before):
        on_progress("engines ready", done, len(before))
        if state.state != "ok":
            with Kept() as kept:
                apart(f"building {_name(state)}", _build, model, state)
            problems[_name(state)] = kept.problem
    on_progress("engines ready", len(before), len(before))
    after = apart("looking at the engines", _states, model)
    figures = [_figures(old, new, problems) for old, new in zip(before, after, strict=True)]
    return Outcome(_finding(after, problems), {"engines": figures})


def _states(model: ModelSpec) -> tuple[EngineState, ...]:
    """Return the state of each engine that was asked for."""
    return tuple(
        state
        for state in engine_states(open_bundle(model))
        if model.precision in {AUTO, state.precision}
        and model.size_px == (state.width_px, state.height_px)
    )


def _build(model: ModelSpec, state: EngineState) -> None:
    bundle = open_bundle(model)
    entry = bundle.model(state.precision, (state.width_px, state.height_px))
    prepare(BACKEND, bundle, entry)


def _name(state: EngineState) -> str:
    return f"{state.precision} {state.width_px}x{state.height_px}"


def _figures(before: EngineState, after: EngineState, problems: dict[str, str]) -> dict[str, Any]:
    sidecar = after.sidecar
    return {
        "engine": _name(after),
        "file": after.file,
        "before": before.state,
        "state": after.state,
        "problem": problems.get(_name(after), "") or after.why,
        "sidecar": sidecar.as_json() if sidecar else None,
    }


def _finding(states: tuple[EngineState, ...], problems: dict[str, str]) -> Finding:
    told = []
    for state in states:
        counts = state.sidecar.convolutions if state.sidecar else {}
        inside = ", ".join(f"{count} convolutions in {name}" for name, count in counts.items())
        built = f"built in {state.sidecar.build_s:.0f} s" if state.sidecar else state.why
        told.append(f"{_name(state)}: {inside + ', ' if inside else ''}{built}")
    wrong = {name: why for name, why in problems.items() if why}
    if wrong or any(state.state != "ok" for state in states):
        reasons = "; ".join(f"{name}: {why}" for name, why in wrong.items())
        return fail(
            "; ".join(filter(None, (reasons, *told))),
            "send the file; until then use --backend onnxruntime",
        )
    return ok("; ".join(told) or "the bundle holds no network for TensorRT")
