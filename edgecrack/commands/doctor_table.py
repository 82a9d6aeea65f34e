"""What the doctor and the first hour found, as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from edgecrack.doctor.line import FAIL, OK, WARN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgecrack.doctor.line import Line

_STYLES = {OK: "green", WARN: "yellow", FAIL: "bold red"}


def lines_table(lines: Iterable[Line]) -> Table:
    """Lay out a row for each subject, and below it what to do where something is."""
    table = Table("", "subject", "found", box=None, pad_edge=False)
    for line in lines:
        says = Text(line.says)
        if line.what_to_do:
            says.append(f"\n-> {line.what_to_do}", style="bold")
        table.add_row(Text(line.state, style=_STYLES[line.state]), line.subject, says)
    return table
