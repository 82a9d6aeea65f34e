"""The configuration of a training run: one TOML file, in which every key is checked.

An unknown key is refused, and the nearest known one named. ``fit`` writes a copy of the
configuration next to the checkpoints.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from edgecrack.toml import config_error
from training.augment import AugmentSpec
from training.inheritance import read_with_base
from training.losses import LossSpec
from training.split import SplitSpec, is_path, listed, read_split
from training.truth import Labelled
from training.unet import UNetSpec

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataConfig(BaseModel):
    """One set of pictures with their masks.

    Attributes:
        name: Its name in scores.
        kind: ``crackforest`` (``image/NNN.jpg`` beside ``groundTruth/NNN.mat``) or ``folder``.
        images: Folders of pictures, relative to the data folder.
        masks: Folders of crack masks, one for each folder of pictures; a mask has its picture's
            stem. Without masks cracks are unknown, which needs ``areas``.
        areas: Folders of area masks, likewise: 0 not road, 1 road, 2 paint, 255 unknown. Where a
            picture is not road or is paint, it is known to have no crack.
        labelled: Where every crack was labelled: ``everywhere``, or on ``road`` (area 1) only; the
            rest is unknown.
        crack_free: Whether the roads of a set with ``areas`` and without ``masks`` show no crack:
            what is road there then teaches that joints, patches and shadows are none.
        all_road: Whether every pixel of every picture is road, as in close-ups; instead of
            ``areas``, for a network that also answers where the road is.
        field: CrackForest only: the field of the ground truth to learn.
        mask_threshold: A mask pixel above this is crack; 0 means any non-zero pixel.
        split: Which pictures are for validation and for test; without it all are for training.
        group: Regular expression that finds the road or drive in a picture's id, its file name
            without ending, such as ``"BR-[0-9]+"``; its first bracket, if it has one. Scores are
            also told by group, and ``leave-out`` leaves out each.
        scale: Factor by which pictures are first shrunk, above 0, at most 1.
        weight: How often a training sample comes from this set, relative to the others.
        crack_share: Share of the training samples that are centred on a crack, 0 to 1.
        zoom_min: Replaces ``augment.zoom_min`` for this set.
        zoom_max: Replaces ``augment.zoom_max`` for this set.
        flip_vertical: Replaces ``augment.flip_vertical`` for this set: a picture of the ground from
            above has no upright, one of a street has.
        validate_px: Tolerance for the validation F1, in pixels of the full picture; without it the
            set is not validated.
        licence: The owner's terms, which are copied into a bundle made from these weights.
    """

    model_config = STRICT

    name: str
    kind: Literal["crackforest", "folder"] = "folder"
    images: tuple[str, ...] = Field(min_length=1)
    masks: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    labelled: Labelled = "everywhere"
    crack_free: bool = False
    all_road: bool = False
    field: Literal["Segmentation", "Boundaries"] = "Segmentation"
    mask_threshold: int = Field(default=127, ge=0, le=254)
    split: SplitSpec | None = None
    group: str | None = None
    scale: float = Field(default=1.0, gt=0, le=1)
    weight: float = Field(default=1.0, ge=0)
    crack_share: float = Field(default=0.5, ge=0, le=1)
    zoom_min: float | None = None
    zoom_max: float | None = None
    flip_vertical: bool | None = None
    validate_px: float | None = Field(default=None, ge=0, le=100)
    licence: str = "not stated"

    @field_validator("split", mode="before")
    @classmethod
    def _name_of_a_list(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str) else value

    @field_validator("group")
    @classmethod
    def _pattern(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"group must be a regular expression, but: {error}") from error
        return value

    @model_validator(mode="after")
    def _one_mask_folder_per_picture_folder(self) -> Self:
        for key, folders in (("masks", self.masks), ("areas", self.areas)):
            if folders and len(folders) != len(self.images):
                raise ValueError(
                    f"data set '{self.name}' lists {len(self.images)} folders of pictures and "
                    f"{len(folders)} of {key}; list one folder of {key} for each folder of pictures"
                )
        if self.kind == "folder" and not self.masks and not self.areas:
            raise ValueError(
                f"data set '{self.name}' lists no folder of masks; add masks = [...], or areas = "
                "[...] if its cracks are not labelled"
            )
        if self.all_road and self.areas:
            raise ValueError(
                f"data set '{self.name}' says all_road = true and has areas, which tell where the "
                "road is; remove one"
            )
        if self.crack_free and (self.has_crack_labels or not self.areas):
            raise ValueError(
                f"data set '{self.name}' says crack_free = true, which is for a set with areas and "
                "without masks; remove crack_free"
            )
        if self.labelled == "road" and not self.areas:
            raise ValueError(
                f"data set '{self.name}' says labelled = 'road' but no areas tell where the road "
                "is; add areas = [...]"
            )
        return self

    @property
    def has_crack_labels(self) -> bool:
        """Whether cracks were labelled; without labels a set teaches only where there are none."""
        return self.kind == "crackforest" or bool(self.masks)


class FitConfig(BaseModel):
    """The optimisation. The defaults are the paper's.

    Attributes:
        batch: Samples in a step.
        crop_px: Side of a training sample; without it whole pictures are used, all of one size.
        steps_per_epoch: Steps in an epoch.
        epochs: Epochs in the whole run.
        learning_rate: The learning rate of Adam.
        schedule: ``constant``, or ``cosine`` down to a hundredth after 2 % of warm-up.
        weight_decay: Decoupled (AdamW) when above 0.
        ema: Decay of the running average of the weights that is validated and saved; 0 for none.
        seed: With the same seed, machine and threads the weights are the same, bit for bit.
        precision: ``auto`` is bf16 if the processor has bf16 instructions, else fp32; on a GPU it
            is bf16, or fp16 where that is missing.
        workers: Processes that prepare samples; the samples do not depend on it.
        threads: Torch threads; 0 leaves torch's default.
        validate_every: Epochs between validations; 0 trains without any, and keeps the last epoch.
        stop_after: The run stops after so many validations in a row without a better quality; 0
            never. With ``cosine`` the rate is then still high: give it fewer epochs instead.
    """

    model_config = STRICT

    batch: int = Field(default=2, gt=0)
    crop_px: int | None = Field(default=None, gt=0)
    steps_per_epoch: int = Field(default=300, gt=0)
    epochs: int = Field(default=20, gt=0)
    learning_rate: float = Field(default=3e-4, gt=0, le=1)
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = Field(default=0.0, ge=0)
    ema: float = Field(default=0.0, ge=0, lt=1)
    seed: int = Field(default=0, ge=0)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    workers: int = Field(default=0, ge=0)
    threads: int = Field(default=0, ge=0)
    validate_every: int = Field(default=1, ge=0)
    stop_after: int = Field(default=0, ge=0)


class TrainConfig(BaseModel):
    """A whole training run.

    Attributes:
        name: Name of the model.
        base: Another configuration, relative to this file, whose keys hold where this one does not
            give them: key by key in each table; data sets are replaced as a whole.
        start: A checkpoint whose weights the run starts with: its path, relative to the current
            folder, or the name of one in training/checkpoints. Without it they are random. It must
            be of the same network. Its data sets and terms are recorded with the new run's.
        model: The network.
        loss: The loss.
        augment: The augmentation.
        fit: The optimisation.
        data: The data sets.
    """

    model_config = STRICT

    name: str
    base: str | None = None
    start: str | None = None
    model: UNetSpec = UNetSpec()
    loss: LossSpec = LossSpec()
    augment: AugmentSpec = AugmentSpec()
    fit: FitConfig = FitConfig()
    data: tuple[DataConfig, ...] = Field(min_length=1)

    def augment_of(self, data: DataConfig) -> AugmentSpec:
        """Return the augmentation of one data set."""
        own: dict[str, Any] = {
            "zoom_min": data.zoom_min,
            "zoom_max": data.zoom_max,
            "flip_vertical": data.flip_vertical,
        }
        given = {key: value for key, value in own.items() if value is not None}
        return replace(self.augment, **given)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [data.name for data in self.data]
        if len(set(names)) < len(names):
            raise ValueError(f"data sets need different names, not {names}; rename one")
        if self.model.in_channels != 3:
            raise ValueError(f"model.in_channels must be 3 for RGB, not {self.model.in_channels}")
        for data in self.data:
            self.augment_of(data)
        crop = self.fit.crop_px or self.model.stride_px + 1
        if self.model.batch_norm and self.fit.batch == 1 and crop <= self.model.stride_px:
            raise ValueError(
                "model.batch_norm needs fit.batch = 2 or more, or a larger fit.crop_px"
            )
        return self


def parse_config(values: object, name: str) -> TrainConfig:
    """Check a parsed TOML document.

    Raises:
        ConfigError: If a key is unknown, missing or out of range; names it and the file ``name``.
    """
    try:
        return TrainConfig.model_validate(values)
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors()]
        raise config_error(name, details, TrainConfig.model_json_schema()) from error


def load_config(path: Path) -> TrainConfig:
    """Read a training configuration from a TOML file and those that it is based on.

    A split that is a path, relative to the file it is in, is replaced by the ids in it.

    Raises:
        ConfigError: If a file cannot be read, is not TOML, or has a wrong key or value.
    """
    values, data_path = read_with_base(path)
    config = parse_config(values, str(path))
    return config.model_copy(
        update={"data": tuple(_with_ids(data, data_path.parent) for data in config.data)}
    )


def _with_ids(data: DataConfig, folder: Path) -> DataConfig:
    if data.split is None or data.split.file is None or not is_path(data.split.file):
        return data
    return data.model_copy(update={"split": listed(read_split(data.split.file, folder))})
