"""Addresses of receivers: a serial port, or gpsd, of this machine unless another is written."""

import pytest

from edgecrack.errors import UsageError
from edgecrack.positions import PositionSpec
from edgecrack.positions.receiver_address import GpsdAddress, parse_receiver


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("gpsd:", "localhost", 2947),
        ("gpsd://", "localhost", 2947),
        ("gpsd://localhost/", "localhost", 2947),
        ("gpsd://:2948", "localhost", 2948),
        ("gpsd://10.0.0.7", "10.0.0.7", 2947),
        ("gpsd://dash.example:1", "dash.example", 1),
        ("gpsd://[::1]:2948", "::1", 2948),
    ],
)
def test_gpsd_is_of_this_machine_unless_another_is_written(address, host, port):
    """At its own port, if no other is; a spec takes each of them."""
    assert parse_receiver(address) == GpsdAddress(host, port)
    assert PositionSpec(address=address).address == address


@pytest.mark.parametrize(
    "address",
    [
        "gpsd:localhost",
        "gpsd:/localhost",
        "gpsd://localhost:0",
        "gpsd://localhost:65536",
        "gpsd://localhost:port",
        "gpsd://localhost:2947/dev/ttyUSB0",
        "gpsd://localhost?device=/dev/ttyUSB0",
        "gpsd://me@localhost",
        "gpsd://[::1",
        f"gpsd://{'a' * 64}.example",
        "gpsd://a..b",
    ],
)
def test_gpsd_has_a_host_and_a_port_and_nothing_else(address):
    """Exit code 2, so that the service does not start again."""
    with pytest.raises(UsageError, match="gpsd://localhost:2947") as caught:
        parse_receiver(address)
    assert caught.value.exit_code == 2


def test_other_addresses_of_elsewhere_stay_refused():
    """Only gpsd is asked over a network."""
    for address in ("https://host/a.gpx", "serial://host/dev/ttyUSB0", "tcp://host:2947"):
        with pytest.raises(ValueError, match="address must be a file"):
            PositionSpec(address=address)


def test_a_latency_is_bounded():
    """Five seconds either way, and a number."""
    assert PositionSpec(latency_ms=-5000).latency_ms == -5000
    for wrong in (5000.1, -5000.1, float("nan")):
        with pytest.raises(ValueError, match="latency_ms"):
            PositionSpec(latency_ms=wrong)
