"""A manager of services."""

import tempfile

import pytest

from tests.edgecrack.program.notify_manager import Manager


@pytest.fixture
def manager():
    """Return a manager that listens at a path, as systemd does."""
    with tempfile.TemporaryDirectory() as folder:  # a socket's path must be short
        manager = Manager(f"{folder}/notify")
        yield manager
        manager.close()
