"""Which model a unit starts with: the current one, else the previous one, else the factory's.

A fleet keeps its releases in a folder with two links, ``current`` and ``previous``, which the
update agent switches. A bundle that cannot be used, because it is damaged, lacks what the unit is
told to use, needs more memory or disk than there is, or gives wrong answers here, must not end the
surveys: the next one is tried, and it is said why. A bundle that a person named is another matter:
they meant that one.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from edgecrack.errors import BundleError, NotHealthyError, SinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgecrack.segmenters import ModelSpec

LINKS = ("current", "previous")
FACTORY = "factory"

_Opened = TypeVar("_Opened")


def start_with(spec: ModelSpec, attempt: Callable[[ModelSpec], _Opened]) -> tuple[_Opened, str]:
    """Return what the first attempt that works returned, and which that was.

    Args:
        spec: What a unit was told about networks.
        attempt: Opens what is needed for a model, or lets go of everything and raises.

    Returns:
        What was opened; and the choice as a sentence, empty where there was none to make.

    Raises:
        EdgecrackError: The last attempt failed, or one for a reason that is not its model's.

    Example:
        >>> from pathlib import Path
        >>> from edgecrack.segmenters import ModelSpec
        >>> start_with(ModelSpec(releases=Path("/nowhere")), lambda spec: "opened")
        ('opened', 'factory, because there is no current; there is no previous')
        >>> start_with(ModelSpec(), lambda spec: "opened")
        ('opened', '')
    """
    if spec.releases is None or spec.bundle is not None:
        return attempt(spec), ""
    failures = []
    for name in LINKS:
        path = spec.releases / name
        if not os.path.lexists(path):
            failures.append(f"there is no {name}")
            continue
        try:
            return attempt(replace(spec, bundle=path)), _sentence(name, failures)
        except (BundleError, NotHealthyError) as error:
            failures.append(f"{name} cannot be used: {error}".rstrip("."))
    return attempt(replace(spec, bundle=None)), _sentence(FACTORY, failures)


@contextmanager
def laid_to_model(spec: ModelSpec) -> Iterator[None]:
    """Lay it to the model where it cannot be loaded meanwhile, if there is another one to try.

    Its engine finds no room on the disk, its network none in memory, or a library fails of it: the
    next start would fail of it, too, and the one after that.

    Args:
        spec: What is tried, as `start_with` gives it to an attempt.

    Raises:
        BundleError: In place of ``SinkError``, ``MemoryError`` and ``RuntimeError``, for a link.

    Example:
        >>> from pathlib import Path
        >>> from edgecrack.segmenters import ModelSpec
        >>> unit = ModelSpec(releases=Path("models"), bundle=Path("models/current"))
        >>> with laid_to_model(unit):
        ...     raise MemoryError
        Traceback (most recent call last):
        edgecrack.errors.BundleError: bundle models/current must be loaded here, but memory ran out
    """
    try:
        yield
    except (SinkError, MemoryError, RuntimeError) as error:
        if spec.releases is None or spec.bundle not in {spec.releases / name for name in LINKS}:
            raise
        why = "memory ran out" if isinstance(error, MemoryError) else str(error)
        raise BundleError(f"bundle {spec.bundle} must be loaded here, but {why}") from error


def first_choice(spec: ModelSpec) -> ModelSpec:
    """Return what a start tries first: with the folder of the first link that is there.

    Example:
        >>> from pathlib import Path
        >>> from edgecrack.segmenters import ModelSpec
        >>> first_choice(ModelSpec(releases=Path("/nowhere"))).bundle is None
        True
    """
    if spec.releases is None or spec.bundle is not None:
        return spec
    links = (spec.releases / name for name in LINKS)
    return replace(spec, bundle=next(filter(os.path.lexists, links), None))


def _sentence(name: str, failures: list[str]) -> str:
    return f"{name}, because {'; '.join(failures)}" if failures else name
