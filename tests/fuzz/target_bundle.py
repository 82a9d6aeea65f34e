"""The manifest of a bundle whose files are there: `load_bundle`."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path, PurePosixPath

from edgecrack.bundle import MANIFEST, file_entry, load_bundle
from edgecrack.errors import BundleError
from edgecrack.manifest import parse_manifest
from tests.fuzz.target import FOLDER, Target, told

_TINY = FOLDER.parent / "edgecrack" / "data" / "tiny"
_FOLDER = Path(tempfile.mkdtemp(prefix="edgecrack-fuzz-")) / "bundle"
atexit.register(shutil.rmtree, _FOLDER.parent, ignore_errors=True)
shutil.copytree(_TINY, _FOLDER)
for _network in _FOLDER.glob("*.onnx"):
    _network.write_bytes(b"\x3a\x04\x2a\x02\x70\x00")  # so small that little time goes into reading


def check(data: bytes) -> object:
    """Load it: a bundle that can be used, or a `BundleError` of one line."""
    (_FOLDER / MANIFEST).write_bytes(data)
    try:
        bundle = load_bundle(_FOLDER)
    except BundleError as error:
        return told(error, 65).replace(str(_FOLDER), "")[:40]
    manifest = bundle.manifest
    assert parse_manifest(json.loads(manifest.as_json())) == manifest
    assert all(min(model.size_px) >= 1 for model in manifest.models)
    for name in manifest.files:
        assert ".." not in PurePosixPath(name).parts
        assert (_FOLDER / name).resolve().is_relative_to(_FOLDER.resolve())
    return "loaded"


def seeds() -> list[bytes]:
    """Return the manifest of the tiny network, with the digests of what is there."""
    values = json.loads((_TINY / MANIFEST).read_bytes())
    values["files"] = {
        name: asdict(file_entry((_FOLDER / name).read_bytes())) for name in values["files"]
    }
    return [json.dumps(values, indent=1).encode()]


TARGET = Target(
    check,
    seeds,
    tokens=(
        *(
            b'"road_threshold": 1,',
            b'"road": "x",',
            b'"files": {',
            b'"models": [',
            b'"golden": [],',
        ),
        *(b'"schema_version": 2,', b'"precision": "int8"', b'"..', b'"/etc/passwd"', b"\\ud800"),
        *(b"\\u0000", b"NaN", b"-Infinity", b"1e999", b"[" * 1500, b'{"a":' * 1500, b"\xff\xfe"),
        *(
            b"\xef\xbb\xbf",
            b'"' + b"x" * 3000 + b'"',
            b"null",
            b"true",
            b'"./',
            b"\\\\",
            b"golden/",
        ),
    ),
    most_bytes=1 << 15,
)
