"""Memory over a long drive: what a unit takes after twenty thousand frames."""

import os
import sys
from pathlib import Path

from edgecrack.config import RunConfig
from edgecrack.run import run
from edgecrack.segmenters import ModelSpec
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec

FRAMES, SETTLED = 20_000, 1_000
MOST_GROWTH_BYTES = 20_000_000


def resident_bytes() -> int:
    """Return the memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_memory_stays_flat(tiny_bundle, tmp_path, capsys):
    """From the thousandth frame to the twenty thousandth, memory grows by less than 20 MB."""
    sizes = {}

    def remember(_what: str, seen: int, _total: int | None) -> None:
        if seen % SETTLED == 0:
            sizes[seen] = resident_bytes()

    config = RunConfig(
        source=SourceSpec(address=f"test:?width=640&height=360&frames={FRAMES}"),
        model=ModelSpec(bundle=tiny_bundle),
        output=OutputSpec(folder=tmp_path / "out", all_masks=True),
    )
    outcome = run(config, on_progress=remember)
    assert outcome.report.frames_out == FRAMES
    growth = max(sizes.values()) - sizes[SETTLED]
    with capsys.disabled():
        sys.stdout.write(
            f"\n| memory | {FRAMES:,} frames, every mask written | {sizes[SETTLED] / 1e6:.0f} MB "
            f"after {SETTLED:,} | grew by {growth / 1e6:.1f} MB at most |\n"
        )
    assert growth < MOST_GROWTH_BYTES
