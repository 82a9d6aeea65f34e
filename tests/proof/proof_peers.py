"""edgecrack beside the programs that others would use: the same network, video and machine."""

import platform
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgecrack.device import describe_device
from edgecrack.models import MODELS
from tests.benchmarks.peers import CRACKED_S, LIVE_S, as_markdown, measured

CHECKOUT = Path(__file__).resolve().parents[2]
TABLE = CHECKOUT / "tests" / "proof" / "peers.md"
ROUNDS = 2
LEAST_IOU = 0.9  # of the same arithmetic, on the cracked road; the rest are the decoder's colours


def page(outcome, clip):
    """Return the whole page."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    device = describe_device()
    return f"""# Beside other programs

{datetime.now(timezone.utc):%Y-%m-%d}, {device.processor}, {device.cores} cores, {device.system},
Python {platform.python_version()}; commit {commit}; `python tests/benchmarks/peers.py`, which
`make proof` runs. All run the FP32 network of the bundle `{MODELS.name}/vehicle`, with the same
threshold, road rule and mirrored borders, on the default number of threads; `int8` is the bundle's
own INT8 network. Each runs in a process of its own, one after another.

- **File** (`{clip.name}`, first table): a PNG mask and a JPEG of quality 90 for every frame.
  {ROUNDS} rounds, the second in reverse order; the figures are those of the faster one. FPS is
  frames over the wall time of the loop, up to the last file; core-ms is the CPU time of all threads
  in it.
  Peak memory and core-s are of the whole process tree, start included. edgecrack syncs its files to
  disk, the others do not. `process_video` cannot but encode a video as well.
- **Masks** are held against those of edgecrack with ONNX Runtime FP32: pixels marked in both over
  pixels marked in either, of all frames together. The clip shows hardly a crack, so a few pixels
  decide; the cracked road is the synthetic drive, {CRACKED_S} s. The others decode with FFmpeg,
  whose colours differ by up to 5 of 255.
- **Live** (second table): an RTSP camera films the clip at 30 Hz for {LIVE_S} s, each picture with
  its number in it. The age is from the time at which a picture is sent to its mask; the others read
  the number, edgecrack's report is corrected by the camera's clock. Frames are lost from the sixth
  result on. A loop that takes every picture in turn falls behind, until the camera leaves some out.

{as_markdown(outcome)}"""


@pytest.mark.real_data
def test_edgecrack_beside_other_programs(shared_data, capsys):
    """All do the whole job; none of the others is as fast as edgecrack with its own choice."""
    clip = shared_data / "video" / "motorway-540p-h264.mp4"
    outcome = measured(clip, MODELS / "vehicle", rounds=ROUNDS)
    text = page(outcome, clip)
    TABLE.write_text(text, encoding="utf-8")
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")
    assert outcome.problems == {}
    assert {masks.missing for masks in outcome.agreements.values()} == {0}
    assert {figures.frames for figures in outcome.best.values()} == {221}
    apart = {
        name: masks.iou
        for name, masks in outcome.cracked.items()
        if name.endswith("fp32") and masks.iou < LEAST_IOU
    }
    assert apart == {}
    rates = {name: figures.fps for name, figures in outcome.best.items()}
    others = [rate for name, rate in rates.items() if not name.startswith("edgecrack")]
    assert rates["edgecrack, auto"] > max(others)
