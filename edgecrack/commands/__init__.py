"""The commands of ``edgecrack``, one file a verb."""

from __future__ import annotations

from edgecrack.commands.bench import bench
from edgecrack.commands.demo import demo
from edgecrack.commands.doctor import doctor
from edgecrack.commands.engine import engine
from edgecrack.commands.run import run
from edgecrack.commands.selftest import selftest
from edgecrack.commands.swap import swap
from edgecrack.commands.view import view
from edgecrack.program.version_option import with_version

app = with_version("edgecrack", "Find cracks in road video, each with a place on Earth.")

for command in (run, view, demo, selftest, swap, doctor):
    app.command()(command)
app.add_typer(bench, name="bench")
app.add_typer(engine, name="engine")
