"""Who is alive, who is ready, and who of them is not, and why."""

from dataclasses import replace

import pytest

from edgecrack.health.verdict import (
    FRAME_WITHIN_S,
    OPEN_WITHIN_S,
    TURN_WITHIN_S,
    WRITE_WITHIN_S,
    liveness,
    readiness,
)
from tests.edgecrack.health.health_parts import LOOP, WELL, noting


def test_a_unit_that_is_well_is_both():
    """Nothing is said against it."""
    assert liveness(WELL).is_good
    assert readiness(WELL).is_good


@pytest.mark.parametrize(
    ("part", "state", "reason", "is_ready"),
    [
        ("capture", "opening", "no route", False),
        ("capture", "reconnecting", "it stopped", False),
        ("survey", "standstill", "", True),
        ("survey", "paused", "cpu is at 99 °C", False),
        ("storage", "failing", "the disk is full", False),
        ("receiver", "away", "the cable was pulled", True),
        ("temperature", "half_rate", "cpu is at 86 °C", True),
        ("stream", "failing", "no client", True),
    ],
)
def test_each_declared_state_is_alive_and_some_are_not_ready(part, state, reason, is_ready):
    """A healthy wait is no hang; what keeps records from becoming durable is named."""
    snapshot = noting(part, state, reason)
    assert liveness(snapshot).is_good
    verdict = readiness(snapshot)
    assert verdict.is_good is is_ready
    if not is_ready:
        assert verdict.reasons == {part: f"{state}: {reason}"}


def test_a_loop_that_does_not_come_round_is_not_alive():
    """Up to its limit it is."""
    assert liveness(replace(WELL, turn_age_s=TURN_WITHIN_S)).is_good
    hung = replace(WELL, turn_age_s=TURN_WITHIN_S + 1)
    assert liveness(hung).reasons == {"loop": "it has not come round for 21 s"}
    assert "loop" in readiness(hung).reasons


def test_what_is_opened_may_take_its_time():
    """An engine is built for minutes without a word; a camera is waited for for ever, with some."""
    opening = replace(WELL, is_looping=False, loop=None, turn_age_s=OPEN_WITHIN_S)
    assert liveness(opening).is_good
    assert readiness(opening).reasons == {"capture": "there has been no frame yet"}
    assert not liveness(replace(opening, turn_age_s=OPEN_WITHIN_S + 1)).is_good


def test_a_writer_that_hangs_is_not_alive():
    """The loop of a camera goes on beside it, so the writer is looked at by itself."""
    busy = replace(LOOP, writer_busy_s=WRITE_WITHIN_S)
    assert liveness(replace(WELL, loop=busy)).is_good
    hung = replace(LOOP, writer_busy_s=WRITE_WITHIN_S + 1)
    reasons = {"writer": "it has been at one piece of work for 31 s"}
    assert liveness(replace(WELL, loop=hung)).reasons == reasons
    assert readiness(replace(WELL, loop=hung)).reasons == reasons


def test_a_unit_without_fresh_frames_is_not_ready():
    """Whatever the camera's state says."""
    old = replace(LOOP, last_frame_s=WELL.now_s - FRAME_WITHIN_S)
    assert readiness(replace(WELL, loop=old)).is_good
    older = replace(LOOP, last_frame_s=WELL.now_s - FRAME_WITHIN_S - 2)
    assert readiness(replace(WELL, loop=older)).reasons == {"capture": "the last frame is 12 s old"}
