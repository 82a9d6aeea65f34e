"""The receiver of positions, on a serial port or behind gpsd. No port is opened: a run may read it.

gpsd is asked, which disturbs nobody.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.doctor.gpsd import ask_gpsd
from edgecrack.doctor.line import fail, ok, warn
from edgecrack.doctor.machine import exists
from edgecrack.errors import UsageError
from edgecrack.positions.gpsd import PROTOCOL
from edgecrack.positions.receiver_address import SerialAddress, is_receiver, parse_receiver

if TYPE_CHECKING:
    from edgecrack.doctor.gpsd import GpsdAnswer
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit
    from edgecrack.positions.receiver_address import GpsdAddress

_PORTS = ("ttyUSB[0-9]*", "ttyACM[0-9]*", "ttyTHS[0-9]*", "ttyAMA[0-9]*")
_GROUP = (
    "sudo usermod -aG dialout $USER, then log in again; a service of your own needs "
    "SupplementaryGroups=dialout"
)
_CONSOLE = "sudo systemctl disable --now nvgetty, whose console the port is, and reboot"
_ONLY_A_RUN = "whether it has a fix, only a run can say"
_START = "start it: sudo systemctl enable --now gpsd.socket; or correct position.address"
_NAME = "plug the receiver in, or name it in DEVICES of /etc/default/gpsd and restart gpsd"
_SHARE = 'set position.address to "gpsd://", or keep gpsd from it: USBAUTO of /etc/default/gpsd'
_PLUG = "plug it in; without positions nothing that is found has a place"


def check_receiver(machine: Machine, unit: Unit) -> Finding:
    """Say whether there is a receiver; where it is, nobody is told."""
    if unit.position is None:
        return _unconfigured(machine)
    if not is_receiver(unit.position):
        return _log(unit.position)
    try:
        address = parse_receiver(unit.position)
    except UsageError as error:
        return fail(str(error), "correct position.address")
    if isinstance(address, SerialAddress):
        return _serial(machine, address.device)
    return _behind_gpsd(address)


def _unconfigured(machine: Machine) -> Finding:
    ports = [path for pattern in _PORTS for path in machine.files("/dev", pattern)]
    names = f"serial ports {', '.join(path.name for path in ports)}" if ports else ""
    gpsd = ask_gpsd(machine.gpsd)
    if gpsd is not None and gpsd.protocol == PROTOCOL and gpsd.devices:
        note = f"; {names}" if names else ""
        return ok(f"{gpsd}, which --position gpsd:// reads{note}; {_ONLY_A_RUN}")
    note = f"; {gpsd}" if gpsd else ""
    if not ports:
        return warn(f"there is no serial port{note}", _PLUG)
    closed = [path.name for path in ports if not machine.may_use(path)]
    if closed:
        says = f"{names}{note}: {closed[0]} may not be used by this user"
        return warn(says, _cure(closed[0]))
    return ok(f"{names}{note}; which of them a receiver is on, only a run can say")


def _behind_gpsd(address: GpsdAddress) -> Finding:
    gpsd = ask_gpsd((address.host, address.port))
    if gpsd is None:
        return fail(f"no gpsd answers at {address}, which is configured", _START)
    if gpsd.protocol != PROTOCOL:
        return fail(
            f"{gpsd} at {address} speaks protocol {gpsd.protocol}, not {PROTOCOL}",
            "install gpsd 3.22 or newer",
        )
    if not gpsd.devices:
        return fail(f"{gpsd} answers at {address}", _NAME)
    return ok(f"{gpsd} answers at {address}; {_ONLY_A_RUN}")


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


def _serial(machine: Machine, device: str) -> Finding:
    path: Path = machine.path(device)
    if not path.exists():
        return fail(f"{device} is configured and not there", _PLUG)
    if not machine.may_use(path):
        return fail(f"{device} may not be used by this user", _cure(path.name))
    gpsd = ask_gpsd(machine.gpsd)
    if gpsd is not None and _has(machine, gpsd, path):
        return warn(f"{device} is there, and {gpsd} reads it, too: each gets a part", _SHARE)
    return ok(f"{device} is there; {_ONLY_A_RUN}")


def _has(machine: Machine, gpsd: GpsdAnswer, path: Path) -> bool:
    """Whether a port is one of gpsd's, perhaps by another name."""
    return path.resolve() in {machine.path(device).resolve() for device in gpsd.devices}
