"""``edgecrack-deploy setup``: install the system packages."""

from __future__ import annotations

import subprocess
from importlib import resources
from typing import Annotated

import typer


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
