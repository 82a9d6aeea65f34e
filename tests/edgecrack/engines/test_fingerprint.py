"""What an engine was built from and for."""

from dataclasses import replace

import pytest

from tests.edgecrack.engines.engine_parts import FINGERPRINT, TARGET, on

CHANGES = [
    {"onnx_sha256": "00" * 32},
    {"precision": "fp32"},
    {"width_px": 128},
    {"height_px": 128},
    {"flags": ("refit",)},
    {"target": replace(TARGET, tensorrt="10.16.1.11")},
    {"target": replace(TARGET, compute_capability="11.0")},
    {"target": replace(TARGET, device="Thor")},
    {"target": replace(TARGET, multiprocessors=8)},
    {"target": replace(TARGET, board="NVIDIA Jetson Orin NX")},
    {"target": replace(TARGET, l4t="39.2.0")},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_whatever_differs_makes_another_key(change):
    """There is no fact that two engines of one key could differ in."""
    other = replace(FINGERPRINT, **change)
    assert other.key != FINGERPRINT.key
    assert len(other.key) == 32
    assert other.differences(FINGERPRINT)
    assert (other.target.key != TARGET.key) == ("target" in change)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_only_the_way_of_building_may_differ(change):
    """An engine of other weights, size, precision or target never fits."""
    assert replace(FINGERPRINT, **change).fits(FINGERPRINT) == ("flags" in change)


def test_differences_are_named_with_both_values():
    """People read what the engine has and what is wanted, digests shortened."""
    other = replace(on(tensorrt="10.16.1.11", l4t=""), onnx_sha256="12" * 32)
    assert other.differences(FINGERPRINT) == (
        "onnx_sha256 121212121212..., not abababababab..., tensorrt 10.16.1.11, not 10.3.0, "
        "l4t none, not 36.4.3"
    )
    assert FINGERPRINT.differences(FINGERPRINT) == ""


def test_a_target_reads_as_people_say_it():
    """TensorRT, the GPU, its generation and size, the board and its system."""
    assert str(TARGET) == (
        "TensorRT 10.3.0 on Orin (8.7, 16 multiprocessors, NVIDIA Jetson AGX Orin, L4T 36.4.3)"
    )
    other = replace(TARGET, board="", l4t="")
    assert str(other) == "TensorRT 10.3.0 on Orin (8.7, 16 multiprocessors)"
