"""The sensors while something runs."""

import threading

import pytest

from edgecrack.bench.sensors import SensorLog, SensorSummary, Spread, summarise
from edgecrack.sysfs import Reading


def test_a_log_reads_until_its_block_ends():
    """The thread reads again and again, and no more afterwards."""
    thrice = threading.Event()
    temperatures = [50.0]

    def read():
        temperatures.append(temperatures[-1] + 1)
        if len(temperatures) > 3:
            thrice.set()
        return Reading(temperatures_c={"cpu": temperatures[-1], "case": 20.0})

    with SensorLog(read, interval_s=0.001) as log:
        assert thrice.wait(60)
    summary = log.summary()
    assert summary.readings == len(temperatures) - 1 >= 3
    assert summary.hottest_c.min == 51.0
    assert summary.hottest_c.max == temperatures[-1]
    assert not [thread for thread in threading.enumerate() if thread.name == "sensors"]
    assert log.summary() == summary


def test_a_short_block_is_read_once():
    """It does not wait for the interval to end."""
    with SensorLog(lambda: Reading(cpu_mhz=1000.0), interval_s=3600) as log:
        pass
    assert log.summary() == SensorSummary(1, None, None, Spread(1000, 1000, 1000), None, None)


def test_the_thread_ends_when_what_is_measured_fails():
    """The error goes on."""
    with pytest.raises(KeyError), SensorLog(Reading, interval_s=3600):
        raise KeyError
    assert not [thread for thread in threading.enumerate() if thread.name == "sensors"]


def test_a_machine_that_tells_nothing_has_no_summary():
    """None, not a record full of None."""
    with SensorLog(Reading, interval_s=3600) as log:
        pass
    assert log.summary() is None
    assert summarise([]) is None


def test_a_summary_leaves_out_what_was_not_told():
    """Each figure over the readings that told it; a change of the power mode shows."""
    readings = [
        Reading(total_w=10.0, gpu_mhz=900.0, power_mode="2 MODE_15W"),
        Reading(),
        Reading(total_w=14.0, power_mode="0 MAXN"),
    ]
    assert summarise(readings) == SensorSummary(
        readings=2,
        hottest_c=None,
        total_w=Spread(10.0, 12.0, 14.0),
        cpu_mhz=None,
        gpu_mhz=Spread(900.0, 900.0, 900.0),
        power_mode="2 MODE_15W, then 0 MAXN",
    )
