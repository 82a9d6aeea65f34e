"""``seal.json`` of a segment: `Seal.from_json`."""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress

from edgecrack.storage.disk import Digest
from edgecrack.storage.segment import Repairs, Seal
from tests.fuzz.target import Target

_FOLDER = "/unit/segment"


def check(data: bytes) -> object:
    """Read it: a seal whose every value can be relied upon, or a `ValueError`."""
    try:
        seal = Seal.from_json(data)
    except ValueError as error:
        return re.sub("[^a-z ]", "", str(error)[22:40])
    check_seal(seal)
    return seal.repairs is None


def check_seal(seal: Seal) -> None:
    """Hold what a seal promises against it."""
    for path, digest in seal.files.items():
        assert os.path.normpath(f"{_FOLDER}/{path}").startswith(f"{_FOLDER}/"), path
        assert "\0" not in path
        assert _is_count(digest.size_bytes)
        assert isinstance(digest.sha256, str)
        assert re.fullmatch("[0-9a-f]{64}", digest.sha256)
    assert _is_count(seal.order)
    assert _is_count(seal.size_bytes)
    if seal.repairs is not None:
        assert isinstance(seal.repairs, Repairs)
        repairs = seal.repairs
        assert all(
            map(_is_count, (repairs.torn_bytes, repairs.lines_cut, repairs.unfinished_files))
        )
    assert Seal.from_json(seal.to_json()) == seal


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def mend(data: bytes) -> bytes:
    """Give it the digest and the size that fit its files."""
    with suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
        value = json.loads(data)
        files = value["files"]
        lines = "".join(f"{files[path]['sha256']}  {path}\n" for path in sorted(files))
        digest = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
        size_bytes = sum(files[path]["size_bytes"] for path in files)
        return json.dumps(value | {"sha256": digest, "size_bytes": size_bytes}, indent=1).encode()
    return data


def seeds() -> list[bytes]:
    """Return seals of a segment that was closed, and of one that was repaired."""
    files = {name: Digest.of(name.encode()) for name in ("run.json", "masks/1.png")}
    return [Seal(files, None, 3).to_json(), Seal(files, Repairs(3, 1, 2), 4).to_json()]


SEAL_TOKENS = (
    *(b'"../x"', b'"/etc/passwd"', b'"a/../../b"', b'"a\\u0000b"', b'"./a"', b'"."', b'"..": {'),
    *(
        b'"size_bytes": ',
        b'"sha256": "0"',
        b'"order": ',
        b'"repairs": ',
        b'"lines_cut": ',
        b"1e999",
    ),
    *(b"NaN", b"-Infinity", b"true", b"null", b"-1", b"0.5", b"\\ud800", b"\\udcff", b"[" * 1500),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b'"' + b"0" * 64 + b'"'),
)
TARGET = Target(check, seeds, tokens=SEAL_TOKENS, mend=mend, most_bytes=1 << 14)
