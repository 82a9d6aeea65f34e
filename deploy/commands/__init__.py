"""The commands of ``edgecrack-deploy``, one file a verb."""

from __future__ import annotations

from deploy.commands.link import link
from deploy.commands.setup import setup
from edgecrack.program.version_option import with_version

app = with_version(
    "edgecrack-deploy",
    "Prepare this machine for edgecrack: install the system packages, link the bindings.",
)

for command in (setup, link):
    app.command()(command)
