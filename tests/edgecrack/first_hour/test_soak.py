"""What a soak says of a machine: growing memory, slowing frames, heat."""

from dataclasses import replace

import pytest

from edgecrack.bench.memory import memory_bytes, peak_memory_bytes
from edgecrack.bench.sensors import SensorSummary, Spread
from edgecrack.doctor.line import FAIL, OK, WARN
from edgecrack.first_hour.soak import (
    Reading,
    Soak,
    frame_times_ms,
    memory_change_bytes,
    verdict,
)

SOAK = Soak(
    backend="tensorrt",
    precision="fp16",
    frames=3600,
    fps=60.0,
    frame_ms_first=16.0,
    frame_ms_last=16.8,
    infer_p50_ms=5.0,
    infer_p99_ms=7.0,
    memory_bytes=800_000_000,
    memory_growth_bytes=1_000_000,
    sensors=None,
)


def hot(most_c):
    """Return what sensors say of a temperature."""
    return SensorSummary(9, Spread(50.0, 60.0, most_c), None, None, None, None)


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({}, OK, "+5% a frame; memory +1 MB; temperature not known"),
        ({"sensors": hot(71.0)}, OK, "up to 71 °C"),
        ({"sensors": hot(96.0)}, FAIL, "too hot"),
        ({"frame_ms_last": 20.0}, WARN, "+25% a frame"),
        ({"frame_ms_last": None}, OK, "too short to see a change"),
        ({"memory_growth_bytes": 39_000_000}, OK, "memory +39 MB"),
        ({"memory_growth_bytes": 41_000_000}, FAIL, "memory goes on growing"),
        ({"memory_growth_bytes": 31_000_000, "memory_bytes": 90_000_000}, OK, "+31 MB"),
        ({"memory_growth_bytes": None}, OK, "a frame; temperature"),
    ],
)
def test_a_soak_is_judged(change, state, words):
    """By growth beyond noise, by a change of pace, and by temperature."""
    finding = verdict(replace(SOAK, **change))
    assert finding.state == state
    assert words in finding.says


def test_memory_that_fills_at_the_start_is_no_growth():
    """The second third is compared with the last; sizes that are not known are left out."""
    filling = [Reading(number, number, min(number, 3) * 100) for number in range(9)]
    assert memory_change_bytes(filling) == (300, 0)
    growing = [Reading(number, number, number * 100) for number in range(9)]
    assert memory_change_bytes(growing) == (400, 300)
    assert memory_change_bytes(growing[:8]) == (None, None)
    assert memory_change_bytes([replace(each, memory_bytes=None) for each in growing]) == (
        None,
        None,
    )


def test_frames_that_slow_down_are_seen():
    """First and last third, each by its own time."""
    readings = [Reading(0.1 * number**2, number, None) for number in range(9)]
    first, last = frame_times_ms(readings)
    assert first == pytest.approx(200)
    assert last == pytest.approx(1400)
    assert frame_times_ms(readings[:8]) == (None, None)
    standing = [Reading(float(number), 5, None) for number in range(9)]
    assert frame_times_ms(standing) == (None, None)


def test_this_process_has_a_size_now():
    """Not more than its largest."""
    assert 1_000_000 < memory_bytes() <= peak_memory_bytes() + 1_000_000
