"""The commands of a program, which tell what was typed wrongly without its secrets."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from edgecrack.redaction import redact

_UsageError: Any = typer.BadParameter.__base__  # typer gives it no public name of its own


class CommandGroup(TyperGroup):
    """Commands whose usage errors repeat an address without its password and values.

    An address that stands in the place of something else, or is one too many, is told with the
    rest of the error, and stderr ends up in a log.
    """

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  the type is typer's own
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except _UsageError as error:
            error.message = redact(error.message)
            raise
