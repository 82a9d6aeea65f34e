"""The power goes a thousand times while segments are written, sealed, deleted and repaired."""

import platform
import sys
from datetime import datetime, timezone
from pathlib import Path
from random import Random

from edgecrack.storage.memory_disk import MemoryDisk
from tests.edgecrack.storage.power_cut import make_observations
from tests.edgecrack.storage.segment_power_cut import check, recover, survey

CUTS, FRAMES, MOST_CUTS_IN_REPAIRS = 1000, 200, 3
HEAD = """# A thousand power cuts of a unit that rolls

{date}, {machine}; `tests/proof/proof_segment_power_cut.py`, which `make proof` runs.

A survey of {frames} frames (a crack in two of three) in segments of ten frames, each sealed by the
housekeeper, writes to a disk in memory and is cut off after a random one of its {operations:,}
operations. Of what was not synced, each name is left or lost and any first part of a file's bytes
is left, at random. Then it starts again, which repairs and seals what is there, and is cut off up
to {most} times more while it does. In the end every segment must be as its seal says, every line
and picture whole, and every record that was acknowledged there.

| | |
|---|--:|
| power cuts in a survey | {cuts:,} |
| power cuts while segments were repaired | {again:,} |
| records acknowledged, over all cuts | {acknowledged:,} |
| acknowledged but lost | {lost} |
| segments found, all as their seals say | {segments:,} |
| of them repaired | {repaired:,} |
| lines cut because they were not whole | {lines_cut:,} |
"""


def test_a_thousand_power_cuts_lose_nothing_acknowledged(capsys):
    """Whatever moment the power goes at, and goes at again."""
    observations, whole = make_observations(FRAMES), MemoryDisk()
    survey(whole, observations)
    counts = dict.fromkeys(
        ("again", "acknowledged", "lost", "segments", "repaired", "lines_cut"), 0
    )
    for seed in range(CUTS):
        random = Random(seed)
        disk = MemoryDisk(operations_left=random.randrange(whole.operations))
        told = survey(disk, observations)
        for _ in range(random.randrange(MOST_CUTS_IN_REPAIRS + 1)):
            operations_left = random.randrange(20)
            disk = disk.after_power_cut(random, operations_left=operations_left)
            recover(disk)
            counts["again"] += disk.operations == operations_left
        disk = disk.after_power_cut(random)
        recover(disk)
        left = check(disk)
        kept = {seen.frame.index for seen in told.observations[: told.synced] if seen.has_crack}
        counts["acknowledged"] += len(kept)
        counts["lost"] += len(kept - left.frames)
        counts["segments"] += left.segments
        counts["repaired"] += left.repaired
        counts["lines_cut"] += left.lines_cut
    report = HEAD.format(
        date=datetime.now(timezone.utc).date(),
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        frames=FRAMES, operations=whole.operations, cuts=CUTS, most=MOST_CUTS_IN_REPAIRS,
        **counts,
    )  # fmt: skip
    Path(__file__).with_name("segment_power_cut.md").write_text(report, encoding="utf-8")
    with capsys.disabled():
        sys.stdout.write("\n" + report)
    assert counts["lost"] == 0
