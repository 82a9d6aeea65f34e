"""One setting of a program: declared once, read from ``unit.toml`` and from the command line.

A room describes what may be set about it as a frozen dataclass whose fields are made by `setting`.
``edgecrack.config`` reads them from TOML tables, ``edgecrack.commands`` makes options of them.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from dataclasses import Field

_KEY = "setting"


class _AnyText:
    """Lets a setting be any string; pydantic alone refuses names that are not UTF-8."""

    def __get_pydantic_core_schema__(self, *_: object) -> dict[str, object]:
        """Return the schema of an instance of ``str``; pydantic asks for it by this name."""
        return {"type": "is-instance", "cls": str, "cls_repr": "a string"}


AddressText = Annotated[str, _AnyText()]
"""A path or URI as it was typed: a path need not be UTF-8."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What people are told about one setting.

    Attributes:
        help: One sentence, for ``--help`` and the key reference.
        flag: The option's name on the command line, such as ``--rate``, or ``--live/--file``.
        default_text: What stands for a default of None, such as "the whole picture".
    """

    help: str
    flag: str
    default_text: str = ""


def setting(default: Any = MISSING, *, help: str, flag: str, default_text: str = "") -> Any:  # noqa: A002, ANN401  like dataclasses.field
    """Return a dataclass field that is a setting; without a default it must be given.

    Example:
        >>> from dataclasses import dataclass, fields
        >>> @dataclass(frozen=True)
        ... class LampSpec:
        ...     watts: int = setting(60, help="Power of the lamp.", flag="--watts")
        >>> LampSpec().watts, setting_of(fields(LampSpec)[0]).flag
        (60, '--watts')
    """
    return field(default=default, metadata={_KEY: Setting(help, flag, default_text)})


def setting_of(declared: Field[Any]) -> Setting:
    """Return what is told about a field made by `setting`."""
    found: Setting = declared.metadata[_KEY]
    return found
