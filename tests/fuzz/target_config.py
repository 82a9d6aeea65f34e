"""``unit.toml``: `configure`, from the file and as if it had been typed."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

from edgecrack.config import SPECS, RunConfig, configure
from edgecrack.errors import ConfigError, EdgecrackError, UsageError
from edgecrack.positions.receiver_address import is_receiver, parse_receiver
from edgecrack.sources.address import Kind, parse_address, parse_pattern
from edgecrack.sources.camera_mode import parse_camera_mode
from edgecrack.toml import read_toml
from tests.fuzz.target import FOLDER, Target, told

_UNIT = FOLDER.parents[1] / "configs" / "unit.toml"
_FOLDER = Path(tempfile.mkdtemp(prefix="edgecrack-fuzz-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def check(data: bytes) -> object:
    """Configure a run: one that can be written down, or one sentence and the right exit code."""
    path = _FOLDER / "unit.toml"
    path.write_bytes(data)
    try:
        config = configure({}, path)
    except (ConfigError, UsageError) as error:
        text = told(error, 78 if str(path) in str(error) else 2)
        _check_typed(path)
        return text.replace(str(path), "")[:30]
    _check_usable(config)
    return "configured"


def _check_typed(path: Path) -> None:
    """Give the same on the command line, where only keys that are known can be given."""
    try:
        tables = read_toml(path)
    except ConfigError:
        return
    typed: dict[str, dict[str, Any]] = {
        table: {key: values[key] for key in known & values.keys()}
        for table, spec in SPECS.items()
        if isinstance(values := tables.get(table), dict)
        and (known := {declared.name for declared in fields(spec)})
    }
    try:
        configure(typed)
    except UsageError as error:
        told(error, 2)


def _check_usable(config: RunConfig) -> None:
    """Write it down as ``run.json`` does, and understand its addresses."""
    json.dumps(config.as_json(), allow_nan=False, ensure_ascii=False).encode()
    try:
        address = parse_address(config.source.address)
        if address.kind is Kind.PATTERN:
            parse_pattern(address.target)
        elif address.kind in {Kind.CAMERA, Kind.CSI}:
            parse_camera_mode(address.query, f"{address.kind.value}:")
        if config.position.address and is_receiver(config.position.address):
            parse_receiver(config.position.address)
    except EdgecrackError as error:
        told(error, 2)


def seeds() -> list[bytes]:
    """Return the file that ships, as it is and with every key set, and a few of each kind."""
    text = _UNIT.read_text(encoding="utf-8")
    names = [f"# {declared.name} = " for spec in SPECS.values() for declared in fields(spec)]
    every = "\n".join(
        line.removeprefix("# ") if line.startswith(tuple(names)) else line
        for line in text.splitlines()
        if not line.startswith(("# address", "address"))
    )
    bare = "\n".join(line for line in every.splitlines() if line and not line.startswith("#"))
    whole = bare.replace("[source]", '[source]\naddress = "csi://0?width=1920&fps=30"')
    return [text.encode(), whole.encode(), b'source = "a.mp4"\nrate_fps = 2\n', bare.encode()]


_KEYS = tuple(
    f"{declared.name} = ".encode() for spec in SPECS.values() for declared in fields(spec)
)
TARGET = Target(
    check,
    seeds,
    tokens=(
        *_KEYS,
        *(f"\n[{table}]\n".encode() for table in SPECS),
        *(b"[[source]]\n", b"nan", b"-inf", b"true", b'"""', b"'''", b"\\u0000", b"\\ud800", b"\n"),
        *(
            b'"rtsp://u:p@h/1?a=b"',
            b'"serial:///dev/x?baud=1"',
            b'"gpsd://[::1"',
            b'"csi://\xd9\xa3"',
        ),
        *(b'"gpsd://h:99999"', b'"test:?width=0"', b'"v4l2:///dev/video0?fps=0"', b'"a\\nb" = 1\n'),
        *(b"1979-05-27T07:32:00Z", b"07:32:00", b"[1,2,3,4]", b"{a=1}", b"9" * 5000, b"[" * 600),
        *(b"0x" + b"f" * 5000, b"a." * 500, b"1e400", b'"' + b"x" * 3000 + b'"', b"\xff", b"\r"),
    ),
    most_bytes=1 << 15,
)
