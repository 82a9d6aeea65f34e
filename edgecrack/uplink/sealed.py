"""Segments that are finished: a folder whose ``seal.json`` names each file with its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

SEAL, UPLOADED = "seal.json", "uploaded.json"
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file of a segment.

    Attributes:
        path: Within the folder, with slashes.
        sha256: Its digest, in hexadecimal.
        size_bytes: Its size.
    """

    path: str
    sha256: str
    size_bytes: int

    def __post_init__(self) -> None:
        """Refuse what leads out of the folder, and what is no digest."""
        parts = PurePosixPath(self.path).parts
        if not parts or ".." in parts or self.path.startswith("/") or "\0" in self.path:
            raise ValueError(f"a file must lie in its segment, not at {self.path!r}")
        if len(bytes.fromhex(self.sha256)) != hashlib.sha256().digest_size or self.size_bytes < 0:
            raise ValueError(f"{self.path} has no digest or no size")


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A finished segment.

    Attributes:
        folder: Where it lies.
        files: All of it but the seal.
    """

    folder: Path
    files: Sequence[SealedFile]


def sealed_segments(runs_folder: Path) -> list[SealedSegment]:
    """Return the finished segments in a folder that are not uploaded yet, oldest name first.

    One whose seal cannot be read is left out: recovery at the next start is who mends it.
    """
    segments = []
    for seal in sorted(runs_folder.glob(f"*/{SEAL}")):
        if (seal.parent / UPLOADED).exists():
            continue
        try:
            segments.append(SealedSegment(seal.parent, _files(json.loads(seal.read_bytes()))))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return segments


def described(folder: Path, path: str) -> SealedFile:
    """Return a file of a folder as it is now.

    Raises:
        OSError: It cannot be read.
    """
    digest, size_bytes = hashlib.sha256(), 0
    with (folder / path).open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return SealedFile(path, digest.hexdigest(), size_bytes)


def _files(seal: Any) -> list[SealedFile]:  # noqa: ANN401  JSON
    return [SealedFile(file["path"], file["sha256"], file["bytes"]) for file in seal["files"]]
