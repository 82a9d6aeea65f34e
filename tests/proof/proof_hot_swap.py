"""Fifty changes of model at 30 frames a second, and twenty bad models in between; ten minutes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from bisect import bisect
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from statistics import median

from edgecrack.bundle import load_bundle
from edgecrack.gst.writer import VideoWriter
from edgecrack.models import MODELS
from edgecrack.models.swap_request import SwapReply, request_swap
from edgecrack.run_reader import Run, read_run
from edgecrack.synthetic.drive import DriveSpec, render_frames

SWAPS, BAD, FILE_SWAPS = 50, 20, 10
CLIP_S, LOOPS, FPS = 10, 90, 30
SMALL_PX = (480, 288)
SETTLED = 6
MOST_GROWTH_BYTES, MOST_MORE = 15_000_000, 2
NEAR = 15
"""Frames on each side of a change that are looked at for those that a full machine dropped."""

ENVIRONMENT = {**os.environ, "MALLOC_ARENA_MAX": "2"}
"""As the service has it."""

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """One request.

    Attributes:
        reply: What the unit answered.
        took_s: How long that took: the proof, loading, and the change itself.
        held: Its descriptors, threads and resident bytes then.
    """

    reply: SwapReply
    took_s: float
    held: tuple[int, int, int]


def clip(folder: Path) -> Path:
    """Return a video of the same ten seconds of road, over and over."""
    spec = DriveSpec(seed=5, seconds=CLIP_S, fps=FPS, width_px=640, height_px=360)
    pictures = [frame.picture for frame in render_frames(spec)]
    writer = VideoWriter(folder / "road.mp4", 640, 360, FPS)
    for index in range(len(pictures) * LOOPS):
        writer.write(pictures[index % len(pictures)], index * 10**9 // FPS)
    writer.close()
    return folder / "road.mp4"


def at_one_size(bundle: Path, target: Path, size_px: tuple[int, int]) -> Path:
    """Return a copy of a bundle that holds one of its sizes."""
    values = json.loads((bundle / "manifest.json").read_text())

    def of_size(entry: dict[str, object]) -> bool:
        return (entry["width_px"], entry["height_px"]) == size_px

    for kind in ("models", "golden"):
        values[kind] = [entry for entry in values[kind] if of_size(entry)]
    named = {value for kind in ("models", "golden") for entry in values[kind]
             for value in entry.values()}  # fmt: skip
    values["files"] = {name: entry for name, entry in values["files"].items() if name in named}
    for name in values["files"]:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(bundle / name, target / name)
    (target / "manifest.json").write_text(json.dumps(values))
    return target


def sealed(bundle: Path, changes: Files) -> str:
    """Change files of a bundle and make their digests fit; return the identity."""
    path = bundle / "manifest.json"
    values = json.loads(path.read_text())
    for name, data in changes.items():
        (bundle / name).write_bytes(data)
        values["files"][name] = {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    path.write_text(json.dumps(values))
    return sha256(path.read_bytes()).hexdigest()


def another(_bundle: Path, _asked: str) -> str:
    """Ask for another digest than that of what lies there."""
    return "0" * 64


def torn(bundle: Path, asked: str) -> str:
    """Lose the end of a network after it was sealed."""
    path = bundle / "model.int8.onnx"
    path.write_bytes(path.read_bytes()[:-1000])
    return asked


def cut(bundle: Path, _asked: str) -> str:
    """Seal a network of which half is there."""
    whole = (bundle / "model.fp32.onnx").read_bytes()
    return sealed(bundle, {"model.fp32.onnx": whole[: len(whole) // 2]})


def other_answers(bundle: Path, _asked: str) -> str:
    """Promise answers that no network here gives."""
    entries = json.loads((bundle / "manifest.json").read_text())["golden"]
    crack, clean = entries[0]["probability"], entries[1]["probability"]
    data = [(bundle / name).read_bytes() for name in (crack, clean)]
    return sealed(bundle, {crack: data[1], clean: data[0]})


def noise(bundle: Path, _asked: str) -> str:
    """Have noise for a manifest."""
    data = bytes(range(256)) * 40
    (bundle / "manifest.json").write_bytes(data)
    return sha256(data).hexdigest()


def link(bundle: Path, asked: str) -> str:
    """Have a link where a network should be."""
    path = bundle / "model.fp32.onnx"
    path.rename(bundle.with_suffix(".outside"))
    path.symlink_to(bundle.with_suffix(".outside"))
    return asked


def missing(bundle: Path, asked: str) -> str:
    """Have no folder at all."""
    bundle.rename(bundle.with_suffix(".elsewhere"))
    return asked


DAMAGES = (another, torn, cut, other_answers, noise, link, missing)


class Unit:
    """A run of the real program, and its socket."""

    def __init__(self, folder: Path, video: Path, bundle: Path, *options: str) -> None:
        self.out, self.place = folder / "out", folder / "unit.sock"
        command = [sys.executable, "-m", "edgecrack", "run", video, *options, "--all-masks",
                   "--no-frames", "--min-crack-share", "0", "--out", self.out, "--model", bundle,
                   "--swap-socket", self.place]  # fmt: skip
        self._process = subprocess.Popen([*map(str, command)], stderr=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, env=ENVIRONMENT)  # fmt: skip
        while not (self.place.exists() and any((self.out / "masks").glob("*.png"))):
            self._goes_on(0.1)
        self._goes_on(2.0)

    def _goes_on(self, seconds: float) -> None:
        threading.Event().wait(seconds)
        assert self._process.poll() is None, "the run ended before its time"

    def change(self, bundle: Path, digest: str, wait_s: float = 1.0) -> Change:
        """Ask for a model, and let it run for a while."""
        began_s = time.monotonic()
        reply = request_swap(self.place, bundle, digest)
        took_s = time.monotonic() - began_s
        self._goes_on(wait_s)
        return Change(reply, took_s, self._held())

    def _held(self) -> tuple[int, int, int]:
        own = Path(f"/proc/{self._process.pid}")
        pages = int((own / "statm").read_text(encoding="ascii").split()[1])
        counts = [sum(1 for _ in (own / kind).iterdir()) for kind in ("fd", "task")]
        return counts[0], counts[1], pages * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> tuple[Run, list[int]]:
        """End it in order; return what it left, and the numbers of the frames it has detected."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        return read_run(self.out), sorted(int(p.stem) for p in (self.out / "masks").iterdir())


def test_no_frame_is_lost_and_each_names_its_model(tmp_path):
    """Live, 30 a second: the two models take turns, bad ones are refused, and nothing grows."""
    small = at_one_size(MODELS / "crack-n", tmp_path / "small", SMALL_PX)
    turns = [MODELS / "vehicle", small]
    digests = [load_bundle(bundle).sha256 for bundle in turns]
    unit = Unit(tmp_path, clip(tmp_path), small, "--live")
    good: list[Change] = []
    bad: list[tuple[str, Change]] = []
    for number in range(SWAPS):
        good.append(unit.change(turns[number % 2], digests[number % 2]))
        for nth in range(len(bad), BAD * (number + 1) // SWAPS):
            damage, copy = DAMAGES[nth % len(DAMAGES)], tmp_path / f"bad{nth}"
            shutil.copytree(turns[(number + 1) % 2], copy)
            asked = damage(copy, load_bundle(copy).sha256)
            bad.append((damage.__name__, unit.change(copy, asked, wait_s=0.2)))
    run, seen = unit.end()
    told = first_frames(good)
    used = [digests[1], *(digests[number % 2] for number in range(SWAPS))]
    check_numbers(run, seen, told, used)
    assert all(change.reply.reason for _, change in bad)
    held = [check_growth(good[SETTLED + nth :: 2]) for nth in range(2)]
    took_s = sorted(change.took_s for change in good)
    refused_s = [change.took_s for _, change in bad]
    gaps = [(a, b) for a, b in pairwise(seen) if b != a + 1]
    near = sum(b - a - 1 for first in told for a, b in gaps if a - NEAR < first < b + NEAR)
    sys.stdout.write(
        f"\nlive: {run.report['frames_in']} frames, {run.report['frames_dropped']}, "
        f"{len(run.observations)} records; {len(good)} changes, "
        f"p50 {median(took_s):.1f} s, p95 {took_s[int(0.95 * len(took_s))]:.1f} s, "
        f"most {took_s[-1]:.1f} s; {len(bad)} refused, p50 {median(refused_s):.1f} s; "
        f"{near} dropped within {NEAR} frames of a change\n"
        f"held by each model: {held}\n"
        f"capture to result: {run.report['capture_to_result_ms']}\ngaps: {gaps}\n"
    )
    for name, change in bad[: len(DAMAGES)]:
        sys.stdout.write(f"{name}: {change.reply.reason}\n")


def first_frames(changes: list[Change]) -> list[int]:
    """Return where each model began; every one was accepted."""
    assert not [change.reply.reason for change in changes if change.reply.reason]
    return [change.reply.first_frame or 0 for change in changes]


def check_numbers(run: Run, seen: list[int], told: list[int], used: list[str]) -> None:
    """Assert that each record names the model of its number, and that each frame is accounted for.

    Those that a live run dropped are counted; the frames of a change are never among them.
    """
    assert told == sorted(set(told))
    assert [each["first_frame"] for each in run.record["models"]] == [0, *told]
    assert [each["model"]["sha256"] for each in run.record["models"]] == used
    assert len(run.observations) > len(seen) // 2
    assert all(frame.model == used[bisect(told, frame.frame)] for frame in run.observations)
    dropped = run.report["frames_dropped"]
    assert run.report["frames_inferred"] == len(seen) == len(set(seen))
    assert run.report["frames_in"] == len(seen) + sum(dropped.values())
    assert dropped["unfinished"] == dropped["output"] == dropped["missing"] == 0
    assert set(told) <= set(seen)


def check_growth(changes: list[Change]) -> str:
    """Assert that nothing grows from one use of a model to its next; return how memory went.

    Allocators give back now more, now less: the middle of the first third is held against that of
    the last.
    """
    files, threads, resident = zip(*(change.held for change in changes), strict=True)
    third = len(changes) // 3
    assert max(files) <= files[0] + MOST_MORE
    assert max(threads) <= threads[0] + MOST_MORE
    growth = median(resident[-third:]) - median(resident[:third])
    assert growth < MOST_GROWTH_BYTES
    span = f"{min(resident) / 1e6:.0f} to {max(resident) / 1e6:.0f} MB, {growth / 1e6:+.1f} MB"
    return f"{span}; descriptors {set(files)}, threads {set(threads)}"


def test_a_file_is_read_to_the_frame(tmp_path):
    """With several frames at work and none to be dropped, every number is there once."""
    small = at_one_size(MODELS / "crack-n", tmp_path / "small", SMALL_PX)
    turns = [MODELS / "vehicle", small]
    digests = [load_bundle(bundle).sha256 for bundle in turns]
    unit = Unit(tmp_path, clip(tmp_path), small, "--file")
    good = [unit.change(turns[n % 2], digests[n % 2], wait_s=0.1) for n in range(FILE_SWAPS)]
    run, seen = unit.end()
    told = first_frames(good)
    check_numbers(run, seen, told, [digests[1], *(digests[n % 2] for n in range(FILE_SWAPS))])
    assert seen == list(range(len(seen)))
    sys.stdout.write(f"\nfile: {len(seen)} frames, {run.report['fps_out']} FPS, {told}\n")
