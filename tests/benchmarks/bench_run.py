"""End to end: how near a run comes to what the work in it allows on these cores.

``python tests/benchmarks/bench_run.py [--json] [--video FILE] [--model BUNDLE]`` surveys the
motorway clip with every mask written, and prints a Markdown table. With work of ``c`` core-ms a
frame, ``n`` cores allow no more than ``1000 n / c`` frames a second.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
CLIP = CHECKOUT.parent / "shared" / "data" / "video" / "motorway-540p-h264.mp4"


def survey(video: Path, model: Path | None) -> dict[str, Any]:
    """Run ``edgecrack run`` in a process of its own and return its report."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "edgecrack", "run", str(video), "--all-masks", "--json"]
        command += ["--out", f"{folder}/out", *(["--model", str(model)] if model else [])]
        done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def figures(report: dict[str, Any]) -> dict[str, float]:
    """Return what the run reached, what its work allows, and what is not inference."""
    stages, cores = report["stages"], report["device"]["cores"]
    allowed = 1000 * cores / report["core_ms_per_frame"]
    return {
        "frames": report["frames_out"],
        "end-to-end FPS": report["fps_out"],
        f"FPS that {cores} cores allow for this work": allowed,
        "share of that reached": report["fps_out"] / allowed,
        "core-ms a frame": report["core_ms_per_frame"],
        "of them not inference": report["overhead_core_ms"],
        **{f"core-ms a frame, {name}": each["core_ms"] for name, each in stages.items()},
        "inference p50 ms": stages["infer"]["p50_ms"],
        "inference p95 ms": stages["infer"]["p95_ms"],
        "capture to result p95 ms": report["capture_to_result_ms"]["p95_ms"],
        "peak memory MB": report["peak_memory_bytes"] / 1e6,
    }


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--video", type=Path, default=CLIP, help="what to survey")
    parser.add_argument("--model", type=Path, help="a bundle; without it the default model")
    asked = parser.parse_args()
    report = survey(asked.video, asked.model)
    found = figures(report)
    if asked.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    size = "{width_px}x{height_px}".format(**report["input"])
    sys.stdout.write(f"{asked.video.name}, {report['backend']}, {report['precision']}, {size}\n\n")
    sys.stdout.write("| figure | value |\n|---|---|\n")
    sys.stdout.writelines(f"| {name} | {value:,.2f} |\n" for name, value in found.items())


if __name__ == "__main__":
    main()
