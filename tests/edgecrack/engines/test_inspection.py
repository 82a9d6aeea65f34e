"""What an engine computes in, as inspected: a silent FP32 engine is an error."""

import json

import pytest

from edgecrack.engines.inspection import (
    convolution_precisions,
    inspected_precision,
    require_precision,
)
from edgecrack.errors import EngineError

CAST = {"Name": "in", "LayerType": "Reformat", "ParameterType": "Reformat",
        "Outputs": [{"Format/Datatype": "Float"}]}  # fmt: skip


def layers(*told):
    """Return what the inspector says."""
    return json.dumps({"Layers": [CAST, *told], "Bindings": ["frame", "probability"]})


def cask(word, kind="CaskConvolution", parameters="Convolution"):
    """Return a convolution as TensorRT 8 and 10 tell of it."""
    unknown = [{"Format/Datatype": "N/A due to dynamic shapes"}]
    return {"LayerType": kind, "ParameterType": parameters, "Weights": {"Type": word, "Count": 9},
            "Inputs": unknown, "Outputs": unknown}  # fmt: skip


def fused(word, kind="correlation"):
    """Return a convolution that the compiler has fused, as newer versions do."""
    return {"LayerType": kind, "Inputs": [{"Format/Datatype": word}], "Outputs": []}


@pytest.mark.parametrize(
    ("layer", "precision"),
    [
        (cask("Half"), "fp16"),
        (cask("FP16"), "fp16"),
        (cask("Float"), "fp32"),
        (cask("FP32"), "fp32"),
        (cask("BF16"), "bf16"),
        (cask("Int8"), "int8"),
        (cask("Half", "CaskDeconvolutionV2"), "fp16"),
        (cask("Half", "CaskDeconvolutionV2", "Deconvolution"), "fp16"),
        (fused("Half"), "fp16"),
        (fused("Half(64,1:8,2048,64)"), "fp16"),
        (fused("Channel major FP16 format where channel % 8 == 0"), "fp16"),
        (fused("Thirty-two wide channel vectorized row major Int8 format."), "int8"),
        (fused("Row major linear FP32"), "fp32"),
        (fused("Float", "conv"), "fp32"),
        (fused("N/A due to dynamic shapes"), "unknown"),
        ({"LayerType": "CaskConvolution"}, "unknown"),
    ],
    ids=str,
)
def test_the_words_of_every_version_are_understood(layer, precision):
    """Weights say it or, where the compiler fused them away, the tensors do."""
    assert convolution_precisions(layers(layer)) == {precision: 1}


def test_what_is_no_convolution_does_not_count():
    """The casts at both ends are FP32 in every engine."""
    assert convolution_precisions(layers(cask("Half"), cask("Half"), CAST)) == {"fp16": 2}


def test_where_no_convolution_has_a_name_tensors_count():
    """An engine that is one fused piece still shows what passes between its layers."""
    piece = {"LayerType": "kgen", "Outputs": [{"Format/Datatype": "Half"}, {"Name": "no type"}]}
    told = json.dumps({"Layers": [piece, piece]})
    assert convolution_precisions(told) == {"fp16": 2}


@pytest.mark.parametrize(
    "told",
    ["", "{}", "[]", '{"Layers": 3}', '{"Layers": []}', '{"Layers": ["conv1", "conv2"]}'],
)
def test_an_engine_that_cannot_be_inspected_is_refused(told):
    """Names alone say nothing of precision."""
    with pytest.raises(EngineError):
        convolution_precisions(told)


def test_a_silent_fp32_engine_is_refused():
    """FP16 was asked for, and TensorRT built FP32 without a word."""
    with pytest.raises(
        EngineError, match=r"model.onnx must .* in fp16, but TensorRT built 8 in fp32"
    ):
        require_precision("fp16", {"fp32": 8}, "model.onnx")


def test_one_convolution_in_another_precision_is_too_many():
    """It would cost what the others gain."""
    with pytest.raises(EngineError, match="7 in fp16, 1 in fp32"):
        require_precision("fp16", {"fp16": 7, "fp32": 1}, "model.onnx")
    with pytest.raises(EngineError, match="8 in unknown"):
        require_precision("fp16", {"unknown": 8}, "model.onnx")
    with pytest.raises(EngineError, match="must compute"):
        require_precision("fp32", {"tf32": 8}, "model.onnx")


def test_what_was_asked_for_is_returned():
    """INT8 leaves its last convolution as it was; most must be INT8."""
    assert require_precision("fp16", {"fp16": 8}, "") == "fp16"
    assert require_precision("fp32", {"fp32": 8}, "") == "fp32"
    assert require_precision("int8-trt", {"fp32": 1, "int8": 7}, "") == "int8"
    with pytest.raises(EngineError, match="in int8"):
        require_precision("int8-trt", {"fp32": 5, "int8": 3}, "")
    assert inspected_precision({"fp16": 4, "int8": 4}) == "fp16"
