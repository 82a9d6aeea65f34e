"""A split: which pictures of a data set are for training, for validation and for test.

It is a list of ids (a file, or in the configuration), or is drawn by shares. What is drawn depends
on the names of the pictures and the seed alone, not on the order in which a disk lists them.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections import Counter
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from edgecrack.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Part = Literal["train", "validation", "test"]

PARTS: tuple[Part, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class SplitSpec:
    """How a data set is split: by ``file``, by ``validation`` and ``test``, or by ``ids``.

    Attributes:
        file: A list of ids, as in ``training/splits``: the name of one there, or the path of one
            (with a / or .txt), relative to the configuration. ``split = "x"`` is short for it.
        validation: Share of the pictures for validation, 0 to 1.
        test: Share of the pictures for test, 0 to 1; the rest is for training.
        seed: Another seed draws other pictures.
        group: Regular expression that finds the road or drive in a picture's path below the data
            folder, such as ``"drive[0-9]+"``; its first bracket, if it has one. Pictures of one
            group are never in different parts. Without it each picture is a group.
        ids: The ids (file names without ending) of each part. A run records its split so.
    """

    # read by pydantic in training.config
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "allow_inf_nan": False}

    file: str | None = None
    validation: float = 0.0
    test: float = 0.0
    seed: int = 0
    group: str | None = None
    ids: dict[Part, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a split that is given in no way or in two, or that cannot be drawn."""
        ways = [self.file is not None, self.by_shares, bool(self.ids)]
        if sum(ways) != 1:
            raise ValueError(
                "a split is given in one way, a file, the shares validation and test, or ids, not "
                f"in {sum(ways)}"
            )
        if min(self.validation, self.test) < 0 or self.validation + self.test >= 1:
            raise ValueError(
                "validation and test must be 0 or more and together below 1, not "
                f"{self.validation:g} and {self.test:g}"
            )
        if self.group is not None and not self.by_shares:
            raise ValueError("group is for a split by shares; add validation, or remove group")
        try:
            re.compile(self.group or "")
        except re.error as error:
            raise ValueError(f"group must be a regular expression, but: {error}") from error

    @property
    def by_shares(self) -> bool:
        """Whether the parts are drawn."""
        return bool(self.validation or self.test)


def parts_of(spec: SplitSpec, pictures: Iterable[tuple[str, str]], set_name: str) -> dict[str, str]:
    """Return id -> part.

    Args:
        spec: The split.
        pictures: The id of each picture, and its path below the data folder, which ``spec.group``
            is searched in. Pictures of one id are in one part.
        set_name: The data set, for messages.

    Raises:
        ConfigError: If there is no such list, ``spec.group`` is not in a path, two groups have
            pictures of one id, or there are fewer groups than parts.

    Example:
        >>> spec = SplitSpec(validation=0.3, group="^[a-z]+")
        >>> pictures = [("a1", "a/1"), ("a2", "a/2"), ("b1", "b/1"), ("c1", "c/1")]
        >>> parts_of(spec, pictures, "roads")
        {'a1': 'train', 'a2': 'train', 'b1': 'train', 'c1': 'validation'}
    """
    if spec.file is not None:
        return read_split(spec.file)
    if spec.ids:
        return {ident: part for part, idents in spec.ids.items() for ident in idents}
    group_of_id: dict[str, str] = {}
    for ident, path in pictures:
        group = _group_of(spec, ident, path, set_name)
        if group_of_id.setdefault(ident, group) != group:
            raise ConfigError(
                f"data set '{set_name}' has pictures named '{ident}' in the groups "
                f"'{group_of_id[ident]}' and '{group}'; rename them, or make a data set of each "
                "folder."
            )
    return _draw(spec, group_of_id, set_name)


def _group_of(spec: SplitSpec, ident: str, path: str, set_name: str) -> str:
    if spec.group is None:
        return ident
    found = group_in(spec.group, path)
    if found is None:
        raise ConfigError(
            f"data set '{set_name}' is split by the group '{spec.group}', which '{path}' does not "
            "have; change split.group so that it finds one in each path."
        )
    return found


def group_in(pattern: str, text: str) -> str | None:
    """Return what ``pattern`` finds in ``text``: its first bracket, if it has one; None if nothing.

    Example:
        >>> group_in("BR-[0-9]+", "BR-290_0017"), group_in("([A-Z]+)_[0-9]", "RS_290")
        ('BR-290', 'RS')
    """
    found = re.search(pattern, text)
    if found is None:
        return None
    return (found[1] or "") if found.re.groups else found[0]


def _draw(spec: SplitSpec, group_of_id: Mapping[str, str], set_name: str) -> dict[str, str]:
    """Give whole groups, in an order drawn from the seed, to each part until it has its share."""
    sizes = Counter(group_of_id.values())
    left = sorted(sizes, key=lambda group: hashlib.sha256(f"{spec.seed}/{group}".encode()).digest())
    part_of_group: dict[str, str] = {}
    for part, share in (("validation", spec.validation), ("test", spec.test)):
        taken = _take(sizes, left, share * len(group_of_id)) if share else []
        left = [group for group in left if group not in taken]
        part_of_group |= dict.fromkeys(taken, part)
    if not left:
        raise ConfigError(
            f"data set '{set_name}' must have a group of pictures for each part, but has only "
            f"{len(sizes)}; add pictures, or change split.group."
        )
    part_of_group |= dict.fromkeys(left, "train")
    return {ident: part_of_group[group] for ident, group in sorted(group_of_id.items())}


def _take(sizes: Mapping[str, int], left: list[str], wanted: float) -> list[str]:
    """Take groups while that comes nearer to the wanted number of pictures; at least one."""
    taken: list[str] = []
    count = 0
    for group in left:
        if count + sizes[group] / 2 <= wanted:
            taken.append(group)
            count += sizes[group]
    return taken or sorted(left, key=lambda group: sizes[group])[:1]


def read_split(file: str, folder: Path = Path()) -> dict[str, str]:
    """Return id -> part for a list in ``training/splits``, or for a path relative to ``folder``.

    Raises:
        ConfigError: If there is no such list, or it gives an id two parts.

    Example:
        >>> read_split("crackforest")["097"]
        'test'
    """
    if is_path(file):
        path = folder / file
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"split = '{file}' must be a readable list, but: {error}.") from error
        return _parse(text, str(path))
    shipped = resources.files("training") / "splits" / f"{file}.txt"
    if not shipped.is_file():
        raise ConfigError(
            f"split = '{file}' must be a list in training/splits, but there is none; the path of "
            "another list has a / or ends in .txt."
        )
    return _parse(shipped.read_text("utf-8"), file)


def is_path(file: str) -> bool:
    """Tell whether ``file`` is a path, not a name in ``training/splits``."""
    return "/" in file or file.endswith(".txt")


def listed(part_of_id: Mapping[str, str]) -> SplitSpec:
    """Return a split by ids: the same one wherever the pictures and the list are."""
    ids = {
        part: tuple(sorted(ident for ident, its_part in part_of_id.items() if its_part == part))
        for part in PARTS
    }
    return SplitSpec(ids=ids)


def split_text(spec: SplitSpec) -> str:
    """Return the ids of ``spec`` as the text of a list, one a line, which `read_split` reads.

    Example:
        >>> print(split_text(SplitSpec(ids={"train": ("a", "b c")})), end="")
        train a
        train 'b c'
    """
    lines = [f"{part} {shlex.quote(i)}\n" for part in PARTS for i in spec.ids.get(part, ())]
    return "".join(lines)


def _parse(text: str, name: str) -> dict[str, str]:
    """Parse lines of a part and its ids: quotes hold an id with spaces, # begins a comment."""
    parts: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            part, *idents = shlex.split(line, comments=True) or ["train"]
        except ValueError as error:
            raise ConfigError(f"{name}, line {number}: {error}; mend the quotes.") from error
        if part not in PARTS:
            raise ConfigError(
                f"{name}, line {number} must begin with {', '.join(PARTS)} or #, not '{part}'."
            )
        for ident in idents:
            if parts.setdefault(ident, part) != part:
                raise ConfigError(
                    f"{name}, line {number}: '{ident}' is in {parts[ident]} and in {part}; remove "
                    "it from one."
                )
    return parts
