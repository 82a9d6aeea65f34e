"""``edgecrack-deploy setup``: install the system packages."""

from __future__ import annotations

import subprocess
from importlib import resources
from typing import Annotated

import typer


def setup(
    *,
    jetson: Annotated[
        bool,
        typer.Option(
            "--jetson",
            help="On a Jetson, also install TensorRT's Python bindings, the hardware elements of "
            "GStreamer, and what builds pycuda, from NVIDIA's own packages.",
        ),
    ] = False,
    with_tests: Annotated[
        bool,
        typer.Option(
            "--with-tests",
            help="Also install what only the tests use, such as exiftool and Chromium.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print what is installed and what would be, and change nothing.",
        ),
    ] = False,
) -> None:
    """Install the system packages with apt: GStreamer, its Python bindings and gpsd.

    Packages that are installed already are left alone. It needs root, or sudo, only to install.
    """
    asked = {"--jetson": jetson, "--with-tests": with_tests, "--dry-run": dry_run}
    options = [option for option, is_asked in asked.items() if is_asked]
    with resources.as_file(resources.files("deploy") / "setup.sh") as script:
        ended = subprocess.run(["bash", script, *options], check=False)  # noqa: S603, S607  our own script
    raise typer.Exit(ended.returncode)
