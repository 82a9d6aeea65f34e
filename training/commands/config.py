"""``edgecrack-train config``: begin, check and explain a configuration."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecrack.errors import SinkError, UsageError

if TYPE_CHECKING:
    from training.config import TrainConfig
    from training.key_reference import Key, Table


def config(
    file: Annotated[
        Path | None, typer.Argument(help="Configuration to check.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Folder of the data sets, to look for their pictures and draw their splits.",
            show_default="it is not looked at",
        ),
    ] = None,
    new: Annotated[
        Path | None,
        typer.Option(
            "--new",
            help="Write a configuration to begin with: your pictures, a network for a processor.",
            show_default=False,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            help="With --new: the checkpoint to begin with, a path or a name in "
            "training/checkpoints, such as vehicle.",
            show_default="none, random weights",
        ),
    ] = None,
    *,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print every key: its type, default and meaning.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Check FILE and print all that it resolves to, defaults included; or --explain, or --new.

    Example: edgecrack-train config --new mydata.toml --start vehicle

    Example: edgecrack-train config mydata.toml --data mydata
    """
    if sum([file is not None, new is not None, explain]) != 1:
        raise UsageError("give one of a FILE to check, --new FILE, and --explain.")
    if start is not None and new is None:
        raise UsageError("--start is for --new; write start = in a configuration that is there.")
    if new is not None:
        _write_starter(new, start)
    elif explain:
        _explain(as_json=as_json)
    elif file is not None:
        _check(file, data, as_json=as_json)


def _write_starter(path: Path, start: str | None) -> None:
    from training.starter import starter_text  # noqa: PLC0415  torch takes seconds

    text = starter_text(start).encode()
    try:
        with path.open("xb") as file:
            file.write(text)
    except FileExistsError as error:
        raise SinkError(f"{path} already exists; give --new another name.") from error
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}.") from error
    typer.echo(bytes(path))  # as it is, UTF-8 or not


def _explain(*, as_json: bool) -> None:
    from training.key_reference import tables  # noqa: PLC0415  torch takes seconds

    if as_json:
        typer.echo(json.dumps([asdict(table) for table in tables()], indent=2))
        return
    for table in tables():
        _print_table(table)


def _print_table(table: Table) -> None:
    header = f"[{table.name}]" if table.name else "At the top of the file"
    typer.echo(f"{header}: {table.summary}")
    for key in table.keys:
        typer.echo(f"\n  {key.name}  ({key.kind}; {_default(key)})")
        typer.echo(textwrap.fill(key.meaning, 100, initial_indent="    ", subsequent_indent="    "))
    typer.echo()


def _default(key: Key) -> str:
    return "must be given" if key.default is None else f"default: {key.default}"


def _check(file: Path, data: Path | None, *, as_json: bool) -> None:
    from training.config import load_config  # noqa: PLC0415  torch takes seconds
    from training.resolve import resolve_splits  # noqa: PLC0415
    from training.toml_text import toml_text  # noqa: PLC0415

    checked = load_config(file)
    if data is not None:
        checked = resolve_splits(checked, data)
    if as_json:
        typer.echo(checked.model_dump_json(indent=2))
        return
    for line in _counts(checked, data) if data is not None else []:
        typer.echo(f"# {line}")
    typer.echo(toml_text(checked.model_dump(mode="json")), nl=False)


def _counts(checked: TrainConfig, root: Path) -> list[str]:
    """Return a line on how many pictures of each data set are in each part."""
    from training.dataset import part_of  # noqa: PLC0415
    from training.split import PARTS  # noqa: PLC0415

    lines = []
    for data in checked.data:
        counts = [f"{len(part_of(data, root, part))} {part}" for part in PARTS]
        lines.append(f"{data.name}: {', '.join(counts)} pictures")
    return lines
