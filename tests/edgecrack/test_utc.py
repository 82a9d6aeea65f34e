"""Integer nanoseconds as a calendar."""

import pytest

from edgecrack.utc import to_datetime, to_iso


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
    """A written time is never later than the real one, and always shows three decimals."""
    assert to_iso(time_ns) == text


def test_large_times_lose_no_microsecond():
    """Today's nanoseconds do not fit a float; the conversion does not go through one."""
    assert to_datetime(1_774_000_000_123_457_000).microsecond == 123_457
