"""The power goes a thousand times in the middle of a survey: what is left is whole."""

import platform
import sys
from datetime import datetime, timezone
from pathlib import Path
from random import Random

from edgecrack.storage.memory_disk import MemoryDisk
from tests.edgecrack.storage.power_cut import check, make_observations, survey

CUTS, FRAMES = 1000, 200
HEAD = """# A thousand power cuts

{date}, {machine}; `tests/proof/proof_power_cut.py`, which `make proof` runs.

A survey of {frames} frames (masks, pictures, records; a crack in two of three) writes to a disk in
memory and is cut off after a random one of its {operations:,} operations. Of what was not synced,
each name is left or lost and any first part of a file's bytes is left, at random. Then every line
that ends in a newline must parse and name only pictures that are there, every picture must decode,
`run.json` must be one whole version, and everything acknowledged must be there.

| | |
|---|--:|
| power cuts | {cuts:,} |
| cuts before anything was acknowledged | {early:,} |
| observations acknowledged, over all cuts | {acknowledged:,} |
| acknowledged but lost | 0 |
| whole lines found | {lines:,} |
| lines found torn, which readers ignore | {torn:,} |
| pictures found, all whole | {pictures:,} |
"""


def test_a_thousand_power_cuts_lose_nothing_acknowledged(capsys):
    """At any of a survey's operations the power may go; what was acknowledged is found whole."""
    observations, whole = make_observations(FRAMES), MemoryDisk()
    assert survey(whole, observations).has_ended
    counts = dict.fromkeys(("early", "acknowledged", "lines", "torn", "pictures"), 0)
    for seed in range(CUTS):
        random = Random(seed)
        disk = MemoryDisk(operations_left=random.randrange(whole.operations))
        told = survey(disk, observations)
        left = check(disk.after_power_cut(random), told, observations)
        counts["early"] += not told.acknowledged
        counts["acknowledged"] += len(told.acknowledged)
        counts["lines"] += left.lines
        counts["torn"] += left.torn_bytes > 0
        counts["pictures"] += left.pictures
    report = HEAD.format(
        date=datetime.now(timezone.utc).date(),
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        frames=FRAMES,
        operations=whole.operations,
        cuts=CUTS,
        **counts,
    )
    Path(__file__).with_name("power_cut.md").write_text(report, encoding="utf-8")
    with capsys.disabled():
        sys.stdout.write("\n" + report)
