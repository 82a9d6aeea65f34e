"""``supervision.process_video``: its threads read and write video, the callback does the rest.

``python -m tests.benchmarks.contestants.supervision_video JOB``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.contestants.crack_finder import CrackFinder
from tests.benchmarks.contestants.diary import Diary
from tests.benchmarks.contestants.job import read_job

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def main() -> None:
    """Do the job that a file describes."""
    import supervision  # noqa: PLC0415  a peer's library is loaded by that peer alone

    job = read_job(Path(sys.argv[1]))
    finder = CrackFinder(job)
    diary = Diary(job)

    def callback(frame: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
        mask = finder.find(frame)
        diary.has_result(frame)
        finder.keep(frame, mask, number)
        diary.has_written()
        return frame

    # It cannot do without a video of its own.
    target = str(Path(job.folder) / "video.mp4")
    supervision.process_video(source_path=job.video, target_path=target, callback=callback)
    versions = f"supervision {supervision.__version__}, {finder.runs_on}"
    diary.leave(versions, "a reader, a writer and the callback; all cores on one picture")


if __name__ == "__main__":
    main()
