"""A bundle: networks, what is known about them, and the frames that prove them, in one folder.

::

    manifest.json          files and digests, threshold, scores, provenance and terms
    model.WxH.fp32.onnx    ``frame`` uint8 (1, H, W, 3) RGB -> ``probability`` uint8 (1, H, W)
    golden/                frames and the probabilities expected of them

No file of a bundle is used before its digest is checked, and what is then used are the bytes that
were checked: :meth:`Bundle.read` returns bytes, never a path. Unknown keys, missing or oversize
files, names and links that leave the folder, and networks that keep data in other files are refused
with :class:`~edgecrack.errors.BundleError`. The folder itself may be a link, so that a link can be
switched from one release to the next.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from edgecrack.errors import BundleError
from edgecrack.onnxfile import has_external_data

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
MANIFEST_LIMIT_BYTES = 1_000_000
FILE_LIMIT_BYTES = 512_000_000
# Precision -> the widest tolerances a network of it may ask for: probability levels and mask IoU. A
# network that answers nothing is outside them on any golden frame with a crack. INT8 moves single
# pixels by up to 83 levels, so only its mask is judged.
WIDEST = {"fp32": (8, 0.98), "fp16": (8, 0.98), "int8": (255, 0.9)}
PRECISIONS = tuple(WIDEST)
MOST_PX = 8192
_LARGEST = 2**62  # keeps every later sum and product a number


_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the bundle: its length and digest."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One network file, for one input size and precision.

    Attributes:
        file: Name within the bundle.
        precision: ``fp32``, ``fp16`` or ``int8``.
        width_px: Width of the input.
        height_px: Height of the input.
        max_levels: Largest difference from the golden probabilities that passes, in 1/255; at most
            8, for ``int8`` 255.
        min_mask_iou: Smallest IoU with the golden masks that passes, up to 1; at least 0.98, for
            ``int8`` 0.9.
    """

    file: str
    precision: str
    width_px: int
    height_px: int
    max_levels: int
    min_mask_iou: float

    def __post_init__(self) -> None:
        """Refuse a network that no device could run, and tolerances that any network would pass."""
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {PRECISIONS}, not '{self.precision}'")
        if not (1 <= self.width_px <= MOST_PX and 1 <= self.height_px <= MOST_PX):
            size = f"{self.width_px}x{self.height_px}"
            raise ValueError(f"an input must be 1 to {MOST_PX} px wide and high, not {size}")
        most_levels, least_iou = WIDEST[self.precision]
        if not 0 <= self.max_levels <= most_levels:
            raise ValueError(
                f"max_levels of {self.precision} must be 0 to {most_levels}, not {self.max_levels}"
            )
        if not least_iou <= self.min_mask_iou <= 1:
            raise ValueError(
                f"min_mask_iou of {self.precision} must be {least_iou} to 1, "
                f"not {self.min_mask_iou}"
            )

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the input."""
        return self.width_px, self.height_px


@dataclass(frozen=True, slots=True)
class GoldenEntry:
    """A frame of the synthetic drive and the probability expected of it.

    It proves every network of the same input size, whatever its precision.

    Attributes:
        kind: ``crack``, ``clean`` or ``dark``.
        frame: File of the RGB frame, lossless WebP or PNG, at the input size of ``model``.
        probability: File of the expected answer, 8-bit grey PNG.
        model: File of one network of that size.
    """

    kind: str
    frame: str
    probability: str
    model: str


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """One score with everything that gives it a meaning; values from 0 to 1."""

    name: str
    value: float
    protocol: str


@dataclass(frozen=True, slots=True)
class DataEntry:
    """One data set the weights were trained on, with its owner's terms."""

    name: str
    pictures: int
    sha256: str
    licence: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the weights come from.

    Attributes:
        config: The whole training configuration.
        data: What they were trained on.
        licence: What may be done with the weights.
        trained_epochs: Epochs behind them.
        commit: Commit of the program that exported them, or "unknown".
    """

    config: dict[str, Any]
    data: tuple[DataEntry, ...]
    licence: str
    trained_epochs: int
    commit: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a bundle says about itself.

    Attributes:
        name: The model's name.
        release: Its version.
        models: Network files; the first is the default.
        threshold: A pixel is crack when its probability (0..255) is at least this, 1..255.
        threshold_origin: How it was chosen.
        stride_px: Block of pixels that becomes one cell of the network's coarsest level.
        parameters: Trained numbers in the network.
        macs_per_pixel: Multiply-accumulates for one input pixel.
        golden: Frames that prove it.
        metrics: Scores, each with its protocol.
        provenance: Where the weights come from.
        files: Every other file of the bundle.
        schema_version: Version of this layout.
    """

    name: str
    release: str
    models: tuple[ModelEntry, ...]
    threshold: int
    threshold_origin: str
    stride_px: int
    parameters: int
    macs_per_pixel: float
    golden: tuple[GoldenEntry, ...]
    metrics: tuple[MetricEntry, ...]
    provenance: Provenance
    files: dict[str, FileEntry]
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        """Refuse a manifest that contradicts itself."""
        if not 1 <= self.threshold <= 255:
            raise ValueError(f"threshold must be 1 to 255, not {self.threshold}")
        self._check_files()
        self._check_models()

    def _check_models(self) -> None:
        if not self.models:
            raise ValueError("models must list at least one network")
        wishes = [(model.precision, model.size_px) for model in self.models]
        if len(set(wishes)) < len(wishes):
            raise ValueError("models must not list two networks of one precision and size")
        networks = {model.file for model in self.models}
        for golden in self.golden:
            if golden.model not in networks:
                raise ValueError(
                    f"golden frame '{golden.frame}' is of no network: '{golden.model}'"
                )

    def _check_files(self) -> None:
        used = {model.file for model in self.models}
        used |= {name for golden in self.golden for name in (golden.frame, golden.probability)}
        missing = sorted(used - set(self.files))
        if missing:
            raise ValueError(f"'{missing[0]}' is used but has no digest under files")
        for name in self.files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or "\\" in name:
                raise ValueError(f"file '{name}' would lie outside the bundle")

    def golden_of(self, network: ModelEntry) -> tuple[GoldenEntry, ...]:
        """Return the golden frames that prove a network: those of its size."""
        sizes_px = {model.file: model.size_px for model in self.models}
        return tuple(golden for golden in self.golden if sizes_px[golden.model] == network.size_px)

    def as_json(self) -> str:
        """Return the text of ``manifest.json``."""
        return json.dumps(asdict(self), indent=2, sort_keys=False) + "\n"


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
        for entry in self.manifest.models:
            if entry.precision == precision and size_px in {None, entry.size_px}:
                return entry
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
        manifest = _manifest(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise BundleError(f"{path / MANIFEST} is no manifest: {error}.") from error
    bundle = Bundle(path, manifest, hashlib.sha256(text).hexdigest())
    networks = {model.file for model in manifest.models}
    for name in manifest.files:
        data = bundle.read(name)
        if (name in networks or name.endswith(".onnx")) and has_external_data(data):
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
            data = file.read(limit_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise BundleError(f"{path!s:.200} is needed and cannot be read: {error}.") from error
    if len(data) > limit_bytes:
        raise BundleError(f"{path} must be at most {limit_bytes:,} bytes and is larger.")
    return data


def _manifest(values: Any) -> Manifest:  # noqa: ANN401  this is where untyped JSON ends
    version = values.get("schema_version") if isinstance(values, dict) else SCHEMA_VERSION
    if version != SCHEMA_VERSION:
        raise ValueError(f"schema_version must be {SCHEMA_VERSION}, not {version!r}")
    checked = _checked(Manifest, values)
    return Manifest(
        **checked
        | {
            "models": _records(ModelEntry, checked["models"]),
            "golden": _records(GoldenEntry, checked["golden"]),
            "metrics": _records(MetricEntry, checked["metrics"]),
            "files": {
                name: FileEntry(**_checked(FileEntry, value))
                for name, value in checked["files"].items()
            },
            "provenance": _provenance(checked["provenance"]),
        }
    )


def _provenance(values: Any) -> Provenance:  # noqa: ANN401
    checked = _checked(Provenance, values)
    return Provenance(**checked | {"data": _records(DataEntry, checked["data"])})


def _records(record: type[_Record], values: list[Any]) -> tuple[_Record, ...]:
    return tuple(record(**_checked(record, value)) for value in values)


def _checked(record: type[Any], values: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return ``values`` if they are all the fields of ``record``, each of its JSON type."""
    if not isinstance(values, dict):
        raise TypeError(f"{record.__name__} must be an object, not {type(values).__name__}")
    known = {field.name: str(field.type) for field in fields(record)}
    for key in values:
        if key not in known:
            raise ValueError(f"unknown key '{key}' in {record.__name__}")
    for name, kind in known.items():
        if name not in values:
            raise ValueError(f"key '{name}' is missing in {record.__name__}")
        if not _is_of(kind, values[name]):
            raise TypeError(f"{record.__name__}.{name} must be {kind}, not {values[name]!r:.60}")
    return values


def _is_of(kind: str, value: Any) -> bool:  # noqa: ANN401
    """Tell whether a JSON value may stand for an annotation; a bool or a NaN is no number."""
    if kind in {"int", "float"}:
        is_number = isinstance(value, int if kind == "int" else (int, float))
        return is_number and not isinstance(value, bool) and abs(value) < _LARGEST
    return isinstance(value, {"str": str, "tuple": list}.get(kind.partition("[")[0], dict))
