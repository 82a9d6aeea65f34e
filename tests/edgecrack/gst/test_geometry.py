"""Where a picture goes: plain arithmetic."""

import pytest

from edgecrack.errors import UsageError
from edgecrack.gst.geometry import evidence_size_px, frame_geometry, scaling_method
from edgecrack.records import Region


@pytest.mark.parametrize(
    ("size", "evidence"),
    [
        ((1920, 1080), (1280, 720)),
        ((960, 540), (960, 540)),
        ((1281, 721), (1280, 720)),
        ((1376, 1840), (1280, 1712)),
        ((7, 5), (7, 5)),
        ((4000, 1), (1280, 1)),
    ],
)
def test_evidence_keeps_the_aspect_and_never_grows(size, evidence):
    """Evidence is at most 1280 wide, as wide as its source at most, and of the same shape."""
    assert evidence_size_px(*size) == evidence


def test_without_a_region_the_network_sees_all():
    """The whole picture is the region."""
    assert frame_geometry(7, 5, None).region == Region(0, 0, 7, 5)
    assert frame_geometry(7, 5, None).is_whole


def test_a_region_may_touch_the_edge():
    """A region that ends where the picture ends lies inside it."""
    assert frame_geometry(100, 50, Region(60, 20, 40, 30)).region == Region(60, 20, 40, 30)


@pytest.mark.parametrize("region", [Region(61, 20, 40, 30), Region(60, 21, 40, 30)])
def test_a_region_outside_is_refused_with_the_size(region):
    """One pixel too far is refused, and the picture's size is told."""
    with pytest.raises(UsageError, match="100x50"):
        frame_geometry(100, 50, region)


def test_two_taps_serve_up_to_half_size():
    """Beyond a factor of two a method with more taps is chosen, in either direction."""
    assert scaling_method(1920, 1080, 960, 540) == "bilinear"
    assert scaling_method(480, 320, 960, 640) == "bilinear"
    assert scaling_method(1921, 1080, 960, 540) == "hermite"
    assert scaling_method(960, 1081, 960, 540) == "hermite"
