"""``edgecrack selftest``, as a person types it."""

import cv2
import pytest


@pytest.mark.slow
def test_a_self_test_is_0_3_or_65(command, tiny, tiny_bundle, bundle_copy, manifest):
    """It passes, it does not give the promised answer, or the bundle is damaged."""
    passed = command("selftest", tiny_bundle, "--json")
    assert passed.code == 0, passed.stderr
    assert passed.json["passed"] is True
    assert passed.json["sha256"] == tiny.sha256
    assert "model.fp32.onnx" in command("selftest", tiny_bundle).stdout

    path = bundle_copy / "golden" / "crack.96x64.probability.png"
    cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) - 9)
    command("selftest", bundle_copy).refused(65, "has changed")
    manifest.seal()
    failed = command("selftest", bundle_copy, "--json")
    assert failed.code == 3
    assert failed.json["passed"] is False
    network = failed.json["networks"][0]
    assert [golden["kind"] for golden in network["golden"] if not golden["passed"]] == ["crack"]
    assert len(failed.stderr.splitlines()) == 1
    assert network["file"] in failed.stderr


@pytest.mark.slow
def test_a_self_test_may_be_of_one_backend_and_precision(command, tiny_bundle):
    """Others are not run, and what is unknown, or not in the bundle, is a sentence."""
    chosen = ("--backend", "onnxruntime", "--precision", "fp32")
    ended = command("selftest", tiny_bundle, *chosen, "--json")
    assert [(net["backend"], net["precision"]) for net in ended.json["networks"]] == [
        ("onnxruntime", "fp32")
    ]
    command("selftest", tiny_bundle, "--backend", "tpu").refused(2, "backend", "onnxruntime")
    command("selftest", tiny_bundle, "--precision", "fp12").refused(2, "precision", "fp32")
    command("selftest", tiny_bundle, "--precision", "int8").refused(65, "int8", "fp32 96x64")
    asked = ("--backend", "onnxruntime", "--precision", "bf16")
    command("selftest", tiny_bundle, *asked).refused(65, "bf16", "use fp32")
