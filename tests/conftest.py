"""What every test may ask for."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from edgecrack.bundle import load_bundle
from edgecrack.storage.disk import LocalDisk
from tests.system_calls import read_calls, strace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.system_calls import SystemCalls

# It blocks torch and others for its whole process: a plugin, to be named with -p.
collect_ignore = ["without_training.py"]

# A claim holds on a slow machine, too.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


CHECKOUT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("EDGECRACK_DATA") or CHECKOUT.parent / "shared" / "data")
TINY_BUNDLE = CHECKOUT / "tests" / "edgecrack" / "data" / "tiny"
LEFT_OUT = pytest.StashKey[int]()
# What a test asks for -> the marker by which it is left out where that cannot be had.
MARKERS = {"browser": "browser", "traced": "system_calls"}


def pytest_itemcollected(item):
    """Mark a test by what it asks for, so that ``-m "not browser"`` finds each one."""
    for fixture, marker in MARKERS.items():
        if fixture in getattr(item, "fixturenames", ()):
            item.add_marker(marker)


def pytest_collection_modifyitems(config, items):
    """Leave out the tests on real data where the folder of real data is missing."""
    for item in items:
        reads = "shared_data" in getattr(item, "fixturenames", ())
        if reads and item.get_closest_marker("real_data") is None:
            raise pytest.UsageError(f"{item.nodeid} reads shared_data: mark it real_data")
    if DATA.is_dir():
        return
    on_real_data = [item for item in items if item.get_closest_marker("real_data")]
    if on_real_data:
        config.hook.pytest_deselected(items=on_real_data)
        items[:] = [item for item in items if item not in on_real_data]
    config.stash[LEFT_OUT] = len(on_real_data)


def pytest_terminal_summary(terminalreporter, config):
    """Say how many tests on real data were left out, and which folder was looked for."""
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} tests on real data were not run: there is no folder {DATA}; "
            "set EDGECRACK_DATA to where it is."
        )


@pytest.fixture(scope="session", autouse=True)
def signals() -> None:
    """Heed what nohup and a shell's background jobs ignore: the programs under test inherit it."""
    for number, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(scope="session", autouse=True)
def backend_choices(tmp_path_factory) -> Iterator[None]:
    """Keep the backends that tests choose out of the user's cache, and theirs out of the tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgecrack.models.choice.cache_folder", lambda: folder)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures, clips and logs, for tests that are marked real_data."""
    return DATA


@pytest.fixture(scope="session")
def tiny_bundle() -> Path:
    """Return the committed bundle of a network of 2,000 parameters, 96x64; never write to it."""
    return TINY_BUNDLE


@pytest.fixture
def bundle_copy(tiny_bundle, tmp_path) -> Path:
    """Return a copy of the tiny bundle that a test may damage."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def tiny(tiny_bundle):
    """Return the tiny bundle, loaded."""
    return load_bundle(tiny_bundle)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What it printed for machines."""
        return json.loads(self.stdout)

    def refused(self, code: int, *words: str) -> str:
        """Assert that it ended in one sentence, with this code and these words; return that."""
        assert self.code == code, self.stderr
        assert "Traceback" not in self.stderr
        assert len(self.stderr.splitlines()) == 1, self.stderr
        assert self.stdout == ""
        for word in words:
            assert word in self.stderr
        return self.stderr


class RecordedDisk(LocalDisk):
    """The real disk, and what it was asked to write, move and sync, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, Path]] = []

    def write(self, path: Path, data: bytes) -> None:
        """Record, and write."""
        self.calls.append(("write", path))
        super().write(path, data)

    def append(self, path: Path, data: bytes) -> None:
        """Record, and append."""
        self.calls.append(("append", path))
        super().append(path, data)

    def rename(self, source: Path, target: Path) -> None:
        """Record the new name, and rename."""
        self.calls.append(("rename", target))
        super().rename(source, target)

    def sync(self, path: Path) -> None:
        """Record, and sync."""
        self.calls.append(("sync", path))
        super().sync(path)


@pytest.fixture
def recorded_disk():
    """A real disk that remembers in ``calls`` what it was asked."""
    disk = RecordedDisk()
    yield disk
    disk.close()


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> dict[str, str]:
    """Return the environment in which a test starts programs of this checkout."""
    own = {"PYTHONPATH": str(CHECKOUT), "COLUMNS": "200", "NO_COLOR": "1"}
    return {**os.environ, **own, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture(scope="session")
def command(environment):
    """Return a function that runs one of the programs as a person does, and waits for its end."""

    def run(
        *arguments: object,
        package: str = "edgecrack",
        prefix: Sequence[str] = (),
        timeout_s: float = 110,
        **more: str,
    ) -> Ended:
        done = subprocess.run(
            [*prefix, sys.executable, "-m", package, *map(str, arguments)],
            env=environment | more, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def traced(command, tmp_path):
    """Return a function that runs a program, and returns what it asked of the kernel.

    Its home folder is new, ``home`` of ``tmp_path``, and holds but an empty ``.cache``; its folder
    of temporary files is ``temporary``.
    """
    home, calls, temporary = (tmp_path / name for name in ("home", "calls", "temporary"))
    for folder in (home / ".cache", calls, temporary):
        folder.mkdir(parents=True)
    places = {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": "",
        "XDG_RUNTIME_DIR": "",
    }

    def run(*arguments: object, package: str = "edgecrack") -> SystemCalls:
        how = {"package": package, "prefix": strace(calls)}
        ended = command(*arguments, **how, **places, PYTHONDONTWRITEBYTECODE="1")
        assert ended.code == 0, ended.stderr
        return read_calls(calls, Path.cwd())

    return run


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a bundle on disk, to be changed by a test."""

    folder: Path

    def change(self, way: tuple[Any, ...], value: object) -> None:
        """Put a value where keys and indices lead; ``...`` takes the key away."""
        values = json.loads(self._path.read_text())
        inside, (*steps, last) = values, way
        for step in steps:
            inside = inside[step]
        if value is ...:
            del inside[last]
        else:
            inside[last] = value
        self._path.write_text(json.dumps(values))

    def seal(self) -> None:
        """Make every digest fit the file as it is now."""
        values = json.loads(self._path.read_text())
        for name in values["files"]:
            data = (self.folder / name).read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            values["files"][name] = {"bytes": len(data), "sha256": digest}
        self._path.write_text(json.dumps(values))

    @property
    def _path(self) -> Path:
        return self.folder / "manifest.json"


@pytest.fixture
def manifest(bundle_copy) -> Manifest:
    """Return the manifest of ``bundle_copy``."""
    return Manifest(bundle_copy)
