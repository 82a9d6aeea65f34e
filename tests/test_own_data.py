"""The README's way from a folder of pictures to a survey by one's own network, word by word."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edgecrack.synthetic.drive import DriveSpec, render_frames

CHECKOUT = Path(__file__).resolve().parents[1]
PROGRAMS = {"edgecrack": "edgecrack", "edgecrack-train": "training", "edgecrack-export": "export"}
SHORTER = {"epochs = 12": "epochs = 1", "steps_per_epoch = 50": "steps_per_epoch = 2"}


def commands():
    """Return the lines of the README's block."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Your own pictures")[2]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1].splitlines()


def write_pictures(folder):
    """Write pictures of the synthetic drive and their true masks."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for frame in render_frames(DriveSpec(seed=3, seconds=2.4, fps=5, width_px=480, height_px=270)):
        bgr = cv2.cvtColor(frame.picture, cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(folder / "images" / f"{frame.index:04}.png"), bgr)
        cv2.imwrite(str(folder / "masks" / f"{frame.index:04}.png"), frame.mask)


@pytest.mark.timeout(600)
def test_own_pictures_become_a_network_and_a_survey(environment, tmp_path):
    """Each command of the README ends with 0; only the training is made shorter."""
    write_pictures(tmp_path / "mydata")
    printed = {}
    for line in commands():
        program, *arguments = shlex.split(line, comments=True)
        ended = subprocess.run(
            [sys.executable, "-m", PROGRAMS[program], *arguments], cwd=tmp_path, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, f"{line}\n{ended.stderr}"
        printed[program, arguments[0]] = ended.stdout
        if "--new" in arguments:
            make_shorter(tmp_path / "mydata.toml")
    assert "# mine: 8 train, 2 validation, 2 test pictures" in printed["edgecrack-train", "config"]
    assert "test (2)" in printed["edgecrack-train", "evaluate"]
    assert "all (12)" in printed["edgecrack-export", "score"]
    record = json.loads((tmp_path / "mysurvey" / "run.json").read_text())
    assert "bundles/mydata" in json.dumps(record)
    assert (tmp_path / "mysurvey" / "report.json").exists()


def make_shorter(path):
    """Let the starter train for a second."""
    text = path.read_text()
    for long, short in SHORTER.items():
        assert long in text
        text = text.replace(long, short)
    path.write_text(text)
