"""At any instant the camera has a place on its track, or a reason why it has none."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecrack.positions.track import RECOVERY_FIXES, Track, describe_span
from edgecrack.records import UNPLACED, Fix, PositionQuality

SECOND_NS = 1_000_000_000
METRE_DEG = 1 / 111_195.08


def haversine_m(a, b):
    """Return the distance on a sphere of the mean radius, without the code under test."""
    p, q = math.radians(a.lat_deg), math.radians(b.lat_deg)
    h = math.sin((q - p) / 2) ** 2
    h += math.cos(p) * math.cos(q) * math.sin(math.radians(b.lon_deg - a.lon_deg) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(h))


def drive(seconds, start_s=0.0, north_m=0.0, speed_mps=20.0, **known):
    """Return fixes at 1 Hz due north from 50 N 8 E."""
    return [
        Fix(
            round((start_s + second) * SECOND_NS),
            50.0 + (north_m + speed_mps * second) * METRE_DEG,
            8.0,
            **known,
        )
        for second in range(seconds)
    ]


def pose_at(track, time_ns):
    """Return the pose at an instant that the track must be able to place."""
    pose = track.at(time_ns).pose
    assert pose is not None
    return pose


@st.composite
def drives(draw):
    """Draw fixes that a vehicle can have produced, anywhere, in steps of 0.1 to 4 s."""
    lat, lon = draw(st.floats(1, 80) | st.floats(-80, -1)), draw(st.floats(-180, 180))
    time_ns, fixes = draw(st.integers(0, 2_000_000_000)) * SECOND_NS, []
    for _ in range(draw(st.integers(1, 12))):
        fix = Fix(time_ns, lat, lon, heading_deg=draw(st.floats(0, 360)), speed_mps=20.0)
        fixes.append(fix)
        step_s = draw(st.floats(0.1, 4.0))
        time_ns += round(step_s * SECOND_NS)
        lat += draw(st.floats(-25, 25)) * step_s * METRE_DEG
        east = draw(st.floats(-25, 25)) * step_s * METRE_DEG / math.cos(math.radians(lat))
        lon = (lon + east + 180) % 360 - 180
    return fixes


def test_half_way_in_time_is_half_way_in_place():
    """Place, height and speed are those in the middle; the worse HDOP counts."""
    start = Fix(0, 50.0, 8.0, alt_m=100.0, heading_deg=80.0, speed_mps=10.0, hdop=0.8)
    end = Fix(SECOND_NS, 50.0001, 8.0002, alt_m=104.0, heading_deg=90.0, speed_mps=20.0, hdop=1.2)
    track = Track([start, end])
    assert track.at(SECOND_NS // 2).quality is PositionQuality.INTERPOLATED
    pose = pose_at(track, SECOND_NS // 2)
    assert pose.time_ns == SECOND_NS // 2
    assert (pose.lat_deg, pose.lon_deg) == pytest.approx((50.00005, 8.0001), abs=1e-9)
    assert (pose.alt_m, pose.heading_deg, pose.speed_mps, pose.hdop) == (102.0, 85.0, 15.0, 1.2)


def test_what_one_side_does_not_know_is_unknown_between():
    """Height, speed and HDOP need both fixes."""
    start, end = Fix(0, 50.0, 8.0, alt_m=1.0, speed_mps=9.0, hdop=1.0), Fix(SECOND_NS, 50.0001, 8.0)
    pose = pose_at(Track([start, end]), 1)
    assert (pose.alt_m, pose.speed_mps, pose.hdop) == (None, None, None)


def test_height_zero_and_heading_north_are_known():
    """Zero is a value, not an absence."""
    known = {"alt_m": 0.0, "heading_deg": 0.0, "speed_mps": 20.0, "hdop": 0.0}
    pose = pose_at(Track(drive(2, **known)), SECOND_NS // 2)
    assert (pose.alt_m, pose.heading_deg, pose.hdop) == (0.0, 0.0, 0.0)


def test_the_heading_turns_through_north_the_short_way():
    """Between 350 and 20 degrees lies 5, not 185."""
    first, second = drive(2, heading_deg=350.0, speed_mps=20.0)
    track = Track([first, replace(second, heading_deg=20.0)])
    assert pose_at(track, SECOND_NS // 2).heading_deg == pytest.approx(5.0)


def test_the_antimeridian_is_crossed_the_short_way():
    """Between 179.9999 E and 179.9998 W lies the antimeridian, not Greenwich."""
    track = Track([Fix(0, -17.0, 179.9999), Fix(SECOND_NS, -17.0, -179.9998)])
    assert pose_at(track, SECOND_NS // 3).lon_deg == pytest.approx(180.0, abs=1e-6)
    assert pose_at(track, 2 * SECOND_NS // 3).lon_deg == pytest.approx(-179.9999, abs=1e-6)
    assert pose_at(track, SECOND_NS // 2).heading_deg == pytest.approx(90.0, abs=1e-3)


def test_two_seconds_are_no_gap_and_a_nanosecond_more_is():
    """The limit is inclusive, and inside a gap only the fixes themselves are known."""
    first, second = Fix(0, 50.0, 8.0), Fix(2 * SECOND_NS, 50.0001, 8.0)
    assert Track([first, second]).at(SECOND_NS).quality is PositionQuality.INTERPOLATED
    later = replace(second, time_ns=2 * SECOND_NS + 1)
    late = Track([first, later])
    assert late.at(SECOND_NS).quality is PositionQuality.GAP
    assert late.at(SECOND_NS).pose is None
    assert late.at(0).quality is PositionQuality.FIX
    assert Track([first, later], max_gap_s=3).at(SECOND_NS).pose is not None


def test_nothing_is_known_beyond_the_ends():
    """One nanosecond before the first fix and after the last is outside."""
    track = Track(drive(3))
    assert track.at(-1).quality is PositionQuality.OUTSIDE
    assert track.at(2 * SECOND_NS + 1).quality is PositionQuality.OUTSIDE
    assert track.at(2 * SECOND_NS).quality is PositionQuality.FIX


def test_an_empty_track_places_nothing():
    """Before any fix there is no track: quality none, no span, no overlap."""
    track = Track()
    assert track.at(0) == UNPLACED
    assert (track.first_ns, track.last_ns, track.span, len(track)) == (None, None, None, 0)
    assert not track.overlaps(0, SECOND_NS)


@pytest.mark.parametrize(
    ("fix", "reason"),
    [
        (Fix(3 * SECOND_NS, 0.0, 0.0), "null_island"),
        (Fix(3 * SECOND_NS, 0.0005, -0.0005), "null_island"),
        (Fix(3 * SECOND_NS, 50.0, 8.0, hdop=5.1), "hdop"),
        (Fix(2 * SECOND_NS, 50.0, 8.0), "duplicate"),
        (Fix(1 * SECOND_NS, 50.0, 8.0), "out_of_order"),
        (Fix(3 * SECOND_NS, 50.0 + 120 * METRE_DEG, 8.0), "jump"),
    ],
)
def test_a_fix_that_cannot_follow_is_refused_and_counted(fix, reason):
    """Each reason is counted on its own, and the track stays as it was."""
    track = Track(drive(3))
    assert not track.add(fix)
    assert {name: count for name, count in track.refused.items() if count} == {reason: 1}
    assert (len(track), track.last_ns) == (3, 2 * SECOND_NS)


def test_a_fix_at_the_limits_is_accepted():
    """HDOP at the limit and 70 m/s pass; so does a place on the equator or on the meridian."""
    track = Track(drive(3))
    assert track.add(Fix(3 * SECOND_NS, 50.0 + (40 + 69.9) * METRE_DEG, 8.0, hdop=5.0))
    assert Track().add(Fix(0, 0.0, 8.0))
    assert Track().add(Fix(0, 50.0, 0.0))
    assert Track(max_hdop=9.0).add(Fix(0, 50.0, 8.0, hdop=9.0))


def test_a_few_jumps_are_skipped_and_the_track_goes_on():
    """Multipath moves some fixes away; the good ones after them are accepted."""
    fixes = drive(20)
    for index in (7, 8, 9):
        fixes[index] = replace(fixes[index], lat_deg=51.0)
    track = Track(fixes, max_gap_s=5)
    assert track.refused["jump"] == 3
    assert pose_at(track, 8 * SECOND_NS).lat_deg == pytest.approx(50.0 + 160 * METRE_DEG)


def test_a_first_fix_in_the_wrong_place_is_dropped():
    """RECOVERY_FIXES fixes that agree with each other replace it."""
    track = Track([Fix(-SECOND_NS, 10.0, 20.0), *drive(30)])
    assert len(track) == 30 - (RECOVERY_FIXES - 1)
    assert (
        track.refused["jump"] == RECOVERY_FIXES
    )  # the wrong one and all but the last of those that agree
    assert track.first_ns == (RECOVERY_FIXES - 1) * SECOND_NS


def test_a_first_fix_in_the_wrong_year_is_dropped():
    """A receiver that begins with a date in the future would make all others late."""
    track = Track([Fix(10**18, 50.0, 8.0), *drive(30)])
    assert track.refused["out_of_order"] == RECOVERY_FIXES
    assert track.span == ((RECOVERY_FIXES - 1) * SECOND_NS, 29 * SECOND_NS)


def test_fixes_that_disagree_with_each_other_never_recover_a_track():
    """Scattered places are refused, however many they are."""
    scattered = [Fix(second * SECOND_NS, 10.0 + second, 20.0) for second in range(3, 30)]
    track = Track([*drive(3), *scattered])
    assert (len(track), track.refused["jump"]) == (3, 27)


def test_an_accepted_fix_restarts_the_count_of_refused_ones():
    """Only refused fixes in a row count."""
    fixes = drive(40)
    for index in range(2, 40):
        if index % RECOVERY_FIXES:
            fixes[index] = replace(fixes[index], lat_deg=51.0 + index * 1e-6)
    assert Track(fixes).refused["jump"] == sum(
        bool(index % RECOVERY_FIXES) for index in range(2, 40)
    )


def test_no_place_is_made_up_between_two_sides_of_a_jump():
    """After RECOVERY_FIXES the track goes on there, and the instants between are a gap."""
    before = drive(10)
    after = [
        Fix(9 * SECOND_NS + step * SECOND_NS // 10, 51.0 + step * METRE_DEG, 8.0)
        for step in range(1, 20)
    ]
    track = Track([*before, *after])
    assert track.refused["jump"] == RECOVERY_FIXES - 1
    assert track.at(9 * SECOND_NS).quality is PositionQuality.FIX
    assert track.at(9 * SECOND_NS + SECOND_NS // 4).quality is PositionQuality.GAP
    assert pose_at(track, 9 * SECOND_NS + SECOND_NS).lat_deg > 51.0


def test_a_track_never_goes_back_in_time():
    """A second log appended to a first one, but older, is refused and the first one stays."""
    track = Track([*drive(10, start_s=1000), *drive(10)])
    assert (len(track), track.refused["out_of_order"]) == (10, 10)


@pytest.mark.parametrize("wrong", [2, 3, 9])
def test_a_live_track_leaves_a_date_in_the_future(wrong):
    """However many fixes a receiver dated wrong, a few of today bring it back, here and now."""
    good = drive(200)
    year_ns = 365 * 86_400 * SECOND_NS
    future = [replace(fix, time_ns=fix.time_ns + year_ns) for fix in good[100 : 100 + wrong]]
    track = Track([*good[:100], *future], keep_s=10)
    assert track.last_ns > year_ns
    taken = [track.add(fix) for fix in good[100 + wrong :]]
    assert taken == [False] * (RECOVERY_FIXES - 1) + [True] * (len(taken) - RECOVERY_FIXES + 1)
    assert track.refused["out_of_order"] == RECOVERY_FIXES - 1 + wrong
    assert track.span == (189 * SECOND_NS, 199 * SECOND_NS)


def test_a_live_track_that_is_set_back_keeps_what_is_earlier():
    """Only what is later than the fixes that agree goes; a place in between is not made up."""
    later = [replace(fix, time_ns=fix.time_ns + 60 * SECOND_NS) for fix in drive(3)]
    track = Track([*drive(20), *later, *drive(10, start_s=20, north_m=400)], keep_s=100)
    assert track.span == (0, 29 * SECOND_NS)
    assert track.refused["out_of_order"] == RECOVERY_FIXES - 1 + len(later)
    assert track.at(19 * SECOND_NS).quality is PositionQuality.FIX
    assert track.at(21 * SECOND_NS).quality is PositionQuality.GAP


def test_a_live_track_is_not_taken_back_by_times_that_disagree():
    """A second receiver that is behind, between fixes in order, is refused for ever."""
    track = Track(keep_s=100)
    for ahead, behind in zip(drive(60, start_s=30), drive(60), strict=True):
        assert track.add(ahead)
        assert not track.add(behind)
    assert track.refused["out_of_order"] == 60


def test_a_slow_receiver_keeps_its_last_heading():
    """Standing at a traffic light does not turn the camera."""
    moving = drive(3, heading_deg=30.0, speed_mps=20.0)
    standing = drive(5, start_s=3, north_m=60, speed_mps=0.1)
    standing = [replace(fix, heading_deg=200.0, speed_mps=0.1) for fix in standing]
    track = Track([*(replace(fix, speed_mps=20.0) for fix in moving), *standing])
    assert pose_at(track, 6 * SECOND_NS).heading_deg == 30.0
    assert pose_at(track, 6 * SECOND_NS + 1).heading_deg == 30.0


def test_without_courses_the_heading_is_the_direction_driven():
    """A GPX track that goes north has heading 0; its first point has none yet."""
    track = Track(drive(4))
    assert pose_at(track, 0).heading_deg is None
    assert pose_at(track, SECOND_NS // 2).heading_deg == pytest.approx(0, abs=1e-6)
    assert pose_at(track, 2 * SECOND_NS).heading_deg == pytest.approx(0, abs=1e-6)


def test_no_heading_is_carried_over_a_gap():
    """The vehicle may have turned in the meantime."""
    fixes = drive(3) + drive(1, start_s=60, north_m=60)
    assert pose_at(Track(fixes), 60 * SECOND_NS).heading_deg is None


def test_live_memory_is_bounded():
    """With keep_s older fixes are dropped, and their times are outside the track."""
    track = Track(keep_s=10)
    for fix in drive(500, speed_mps=20):
        assert track.add(fix)
        assert len(track) <= 11
    assert track.span == (489 * SECOND_NS, 499 * SECOND_NS)
    assert track.at(100 * SECOND_NS).quality is PositionQuality.OUTSIDE


@pytest.mark.parametrize(
    ("first_s", "last_s", "overlap"),
    [(-5, -1, False), (-5, 0, True), (3, 4, True), (-5, 50, True), (9, 20, True), (10, 20, False)],
)
def test_overlap_counts_the_ends(first_s, last_s, overlap):
    """Touching at one instant is enough."""
    assert Track(drive(10)).overlaps(first_s * SECOND_NS, last_s * SECOND_NS) is overlap


def test_a_mismatch_names_both_ranges():
    """The message shows the span of the track and of the video, and the option to correct."""
    sentence = describe_span(Track(drive(10)), 1_352_036_850_361_000_000, 10**18 * 3 // 2)
    assert "from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:09.000Z" in sentence
    assert "from 2012-11-04T13:47:30.361Z to 2017-07-14T02:40:00.000Z" in sentence
    assert "--video-start" in sentence
    assert "at no time" in describe_span(Track(), 0, 1)


@settings(deadline=None)
@given(drives())
def test_on_a_fix_the_answer_is_the_fix(fixes):
    """Exactly at its time each accepted fix comes back as it went in."""
    track = Track(fixes)
    assert len(track) == len(fixes)
    for fix in fixes:
        pose = pose_at(track, fix.time_ns)
        assert track.at(fix.time_ns).quality is PositionQuality.FIX
        assert replace(pose, heading_deg=fix.heading_deg) == fix
        assert pose.heading_deg == fix.heading_deg % 360


@settings(deadline=None)
@given(drives(), st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_place_between_two_fixes_lies_between_them(fixes, share):
    """The ways to both fixes add up to the way from one to the other, in proportion."""
    track = Track(fixes)
    for start, end in pairwise(fixes):
        time_ns = start.time_ns + max(1, int(share * (end.time_ns - start.time_ns)))
        if not start.time_ns < time_ns < end.time_ns:
            continue
        place = track.at(time_ns)
        if end.time_ns - start.time_ns > 2 * SECOND_NS:
            assert place.quality is PositionQuality.GAP
            continue
        whole, part = haversine_m(start, end), haversine_m(start, place.pose)
        true_share = (time_ns - start.time_ns) / (end.time_ns - start.time_ns)
        assert part + haversine_m(place.pose, end) == pytest.approx(whole, abs=0.01)
        assert part == pytest.approx(true_share * whole, abs=0.01)


@settings(deadline=None)
@given(drives(), st.integers(-10 * SECOND_NS, 60 * SECOND_NS))
def test_it_never_extrapolates(fixes, offset_ns):
    """An instant is placed only if fixes lie on it or on both of its sides, close enough."""
    track, time_ns = Track(fixes), fixes[0].time_ns + offset_ns
    place = track.at(time_ns)
    before = [fix.time_ns for fix in fixes if fix.time_ns <= time_ns]
    after = [fix.time_ns for fix in fixes if fix.time_ns >= time_ns]
    if not before or not after:
        assert place.quality is PositionQuality.OUTSIDE
    else:
        assert (place.pose is not None) == (after[0] - before[-1] <= 2 * SECOND_NS)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Fix,
            time_ns=st.integers(0, 20 * SECOND_NS),
            lat_deg=st.floats(-90, 90),
            lon_deg=st.floats(-180, 180),
            heading_deg=st.none() | st.floats(0, 360),
            speed_mps=st.none() | st.floats(0, 100),
        ),
        max_size=30,
    ),
    st.integers(0, 20 * SECOND_NS),
)
def test_any_fixes_in_any_order_make_a_consistent_track(fixes, time_ns):
    """Each fix is accepted or counted, times rise, and every instant has an answer."""
    track = Track(fixes)
    assert len(track) + sum(track.refused.values()) == len(fixes)
    assert track.at(time_ns).quality in PositionQuality


def test_the_latest_reading_is_that_of_the_instant_or_the_newest_fix():
    """Interpolated within the track; after it the last fix, at its own time."""
    track = Track([Fix(s * SECOND_NS, 50 + s * 1e-5, 8.0, speed_mps=float(s)) for s in (1, 2, 3)])
    assert track.latest(2 * SECOND_NS) == track.at(2 * SECOND_NS).pose
    assert track.latest(5 * SECOND_NS // 2).speed_mps == 2.5
    after = track.latest(9 * SECOND_NS)
    assert (after.time_ns, after.speed_mps) == (3 * SECOND_NS, 3.0)


def test_there_is_no_latest_reading_before_the_first_fix_or_in_a_gap():
    """Nor without any fix."""
    track = Track([Fix(s * SECOND_NS, 50.0, 8.0, speed_mps=0.0) for s in (1, 9)])
    assert track.latest(SECOND_NS // 2) is None
    assert track.latest(5 * SECOND_NS) is None
    assert Track().latest(0) is None
