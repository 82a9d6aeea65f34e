"""UTC as integer nanoseconds, and as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.utc import to_datetime, to_iso, utc_ns


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (442_000_000_000, "1970-01-01T00:07:22.000Z"),
        (1_774_000_000_999_999_999, "2026-03-20T09:46:40.999Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_cut_to_the_millisecond(time_ns, text):
    """It is rounded down, also before 1970, and always shows three decimals."""
    assert to_iso(time_ns) == text


def test_large_times_lose_no_microsecond():
    """Today's nanoseconds do not fit a float: the conversion must not use one."""
    assert to_datetime(1_774_000_000_123_457_000).microsecond == 123_457


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01 00:07:22", 442_000_000_000),
        ("1970-01-01T00:00:01.5z", 1_500_000_000),
        ("1970-01-01T02:00:00.25+02:00", 250_000_000),
        ("1969-12-31T23:59:59.1234567899Z", -876_544_000),
        (" 2026-05-01T12:00:00.000001Z ", 1_777_636_800_000_001_000),
    ],
)
def test_an_instant_is_read_with_any_fraction_and_offset(text, time_ns):
    """Fractions of any length and offsets are read; without an offset it is UTC."""
    assert utc_ns(text) == time_ns


@pytest.mark.parametrize(
    "text", ["", "now", "12:00", "2026-13-01T00:00:00Z", "2026-05-01T25:00:00Z", "1.2.3", "5"]
)
def test_what_is_no_instant_is_refused(text):
    """An incomplete or impossible date is a ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011  the message is Python's
        utc_ns(text)


@given(st.integers(0, 4_000_000_000_000))
def test_what_is_written_reads_back(time_ms):
    """Reading undoes writing, to the millisecond that is written."""
    assert utc_ns(to_iso(time_ms * 1_000_000)) == time_ms * 1_000_000
