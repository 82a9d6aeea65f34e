"""The commands of ``edgecrack-train``, one file a verb."""

from __future__ import annotations

from edgecrack.program.version_option import with_version
from training.commands.complexity import complexity
from training.commands.config import config
from training.commands.evaluate import evaluate
from training.commands.fit import fit
from training.commands.import_annotations import import_annotations
from training.commands.leave_out import leave_out
from training.commands.pack import pack

app = with_version(
    "edgecrack-train",
    "Train U-Net on pictures of cracked pavement, and score the trained network.",
)

for command in (config, complexity, fit, evaluate, leave_out, pack):
    app.command()(command)
app.command("import")(import_annotations)
