"""``edgecrack-deploy``: arguments in, exit code out."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path
from typing import Annotated

import typer

from deploy import bindings
from edgecrack.errors import EdgecrackError

app = typer.Typer(
    name="edgecrack-deploy",
    help="Make a unit ready for edgecrack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgecrack-deploy {metadata.version('edgecrack')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it and leave.")
    ] = False,
) -> None:
    """Make a unit ready for edgecrack."""
    del version  # its callback has answered


@app.command()
def setup(
    *,
    with_tests: Annotated[bool, typer.Option(help="Also what only the tests use.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Change nothing, say what would be done.")] = False,
) -> None:
    """Install the system packages: GStreamer, its Python bindings, gpsd."""
    options = ["--with-tests"] * with_tests + ["--dry-run"] * dry_run
    with resources.as_file(resources.files("deploy") / "setup.sh") as script:
        done = subprocess.run(["bash", script, *options], check=False)  # noqa: S603, S607  our own script
    raise typer.Exit(done.returncode)


@app.command()
def link(
    *,
    system_python: Annotated[
        Path, typer.Option(help="The interpreter the system's bindings were built for.")
    ] = bindings.SYSTEM_PYTHON,
) -> None:
    """Link the system's GStreamer bindings (and TensorRT's) into this environment."""
    for name, target in bindings.link(system_python).items():
        typer.echo(f"{name} -> {target}")


def main() -> None:
    """Run the command line and end with the exit code its outcome asks for."""
    try:
        app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack-deploy: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
