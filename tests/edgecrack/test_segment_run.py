"""A unit that rolls: what it leaves, when it is killed, and when its disk is full."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgecrack.clock.record import read_entries
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.segment import misfits, read_seal

SOURCE = "test:?width=320&height=240&fps=20&frames=1000000"
MOUNTED = """
mount -t tmpfs -o size=40m none "$1" && cp "$2" "$1/filler" || exit 99
shift 2
"$@" 2>"$LOG" >"$LOG.out" &
child=$!
until grep -q "storage: failing" "$LOG"; do sleep 0.1; kill -0 $child || exit 98; done
rm "$RUNS/filler"
until grep -q "storage: recording" "$LOG"; do sleep 0.1; kill -0 $child || exit 97; done
mount -o remount,ro "$RUNS"
sleep 3
mount -o remount,rw "$RUNS"
until [ "$(grep -c "storage: recording" "$LOG")" -ge 2 ]; do
    sleep 0.1
    kill -0 $child || exit 96
done
kill -TERM $child; wait $child; code=$?
cp -a "$RUNS"/. "$LEFT"; exit $code
"""


@pytest.fixture
def unit(environment, tiny_bundle):
    """Return a function that starts a unit that rolls, and does not wait for its end."""
    begun = []

    def start(runs, *options):
        child = subprocess.Popen(
            [*command_line(runs, tiny_bundle), *options],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        begun.append(child)
        return child

    yield start
    for child in begun:
        child.kill()
        child.communicate()


def command_line(runs, bundle) -> list[str]:
    """Return the command line of a unit."""
    words = [
        sys.executable, "-m", "edgecrack", "run", SOURCE, "--live", "--model", bundle,
        "--runs-folder", runs, "--roll-minutes", "0.02", "--keep-free-mb", "0", "--json",
    ]  # fmt: skip
    return [str(word) for word in words]


def segments(runs) -> list[Path]:
    """Return the folders of the segments, by name."""
    return sorted(runs.glob("2*Z*")) if runs.is_dir() else []


def records(runs) -> set[tuple[str, int]]:
    """Return run and frame of each record that is there; of a line under way nothing."""
    found = set()
    for path in runs.glob("2*/cracks.geojsonl"):
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                properties = json.loads(line)["properties"]
                found.add((properties["run_id"], properties["frame"]))
    return found


@pytest.mark.slow
def test_a_unit_leaves_sealed_segments(unit, until, tmp_path):
    """Each is whole by its seal and says that it rolled; the last says how the run ended.

    Each has its own lines about the clock, those of its beginning and end at least.
    """
    runs = tmp_path / "runs"
    child = unit(runs, "--clock", "gate")
    until(lambda: len(segments(runs)) >= 3, child)
    child.send_signal(signal.SIGTERM)
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    reasons, frames = [], []
    for folder in segments(runs):
        assert misfits(LocalDisk(), folder) == []
        assert read_seal(LocalDisk(), folder).repairs is None
        record = json.loads((folder / "run.json").read_text())
        reasons.append((record["segment"], record["exit_reason"]))
        entries = read_entries((folder / "clock.jsonl").read_bytes())
        assert {entry.boot_id for entry in entries} == {record["boot_id"]}
        assert entries[-1].monotonic_ns > entries[0].monotonic_ns
        assert json.loads((folder / "report.json").read_text())["storage"]["segments"] >= 1
        lines = (folder / "cracks.geojsonl").read_text().splitlines()
        frames += [json.loads(line)["properties"]["frame"] for line in lines]
    assert reasons == [(n, "rolled") for n in range(1, len(reasons))] + [
        (len(reasons), "interrupted")
    ]
    assert frames == sorted(set(frames))
    storage = json.loads(stdout)["storage"]
    assert (storage["segments"], storage["repaired"]) == (len(reasons), 0)
    assert 0 < storage["sealed"] < len(reasons), "the last one holds this report"
    assert storage["records_lost"] == storage["failures"] == 0


@pytest.mark.slow
def test_what_a_killed_unit_had_written_is_there_at_the_next_start(unit, until, tmp_path):
    """Every line that had been seen, in segments that the next start repairs and seals."""
    runs, seen = tmp_path / "runs", set()
    for _ in range(2):
        child = unit(runs)
        until(lambda before=frozenset(seen): len(records(runs) - before) > 20, child)
        seen |= records(runs)
        child.kill()
        child.wait()
        assert seen <= records(runs)
    child = unit(runs)
    until(lambda: all((folder / "seal.json").exists() for folder in segments(runs)[:-1]), child)
    until(lambda: len(records(runs) - seen) > 0, child)
    child.send_signal(signal.SIGTERM)
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    assert seen <= records(runs)
    assert [misfits(LocalDisk(), folder) for folder in segments(runs)] == [[]] * len(segments(runs))


@pytest.mark.slow
def test_a_full_and_a_read_only_disk_are_survived(environment, tiny_bundle, tmp_path):
    """A unit that starts on a full disk, and loses it again later, records as soon as it can."""
    runs, left, log = (tmp_path / name for name in ("runs", "left", "log"))
    runs.mkdir()
    left.mkdir()
    (tmp_path / "filler").write_bytes(bytes(30 << 20))
    namespace = "-m" if os.geteuid() == 0 else "-Urm"
    done = subprocess.run(
        ["unshare", namespace, "sh", "-c", MOUNTED, "sh", str(runs), str(tmp_path / "filler"),
         *command_line(runs, tiny_bundle)],
        env={**environment, "RUNS": str(runs), "LEFT": str(left), "LOG": str(log)},
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 130, (done.stderr, log.read_text())
    report = json.loads((tmp_path / "log.out").read_text())
    storage = report["storage"]
    assert storage["failures"] >= 2
    assert storage["records_held"] > 0
    assert storage["records_lost"] == 0
    assert "Traceback" not in log.read_text()
    assert len(records(left)) == report["frames_with_crack"] > 0
    assert all(misfits(LocalDisk(), folder) == [] for folder in segments(left))


@pytest.mark.slow
def test_two_units_never_share_a_folder(unit, until, tmp_path):
    """The second ends at once with one sentence; the first goes on."""
    runs = tmp_path / "runs"
    first = unit(runs)
    until(lambda: segments(runs), first)
    second = unit(runs)
    _, stderr = second.communicate(timeout=60)
    assert second.returncode == 74
    assert "belongs to one unit alone" in stderr
    assert first.poll() is None


@pytest.mark.parametrize("option", [("--out", "x"), ("--overlay",)])
def test_what_a_unit_that_rolls_cannot_have_is_refused(command, option):
    """Before anything is written."""
    ended = command("run", "test:?frames=1", "--roll-minutes", "1", *option)
    assert ended.code == 2
    assert "cannot be together with storage.roll_minutes" in ended.stderr
