"""Disks and run folders for the tests of storage."""

import pytest

from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder


@pytest.fixture
def directory(tmp_path):
    """A claimed, empty run folder."""
    return RunFolder.create(tmp_path / "run", LocalDisk())


@pytest.fixture(scope="session")
def names():
    """Return what a folder holds, sorted."""
    return lambda folder: sorted(entry.name for entry in folder.iterdir())
