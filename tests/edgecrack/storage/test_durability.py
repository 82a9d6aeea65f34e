"""What it takes to survive a power cut."""

import errno
import os

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage.durability import sync_filesystem, sync_folder, writing


def test_a_failure_becomes_one_sentence(tmp_path):
    """The error names the file, the reason and the way out, and keeps its cause."""
    with pytest.raises(SinkError, match=r"x\.png could not be written \(No space left") as caught:  # noqa: SIM117
        with writing(tmp_path / "x.png"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert isinstance(caught.value.__cause__, OSError)
    assert "\n" not in str(caught.value)


def test_an_open_folder_can_be_synced(tmp_path):
    """The real system call answers yes for a real folder."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    sync_filesystem(descriptor)
    os.close(descriptor)
    sync_folder(tmp_path)


def test_a_failed_sync_is_never_silent():
    """A closed descriptor is an error with its number, not a shrug."""
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        sync_filesystem(-1)

    assert caught.value.errno == errno.EBADF
