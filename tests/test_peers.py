"""The comparison with other programs: what a peer does, the arithmetic, the tables."""

import json
import os
import sys

import cv2
import numpy as np
import pytest

from edgecrack.records import Answer
from edgecrack.segmenters.picture import picture_answer
from tests.benchmarks.contestants import crack_finder, frame_number, network
from tests.benchmarks.contestants.diary import Diary
from tests.benchmarks.contestants.job import Job, read_job
from tests.benchmarks.side_by_side import figures, live, roster, table
from tests.benchmarks.side_by_side.agreement import agreement
from tests.benchmarks.side_by_side.contest import Outcome
from tests.benchmarks.side_by_side.process_tree import watch

FILMED = live.FilmedClip(began_ns=5_000_000_000, began_utc_ns=0, frames=60, fps=30)


def a_job(folder, **changes):
    """Return a job, of a network of 32x32."""
    fields = {
        "video": "road.mp4", "live": False, "folder": str(folder), "network": "net.onnx",
        "input_px": (32, 32), "threshold": 128, "road_threshold": 128,
        "backend": "onnxruntime", "precision": "fp32",
    }  # fmt: skip
    return Job(**{**fields, **changes})


def some_figures(**changes):
    """Return figures of a trial."""
    fields = {
        "fps": 30.0, "frames": 221, "core_ms": 50.04, "process_cpu_s": 12.0, "start_s": 1.5,
        "peak_bytes": 300_000_000, "runs_on": "OpenCV 5", "threads": "all",
    }  # fmt: skip
    return figures.Figures(**{**fields, **changes})


def write_mask(path, *marked):
    """Write a mask of 8x8 with these pixels marked."""
    path.parent.mkdir(exist_ok=True)
    mask = np.zeros((8, 8), np.uint8)
    for row, column in marked:
        mask[row, column] = 255
    cv2.imwrite(str(path), mask)


def test_a_job_is_read_as_it_was_written(tmp_path):
    """The other interpreter gets the same, tuples included."""
    job = a_job(tmp_path, road_threshold=None)
    job.write(tmp_path / "job.json")
    assert read_job(tmp_path / "job.json") == job


@pytest.mark.parametrize("number", [0, 1, 359, 2**16 - 1])
def test_a_frame_number_survives_scaling_and_jpeg(number):
    """A camera's 1920 pixels become evidence of 1280 as JPEG."""
    picture = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), np.uint8)
    frame_number.draw(picture, number)
    small = cv2.resize(picture, (1280, 720), interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
    assert frame_number.read(cv2.imdecode(data, cv2.IMREAD_COLOR)) == number


def test_a_number_with_a_wrong_cell_is_none():
    """Half a picture of one frame and half of another must not pass for a third."""
    picture = np.full((540, 960, 3), 90, np.uint8)
    frame_number.draw(picture, 6)
    picture[:16, :16] = 245
    assert frame_number.read(picture) is None


class Fake:
    """A network that sees around itself: dark is crack, and what is more blue than red no road."""

    width_px, height_px, threshold, road_threshold = 64, 32, 128, 128

    def answer(self, image):
        """Return both planes."""
        around = cv2.blur(image, (5, 5)).astype(np.int16)
        road = np.clip(128 + around[..., 0] - around[..., 2], 0, 255).astype(np.uint8)
        return Answer((255 - around[..., 1]).astype(np.uint8), road)


@pytest.mark.parametrize("size_px", [(64, 30), (64, 32), (128, 90), (30, 60)])
def test_a_peer_makes_the_mask_that_edgecrack_makes(tmp_path, monkeypatch, size_px):
    """Scaling, borders, colours, the road rule and the threshold are the same."""
    fake = Fake()

    def load(_job):
        def answer(picture):
            assert picture.shape == (32, 64, 3)
            planes = fake.answer(picture)
            return {"probability": planes.probability, "road": planes.road}

        return answer, "fake"

    monkeypatch.setattr(network, "load", load)
    noise = np.random.default_rng(3).integers(0, 256, (size_px[1], size_px[0], 3))
    rgb = noise.astype(np.uint8)
    finder = crack_finder.CrackFinder(a_job(tmp_path / "out", input_px=(64, 32)))
    mask = finder.find(np.ascontiguousarray(rgb[..., ::-1]))
    ours = picture_answer(fake, rgb).probability >= 128
    assert 0 < np.count_nonzero(mask) < mask.size
    np.testing.assert_array_equal(mask == 255, ours)


def test_a_peer_writes_both_files_and_its_diary(tmp_path, monkeypatch):
    """Evidence is no wider than 1280, the mask as large; the diary counts what is written."""
    blank = {"probability": np.zeros((32, 32), np.uint8), "road": np.zeros((32, 32), np.uint8)}
    monkeypatch.setattr(network, "load", lambda _job: (lambda _picture: blank, "x"))
    job = a_job(tmp_path / "out")
    finder, diary = crack_finder.CrackFinder(job), Diary(job)
    frame = np.zeros((1080, 1920, 3), np.uint8)
    mask = finder.find(frame)
    diary.has_result(frame)
    finder.keep(frame, mask, 7)
    diary.has_written()
    diary.leave("x 1", "all")
    out = tmp_path / "out"
    assert cv2.imread(str(out / "frames" / "00000007.jpg")).shape == (720, 1280, 3)
    assert cv2.imread(str(out / "masks" / "00000007.png")).shape == (720, 1280, 3)
    left = json.loads((out / "figures.json").read_text())
    assert (left["frames"], [number for number, _ in left["results"]]) == (1, [0])
    assert figures.of_diary(left)["fps"] == pytest.approx(1 / left["wall_s"])


def test_agreement_is_of_all_frames_together(tmp_path):
    """Three pixels in both of four in either; a frame of one side alone is missing."""
    for folder, extra in (("a", ()), ("b", ((2, 2),))):
        write_mask(tmp_path / folder / "0.png", (0, 0), (0, 1), (1, 1), *extra)
        write_mask(tmp_path / folder / "1.png")
    write_mask(tmp_path / "a" / "2.png", (3, 3))
    found = agreement(tmp_path / "a", tmp_path / "b")
    assert (found.frames, found.missing, found.iou, found.differing_px) == (2, 1, 0.75, 0.5)


def test_empty_masks_agree_and_sizes_must_match(tmp_path):
    """Nothing marked is perfect agreement; another size is a mistake of the benchmark."""
    write_mask(tmp_path / "a" / "0.png")
    write_mask(tmp_path / "b" / "0.png")
    assert agreement(tmp_path / "a", tmp_path / "b").iou == 1.0
    cv2.imwrite(str(tmp_path / "b" / "0.png"), np.zeros((8, 9), np.uint8))
    with pytest.raises(ValueError, match=r"must be \(8, 9\)"):
        agreement(tmp_path / "a", tmp_path / "b")


def test_the_first_five_results_are_left_out_of_ages_and_rates():
    """Ages count from when the camera took a picture; rates from the intervals."""
    times_ns = [5_000_000_000 + number * 10**9 // 30 + 20_000_000 for number in range(9)]
    numbers = [0, 1, 2, 3, 4, 5, 6, None, 8]
    results = list(zip(numbers, times_ns, strict=True))
    results[2] = (2, 99_000_000_000)
    assert live.ages_ms(results, FILMED) == [20.0, 20.0, 20.0]
    assert live.rate_fps([at_ns for _, at_ns in results]) == pytest.approx(30)
    assert live.rate_fps([1, 2, 3, 4, 5, 6]) is None


def test_pictures_are_lost_from_the_sixth_result_on():
    """What was skipped before, while all fills, is not counted; what came after the last is."""
    assert live.lost([20, 21, 22, 23, 24, 30, 31, None, 34], FILMED) == 26
    assert live.lost([], FILMED) == 60
    assert live.percentile([], 95) is None


def test_the_camera_notes_when_it_began(tmp_path):
    """The benchmark reads what another process wrote."""
    FILMED.write(tmp_path / "log")
    assert live.read_log(tmp_path / "log") == FILMED


def test_each_round_turns_the_order():
    """The reference is among ours, and every contestant has a folder of its own."""
    all_of_them = [*roster.peers(has_bf16=True), *roster.ours([("onnxruntime", "fp32")])]
    assert roster.REFERENCE in all_of_them
    assert len({each.slug for each in all_of_them}) == len(all_of_them) == 7
    assert roster.rounds(all_of_them, 2)[1] == all_of_them[::-1]
    assert "bf16" not in {each.precision for each in roster.peers(has_bf16=False)}


def test_the_tables_hold_the_faster_trial(tmp_path):
    """And a contestant that failed leaves a row out, not a gap."""
    write_mask(tmp_path / "a" / "0.png", (0, 0))
    masks = agreement(tmp_path / "a", tmp_path / "a")
    outcome = Outcome()
    outcome.file["loop"] = [some_figures(fps=28.0), some_figures()]
    outcome.agreements["loop"] = masks
    outcome.live["loop"] = some_figures(lost=3, age_p50_ms=41.0, age_p95_ms=None)
    row = table.file_table(outcome).splitlines()[2]
    assert (
        row
        == "| loop | 30.0 | 28.0, 30.0 | 221 | 50.0 | 300 | 1.5 | 12.0 | 1.000 | 0.0 | not run |"
    )
    live_row = table.live_table(outcome.live).splitlines()[2]
    assert live_row == "| loop | 30.0 | 221 | 3 | 41 | unknown | 50.0 | 300 |"
    assert table.setting_table(outcome.best).splitlines()[2] == "| loop | OpenCV 5 | all |"


def test_a_report_of_edgecrack_speaks_for_itself():
    """A file's rate holds the last sync, a camera's is that of the results."""
    report = {
        "frames_out": 90, "wall_s": 3.0, "fps_out": 31.0, "core_ms_per_frame": 40.0,
        "backend": "OpenVINO 2026.4.1 CPU, 2 frame(s)", "precision": "bf16", "frames_at_once": 2,
    }  # fmt: skip
    assert figures.of_report(report, live=False)["fps"] == 30.0
    assert figures.of_report(report, live=True)["fps"] == 31.0
    assert figures.of_report(report, live=True)["runs_on"] == "OpenVINO 2026.4.1, bf16"


def test_a_process_is_measured_with_its_children(tmp_path):
    """CPU time of a child that was waited for, memory of both while they live."""
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    hold = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    ended = watch([sys.executable, "-c", hold], tmp_path, os.environ)
    assert ended.code == 0
    assert ended.cpu_s >= 0.3
    assert ended.peak_bytes > 5_000_000
