"""How good the shipped network is, on the test parts of real data sets that chose nothing in it."""

import sys
from pathlib import Path

import pytest

from edgecrack.bundle import load_bundle

BUNDLE = Path(__file__).resolve().parents[2] / "edgecrack" / "models" / "vehicle"
AT_LEAST = {"nha12d": 0.7, "dnit-brazil": 0.6}
"""F1 within 10 px below which a set's score would be a fault of the program, not of a figure."""


def promised(set_name):
    """Return (group, tolerance in px) -> F1 that the manifest states of a set's test part."""
    return {
        (name, float(metric.protocol.split(", ")[1].removesuffix(" px"))): metric.value
        for metric in load_bundle(BUNDLE).manifest.metrics
        if (name := metric.name.removeprefix("F1 ")).startswith(set_name) and name != metric.name
        if ", test (" in metric.protocol
    }


@pytest.mark.real_data
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("set_name", ["nha12d", "dnit-brazil"])
def test_the_default_bundle_scores_what_its_manifest_says(command, shared_data, capsys, set_name):
    """The shipped network, through the segmenter a vehicle runs, repeats every promised test F1."""
    asked = ("score", BUNDLE, "--data", shared_data, "--set", set_name, "--json")
    ended = command(*asked, package="export", timeout_s=900)
    assert ended.code == 0, ended.stderr
    reached = {
        (score["name"], score["protocol"]["tolerance_px"]): score["at_threshold"]["f1"]
        for score in ended.json
    }
    with capsys.disabled():
        for (name, tolerance_px), f1 in reached.items():
            sys.stdout.write(f"\n{name}, {tolerance_px:g} px: F1 {100 * f1:.1f}")
    assert reached == pytest.approx(promised(set_name), abs=0.002)
    assert reached[set_name, 10.0] >= AT_LEAST[set_name]
