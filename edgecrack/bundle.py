"""A bundle: networks, what is known about them, and the frames that prove them, in one folder.

::

    manifest.json          files and digests, threshold, scores, provenance and terms
    model.fp32.onnx        ``frame`` uint8 (1, H, W, 3) RGB -> ``probability`` uint8 (1, H, W)
                           and, where the manifest has a ``road_threshold``, ``road`` like it;
                           H and W may be symbolic: ``height`` and ``width``
    model.fp16.onnx        the same edges and graph, FP16 in between: for TensorRT
    model.int8.onnx        the same edges, quantised: for processors
    golden/                frames and the answers expected of them

No file of a bundle is used before its digest is checked, and what is then used are the bytes that
were checked: :meth:`Bundle.read` returns bytes, never a path. Unknown keys, missing or oversize
files, names and links that leave the folder, and networks that keep data in other files are refused
with :class:`~edgecrack.errors.BundleError`. The folder itself may be a link, so that a link can be
switched from one release to the next.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from edgecrack.errors import BundleError
from edgecrack.manifest import FileEntry, parse_manifest
from edgecrack.onnxfile import has_external_data

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.manifest import Manifest, ModelEntry

MANIFEST = "manifest.json"
MANIFEST_LIMIT_BYTES = 1_000_000
FILE_LIMIT_BYTES = 512_000_000


class Bundle:
    """A bundle whose files have all been checked.

    Attributes:
        path: The folder.
        manifest: What it says about itself.
        sha256: Digest of ``manifest.json``, which holds all other digests: the bundle's identity.
    """

    def __init__(self, path: Path, manifest: Manifest, sha256: str) -> None:
        self.path, self.manifest, self.sha256 = path, manifest, sha256

    def read(self, name: str) -> bytes:
        """Return the bytes of a file, having checked exactly these bytes.

        Raises:
            BundleError: If the file is unknown, missing, or not what the manifest promises.
        """
        entry = self.manifest.files.get(name)
        if entry is None:
            raise BundleError(f"bundle {self.path} lists no file '{name}'; export it again.")
        data = _read(self.path, name, FILE_LIMIT_BYTES)
        if len(data) != entry.bytes or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise BundleError(
                f"{self.path / name} must have SHA-256 {entry.sha256[:12]}... as the manifest "
                "says, but has changed; copy the bundle again."
            )
        return data

    def model(self, precision: str = "fp32", size_px: tuple[int, int] | None = None) -> ModelEntry:
        """Return the network of a precision, for a size (width, height) or the default one.

        Raises:
            BundleError: If there is none.
        """
        return self.networks(precision, size_px)[0]

    def networks(
        self, precision: str = "fp32", size_px: tuple[int, int] | None = None
    ) -> tuple[ModelEntry, ...]:
        """Return all networks of a precision, or the one for a size; the default comes first.

        Raises:
            BundleError: If there is none.
        """
        found = tuple(
            entry
            for entry in self.manifest.models
            if entry.precision == precision and size_px in {None, entry.size_px}
        )
        if found:
            return found
        wanted = precision if size_px is None else f"{precision} at {size_px[0]}x{size_px[1]}"
        has = ", ".join(
            f"{model.precision} {model.width_px}x{model.height_px}"
            for model in self.manifest.models
        )
        raise BundleError(f"bundle {self.path} must hold a network {wanted}, but holds {has}.")


def load_bundle(path: Path) -> Bundle:
    """Read a bundle and check every file in it.

    Raises:
        BundleError: If anything is missing, changed, unknown, too large or outside the folder.
    """
    text = _read(path, MANIFEST, MANIFEST_LIMIT_BYTES)
    try:
        values = json.loads(text)
        json.dumps(values, ensure_ascii=False).encode()  # refuses halves of UTF-16 pairs
        manifest = parse_manifest(values)
    except (ValueError, TypeError, RecursionError) as error:
        raise BundleError(f"{path / MANIFEST} is no manifest: {error}.") from error
    bundle = Bundle(path, manifest, hashlib.sha256(text).hexdigest())
    networks = {model.file for model in manifest.models}
    for name in manifest.files:
        data = bundle.read(name)
        if name in networks and has_external_data(data):
            raise BundleError(
                f"{path / name} keeps its weights in another file, which is refused; export the "
                "network as one file."
            )
    return bundle


def file_entry(data: bytes) -> FileEntry:
    """Return the entry for a file with these bytes."""
    return FileEntry(len(data), hashlib.sha256(data).hexdigest())


def _read(folder: Path, name: str, limit_bytes: int) -> bytes:
    path = folder / name
    inside = [path, *path.parents][: len(PurePosixPath(name).parts)]
    try:
        if any(part.is_symlink() for part in inside):
            raise BundleError(
                f"{path} is behind a link, which a bundle may not hold; copy the file."
            )
        if not path.is_file():  # opening a pipe could block forever
            raise BundleError(f"{path} is needed and is no file here; copy the bundle again.")
        with path.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes <= limit_bytes:
                return file.read(size_bytes)  # what is asked for is set aside before it is read
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise BundleError(f"{path!s:.200} is needed and cannot be read: {error}.") from error
    raise BundleError(f"{path} must be at most {limit_bytes:,} bytes and is larger.")
