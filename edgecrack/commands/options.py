"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

# What cannot be read or written is reported by whoever opens it, with the exit code that fits.
UNCHECKED: dict[str, Any] = {"readable": False}

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
