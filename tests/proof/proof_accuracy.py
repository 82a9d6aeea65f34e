"""How good the shipped network is, on the test part of a real data set that chose nothing in it."""

from pathlib import Path

import pytest

from edgecrack.bundle import load_bundle

CHECKOUT = Path(__file__).resolve().parents[2]


def tolerance_px(protocol: str) -> float:
    """Return the tolerance that a protocol states: its second part, such as "10 px"."""
    return float(protocol.split(", ")[1].removesuffix(" px"))


@pytest.mark.real_data
def test_the_default_bundle_scores_what_its_manifest_says(command, shared_data):
    """The shipped network, through the segmenter a vehicle runs, repeats every promised test F1."""
    bundle = CHECKOUT / "edgecrack" / "models" / "vehicle"
    asked = ("score", bundle, "--data", shared_data, "--set", "nha12d", "--json")
    ended = command(*asked, package="export")
    assert ended.code == 0, ended.stderr
    reached = {
        (score["name"], score["protocol"]["tolerance_px"]): score["at_threshold"]["f1"]
        for score in ended.json
    }
    promised = {
        (metric.name.removeprefix("F1 "), tolerance_px(metric.protocol)): metric.value
        for metric in load_bundle(bundle).manifest.metrics
        if ", test (" in metric.protocol
    }
    assert reached == pytest.approx(promised, abs=0.002)
    assert reached["nha12d", 10.0] >= 0.8
