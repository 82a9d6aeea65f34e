"""The plain loop of a script: OpenCV reads, the network answers, OpenCV writes, one after another.

``python -m tests.benchmarks.contestants.opencv_loop JOB``
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2

from tests.benchmarks.contestants.crack_finder import CrackFinder
from tests.benchmarks.contestants.diary import Diary
from tests.benchmarks.contestants.job import read_job


def main() -> None:
    """Do the job that a file describes."""
    job = read_job(Path(sys.argv[1]))
    finder = CrackFinder(job)
    diary = Diary(job)
    capture = cv2.VideoCapture(job.video)
    number = 0
    while True:
        is_read, frame = capture.read()
        if not is_read:
            break
        mask = finder.find(frame)
        diary.has_result(frame)
        finder.keep(frame, mask, number)
        diary.has_written()
        number += 1
    versions = f"OpenCV {cv2.__version__}, {finder.runs_on}"
    diary.leave(versions, "one loop; the library's default, all cores on one picture")


if __name__ == "__main__":
    main()
