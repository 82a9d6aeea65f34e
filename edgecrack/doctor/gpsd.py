"""What a gpsd says of itself and of its receivers; asking it changes nothing and opens none."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_S = 2.0
_MOST_BYTES = 65536


@dataclass(frozen=True, slots=True)
class GpsdAnswer:
    """What a gpsd answered.

    Attributes:
        release: Its version.
        protocol: Major version of what it speaks.
        devices: Paths of its receivers.
    """

    release: str
    protocol: object
    devices: tuple[str, ...]

    def __str__(self) -> str:
        count = len(self.devices)
        return f"gpsd {self.release} with {count} receiver{'' if count == 1 else 's'}"


def ask_gpsd(address: tuple[str, int]) -> GpsdAnswer | None:
    """Ask for version and receivers; None where no gpsd answers."""
    try:
        with socket.create_connection(address, _PATIENCE_S) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.sendall(b"?DEVICES;\n")
            said = {str(each.get("class")): each for each in _objects(connection)}
    except OSError:
        return None
    if "VERSION" not in said:
        return None
    version, devices = said["VERSION"], said.get("DEVICES", {}).get("devices")
    known = devices if isinstance(devices, list) else []
    paths = tuple(str(each.get("path")) for each in known if isinstance(each, dict))
    return GpsdAnswer(str(version.get("release")), version.get("proto_major"), paths)


def _objects(connection: socket.socket) -> Iterator[dict[str, Any]]:
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
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value
                if value.get("class") == "DEVICES":
                    return
        data = rest
