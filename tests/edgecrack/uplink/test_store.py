"""A store that answers oddly, breaks off, or is given a file that cannot be read."""

from contextlib import closing
from pathlib import Path

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage.disk import Digest
from edgecrack.uplink.addresses import parse_store
from edgecrack.uplink.store import HttpStore, NotTakenError
from tests.edgecrack.put_server import PutServer

FILE = bytes(300_000)
UNREADABLE = Path("/proc/self/mem")  # opens, and fails to read


@pytest.fixture
def server():
    """A server of plain PUT."""
    with closing(PutServer()) as put_server:
        yield put_server


@pytest.fixture
def store(server):
    """Return the store that it is."""
    with closing(HttpStore(parse_store(server.address))) as http_store:
        yield http_store


@pytest.fixture
def file(tmp_path):
    """Return a file to be put."""
    (tmp_path / "file").write_bytes(FILE)
    return tmp_path / "file"


def test_bytes_of_what_breaks_off_are_counted(server, store, tmp_path):
    """Cut in its middle: a link that breaks again and again still spends the budget."""
    data = bytes(24 << 20)  # more than waits in sockets
    (tmp_path / "large").write_bytes(data)
    server.cut_after = 0
    with pytest.raises(ConnectionError):
        store.put("large", Digest.of(data), tmp_path / "large")
    assert len(data) // 2 <= store.moved_bytes < len(data)


@pytest.mark.parametrize("length", ["5, 5", "many", ""])
def test_a_length_that_is_none_is_a_failure_of_the_store(server, store, file, length):
    """It raises what every failure of a store raises, and no other error."""
    store.put("file", Digest.of(FILE), file)
    server.length = length
    with pytest.raises(ConnectionError, match="Content-Length"):
        store.has("file", Digest.of(FILE))


@pytest.mark.parametrize("path", [UNREADABLE, Path("/proc"), Path("/nowhere")])
def test_a_file_that_cannot_be_read_is_no_failure_of_the_store(store, file, path):
    """It names the file, and the next file goes its way."""
    with pytest.raises(SinkError, match=str(path)):
        store.put("damaged", Digest.of(FILE), path)
    store.put("file", Digest.of(FILE), file)
    assert store.has("file", Digest.of(FILE))


def test_a_key_that_no_header_can_hold_is_told(server, tmp_path):
    """Letters that HTTP has not are a reason to wait for a person, and no other error."""
    credentials = tmp_path / "credentials"
    credentials.write_text("k\u20acy:secret", encoding="utf-8")
    address = parse_store(f"s3+{server.address}")
    with closing(HttpStore(address, credentials_file=credentials)) as store:
        with pytest.raises(ConnectionError, match="cannot be asked") as failed:
            store.has("file", Digest.of(FILE))
        assert "secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("status", "is_of_file"), [(400, True), (414, True), (401, False), (429, False), (503, False)]
)
def test_a_name_that_is_refused_is_told_from_a_store_that_serves_nobody(
    server, store, status, is_of_file
):
    """The first holds up one segment; a wrong password, or a rush, holds up all of them."""
    server.status = status
    with pytest.raises(ConnectionError, match=str(status)) as failed:
        store.has("file", Digest.of(FILE))
    assert isinstance(failed.value, NotTakenError) == is_of_file
