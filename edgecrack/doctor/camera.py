"""Cameras: on V4L2, on a Jetson's CSI port, or on the network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail, ok, warn
from edgecrack.doctor.machine import exists
from edgecrack.errors import UsageError
from edgecrack.sources.address import Kind, parse_address
from edgecrack.sources.connection import connection_problem

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit
    from edgecrack.sources.address import Address

_FORMAT = re.compile(r"^\s*\[\d+\]: '(\w{2,4})'", re.MULTILINE)
_CSI = re.compile(r"csi:/{0,2}(\d{0,2})")
_CSI_NAME = "vi-output"
"""How the Jetson's video input calls a sensor on the CSI port."""
_PATIENCE_S = 5.0
_GROUP = (
    "sudo usermod -aG video $USER, then log in again; a service of your own needs "
    "SupplementaryGroups=video"
)


@dataclass(frozen=True, slots=True)
class Camera:
    """A video device.

    Attributes:
        device: Such as ``/dev/video0``.
        name: What its driver calls it.
        may_use: Whether this user may read and write it.
        formats: Its pixel formats, such as ``MJPG``; empty where nothing tells them.
    """

    device: str
    name: str
    may_use: bool
    formats: tuple[str, ...]

    @property
    def is_csi(self) -> bool:
        """Whether it is a sensor on the CSI port of a Jetson."""
        return self.name.startswith(_CSI_NAME)

    def __str__(self) -> str:
        formats = f" ({', '.join(self.formats)})" if self.formats else ""
        csi = ", on the CSI port" if self.is_csi else ""
        return f"{self.device} {self.name}{formats}{csi}"


def check_camera(machine: Machine, unit: Unit) -> Finding:
    """Say which cameras there are, and whether the one that was configured is among them."""
    cameras = [_camera(machine, device) for device in _devices(machine)]
    if unit.source is not None:
        return _configured(unit.source, cameras)
    if not cameras:
        return warn(
            "no /dev/video* here", "plug in a camera; recordings and streams need none here"
        )
    closed = [camera for camera in cameras if not camera.may_use]
    says = "; ".join(map(str, cameras))
    if closed:
        return fail(f"{says}: {closed[0].device} may not be used by this user", _GROUP)
    return ok(says)


def _configured(source: str, cameras: list[Camera]) -> Finding:
    if csi := _CSI.match(source):
        return _sensor(int(csi[1] or 0), [camera for camera in cameras if camera.is_csi])
    try:
        address = parse_address(source)
    except UsageError as error:
        return fail(str(error), "correct source.address in the configuration")
    if address.kind is Kind.CAMERA:
        return _device(address.target, cameras)
    if address.kind in {Kind.STREAM, Kind.SERVER}:
        return _server(address)
    return _no_camera(address)


def _no_camera(address: Address) -> Finding:
    if address.kind is Kind.PATTERN:
        return warn(f"the source is {address.name}, a generated test video", "set source.address")
    if address.kind is Kind.FILE and not exists(Path(address.target)):
        return fail(f"{address.name} is not there", "correct source.address in the configuration")
    return ok(f"the source is {address.name}, no camera of this machine")


def _sensor(number: int, cameras: list[Camera]) -> Finding:
    if number < len(cameras):
        return ok(f"csi://{number}: {cameras[number]}")
    return fail(
        f"csi://{number} is configured, but there are {len(cameras)} cameras on the CSI port",
        "power off, seat the cable again, and choose the camera in /opt/nvidia/jetson-io/"
        "jetson-io.py",
    )


def _device(device: str, cameras: list[Camera]) -> Finding:
    camera = next((each for each in cameras if each.device == device), None)
    if camera is None:
        others = ", ".join(each.device for each in cameras) or "no other"
        return fail(f"{device} is configured and not there; there is {others}", "plug it in")
    if not camera.may_use:
        return fail(f"{camera} may not be used by this user", _GROUP)
    return ok(str(camera))


def _server(address: Address) -> Finding:
    scheme = address.target.partition(":")[0]
    problem = connection_problem(address.target)
    if problem:
        return fail(f"the {scheme} camera cannot be reached: {problem}", "check cable and address")
    return ok(f"the {scheme} camera's port answers; whether it gives pictures, only a run can say")


def _devices(machine: Machine) -> list[Path]:
    return machine.files("/dev", "video[0-9]*")


def _camera(machine: Machine, path: Path) -> Camera:
    device = f"/dev/{path.name}"
    listed = machine.run(("v4l2-ctl", "--device", device, "--list-formats"), _PATIENCE_S).stdout
    return Camera(
        device=device,
        name=machine.text(f"/sys/class/video4linux/{path.name}/name") or "of unknown name",
        may_use=machine.may_use(path),
        formats=tuple(dict.fromkeys(_FORMAT.findall(listed))),
    )
