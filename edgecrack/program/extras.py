"""A library that is not installed, told by the extra that brings it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING

from edgecrack.errors import ConfigError
from edgecrack.installation import to_install

if TYPE_CHECKING:
    from collections.abc import Iterator

_REQUIREMENT = re.compile(r"([\w.-]+).*\bextra == ['\"]([\w-]+)['\"]")


@contextmanager
def extras_needed(preferred: str = "") -> Iterator[None]:
    """Turn an import of a library of one of our extras into the sentence that cures it.

    Args:
        preferred: The extra to name where several bring the library.

    Raises:
        ConfigError: If such a library is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        extras = extras_of(library, _requirements())
        if not extras:
            raise
        extra = preferred if preferred in extras else extras[0]
        raise ConfigError(
            f"this command needs the library '{library}', which is not installed; "
            f"{to_install(extra)}."
        ) from error


def extras_of(library: str, requirements: list[str]) -> list[str]:
    """Return the extras that bring a library, in the order of a package's requirements.

    Example:
        >>> extras_of("torch", ["numpy>=1.26", 'torch>=2.4; extra == "train"'])
        ['train']
    """
    found = (_REQUIREMENT.match(requirement) for requirement in requirements)
    return [match[2] for match in found if match and match[1] == library]


def _requirements() -> list[str]:
    return metadata.requires("edgecrack") or []
