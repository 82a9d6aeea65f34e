"""What a survey leaves when its process is killed, or when its disk is full."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import edgecrack

CHILD = Path(__file__).with_name("survey_child.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(edgecrack.__file__).parents[1])}


def _check_whole(run: Path) -> int:
    """Assert that every line parses and every file, named or not, is whole; count the lines."""
    text = (run / "cracks.geojsonl").read_text()
    assert text == "" or text.endswith("\n")
    lines = [json.loads(line)["properties"] for line in text.splitlines()]
    assert [line["frame"] for line in lines] == list(range(len(lines)))
    pictures = {run / line[key] for line in lines for key in ("mask", "picture")}
    for path in pictures | {*run.glob("masks/*"), *run.glob("frames/*")}:
        Image.open(path).verify()
        Image.open(path).load()
    return len(lines)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_whatever_moment_the_process_is_killed_at(tmp_path, seed):
    """After SIGKILL every line parses and every file in place is whole."""
    run, lines_before = tmp_path / "run", random.Random(seed).randrange(1, 400)
    command = [sys.executable, CHILD, run, "1000000", "0.02", "plain"]
    with subprocess.Popen(
        [str(part) for part in command], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        for _ in range(lines_before):
            child.stdout.readline()
        while not (run / "cracks.geojsonl").stat().st_size:
            assert child.stdout.readline(), "the child ended before its time"
        child.kill()

    assert child.returncode == -signal.SIGKILL
    assert _check_whole(run) > 0


def _on_small_disk(folder: Path, size: str, *arguments: str) -> tuple[int, str, Path]:
    """Run the child on a memory disk of that size in a mount namespace of its own.

    Returns exit code, output and a copy of what it left: the disk goes with the namespace.
    """
    disk, left = folder / "disk", folder / "left"
    disk.mkdir()
    script = (
        f'mount -t tmpfs -o size={size} none "$1" || exit 99; shift 2; "$@"; code=$?; '
        f'cp -a "{disk}/run" "{left}"; exit $code'
    )
    namespace = "-m" if os.geteuid() == 0 else "-Urm"
    command = ["unshare", namespace, "sh", "-c", script, "sh", disk, left, sys.executable, CHILD]
    done = subprocess.run(
        [str(part) for part in [*command, disk / "run", *arguments]],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode != 99, done.stderr
    assert done.stderr == ""
    return done.returncode, done.stdout, left


@pytest.mark.parametrize("sync_every_s", ["0.01", "60"])
@pytest.mark.parametrize("size", ["700k", "1533k"])
def test_a_full_disk_keeps_what_was_written(tmp_path, size, sync_every_s, names):
    """Exit 74 and one sentence; whole lines, whole files, no temporary file."""
    code, output, run = _on_small_disk(tmp_path, size, "1000000", sync_every_s, "plain")

    assert code == 74
    assert "No space left on device" in output.splitlines()[-1]
    assert names(run) == ["cracks.geojsonl", "frames", "masks"]
    lines = _check_whole(run)
    pictures = len(names(run / "masks"))
    assert len(names(run / "frames")) == pictures
    assert pictures > 10
    assert lines <= pictures


def test_a_full_disk_ends_an_overlay_too(tmp_path):
    """The video's encoder on a full disk is the same error, and no hang."""
    code, output, run = _on_small_disk(tmp_path, "2m", "1000000", "0.05", "overlay")

    assert code == 74, output[-400:]
    assert _check_whole(run) > 0
    assert not (run / ".pending").exists()
