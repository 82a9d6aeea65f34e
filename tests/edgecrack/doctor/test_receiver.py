"""What is said of a receiver: on a serial port, or behind a gpsd."""

import json
import socket
import threading
from dataclasses import replace

import pytest

from edgecrack.doctor.line import FAIL, OK, WARN
from edgecrack.doctor.receiver import check_receiver
from edgecrack.doctor.unit import Unit
from tests.edgecrack.doctor.boards import THOR, bare, board
from tests.edgecrack.real_gpsd import PlayedReceiver, gpsd_with


def serve(answer):
    """Serve one connection with some bytes; return the address."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk():
        with server, server.accept()[0] as connection:
            connection.sendall(answer)
            connection.recv(100)

    threading.Thread(target=talk, daemon=True).start()
    return server.getsockname()


def answer(*devices, protocol=3):
    """Return what a gpsd with these receivers answers."""
    version = {"class": "VERSION", "release": "3.22", "proto_major": protocol}
    known = {"class": "DEVICES", "devices": [{"path": device} for device in devices]}
    return f"{json.dumps(version)}\r\n{json.dumps(known)}\r\n".encode()


ONE = answer("/dev/ttyACM0")


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        (ONE, OK, "gpsd 3.22 with 1 receiver, which --position gpsd:// reads"),
        (answer("/dev/a", "/dev/b"), OK, "gpsd 3.22 with 2 receivers"),
        (ONE.replace(b"\r\n", b"\r\nno JSON\r\n[1]\n" + b"[" * 9999 + b"\n", 1), OK, "1 receiver,"),
        (ONE.replace(b"[", b"8 ").replace(b"]", b""), WARN, "there is no serial port"),
        (answer(), WARN, "there is no serial port; gpsd 3.22 with 0 receivers"),
        (answer("/dev/a", protocol=2), WARN, "there is no serial port; gpsd 3.22 with 1 receiver"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", WARN, "there is no serial port"),
        (b"", WARN, "there is no serial port"),
    ],
)
def test_a_gpsd_with_a_receiver_is_one(said, state, words, tmp_path):
    """Where nothing is configured; whatever else may listen on its port is none."""
    finding = check_receiver(replace(bare(tmp_path), gpsd=serve(said)), Unit())
    assert finding.state == state
    assert words in finding.says


@pytest.mark.parametrize(
    ("said", "state", "words", "cure"),
    [
        (ONE, OK, "gpsd 3.22 with 1 receiver answers at gpsd://127.0.0.1:", ""),
        (answer(), FAIL, "gpsd 3.22 with 0 receivers answers", "/etc/default/gpsd"),
        (answer("/dev/a", protocol=2), FAIL, "speaks protocol 2, not 3", "install gpsd"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", FAIL, "no gpsd answers at", "gpsd.socket"),
    ],
)
def test_the_gpsd_that_is_configured_is_asked(said, state, words, cure, tmp_path):
    """At its own address, and the finding says what to do."""
    host, port = serve(said)
    finding = check_receiver(bare(tmp_path), Unit(position=f"gpsd://{host}:{port}"))
    assert finding.state == state
    assert words in finding.says
    assert cure in finding.what_to_do
    assert bool(cure) is bool(finding.what_to_do)


@pytest.mark.parametrize(
    ("device", "state"), [("/dev/ttyUSB0", WARN), ("/dev/by-id", WARN), ("/dev/ttyUSB1", OK)]
)
def test_a_port_that_gpsd_reads_too_is_a_warning(device, state, tmp_path):
    """By whatever name: each of the two would get a part of the sentences."""
    machine = replace(board(THOR, tmp_path), gpsd=serve(answer(device)))
    machine.path("/dev/by-id").symlink_to("ttyUSB0")
    finding = check_receiver(machine, Unit(position="serial:///dev/ttyUSB0"))
    assert finding.state == state
    assert ("gpsd://" in finding.what_to_do) is (state == WARN)


@pytest.mark.timeout(60)
def test_the_real_gpsd_is_understood(tmp_path):
    """Both with a receiver, which it need not have heard yet, and without."""
    for folder, receivers in (("none", []), ("one", [PlayedReceiver([])])):
        (tmp_path / folder).mkdir()
        with gpsd_with(tmp_path / folder, *receivers) as gpsd:
            unit = Unit(position=str(gpsd.address))
            says = ""
            while not says.startswith("gpsd 3") and gpsd.process.poll() is None:
                finding = check_receiver(bare(tmp_path), unit)
                says = finding.says
        assert finding.state == (OK if receivers else FAIL)
        assert f"with {len(receivers)} receiver" in says


@pytest.mark.parametrize(
    ("position", "state", "words"),
    [
        ("serial:///dev/ttyUSB0?baud=9600", OK, "/dev/ttyUSB0 is there"),
        ("serial:///dev/ttyUSB4", FAIL, "is configured and not there"),
        (__file__, OK, f"positions come from {__file__}"),
        ("/nowhere/drive.nmea", FAIL, "/nowhere/drive.nmea is configured and not there"),
        ("serial://host/dev/ttyUSB0", FAIL, "must be a receiver's address"),
        ("gpsd://127.0.0.1:9", FAIL, "no gpsd answers at gpsd://127.0.0.1:9"),
        ("gpsd://:0", FAIL, "must be a receiver's address"),
    ],
)
def test_the_receiver_that_is_configured_is_looked_for(position, state, words, tmp_path):
    """A port, never opened: a run may be reading it."""
    finding = check_receiver(board(THOR, tmp_path), Unit(position=position))
    assert finding.state == state
    assert words in finding.says


def test_a_port_that_may_not_be_read_says_how(tmp_path):
    """Another group than for cameras."""
    machine = replace(board(THOR, tmp_path), may_use=lambda _device: False)
    for gpsd in (machine.gpsd, serve(answer())):
        finding = check_receiver(replace(machine, gpsd=gpsd), Unit())
        assert (finding.state, "dialout" in finding.what_to_do) == (WARN, True)
    unit = Unit(position="serial:///dev/ttyUSB0")
    assert check_receiver(machine, unit).state == FAIL
