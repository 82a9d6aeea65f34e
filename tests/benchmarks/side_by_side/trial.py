"""One contestant, one video, one process: from the command to the figures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.benchmarks.contestants.job import Job
from tests.benchmarks.side_by_side import figures, live
from tests.benchmarks.side_by_side.edgecrack_live import capture_lag_ms, shown_numbers
from tests.benchmarks.side_by_side.environments import CHECKOUT, FOLDER, python_of
from tests.benchmarks.side_by_side.figures import Figures
from tests.benchmarks.side_by_side.process_tree import watch
from tests.benchmarks.side_by_side.roster import EDGECRACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.benchmarks.side_by_side.process_tree import Ended
    from tests.benchmarks.side_by_side.roster import Contestant

_SOURCE_ENDED = 75  # edgecrack's exit code where a stream stops
_QUIET = {
    "ORT_DISABLE_TELEMETRY": "1",
    "TELEMETRY_OPT_OUT": "True",
    "DISABLE_VERSION_CHECK": "True",
    "OFFLINE_MODE": "True",
    "XDG_CACHE_HOME": str(FOLDER / "cache"),
}


@dataclass(frozen=True, slots=True)
class Network:
    """The network that all run.

    Attributes:
        bundle: Folder of the bundle, for edgecrack.
        file: Its ONNX file, for the others.
        input_px: Width and height of the input that fits the video best.
        threshold: A pixel is crack from this probability on, 0..255.
        road_threshold: A pixel is road from this value on, 0..255; None without such a rule.
    """

    bundle: Path
    file: Path
    input_px: tuple[int, int]
    threshold: int
    road_threshold: int | None


class TrialError(Exception):
    """A contestant did not do its job; the message says what it said last."""


def over_file(contestant: Contestant, network: Network, video: Path, folder: Path) -> Figures:
    """Let a contestant write a mask and a picture of every frame of a file; masks stay there.

    Raises:
        TrialError: It failed.
    """
    ended = _run(contestant, network, str(video), folder, live=False)
    shutil.rmtree(folder / "out" / "frames")
    return _figures(contestant, folder, ended, {})


def over_camera(contestant: Contestant, network: Network, clip: Path, folder: Path) -> Figures:
    """Let a contestant look at a camera that plays a clip once, in real time.

    Raises:
        TrialError: It failed.
    """
    log = folder / "camera.log"
    with _camera(clip, log) as address:
        ended = _run(contestant, network, address, folder, live=True)
    filmed = live.read_log(log)
    out = folder / "out"
    if contestant.program == EDGECRACK:
        numbers = shown_numbers(out)
        ages = _json(out / "report.json")["capture_to_result_ms"]
        lag_ms = capture_lag_ms(out, numbers, filmed)
        p50_ms, p95_ms = (ages[key] + lag_ms for key in ("p50_ms", "p95_ms"))
        more: dict[str, Any] = {}
    else:
        results = _json(out / "figures.json")["results"]
        numbers = [number for number, _ in results]
        values = live.ages_ms(results, filmed)
        p50_ms, p95_ms = (live.percentile(values, share) for share in (50, 95))
        more = {"fps": live.rate_fps([at_ns for _, at_ns in results])}
    more |= {"lost": live.lost(numbers, filmed), "age_p50_ms": p50_ms, "age_p95_ms": p95_ms}
    return _figures(contestant, folder, ended, more)


def _run(
    contestant: Contestant, network: Network, video: str, folder: Path, *, live: bool
) -> Ended:
    shutil.rmtree(folder / "out", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    is_ours = contestant.program == EDGECRACK
    command = (_our_command if is_ours else _their_command)(contestant, network, video, folder)
    if not is_ours:
        _job(contestant, network, video, folder, live=live)
    ended = watch(command, folder, os.environ | _QUIET | {"PYTHONPATH": str(CHECKOUT)})
    if ended.code not in ((0, _SOURCE_ENDED) if is_ours and live else (0,)):
        said = ended.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise TrialError(f"exit code {ended.code}: {said[0]}")
    return ended


def _our_command(contestant: Contestant, network: Network, video: str, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "edgecrack", "run", video, "--all-masks", "--json"]
    command += ["--out", str(folder / "out"), "--model", str(network.bundle)]
    command += ["--backend", contestant.backend]
    return command + (["--precision", contestant.precision] if contestant.precision else [])


def _their_command(
    contestant: Contestant, _network: Network, _video: str, folder: Path
) -> list[str]:
    module = f"tests.benchmarks.contestants.{contestant.program}"
    return [python_of(contestant.environment), "-m", module, str(folder / "job.json")]


def _job(contestant: Contestant, network: Network, video: str, folder: Path, *, live: bool) -> None:
    job = Job(
        video=video,
        live=live,
        folder=str(folder / "out"),
        network=str(network.file),
        input_px=network.input_px,
        threshold=network.threshold,
        road_threshold=network.road_threshold,
        backend=contestant.backend,
        precision=contestant.precision,
    )
    job.write(folder / "job.json")


def _figures(contestant: Contestant, folder: Path, ended: Ended, more: dict[str, Any]) -> Figures:
    out = folder / "out"
    if contestant.program == EDGECRACK:
        report = _json(out / "report.json")
        loop_s, own = report["wall_s"], figures.of_report(report, live=bool(more))
    else:
        diary = _json(out / "figures.json")
        loop_s, own = diary["wall_s"], figures.of_diary(diary)
    outside = {
        "process_cpu_s": ended.cpu_s,
        "start_s": ended.wall_s - loop_s,
        "peak_bytes": ended.peak_bytes,
    }
    return Figures(**{**own, **outside, **more})


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@contextmanager
def _camera(clip: Path, log: Path) -> Iterator[str]:
    """Start the camera, in a process of its own, and say where it can be found."""
    log.parent.mkdir(parents=True, exist_ok=True)
    module = "tests.benchmarks.side_by_side.rtsp_server"
    command = [sys.executable, "-m", module, str(clip), str(log)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield f"rtsp://127.0.0.1:{int(server.stdout.readline())}/clip"
        finally:
            server.kill()
