"""What a bundle says about itself: ``manifest.json`` as records, each checked when it is made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import PurePosixPath
from typing import Any, TypeVar

SCHEMA_VERSION = 2
# Precision -> the widest tolerances a network of it may ask for: probability levels and mask IoU. A
# network that answers nothing is outside them on any golden frame with a crack. BF16 and INT8 move
# single pixels by dozens of levels, so only their masks are judged.
WIDEST = {
    "fp32": (8, 0.98),
    "bf16": (96, 0.95),
    "fp16": (8, 0.98),
    "int8": (255, 0.9),
    "int8-trt": (255, 0.9),
}
PRECISIONS = tuple(WIDEST)
AGREEMENT = "mask IoU with fp32"
"""Name of the score that says how well a precision's masks agree with those of FP32."""
MOST_PX = 8192
_LARGEST = 2**62  # keeps every later sum and product a number
_OR_NONE = " | None"  # how the annotation of an optional field ends

_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the bundle: its length and digest."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One network, of one input size and precision. Several may be the same file.

    A file whose height and width are symbolic is a network of every size that is listed for it, and
    ``bf16`` is an FP32 file whose convolutions are computed in BF16.

    Attributes:
        file: Name within the bundle.
        precision: ``fp32``, ``bf16``, ``fp16``, ``int8``, or ``int8-trt``, which is for TensorRT.
        width_px: Width of the input.
        height_px: Height of the input.
        max_levels: Largest difference from the golden probabilities that passes, in 1/255; at most
            8, for ``bf16`` 96, for ``int8`` 255.
        min_mask_iou: Smallest IoU with the golden masks that passes, up to 1; at least 0.98, for
            ``bf16`` 0.95, for ``int8`` 0.9.
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
        frame: File of the RGB frame, lossless WebP or PNG.
        probability: File of the expected answer, 8-bit grey PNG or lossless WebP.
        width_px: Width of all of them.
        height_px: Height of all of them.
        road: File of the road expected, like it; None where the networks do not say.
    """

    kind: str
    frame: str
    probability: str
    width_px: int
    height_px: int
    road: str | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the frame."""
        return self.width_px, self.height_px

    @property
    def answers(self) -> dict[str, str]:
        """Output of the network -> file of what is expected of it."""
        files = {"probability": self.probability, "road": self.road}
        return {output: file for output, file in files.items() if file is not None}


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """One score with everything that gives it a meaning; values from 0 to 1.

    Attributes:
        name: What was scored, and on what.
        value: The score.
        protocol: How.
        precision: Precision of the network that was scored.
    """

    name: str
    value: float
    protocol: str
    precision: str


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
        models: Networks; the first is the default.
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
        road_threshold: A pixel is road when its road (0..255) is at least this, 0..255; None where
            the networks do not say what is road.
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
    road_threshold: int | None = None

    def __post_init__(self) -> None:
        """Refuse a manifest that contradicts itself."""
        if not 1 <= self.threshold <= 255:
            raise ValueError(f"threshold must be 1 to 255, not {self.threshold}")
        if self.road_threshold is not None and not 0 <= self.road_threshold <= 255:
            raise ValueError(f"road_threshold must be 0 to 255, not {self.road_threshold}")
        self._check_files()
        self._check_models()
        self._check_golden()

    def _check_models(self) -> None:
        if not self.models:
            raise ValueError("models must list at least one network")
        if self.stride_px < 1:
            raise ValueError(f"stride_px must be at least 1, not {self.stride_px}")
        wishes = [(model.precision, model.size_px) for model in self.models]
        if len(set(wishes)) < len(wishes):
            raise ValueError("models must not list two networks of one precision and size")
        for model in self.models:
            if model.width_px % self.stride_px or model.height_px % self.stride_px:
                size = f"{model.width_px}x{model.height_px}"
                raise ValueError(f"an input must be a multiple of {self.stride_px} px, not {size}")

    def _check_golden(self) -> None:
        for golden in self.golden:
            if golden.size_px not in self.sizes_px:
                size = f"{golden.width_px}x{golden.height_px}"
                raise ValueError(f"golden frame '{golden.frame}' is of no network's size: {size}")
            if (golden.road is None) != (self.road_threshold is None):
                raise ValueError(
                    f"golden frame '{golden.frame}' must have a road exactly if road_threshold is "
                    "given"
                )

    def _check_files(self) -> None:
        used = {model.file for model in self.models}
        used |= {golden.frame for golden in self.golden}
        used |= {file for golden in self.golden for file in golden.answers.values()}
        missing = sorted(used - set(self.files))
        if missing:
            raise ValueError(f"'{missing[0]}' is used but has no digest under files")
        for name in self.files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or "\\" in name:
                raise ValueError(f"file '{name}' would lie outside the bundle")

    @property
    def thresholds(self) -> dict[str, int]:
        """Output of the networks -> from which level a pixel of it counts."""
        levels = {"probability": self.threshold, "road": self.road_threshold}
        return {output: level for output, level in levels.items() if level is not None}

    @property
    def sizes_px(self) -> tuple[tuple[int, int], ...]:
        """Width and height of each input size; the default comes first."""
        return tuple(dict.fromkeys(model.size_px for model in self.models))

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions that there are networks of."""
        return tuple(dict.fromkeys(model.precision for model in self.models))

    def agreement(self, precision: str) -> float | None:
        """Return how well the masks of a precision agree with FP32's, 0 to 1; None if not stated.

        It was measured on validation pictures, of which there are more than golden frames.
        """
        stated = (
            metric.value
            for metric in self.metrics
            if (metric.name, metric.precision) == (AGREEMENT, precision)
        )
        return next(stated, None)

    def golden_of(self, size_px: tuple[int, int]) -> tuple[GoldenEntry, ...]:
        """Return the golden frames that prove the networks of a size (width, height)."""
        return tuple(golden for golden in self.golden if golden.size_px == size_px)

    def as_json(self) -> str:
        """Return the text of ``manifest.json``, without what is None: it need not be known."""
        values = asdict(self, dict_factory=lambda pairs: {k: v for k, v in pairs if v is not None})
        return json.dumps(values, indent=2, sort_keys=False) + "\n"


def parse_manifest(values: Any) -> Manifest:  # noqa: ANN401  this is where untyped JSON ends
    """Return the manifest in a JSON document.

    Raises:
        ValueError: If a key is unknown or missing, or a value contradicts another.
        TypeError: If a value is of another JSON type.
    """
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
    """Return ``values`` if they are the fields of ``record``, each of its JSON type.

    A field that may be None may be left out: earlier bundles have none of them.
    """
    if not isinstance(values, dict):
        raise TypeError(f"{record.__name__} must be an object, not {type(values).__name__}")
    known = {field.name: str(field.type) for field in fields(record)}
    for key in values:
        if key not in known:
            raise ValueError(f"unknown key '{key}' in {record.__name__}")
    for name, kind in known.items():
        if name not in values and kind.endswith(_OR_NONE):
            continue
        if name not in values:
            raise ValueError(f"key '{name}' is missing in {record.__name__}")
        if not _is_of(kind.removesuffix(_OR_NONE), values[name]):
            raise TypeError(f"{record.__name__}.{name} must be {kind}, not {values[name]!r:.60}")
    return values


def _is_of(kind: str, value: Any) -> bool:  # noqa: ANN401
    """Tell whether a JSON value may stand for an annotation; a bool or a NaN is no number."""
    if kind in {"int", "float"}:
        is_number = isinstance(value, int if kind == "int" else (int, float))
        return is_number and not isinstance(value, bool) and abs(value) < _LARGEST
    return isinstance(value, {"str": str, "tuple": list}.get(kind.partition("[")[0], dict))
