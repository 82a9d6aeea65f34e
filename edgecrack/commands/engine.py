"""``edgecrack engine``: the TensorRT engines of this machine, built before they are needed."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from edgecrack.commands.options import UNCHECKED, Json
from edgecrack.commands.progress import progress_bars
from edgecrack.engines.options import WORKSPACE_MIB, BuildOptions
from edgecrack.errors import UsageError
from edgecrack.manifest import PRECISIONS
from edgecrack.program.command_group import CommandGroup
from edgecrack.program.picture_size import size_of

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle
    from edgecrack.engines.fingerprint import Target
    from edgecrack.engines.sidecar import Sidecar
    from edgecrack.manifest import ModelEntry

engine = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="Build, inspect, list and remove TensorRT engines.",
)

Model = Annotated[
    Path | None,
    typer.Argument(
        metavar="BUNDLE",
        help="Bundle directory, or the name of a model that comes along.",
        show_default="vehicle",
        **UNCHECKED,
    ),
]
Key = Annotated[
    str | None,
    typer.Argument(help="Key of an engine, or its beginning.", show_default="the last built"),
]
Precision = Annotated[
    str,
    typer.Option(
        help=f"auto (fp16 if BUNDLE has it, and int8-trt), or one of {', '.join(PRECISIONS)}."
    ),
]
Size = Annotated[
    str, typer.Option(help="Input size, such as 960x544; first is BUNDLE's first, all is each.")
]
Workspace = Annotated[int, typer.Option(help="Memory that kernels are tried with, in MiB.")]
Refit = Annotated[
    bool,
    typer.Option(
        "--refit",
        help="Keep the weights exchangeable, at some cost in speed: retrained weights of the same "
        "network then take seconds. Uses such an engine if there is one.",
    ),
]
Dla = Annotated[
    int | None,
    typer.Option(help="Deep-learning accelerator to run on; the GPU runs what it cannot."),
]
Again = Annotated[bool, typer.Option("--again", help="Build it even if it is there.")]


@engine.command()
def build(
    model: Model = None,
    precision: Precision = "auto",
    size: Size = "first",
    workspace: Workspace = WORKSPACE_MIB,
    refit: Refit = False,
    dla: Dla = None,
    again: Again = False,
    as_json: Json = False,
) -> None:
    """Build the engines of BUNDLE for this device, and prove them; some minutes each.

    An engine fits the TensorRT, the GPU and the board that built it, and nothing else. A run builds
    the one it lacks by itself, and waits for it; build it before, and it starts at once. This
    leaves the processor to a run that goes on meanwhile. After Ctrl-C it goes on where it was;
    TensorRT 8.6 cannot be stopped, but by a second Ctrl-C, and keeps what it has built.

    Example: edgecrack engine build vehicle --size all
    """
    from edgecrack.models import open_bundle  # noqa: PLC0415
    from edgecrack.segmenters import ModelSpec  # noqa: PLC0415

    try:
        options = BuildOptions(workspace_mib=workspace, refit=refit, dla_core=dla)
    except ValueError as error:
        raise UsageError(f"--{error}.") from error
    bundle = open_bundle(ModelSpec(bundle=model))
    networks = _networks(bundle, precision, size)
    from edgecrack.engines.building import make_engine  # noqa: PLC0415  it loads TensorRT

    os.nice(10)
    made = []
    with progress_bars() as show:
        for entry in networks:
            sidecar, is_new = make_engine(bundle, entry, show, options, again=again)
            made.append((sidecar, is_new, _proof(bundle, entry, sidecar)))
    if as_json:
        told = [{**each.as_json(), "is_new": new, "proof": proof} for each, new, proof in made]
        typer.echo(json.dumps(told, indent=2))
        return
    for sidecar, is_new, proof in made:
        typer.echo(f"{_line(sidecar)}: {'built' if is_new else 'is there'}, {proof}")
        if sidecar.dla_fallback:
            typer.echo(f"  on the GPU: {', '.join(sidecar.dla_fallback)}")


@engine.command()
def inspect(key: Key = None, as_json: Json = False) -> None:
    """Say what an engine was built from and for, and what its convolutions compute in.

    Example: edgecrack engine inspect --json
    """
    from edgecrack.engines.store import EngineStore  # noqa: PLC0415

    store = EngineStore()
    sidecar = _found(store.engines(), key)
    layers = store.layers(sidecar)
    store.plan(sidecar)
    if as_json:
        told = {**sidecar.as_json(), "layers": layers}
        typer.echo(json.dumps(told, indent=2))
        return
    counts = ", ".join(f"{count} in {name}" for name, count in sidecar.convolutions.items())
    typer.echo(f"{_line(sidecar)}\n{sidecar.fingerprint.target}\nconvolutions: {counts}")
    typer.echo(f"from {sidecar.file} of {sidecar.bundle}, {sidecar.fingerprint.onnx_sha256}")
    if sidecar.refitted_from:
        typer.echo(f"with other weights than {sidecar.refitted_from}, which it was refitted from")


@engine.command("list")
def list_engines(as_json: Json = False) -> None:
    """List the engines that are kept, and whether each fits this device.

    Example: edgecrack engine list
    """
    from edgecrack.commands.tables import engines_table  # noqa: PLC0415
    from edgecrack.engines.store import EngineStore  # noqa: PLC0415

    engines = EngineStore().engines()
    here = _target()
    states = {each.key: _misfit(each, here) for each in engines}
    if as_json:
        told = [{**each.as_json(), "misfit": states[each.key]} for each in engines]
        typer.echo(json.dumps(told, indent=2))
    else:
        Console().print(engines_table(engines, states))


@engine.command()
def clear(as_json: Json = False) -> None:
    """Remove all engines, and what was timed to build them.

    Example: edgecrack engine clear
    """
    from edgecrack.engines.store import EngineStore  # noqa: PLC0415

    console = Console(stderr=True)
    count = EngineStore().clear(lambda: console.print("a build is at work; this waits for its end"))
    typer.echo(json.dumps({"removed": count}) if as_json else f"{count} engines removed")


def _networks(bundle: Bundle, precision: str, size: str) -> list[ModelEntry]:
    """Return the networks that were asked for."""
    from edgecrack.engines.libraries import require_libraries  # noqa: PLC0415
    from edgecrack.engines.networks import tensorrt_precisions  # noqa: PLC0415

    if precision not in {"auto", *PRECISIONS}:
        known = ", ".join(("auto", *PRECISIONS))
        raise UsageError(f"--precision must be one of {known}, not '{precision}'.")
    require_libraries()
    from edgecrack.segmenters.trt import refusal  # noqa: PLC0415  it loads TensorRT

    if precision != "auto" and (why := refusal(precision)):
        raise UsageError(f"--precision must be one that TensorRT runs, not {precision}: {why}.")
    manifest = bundle.manifest
    precisions = tensorrt_precisions(manifest.precisions) if precision == "auto" else [precision]
    sizes_px = manifest.sizes_px if size == "all" else manifest.sizes_px[:1]
    if size not in {"all", "first"}:
        sizes_px = (size_of(size),)
    return [bundle.model(each, size_px) for each in precisions for size_px in sizes_px]


def _proof(bundle: Bundle, entry: ModelEntry, sidecar: Sidecar) -> str:
    """Run the golden frames through an engine, unless that was done; return how that went.

    Raises:
        NotHealthyError: The answers are not those that the bundle promises; the engine is removed.
    """
    from edgecrack.engines.store import EngineStore  # noqa: PLC0415
    from edgecrack.models.selftest import prove_loaded  # noqa: PLC0415
    from edgecrack.segmenters.trt import TensorRtSegmenter  # noqa: PLC0415  it loads TensorRT

    store = EngineStore()
    if store.is_proved(sidecar):
        return "proved before"
    with closing(TensorRtSegmenter(bundle, entry, live=True, sidecar=sidecar)) as segmenter:
        result = prove_loaded(bundle, entry, "tensorrt", segmenter)
    if not result.passed:
        store.discard(sidecar)
    result.require()
    store.mark_proved(sidecar)
    return f"mask IoU {result.mask_iou:.5f}, {result.latency_ms:.1f} ms"


def _target() -> Target | None:
    """Return what engines of this device fit; None if nobody knows."""
    from edgecrack.engines.libraries import library_problem  # noqa: PLC0415

    if library_problem():
        return None
    from edgecrack.engines.target import current_target  # noqa: PLC0415  it loads TensorRT

    return current_target()


def _misfit(sidecar: Sidecar, here: Target | None) -> str | None:
    """Return why an engine does not fit this device; empty if it does, None if nobody knows."""
    if here is None:
        return None
    return "" if sidecar.fingerprint.target == here else f"{sidecar.fingerprint.target}, not {here}"


def _found(engines: list[Sidecar], key: str | None) -> Sidecar:
    if not engines:
        raise UsageError("an engine must be there, but none is yet; run 'edgecrack engine build'.")
    found = [each for each in engines if key is None or each.key.startswith(key)]
    if not found:
        keys = ", ".join(each.key for each in engines)
        raise UsageError(f"KEY must be the beginning of an engine's, not '{key}'; there is {keys}.")
    return found[-1]


def _line(sidecar: Sidecar) -> str:
    known: Any = sidecar.fingerprint
    flags = "".join(f" {flag}" for flag in known.flags)
    return f"{sidecar.key} {sidecar.file} {known.size} {sidecar.precision}{flags}"
