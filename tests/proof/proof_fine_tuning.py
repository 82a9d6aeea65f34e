"""A few pictures of a road that the shipped network has never seen, and five minutes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.checkpoint import load_checkpoint
from training.shipped import start_path

ROADS = {"ES_259": 2, "DF_251_251BDF0530": 5}
"""Roads in the test part of dnit-brazil, which no shipped network has trained on -> how many
neighbouring pictures go together, in turns to the training and to the rest."""

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
@pytest.mark.parametrize("road", ROADS)
def test_half_of_a_road_is_learnt_and_the_rest_scored(
    command, environment, shared_data, tmp_path, capsys, road
):
    """By the starter configuration as ``config --new --start vehicle`` writes it."""
    source = shared_data / "dashcam" / "dnit-brazil"
    pictures = sorted((source / "images").glob(f"*_{road}_*"))
    learnt = [picture for at, picture in enumerate(pictures) if at // ROADS[road] % 2 == 0]
    rest = [picture for picture in pictures if picture not in learnt]
    link(learnt, source, tmp_path / "mydata")
    link(rest, source, tmp_path / "rest")
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
            f"\n{len(rest)} pictures of {road}, within {TOLERANCE_PX} px; trained "
            f"on {len(learnt)} others for {seconds:.0f} s\n"
            "| network | threshold | F1 | precision | recall | cell F1 | best F1 |\n"
            f"|---|---|---|---|---|---|---|\n{row('vehicle', before)} |\n"
            f"{row('vehicle, trained on', after)} |\n"
        )
    assert after["at_threshold"]["f1"] > before["at_threshold"]["f1"] - 0.03
