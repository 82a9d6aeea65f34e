"""The file that is sent home: a zip of ``report.json`` and ``report.md``, an hour for each mode.

It is written after each step, whole or not at all. What was done in other power modes stays in it;
an earlier hour of the same mode is replaced.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from edgecrack.errors import UsageError
from edgecrack.first_hour.hidden import hidden, own_names
from edgecrack.first_hour.markdown import how_to_go_on, markdown, modes_left
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.first_hour.hour import Hour

SCHEMA_VERSION = 1
JSON_FILE, MARKDOWN_FILE = "report.json", "report.md"
_MOST_BYTES = 32_000_000
_NO_REPORT = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, EOFError),
    *(NotImplementedError, RecursionError, RuntimeError, zipfile.BadZipFile, zlib.error),
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: the report says its own time


class ReportFile:
    """A report that grows by an hour for each power mode.

    Args:
        path: The zip; made if missing.

    Raises:
        UsageError: There is a file that is no report of the first hour.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hours: dict[str, Any] = _read(path) if path.exists() else {}

    def keep(self, hour: Hour) -> None:
        """Write the file with this hour in it.

        Raises:
            SinkError: The disk is full or broken; an earlier file is untouched.
        """
        self._hours[hour.power_mode] = hidden(hour.as_json(), own_names())
        values = {"schema_version": SCHEMA_VERSION, "hours": self._hours}
        files = {
            JSON_FILE: json.dumps(values, indent=1) + "\n",
            MARKDOWN_FILE: markdown(self._hours),
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                about = zipfile.ZipInfo(name, _EPOCH)
                about.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(about, text)
        disk = LocalDisk()
        make_folders(disk, self._path.parent)
        replace_file(disk, self._path, buffer.getvalue())
        disk.close()

    @property
    def left(self) -> list[str]:
        """What to type for each power mode of the board that it holds no hour of."""
        return how_to_go_on(modes_left(self._hours))


def _read(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(JSON_FILE) as file:
            values = json.loads(file.read(_MOST_BYTES))
        if values["schema_version"] == SCHEMA_VERSION:
            markdown(values["hours"])  # which needs all that an hour has
            return dict(values["hours"])
    except _NO_REPORT as error:
        raise UsageError(
            f"{path} is there and is no report of the first hour ({error}); choose another --out."
        ) from error
    raise UsageError(f"{path} is a report of another version; choose another --out.")
