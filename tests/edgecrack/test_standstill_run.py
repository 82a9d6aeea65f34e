"""A run with a stop in it: what is inferred, what is counted, and what the folder says of it."""

import json
from itertools import accumulate

import cv2
import pytest

from edgecrack.page.document import render_page
from edgecrack.positions.positioning import Positioning
from edgecrack.positions.standstills import Standstills
from edgecrack.positions.track import Track
from edgecrack.records import Fix
from edgecrack.run_reader import read_run
from edgecrack.surveying import survey
from edgecrack.synthetic.position_log import nmea
from tests.edgecrack.survey_parts import SentFixes, frame, lazy

SECOND_NS = 10**9
START_NS = 1_780_304_400 * SECOND_NS
SPEEDS_MPS = [9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9]
SOURCE = "test:?width=96&height=64&fps=5&frames=60"
LEFT_OUT = range(25, 46)  # from 2 s after the stop until it moves off at 0.8 m/s


def fixes(speeds_mps=SPEEDS_MPS):
    """Return a fix a second of a drive with these speeds."""
    return [
        Fix(START_NS + s * SECOND_NS, 50 + way * 9e-6, 8.0, 100.0, 0.0, float(mps), 0.8)
        for s, (mps, way) in enumerate(zip(speeds_mps, accumulate(speeds_mps), strict=True))
    ]


@pytest.fixture
def drive(tmp_path, tiny_bundle):
    """Return a function that surveys twelve seconds with a stop in them."""
    log = tmp_path / "drive.nmea"
    log.write_text(nmea(fixes()))

    def _drive(**given):
        return survey(
            SOURCE,
            position=log,
            video_start="2026-06-01T09:00:00Z",
            model=tiny_bundle,
            out=tmp_path / "run",
            all_masks=True,
            min_crack_share=0.0,
            **given,
        )

    return _drive


def _sum_of(report):
    by_stage = report["frames_dropped"]
    return sum(by_stage[stage] for stage in ("source", "unfinished", "standstill"))


def test_a_stop_is_left_out_and_said_so(drive):
    """Frames in are those inferred and those left out; run.json names the stop; a page shows it."""
    run = drive(overlay=True)
    report = run.report
    assert report["frames_dropped"]["standstill"] == len(LEFT_OUT)
    assert report["frames_in"] == 60 == report["frames_inferred"] + _sum_of(report)
    assert report["frames_out"] == report["frames_inferred"]
    assert run.record["standstills"] == [
        {
            "first_frame": 25,
            "last_frame": 45,
            "from_utc": "2026-06-01T09:00:05.000Z",
            "to_utc": "2026-06-01T09:00:09.000Z",
            "frames": 21,
        }
    ]
    kept = [int(mask.stem) for mask in run.masks]
    assert kept == [number for number in range(60) if number not in LEFT_OUT]
    assert "Frames left out at a standstill</dt><dd>21<" in render_page(run, run.folder)


def test_the_overlay_stays_on_the_last_picture_while_the_vehicle_stands(drive):
    """Frames left out are not in it, and those after them keep their time."""
    run = drive(overlay=True)
    video, times_s = cv2.VideoCapture(str(run.overlay)), []
    while video.read()[0]:
        times_s.append(video.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    wanted = [number / 5 for number in range(60) if number not in LEFT_OUT]
    assert times_s == pytest.approx(wanted, abs=0.01)


def test_a_standstill_is_inferred_where_that_is_asked_for(drive):
    """Every frame has its record then, and none is said to be left out."""
    run = drive(standstill="infer")
    assert run.report["frames_inferred"] == run.report["frames_in"] == 60
    assert run.report["frames_dropped"]["standstill"] == 0
    assert run.record["standstills"] == []
    assert read_run(run.folder).record["config"]["position"]["standstill"] == "infer"


def _live(go, polls, frames=60):
    """Survey live frames, five a second; before each but the first the receiver is asked once."""
    track = Track(keep_s=60)
    positioning = Positioning(track, SentFixes(*polls), standstills=Standstills(track))
    taken = [frame(n, 3, START_NS + n * SECOND_NS // 5) for n in range(frames)]
    return go(lazy(lambda: iter(taken)), live=True, positioning=positioning)


def test_live_a_stop_is_left_out_by_the_fixes_that_came(go, tmp_path):
    """A fix that tells of moving off counts once it has come, up to a second late."""
    polls = [[fix] if part == 0 else [] for fix in fixes() for part in range(5)]
    outcome = _live(go, polls)
    lines = (tmp_path / "run" / "cracks.geojsonl").read_text().splitlines()
    written = {json.loads(line)["properties"]["frame"] for line in lines}
    assert written == set(range(60)) - set(range(26, 51))
    assert outcome.report.frames_dropped["standstill"] == 25
    assert [(s.first_frame, s.last_frame) for s in outcome.record.standstills] == [(26, 50)]


def test_live_a_receiver_that_falls_silent_lets_nothing_be_left_out(go):
    """Its last word was that the vehicle stands; two seconds later that is no evidence any more."""
    stopped = fixes([0] * 6)
    polls = [[fix] if part == 0 else [] for fix in stopped for part in range(5)]
    outcome = _live(go, polls)
    silent_from = 25 + 2 * 5
    assert [s.last_frame for s in outcome.record.standstills] == [silent_from]
    assert outcome.report.frames_inferred == 60 - outcome.report.frames_dropped["standstill"]
    assert outcome.report.frames_inferred >= 60 - silent_from
    assert outcome.record.last_utc == "2026-06-01T09:00:11.800Z"
