"""What decodes: the board's units where they have what is needed, the processor elsewhere."""

import pytest

from edgecrack.errors import EdgecrackError, UsageError
from edgecrack.gst.decoder_choice import DecoderChoice, choose_decoder
from edgecrack.gst.hardware_chain import NEEDED
from edgecrack.records import Region

JETSON = {element: properties | {"gpu-id"} for element, properties in NEEDED.items()}
EVEN, ODD = Region(0, 540, 1920, 540), Region(3, 540, 1900, 540)


def without(*elements, **properties):
    """Return a Jetson that lacks these elements, or an element's property."""
    at_hand = {name: taken for name, taken in JETSON.items() if name not in elements}
    for element, prop in properties.items():
        at_hand[element] -= {prop}
    return at_hand.get


@pytest.mark.parametrize("region", [None, EVEN])
def test_a_jetson_decodes_in_hardware_by_itself(region):
    """Elements and properties are there, and so it is said."""
    assert choose_decoder("auto", region, JETSON.get) == DecoderChoice(True, "found here")  # noqa: FBT003


@pytest.mark.parametrize("missing", ["nvvidconv", "nvv4l2decoder"])
def test_elsewhere_the_processor_decodes_and_nothing_is_said(missing):
    """There was nothing to choose from."""
    assert choose_decoder("auto", None, without(missing)) == DecoderChoice(False, "")  # noqa: FBT003


@pytest.mark.parametrize("at_hand", [JETSON.get, {}.get])
def test_the_processor_can_be_asked_for(at_hand):
    """Whatever there is."""
    assert choose_decoder("software", ODD, at_hand) == DecoderChoice(False, "asked for")  # noqa: FBT003


@pytest.mark.parametrize("missing", ["nvvidconv", "nvv4l2decoder"])
def test_hardware_that_is_not_there_cannot_be_asked_for(missing):
    """The element that is missing is named, and what can be done."""
    with pytest.raises(UsageError, match=f"{missing}, which is not.*--decoder software"):
        choose_decoder("hardware", None, without(missing))


@pytest.mark.parametrize("wanted", ["auto", "hardware"])
@pytest.mark.parametrize("prop", sorted(NEEDED["nvvidconv"]))
def test_a_property_that_a_release_has_renamed_is_an_error(wanted, prop):
    """Element and property are named, and the way out; nothing runs without it unnoticed."""
    with pytest.raises(EdgecrackError, match=f"nvvidconv needs.*{prop}.*--decoder software"):
        choose_decoder(wanted, None, without(nvvidconv=prop))


def test_a_property_that_is_not_needed_may_be_missing():
    """Those that only some boards have are no reason to go without the hardware."""
    assert choose_decoder("auto", None, without(nvv4l2decoder="gpu-id")).is_hardware


def test_a_region_with_odd_edges_is_cut_by_the_processor():
    """The hardware would move its edges: auto goes without it and says so."""
    choice = choose_decoder("auto", ODD, JETSON.get)
    assert not choice.is_hardware
    assert "1900x540 at 3,540" in choice.why
    with pytest.raises(UsageError, match=r"even.*1900x540 at 3,540"):
        choose_decoder("hardware", ODD, JETSON.get)


def test_a_csi_camera_needs_no_decoder():
    """Its pictures are raw: camera and converter are all that is needed."""
    at_hand = without("nvv4l2decoder")
    assert choose_decoder("auto", None, at_hand, is_csi=True).is_hardware
    assert not choose_decoder("software", None, at_hand, is_csi=True).is_hardware


@pytest.mark.parametrize("wanted", ["auto", "hardware", "software"])
@pytest.mark.parametrize("missing", ["nvarguscamerasrc", "nvvidconv"])
def test_a_csi_camera_is_a_jetsons(wanted, missing):
    """Elsewhere it is refused by the element that is missing, whatever is to decode."""
    with pytest.raises(UsageError, match=f"csi: camera needs {missing}"):
        choose_decoder(wanted, None, without(missing), is_csi=True)
