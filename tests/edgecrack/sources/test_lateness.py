"""How late pictures come: by the stream's clock, by the server's, and while they wait here."""

from edgecrack.sources.lateness import Lateness, Times

S = 1_000_000_000


def times(arrived_s, taken_s, *, now_s=None, reference_s=None):
    """Return the times of one picture, given in seconds."""
    return Times(
        now_ns=round(S * (arrived_s if now_s is None else now_s)),
        arrived_ns=round(S * arrived_s),
        taken_ns=round(S * taken_s),
        reference_ns=None if reference_s is None else round(S * reference_s),
    )


def late_s(lateness, *pictures):
    """Return how late the last of some pictures is, in seconds."""
    return [lateness.of_ns(one) / S for one in pictures][-1]


def test_a_camera_that_keeps_pace_is_never_late():
    """Whatever its clock is off by, and however long it runs."""
    lateness = Lateness()
    ages = [lateness.of_ns(times(t, t - 7.0, reference_s=t + 1e6)) for t in range(0, 10**6, 1000)]
    assert max(ages) == 0


def test_two_clocks_may_drift_apart():
    """At 100 parts in a million, more than quartz has, a week makes a minute and nothing late."""
    week_s = 7 * 24 * 3600
    lateness = Lateness()
    ages = [lateness.of_ns(times(t, t, reference_s=t * (1 - 1e-4))) for t in range(0, week_s, 60)]
    assert max(ages) < 0.1 * S


def test_a_decoder_that_is_too_slow_makes_pictures_late():
    """At 20 of 25 pictures a second the delay grows by a fifth of the time."""
    lateness = Lateness()
    assert 11.9 < late_s(lateness, *(times(t, 0.8 * t) for t in range(61))) < 12.1


def test_a_network_that_is_too_slow_shows_by_the_servers_clock_alone():
    """The pictures' own times follow their arrival; the sender's account does not."""
    lateness = Lateness()
    pictures = (times(t, t, reference_s=1e9 + 0.9 * t) for t in range(61))
    assert 5.9 < late_s(lateness, *pictures) < 6.1


def test_a_picture_that_waits_here_grows_old():
    """Held while a network was loaded, it is as old as that took."""
    assert late_s(Lateness(), times(5.0, 5.0, now_s=45.0)) == 40.0


def test_the_promptest_counts_and_not_the_first():
    """An opening whose first picture was late measures by the better ones behind it."""
    lateness = Lateness()
    assert late_s(lateness, times(10, 0)) == 0.0
    assert late_s(lateness, times(11, 11)) == 0.0
    assert late_s(lateness, times(22, 12)) > 9.9


def test_a_delay_that_is_over_is_forgiven():
    """Once the backlog has cleared, pictures are prompt again."""
    lateness = Lateness()
    assert late_s(lateness, times(10, 10), times(16, 11)) > 4.9
    assert late_s(lateness, times(16.1, 16.1)) < 0.01
