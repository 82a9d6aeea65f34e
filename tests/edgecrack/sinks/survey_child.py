"""A survey in a process of its own, to be killed or to run out of disk: run by the tests.

``survey_child.py DIR COUNT SYNC_S OVERLAY`` writes COUNT observations into the run folder DIR and
prints each index as it is handed over. An error ends it with its message and its exit code.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from edgecrack.errors import EdgecrackError
from edgecrack.sinks import OutputSpec, open_previews, open_sinks
from edgecrack.sinks.writer import Writer
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder


def main(path: str, count: str, sync_every_s: str, overlay: str) -> int:
    """Write until the end or the first error."""
    made_for_tests = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
    make_observation = made_for_tests["make_observation"]
    try:
        spec = OutputSpec(overlay=overlay == "overlay")
        folder = RunFolder.create(Path(path), LocalDisk())
        sinks = [*open_previews(folder, spec, fps=25.0), *open_sinks(folder, spec)]
        with Writer(sinks, most_bytes=2**20, sync_every_s=float(sync_every_s)) as writer:
            for index in range(int(count)):
                writer.put(make_observation(index, size_px=(320, 240)), wait=True)
                sys.stdout.write(f"{index}\n")
                sys.stdout.flush()
    except EdgecrackError as error:
        sys.stdout.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
