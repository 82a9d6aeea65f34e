"""The default network against the paper's, same backend, same run, calls interleaved.

``python tests/benchmarks/bench_model.py [--json] [--rounds N]`` prints a Markdown table. Both are
untrained, which costs the same; the clock of a shared machine drifts, hence the turns.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import torch

from edgecrack.manifest import Provenance
from edgecrack.segmenters import load_segmenter
from export.bundle_files import write_files
from export.model_card import ModelCard
from export.to_onnx import macs
from training.unet import PAPER_WIDTHS, UNet, UNetSpec, parameter_count, widths_of

SIZE_PX = (480, 320)
SPECS = {
    "default: widths 16 to 256, stem 2, batch norm": UNetSpec(widths_of(16), 3, 2, batch_norm=True),
    "paper: widths 64 to 1024": UNetSpec(PAPER_WIDTHS),
}
SHARES = (5, 50, 95)


def measure(rounds: int) -> dict[str, object]:
    """Time both networks in turns, on all cores.

    Args:
        rounds: Calls of each that count; one more warms up.
    """
    torch.manual_seed(0)
    said = ModelCard("benchmark", "0", 128, "none", (), Provenance({}, (), "none", 0, "unknown"))
    nets = {name: UNet(spec).eval() for name, spec in SPECS.items()}
    with tempfile.TemporaryDirectory() as folder:
        segmenters, costs = {}, {}
        for number, (name, net) in enumerate(nets.items()):
            place = Path(folder) / str(number)
            place.mkdir()
            bundle = write_files(net, [SIZE_PX], said, place)
            segmenters[name] = load_segmenter(bundle, live=True)
            costs[name] = macs(onnx.load_from_string(bundle.read(bundle.model().file)))
    frame = np.random.default_rng(0).integers(0, 256, (SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
    times_ms: dict[str, list[float]] = {name: [] for name in nets}
    for turn in range(rounds + 1):
        for name, segmenter in segmenters.items():
            began_s = time.perf_counter()
            segmenter.answer(frame)
            if turn:
                times_ms[name].append(1e3 * (time.perf_counter() - began_s))
    ours, papers = (np.array(values) for values in times_ms.values())
    return {
        "size_px": SIZE_PX,
        "backend": next(iter(segmenters.values())).backend,
        "cores": len(os.sched_getaffinity(0)),
        "rounds": rounds,
        "networks": {
            name: {
                "parameters": parameter_count(net),
                "macs": costs[name],
                **{f"p{share}_ms": float(np.percentile(times_ms[name], share)) for share in SHARES},
            }
            for name, net in nets.items()
        },
        "ratio": {f"p{share}": float(np.percentile(papers / ours, share)) for share in SHARES},
    }


def table(found: dict[str, object]) -> str:
    """Lay a measurement out as Markdown."""
    networks, ratio = found["networks"], found["ratio"]
    assert isinstance(networks, dict)
    assert isinstance(ratio, dict)
    rows = [
        f"| {name} | {each['parameters']:,} | {each['macs'] / 1e9:.2f} | "
        + " | ".join(f"{each[f'p{share}_ms']:.1f}" for share in SHARES)
        + " |"
        for name, each in networks.items()
    ]
    head = f"{SIZE_PX[0]}x{SIZE_PX[1]}, {found['backend']}, {found['rounds']} calls in turns"
    columns = "| network | parameters | GMAC | p5 ms | p50 ms | p95 ms |\n|---|---|---|---|---|---|"
    spread = f"p5 {ratio['p5']:.1f}, p95 {ratio['p95']:.1f} over the turns"
    verdict = f"The default is {ratio['p50']:.1f} times as fast ({spread})."
    return "\n".join([head, "", columns, *rows, "", verdict])


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--rounds", type=int, default=20, help="calls of each network")
    asked = parser.parse_args()
    found = measure(asked.rounds)
    sys.stdout.write((json.dumps(found, indent=2) if asked.json else table(found)) + "\n")


if __name__ == "__main__":
    main()
