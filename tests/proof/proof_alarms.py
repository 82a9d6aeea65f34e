"""How much of clips that show no crack the shipped network marks, without a region."""

import json
import sys

import cv2
import numpy as np
import pytest

CLIPS = (
    "video/motorway-540p-h264.mp4",
    "video/city-portrait-hevc.mp4",
    "dashcam/clips/us-desert-yellow-tar-day.mp4",
    "dashcam/clips/us-viaduct-concrete-day.mp4",
    "dashcam/clips/india-night-raindrops.mp4",
)


@pytest.mark.real_data
@pytest.mark.timeout(1200)
def test_little_is_marked_on_clips_without_cracks(command, shared_data, tmp_path, capsys):
    """The mean over frames of the share of the picture that is crack, and that is road."""
    rows, shares = [], []
    for clip in CLIPS:
        out = tmp_path / clip.replace("/", "-")
        # Longer than the fixture lets a program run: a clip has up to 1,283 frames.
        ended = command("run", shared_data / clip, "--all-masks", "--out", out, timeout_s=900)
        assert ended.code == 0, ended.stderr
        masks = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in (out / "masks").iterdir()]
        marked = [float(np.mean(mask > 0)) for mask in masks]
        report = json.loads((out / "report.json").read_text())
        assert report["frames_inferred"] == len(masks)
        road, records = report["road"], len((out / "cracks.geojsonl").read_text().splitlines())
        shares.append(np.mean(marked))
        rows.append(
            f"| {clip} | {len(masks)} | {100 * np.mean(marked):.4f} | {100 * max(marked):.3f} "
            f"| {records} | {100 * road['mean_road_share']:.1f} | {road['frames_without_road']} |\n"
        )
    with capsys.disabled():
        sys.stdout.write(
            "\n| clip | frames | % marked | % in the worst frame | records | % road "
            "| frames without road |\n|---|---|---|---|---|---|---|\n" + "".join(rows)
        )
    assert max(shares) < 0.005
