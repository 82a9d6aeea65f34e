"""A network that answers nothing is refused by the self-test, whatever its manifest allows."""

import onnx
import pytest

from edgecrack.bundle import load_bundle
from edgecrack.manifest import WIDEST
from edgecrack.models.selftest import selftest

NETWORK = "model.fp32.onnx"


@pytest.fixture
def silenced(bundle_copy):
    """Return a bundle whose network subtracts its answer from itself."""
    network = onnx.load(bundle_copy / NETWORK)
    for node in network.graph.node:
        node.output[:] = ["level" if name == "probability" else name for name in node.output]
    network.graph.node.append(onnx.helper.make_node("Sub", ["level", "level"], ["probability"]))
    onnx.save(network, bundle_copy / NETWORK)
    return bundle_copy


def test_a_network_that_answers_nothing_fails_at_the_widest_tolerances(silenced, manifest):
    """No tolerance that a manifest may state lets it pass."""
    most_levels, least_iou = WIDEST["fp32"]
    manifest.change(("models", 0, "max_levels"), most_levels)
    manifest.change(("models", 0, "min_mask_iou"), least_iou)
    manifest.seal()
    result = selftest(load_bundle(silenced))
    assert not result.passed
    assert {golden.kind for golden in result.networks[0].golden if not golden.passed} >= {"crack"}
