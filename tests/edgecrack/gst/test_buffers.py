"""Pictures in GStreamer's memory: no byte moved, no byte lost, no memory kept."""

import numpy as np
import pytest

from edgecrack.gst.buffers import view, wrap
from edgecrack.gst.runtime import Gst


def _picture(height_px, width_px):
    return np.random.default_rng(1).integers(0, 256, (height_px, width_px, 3), np.uint8)


def _sample(picture):
    height_px, width_px, _ = picture.shape
    caps = f"video/x-raw,format=RGB,width={width_px},height={height_px}"
    return Gst.Sample.new(wrap(picture, 5), Gst.Caps.from_string(caps), None, None)


@pytest.mark.parametrize("width_px", [1, 2, 3, 4, 5, 481])
def test_a_picture_comes_back_as_it_went_in(width_px):
    """Rows padded to four bytes make no difference to the picture."""
    picture = _picture(7, width_px)
    np.testing.assert_array_equal(view(_sample(picture)), picture)


def test_a_cut_picture_can_be_wrapped():
    """A view into a larger picture is wrapped as the picture it shows."""
    picture = _picture(9, 9)[1:8, 2:7]
    np.testing.assert_array_equal(view(_sample(picture)), picture)


def test_the_time_travels_with_the_picture():
    """The buffer carries the time it was given."""
    assert wrap(_picture(2, 2), 123).pts == 123


def test_a_view_cannot_be_written():
    """Memory that others share is read-only."""
    picture = view(_sample(_picture(4, 6)))
    with pytest.raises(ValueError, match="read-only"):
        picture[0, 0, 0] = 1


def test_memory_is_mapped_until_the_last_view_dies():
    """A part of a picture keeps the memory; when it goes the memory is free to be written."""
    sample = _sample(_picture(40, 60))
    memory = sample.get_buffer().peek_memory(0)

    def is_free():
        mapped = memory.map(Gst.MapFlags.WRITE)
        granted, _ = mapped
        if granted:
            memory.unmap(mapped)
        return granted

    assert is_free()
    picture = view(sample)
    part = picture[3:5].reshape(-1)
    del picture
    assert not is_free()
    assert part.sum() == _picture(40, 60)[3:5].sum(dtype=int)
    del part
    assert is_free()


def test_no_copy_is_made():
    """Two views of one buffer lie at the same address."""
    sample = _sample(_picture(4, 4))
    first, second = view(sample), view(sample)
    assert np.shares_memory(first, second)
