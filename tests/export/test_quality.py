"""What a precision may lose against FP32 before an export is refused."""

import pytest

from edgecrack.errors import NotHealthyError
from edgecrack.manifest import AGREEMENT, MetricEntry
from export.quality import Quality, require_quality

FP32 = Quality("fp32", 0.5, 0.7, ())


def quality(precision, agreement, golden_iou=0.5, f1=0.7):
    """Return a precision with its agreement on validation pictures."""
    entry = MetricEntry(AGREEMENT, agreement, "masks of 78 pictures", precision)
    return Quality(precision, golden_iou, f1, (entry,))


def test_fp16_must_agree_with_fp32():
    """Its masks, by an IoU of 0.995; those of BF16 and INT8 are told of, and not judged here."""
    require_quality([FP32, quality("fp16", 0.995), quality("bf16", 0.9), quality("int8", 0.9)])
    with pytest.raises(NotHealthyError, match=r"fp16 must give.*0\.995.*78 pictures.*0\.9949"):
        require_quality([FP32, quality("bf16", 0.9), quality("fp16", 0.9949)])


@pytest.mark.parametrize("lost", [{"golden_iou": 0.494}, {"f1": 0.694}])
def test_every_precision_must_find_as_much(lost):
    """Half a point of either score may be lost, and no more."""
    require_quality([FP32, quality("int8", 0.9, golden_iou=0.4951, f1=0.6951)])
    with pytest.raises(NotHealthyError, match="int8 must keep"):
        require_quality([FP32, quality("int8", 0.9, **lost)])
