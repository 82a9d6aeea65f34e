"""The commands of ``edgecrack-export``, one file a verb."""

from __future__ import annotations

from edgecrack.program.version_option import with_version
from export.commands.bundle import bundle
from export.commands.engine import engine
from export.commands.front import front
from export.commands.score import score
from export.commands.verify import verify

app = with_version(
    "edgecrack-export",
    "Turn a checkpoint into a bundle: the network, its proof, its scores and its terms.",
)

for command in (bundle, verify, score, front):
    app.command()(command)
app.command("engine")(engine)
