"""Sizes that are announced, and those that pictures then have."""

import pytest

from edgecrack.gst.picture_sizes import PictureSizes
from edgecrack.records import Region

LYING, UPRIGHT = (160, 120), (120, 160)


def test_the_first_picture_chooses_the_input_not_the_first_size():
    """A file filmed on its side announces that first."""
    sizes = PictureSizes(None, [LYING, UPRIGHT])
    assert sizes.announce(*LYING)[1] == LYING
    assert sizes.announce(*UPRIGHT)[1] == UPRIGHT
    assert sizes.admit().height_px == 160
    assert sizes.announce(*LYING)[1] == sizes.input_px == UPRIGHT


def test_a_region_is_measured_by_pictures_alone():
    """What lies outside of an announced size is no error before a picture of it comes."""
    sizes = PictureSizes(Region(0, 40, 120, 120), [UPRIGHT])
    geometry, _ = sizes.announce(*LYING)
    assert geometry.is_whole
    assert sizes.refusal is None
    sizes.announce(*UPRIGHT)
    assert sizes.admit().region == Region(0, 40, 120, 120)
    assert sizes.refusal is None


def test_a_picture_that_does_not_hold_the_region_is_refused():
    """With its size; the geometry of those before it stays known."""
    sizes = PictureSizes(Region(0, 40, 120, 120), [UPRIGHT])
    sizes.announce(*UPRIGHT)
    kept = sizes.admit()
    sizes.announce(*LYING)
    assert sizes.admit() is None
    assert "160x120" in str(sizes.refusal)
    assert sizes.geometry == kept


@pytest.mark.parametrize("region", [None, Region(0, 0, 100, 80)])
def test_each_picture_has_the_geometry_of_its_own_size(region):
    """Sizes come and go; the input stays."""
    sizes = PictureSizes(region, [LYING, UPRIGHT])
    inputs_px = set()
    for size_px in (LYING, UPRIGHT, LYING):
        inputs_px.add(sizes.announce(*size_px)[1])
        geometry = sizes.admit()
        assert (geometry.width_px, geometry.height_px) == size_px
    assert inputs_px == {sizes.input_px}


def test_another_input_is_fitted_once_and_kept():
    """It is told once what to fit the pipeline to; sizes that come later are fitted to it, too."""
    sizes = PictureSizes(None, [LYING])
    sizes.wanted_px = UPRIGHT
    assert sizes.refit() is None  # there is nothing yet to fit
    assert sizes.announce(*LYING)[1] == UPRIGHT
    sizes.admit()
    sizes.wanted_px = LYING
    assert sizes.refit() == (sizes.geometry, LYING)
    assert sizes.input_px == LYING
    assert sizes.refit() is None
    assert sizes.announce(*UPRIGHT)[1] == LYING
