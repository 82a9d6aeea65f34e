"""The receiver of positions, on a serial port. Never opened: a run may be reading it.

edgecrack reads none through gpsd; that one runs is told, since it takes receivers for itself.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edgecrack.doctor.line import fail, ok, warn
from edgecrack.doctor.machine import exists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

_PORTS = ("ttyUSB[0-9]*", "ttyACM[0-9]*", "ttyTHS[0-9]*", "ttyAMA[0-9]*")
_PATIENCE_S = 2.0
_MOST_BYTES = 65536
_SERIAL = "serial:"
_GROUP = (
    "sudo usermod -aG dialout $USER, then log in again; a service of your own needs "
    "SupplementaryGroups=dialout"
)
_CONSOLE = "sudo systemctl disable --now nvgetty, whose console the port is, and reboot"
_PLUG = "plug it in; without positions nothing that is found has a place"


def check_receiver(machine: Machine, unit: Unit) -> Finding:
    """Say whether there is a receiver; where it is, nobody is told."""
    ports = [path for pattern in _PORTS for path in machine.files("/dev", pattern)]
    if (unit.position or "").startswith(_SERIAL):
        return _configured(machine, urlsplit(unit.position or "").path)
    if unit.position is not None:
        return _log(unit.position)
    gpsd = _gpsd(machine.gpsd)
    note = f"; {gpsd}, which edgecrack does not read" if gpsd else ""
    if not ports:
        return warn(f"there is no serial port{note}", _PLUG)
    says = f"serial ports {', '.join(path.name for path in ports)}{note}"
    closed = [path.name for path in ports if not machine.may_use(path)]
    if closed:
        return warn(f"{says}: {closed[0]} may not be used by this user", _cure(closed[0]))
    return ok(f"{says}; which of them a receiver is on, only a run can say")


def _cure(port: str) -> str:
    """Return how a port is opened to this user: a Jetson's own one is a console by default."""
    return _CONSOLE if port.startswith("ttyTHS") else _GROUP


def _log(position: str) -> Finding:
    if exists(Path(position)):
        return ok(f"positions come from {position}")
    return fail(
        f"{position} is configured and not there",
        "set position.address to a log, or to a port such as serial:///dev/ttyUSB0?baud=9600",
    )


def _configured(machine: Machine, device: str) -> Finding:
    path: Path = machine.path(device)
    if not path.exists():
        return fail(f"{device} is configured and not there", _PLUG)
    if not machine.may_use(path):
        return fail(f"{device} may not be used by this user", _cure(path.name))
    return ok(f"{device} is there; whether it has a fix, only a run can say")


def _gpsd(address: tuple[str, int]) -> str:
    """Return what gpsd says of itself and its receivers; empty where none answers."""
    try:
        with socket.create_connection(address, _PATIENCE_S) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.sendall(b"?DEVICES;\n")
            said = list(_objects(connection))
    except OSError:
        return ""
    versions = [each.get("release") for each in said if each.get("class") == "VERSION"]
    devices = [each.get("devices") for each in said if each.get("class") == "DEVICES"]
    if not versions:
        return ""
    count = len(devices[0]) if devices and isinstance(devices[0], list) else 0
    return f"gpsd {versions[0]} with {count} receiver{'' if count == 1 else 's'}"


def _objects(connection: socket.socket) -> Iterator[dict[str, object]]:
    """Yield the JSON objects that gpsd sends, up to its list of receivers."""
    data = b""
    while len(data) < _MOST_BYTES:
        try:
            more = connection.recv(4096)
        except TimeoutError:  # it is no gpsd, or is busy: what came is what there is
            return
        if not more:
            return
        *lines, rest = (data + more).split(b"\n")
        for line in lines:
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value
                if value.get("class") == "DEVICES":
                    return
        data = rest
