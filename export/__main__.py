"""``edgecrack-export``: make a bundle from a checkpoint, and prove one anywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from edgecrack.errors import INTERRUPTED, EdgecrackError, NotHealthyError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Turn a checkpoint into a bundle: the network, its proof, its scores and its terms.",
)

# What cannot be read or written is told by whoever tries, with the exit code that fits.
_UNCHECKED: dict[str, Any] = {"readable": False}


@app.command()
def bundle(
    checkpoint: Annotated[
        Path, typer.Argument(help="A checkpoint, such as runs/x/best.pt.", **_UNCHECKED)
    ],
    out: Annotated[Path, typer.Option(help="Folder to make; it must not exist.", **_UNCHECKED)],
    size: Annotated[
        list[str] | None,
        typer.Option(help="Input size WxH; repeatable, the first is the default. [960x540]"),
    ] = None,
    data: Annotated[
        Path,
        typer.Option(
            "--data", envvar="EDGECRACK_DATA", help="Folder the data lies in.", **_UNCHECKED
        ),
    ] = Path("../shared/data"),
    only: Annotated[
        str | None, typer.Option("--set", help="Data set for threshold, parity and scores.")
    ] = None,
    tolerance: Annotated[
        list[float] | None,
        typer.Option(help="Tolerance of the scores in px; repeatable. [5 and 10]"),
    ] = None,
    release: Annotated[str, typer.Option(help="Version of the model.")] = "1.0.0",
) -> None:
    """Export CHECKPOINT; fails, and writes nothing, unless it matches torch frame by frame.

    Example: edgecrack-export bundle runs/vehicle/best.pt --out bundles/vehicle --set nha12d
    """
    sizes_px = tuple(_size(each) for each in size or ["960x540"])
    from export.bundling import BundleRequest, write_bundle  # noqa: PLC0415  torch takes seconds
    from training.checkpoint import load_checkpoint  # noqa: PLC0415

    request = BundleRequest(
        sizes_px=sizes_px,
        release=release,
        root=data,
        set_name=only,
        tolerances_px=tuple(tolerance or (5.0, 10.0)),
    )
    parity = write_bundle(load_checkpoint(checkpoint), request, out)
    typer.echo(
        f"{out}: {parity.frames} validation pictures, worst difference {parity.worst_levels}/255, "
        f"mask IoU {parity.mask_iou:.5f}"
    )


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise UsageError(f"a size is written like 960x540, not '{text}'.")
    return int(width), int(height)


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle folder.", **_UNCHECKED)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Check every digest of BUNDLE and run its golden frames; exit 0 or 3."""
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from edgecrack.selftest import selftest  # noqa: PLC0415

    found = selftest(load_bundle(path))
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        for each in found.results:
            typer.echo(
                f"{each.kind:6} {each.network}: worst {each.worst_levels}/255, "
                f"mask IoU {each.mask_iou:.5f} {'ok' if each.passed else 'FAILED'}"
            )
    if not found.passed:
        raise NotHealthyError(f"bundle {path} does not give the answers it promises; export again.")


@app.command()
def score(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle folder.", **_UNCHECKED)],
    data: Annotated[
        Path, typer.Option("--data", envvar="EDGECRACK_DATA", help="Folder the data lies in.")
    ] = Path("../shared/data"),
    part: Annotated[str, typer.Option(help="validation or test.")] = "test",
    only: Annotated[str | None, typer.Option("--set", help="Data set to score on.")] = None,
    tolerance: Annotated[
        list[float] | None, typer.Option(help="Tolerance in px; repeatable. [5 and 10]")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Score BUNDLE, at its own threshold, on held pictures of a set it was trained with.

    Example: edgecrack-export score edgecrack/models/vehicle --set nha12d
    """
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from export.scoring import score_bundle  # noqa: PLC0415

    if part not in {"validation", "test"}:
        raise UsageError(f"--part must be validation or test, not '{part}'.")
    if not all(0 <= each <= 100 for each in tolerance or ()):
        raise UsageError("--tolerance must be 0 to 100 px.")
    found = score_bundle(load_bundle(path), data, only, part, tolerance or (5.0, 10.0))
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found], indent=2))
        return
    for each in found:
        fixed = each.at_threshold or each.ods
        typer.echo(
            f"{each.name}: F1 {100 * fixed.f1:.2f} (precision {100 * fixed.precision:.2f}, recall "
            f"{100 * fixed.recall:.2f}) at {fixed.threshold}; {each.protocol}"
        )


def main() -> None:
    """Run the command line and end with the error's exit code."""
    try:
        app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack-export: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
