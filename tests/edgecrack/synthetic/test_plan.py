"""The plan of a road."""

from edgecrack.synthetic.plan import plan_road


def test_a_plan_depends_on_its_seed_only():
    """Equal seeds plan equal cracks, other seeds other cracks."""
    first, again, other = (plan_road(seed, 60.0) for seed in (1, 1, 2))
    spans = [[crack.span_m for crack in plan.cracks] for plan in (first, again, other)]
    assert spans[0] == spans[1] != spans[2]


def test_a_road_has_sound_stretches_and_cracked_ones():
    """Some metres hold cracks and some hold none."""
    plan = plan_road(7, 100.0)
    metres = [plan.cracked_m(at, at + 1) for at in range(100)]
    assert sum(length > 0 for length in metres) > 20
    assert sum(length == 0 for length in metres) > 20
