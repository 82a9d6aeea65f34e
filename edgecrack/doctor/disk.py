"""The disk that runs are written to: room, file system, and what it is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail, ok, warn
from edgecrack.doctor.machine import nearest_existing

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

LEAST_BYTES, FEW_BYTES = 10**9, 10 * 10**9
"""A survey that keeps every picture writes some gigabytes an hour."""
_DISK = re.compile(r"(mmcblk\d+|nvme\d+n\d+|[a-z]+)(?:p?\d+)?$")
_OCTAL = re.compile(r"\\([0-7]{3})")
_CLEAR = "remove old runs, or set output.runs_folder to another disk"


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system.

    Attributes:
        place: Where it is mounted.
        kind: Such as ``ext4``.
        device: Such as ``/dev/nvme0n1p1``.
        is_read_only: Whether nothing can be written to it.
    """

    place: Path
    kind: str
    device: str
    is_read_only: bool


def mount_of(folder: Path, mountinfo: str) -> Mount | None:
    """Return the file system that a folder is on, from the text of ``/proc/self/mountinfo``.

    Example:
        >>> mount_of(Path("/a/b"), "27 1 259:1 / / rw - ext4 /dev/nvme0n1p1 rw").device
        '/dev/nvme0n1p1'
    """
    found = [mount for line in mountinfo.splitlines() if (mount := _mount(line)) is not None]
    above = [mount for mount in found if folder.is_relative_to(mount.place)]
    longest = max((len(mount.place.parts) for mount in above), default=0)
    # Of two on the same place the later one covers the earlier.
    return next((each for each in reversed(above) if len(each.place.parts) == longest), None)


def _mount(line: str) -> Mount | None:
    own, dash, system = line.partition(" - ")
    fields, about = own.split(), system.split()
    if not dash or len(fields) < 6 or len(about) < 3:
        return None
    place = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4])
    is_read_only = "ro" in fields[5].split(",") or "ro" in about[2].split(",")
    return Mount(Path(place), about[0], about[1], is_read_only)


def check_disk(machine: Machine, unit: Unit) -> Finding:
    """Say how much room there is for runs, and on what."""
    folder = nearest_existing(unit.runs_folder.absolute())
    space = machine.space(folder)
    mount = mount_of(folder.resolve(), machine.text("/proc/self/mountinfo") or "")
    kind = f"{mount.kind} on {_medium(machine, mount.device)}" if mount else "file system not known"
    says = f"{space.free_bytes / 1e9:.1f} of {space.total_bytes / 1e9:.0f} GB free, {kind}"
    if mount is not None and mount.is_read_only:
        return fail(f"{says}, read-only", f"mount it writable, or {_CLEAR.partition(' or ')[2]}")
    if space.free_bytes < LEAST_BYTES:
        return fail(says, _CLEAR)
    if space.free_bytes < FEW_BYTES:
        return warn(says, _CLEAR)
    if mount is not None and _is_card(machine, mount.device):
        return warn(
            says, "write runs to an NVMe disk: a card is slow, and wears out from being written to"
        )
    return ok(says)


def _medium(machine: Machine, device: str) -> str:
    name = _disk_name(device)
    if name.startswith("nvme"):
        return f"an NVMe disk ({name})"
    if name.startswith("mmcblk"):
        return f"an SD card ({name})" if _is_card(machine, device) else f"eMMC ({name})"
    if machine.text(f"/sys/block/{name}/queue/rotational") == "1" and name.startswith("sd"):
        return f"a hard disk or a USB stick ({name})"
    return device


def _is_card(machine: Machine, device: str) -> bool:
    name = _disk_name(device)
    return name.startswith("mmcblk") and machine.text(f"/sys/block/{name}/device/type") == "SD"


def _disk_name(device: str) -> str:
    match = _DISK.fullmatch(device.rpartition("/")[2])
    return match[1] if match else device
