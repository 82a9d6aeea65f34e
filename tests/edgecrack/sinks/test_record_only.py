"""An observation without its pixels."""

from edgecrack.sinks.record_only import has_pictures, without_pictures


def test_everything_but_the_pixels_stays(make_observation):
    """Times, place, measure and verdict are the same, and the arrays are empty."""
    full = make_observation(5, name="a")
    bare = without_pictures(full)

    assert has_pictures(full)
    assert not has_pictures(bare)
    assert (bare.measure, bare.placement, bare.has_crack) == (
        full.measure,
        full.placement,
        full.has_crack,
    )
    assert bare.frame.image.nbytes + bare.frame.evidence.nbytes + bare.mask.nbytes == 0
    for field in ("index", "pts_ns", "captured_ns", "monotonic_ns", "name"):
        assert getattr(bare.frame, field) == getattr(full.frame, field)
