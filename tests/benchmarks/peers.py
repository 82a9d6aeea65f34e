"""edgecrack and the programs that others would use, side by side: the same network, the same video.

``python tests/benchmarks/peers.py [--video FILE] [--model BUNDLE] [--json]`` prints Markdown.
Each contestant runs in a process of its own, one after another: over the file, each mask and each
picture written, twice, in turned order; over a synthetic road full of cracks, to compare masks; and
over a camera of 30 Hz. The peers are installed into virtual environments under ``build/peers`` the
first time (3 GB).
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))  # a script sees its own folder alone

from edgecrack.device import processor_flags  # noqa: E402  found through the line above
from edgecrack.letterbox import best_input  # noqa: E402
from edgecrack.models import MODELS, open_bundle  # noqa: E402
from edgecrack.models.variants import variants  # noqa: E402
from edgecrack.segmenters import ModelSpec  # noqa: E402
from tests.benchmarks.side_by_side import contest, roster, table  # noqa: E402
from tests.benchmarks.side_by_side.environments import python_of  # noqa: E402
from tests.benchmarks.side_by_side.trial import Network  # noqa: E402

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle
    from tests.benchmarks.side_by_side.contest import Outcome

CLIP = CHECKOUT.parent / "shared" / "data" / "video" / "motorway-540p-h264.mp4"
LIVE_S, CRACKED_S = 12, 4


def shared_network(bundle: Bundle, video: Path) -> Network:
    """Return the FP32 network of a bundle, with the input that edgecrack would choose."""
    import cv2  # noqa: PLC0415  only to look at the first frame

    height_px, width_px, _ = cv2.VideoCapture(str(video)).read()[1].shape
    networks = {network.size_px: network for network in bundle.networks("fp32")}
    input_px = best_input((width_px, height_px), [*networks])
    return Network(
        bundle=bundle.path,
        file=bundle.path / networks[input_px].file,
        input_px=input_px,
        threshold=bundle.manifest.threshold,
        road_threshold=bundle.manifest.road_threshold,
    )


def measured(
    video: Path,
    model: Path,
    *,
    rounds: int = 2,
    live_s: int = LIVE_S,
    cracked_s: float = CRACKED_S,
) -> Outcome:
    """Install what is missing, then run all.

    Args:
        video: The file.
        model: Bundle directory.
        rounds: How often each goes over the file.
        live_s: How long the camera plays; 0 leaves it out.
        cracked_s: Length of the synthetic road on which masks are compared; 0 leaves it out.
    """
    bundle = open_bundle(ModelSpec(bundle=model))
    has_bf16 = bool({"avx512_bf16", "amx_bf16", "bf16"} & set(processor_flags().split()))
    pairs = [(variant.backend, variant.precision) for variant in variants(bundle)]
    contestants = [*roster.peers(has_bf16=has_bf16), *roster.ours(pairs)]
    for environment in {each.environment for each in contestants if each.environment}:
        python_of(environment)
    network = shared_network(bundle, video)
    return contest.hold(contest.Plan(contestants, network, video, rounds, live_s, cracked_s))


def as_markdown(outcome: Outcome) -> str:
    """Return the tables."""
    parts = [table.file_table(outcome)]
    if outcome.live:
        parts.append(table.live_table(outcome.live))
    parts.append(table.setting_table(outcome.best))
    parts += [f"No figures of {what}: {why}\n" for what, why in outcome.problems.items()]
    return "\n".join(parts)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return JSON values, sizes in bytes and times in the units of their names."""
    return asdict(outcome)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--video", type=Path, default=CLIP, help="what to look at")
    parser.add_argument("--model", type=Path, default=MODELS / "vehicle", help="a bundle")
    parser.add_argument("--rounds", type=int, default=2, help="how often over the file")
    parser.add_argument("--live-s", type=int, default=LIVE_S, help="how long live; 0 for not")
    asked = parser.parse_args()
    outcome = measured(asked.video, asked.model, rounds=asked.rounds, live_s=asked.live_s)
    text = json.dumps(as_json(outcome), indent=2) + "\n" if asked.json else as_markdown(outcome)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
