"""Twenty pictures of a road that the shipped network has never seen, and five minutes."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.checkpoint import load_checkpoint
from training.shipped import start_path

ROAD = "DF_251_251BDF0530"
"""A segment of BR-251 in the test part of dnit-brazil: no shipped network has trained on it."""

TRAINED_ON = 20
TOLERANCE_PX = 10


def link(pictures, source, folder):
    """Make a folder of the pictures' files, in sub-folders as one's own data have them."""
    parts = {"images": "images", "masks": "cracks", "areas": "masks"}
    for ours, theirs in parts.items():
        (folder / ours).mkdir(parents=True)
        for picture in pictures:
            (file,) = (source / theirs).glob(f"{picture.stem}.*")
            (folder / ours / file.name).symlink_to(file.resolve())


def train(*arguments, folder, environment):
    """Run edgecrack-train in a folder to its end."""
    program = [sys.executable, "-m", "training", *map(str, arguments)]
    subprocess.run(program, cwd=folder, env=environment, check=True)


def scored(checkpoint, folder, command):
    """Score a checkpoint on a folder of pictures, at the threshold that its training chose."""
    ended = command(
        *("score", checkpoint, "--images", folder / "images", "--masks", folder / "masks"),
        *("--areas", folder / "areas", "--size", "1024x640", "--tolerance", TOLERANCE_PX),
        *("--threshold", load_checkpoint(checkpoint).metrics["threshold"], "--json"),
        package="export",
    )
    assert ended.code == 0, ended.stderr
    (score,) = ended.json
    return score


def row(name, score):
    """Return a line of the table."""
    fixed, cells = score["at_threshold"], score["cells"]
    shares = (fixed["f1"], fixed["precision"], fixed["recall"], cells["f1"], score["ods"]["f1"])
    return f"| {name} | {fixed['threshold']} | " + " | ".join(f"{100 * x:.1f}" for x in shares)


@pytest.mark.real_data
@pytest.mark.timeout(1800)
def test_twenty_pictures_raise_f1_on_the_rest_of_their_road(
    command, environment, shared_data, tmp_path, capsys
):
    """By the starter configuration as ``config --new --start vehicle`` writes it."""
    source = shared_data / "dashcam" / "dnit-brazil"
    pictures = sorted((source / "images").glob(f"*_{ROAD}_*"))
    link(pictures[:TRAINED_ON], source, tmp_path / "mydata")
    link(pictures[TRAINED_ON:], source, tmp_path / "rest")
    where = {"folder": tmp_path, "environment": environment}
    train("config", "--new", "mine.toml", "--start", "vehicle", **where)
    config = tmp_path / "mine.toml"
    text = config.read_text()
    assert '# areas = ["areas"]' in text
    config.write_text(text.replace('# areas = ["areas"]', 'areas = ["areas"]\nlabelled = "road"'))
    began_s = time.monotonic()
    train("fit", config, "--data", "mydata", "--out", "run", **where)
    seconds = time.monotonic() - began_s

    before = scored(start_path("vehicle"), tmp_path / "rest", command)
    after = scored(Path(tmp_path / "run" / "best.pt"), tmp_path / "rest", command)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(pictures) - TRAINED_ON} pictures of {ROAD}, within {TOLERANCE_PX} px; trained "
            f"on {TRAINED_ON} others for {seconds:.0f} s\n"
            "| network | threshold | F1 | precision | recall | cell F1 | best F1 |\n"
            f"|---|---|---|---|---|---|---|\n{row('vehicle', before)} |\n"
            f"{row('vehicle, trained on', after)} |\n"
        )
    assert json.dumps(before) != json.dumps(after)
    assert after["at_threshold"]["f1"] > before["at_threshold"]["f1"]
