"""The settings of a run as options of a command: each is declared once, in its room's spec."""

from __future__ import annotations

import re
from dataclasses import MISSING
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from edgecrack.commands.options import UNCHECKED
from edgecrack.config import SPECS, Tables, settings
from edgecrack.errors import UsageError
from edgecrack.settings import setting_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from dataclasses import Field

_ARGUMENT = "SOURCE"


def with_settings(
    *tables: str,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each setting of these tables, beside the parameters it declares.

    The command takes what was typed for them as ``typed: Tables``.

    Args:
        tables: Tables of ``unit.toml``; none means all of them.
    """
    specs = {table: SPECS[table] for table in tables or SPECS}
    return lambda command: _with_settings(command, specs)


def _with_settings(command: Callable[..., None], specs: Mapping[str, type]) -> Callable[..., None]:
    parameters = Signature.from_callable(command, eval_str=True).parameters.values()
    declared = [parameter for parameter in parameters if parameter.name != "typed"]

    def run(**values: Any) -> None:  # noqa: ANN401  what typer parsed
        own = {parameter.name: values.pop(parameter.name) for parameter in declared}
        command(typed=_tables(values, specs), **own)

    run.__doc__, run.__name__ = command.__doc__, command.__name__
    run.__signature__ = Signature([*_parameters(specs), *declared])  # type: ignore[attr-defined]
    return run


def _parameters(specs: Mapping[str, type]) -> Iterator[Parameter]:
    for table, spec in specs.items():
        hints = get_type_hints(spec)
        for declared in settings(spec):
            typed: Any = _typed(hints[declared.name])
            annotation: Any = Annotated[typed, _option(table, declared)]
            yield Parameter(
                f"{table}__{declared.name}",
                Parameter.KEYWORD_ONLY,
                default=None,
                annotation=annotation,
            )


def _typed(hint: Any) -> Any:  # noqa: ANN401  a type of a setting
    """Return what typer parses: numbers in a row are one word on the command line."""
    is_row = "tuple" in str(hint)
    return (str if is_row else hint) | None


def _option(table: str, declared: Field[Any]) -> Any:  # noqa: ANN401  typer's own types
    about = setting_of(declared)
    if about.flag == _ARGUMENT:
        return typer.Argument(metavar=_ARGUMENT, help=about.help, show_default=False)
    return typer.Option(
        about.flag,
        help=about.help,
        show_default=_default_text(declared),
        rich_help_panel=f"{table} (its table in unit.toml)",
        **UNCHECKED,
    )


def _default_text(declared: Field[Any]) -> str | bool:
    """Return how a default reads in ``--help``; a switch that is off needs no words."""
    about, default = setting_of(declared), declared.default
    if about.default_text or default in (None, False, MISSING):
        return about.default_text or False
    return about.flag.partition("/")[0].lstrip("-") if default is True else str(default)


def _tables(values: dict[str, Any], specs: Mapping[str, type]) -> Tables:
    """Sort what was typed into the tables of ``unit.toml``."""
    tables: Tables = {table: {} for table in specs}
    for table, spec in specs.items():
        hints = get_type_hints(spec)
        for declared in settings(spec):
            value = values[f"{table}__{declared.name}"]
            if value is not None:
                is_row = "tuple" in str(hints[declared.name])
                tables[table][declared.name] = _row(declared, value) if is_row else value
    return tables


def _row(declared: Field[Any], text: str) -> list[int]:
    """Read whole numbers in a row, such as 0,540,1920,540 or 960x540."""
    parts = re.split("[,x]", text)
    if not all(part.strip().isdecimal() for part in parts):
        about = setting_of(declared)
        raise UsageError(f"{about.flag} takes whole numbers, not '{text}': {about.help}")
    return [int(part) for part in parts]
