"""Where a unit is asked for another model: whatever clients do, it goes on and answers the next."""

import json
import os
import socket
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.errors import BundleError, SinkError, SourceError, UsageError
from edgecrack.models import swap_socket
from edgecrack.models.swap_request import MOST_BYTES, SwapReply, SwapRequest, request_swap
from edgecrack.models.swap_socket import MOST_CLIENTS, Peer, SwapSocket

DIGEST = "5f" * 32
BUNDLE = Path("/models/7")
ASKED = SwapRequest(BUNDLE, DIGEST).to_line()


@pytest.fixture
def place(tmp_path):
    """Return where the socket is."""
    return tmp_path / "edgecrack.sock"


@pytest.fixture
def unit(place):
    """Return a function that opens the socket of a unit that answers as a test says."""
    opened = []

    def _unit(swap=lambda _path, _sha256: 7):
        opened.append(SwapSocket(place, swap))
        return opened[-1]

    yield _unit
    for each in opened:
        each.close()


def said(place, data, *, ends=True):
    """Say something; return the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(place))
        connection.sendall(data)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return SwapReply.of_line(answer.readline())


def test_what_is_asked_is_answered(unit, place):
    """The unit is told folder and digest; the client the first frame, or why there is none."""
    asked = []

    def swap(path, sha256):
        asked.append((path, sha256))
        if len(asked) > 1:
            raise BundleError("it is damaged.")
        return 4711

    unit(swap)
    assert request_swap(place, BUNDLE, DIGEST) == SwapReply(4711)
    assert request_swap(place, BUNDLE, DIGEST) == SwapReply(None, "it is damaged.")
    assert asked == [(BUNDLE, DIGEST)] * 2


WRONG = [
    b"",
    b"\n",
    b"GET / HTTP/1.1\r\n\r\n",
    ASKED[:-1],
    ASKED[: len(ASKED) // 2],
    b"[" * 50_000 + b"\n",
    b"\0\xff" * 1000 + b"\n",
    json.dumps({"path": str(BUNDLE)}).encode() + b"\n",
    json.dumps({"path": str(BUNDLE), "digest": DIGEST, "more": 1}).encode() + b"\n",
    json.dumps({"path": "models/7", "digest": DIGEST}).encode() + b"\n",
    json.dumps({"path": "/a\0b", "digest": DIGEST}).encode() + b"\n",
    json.dumps({"path": [], "digest": DIGEST}).encode() + b"\n",
    json.dumps({"path": str(BUNDLE), "digest": DIGEST.upper()}).encode() + b"\n",
    json.dumps({"path": str(BUNDLE), "digest": 5}).encode() + b"\n",
    b"x" * (MOST_BYTES + 1),
]


@pytest.mark.parametrize("data", WRONG, ids=range(len(WRONG)))
def test_what_is_no_request_is_refused_and_asks_nothing(unit, place, data):
    """With a reason; the next client is served."""
    asked = []

    def swap(*request):
        asked.append(request)
        return 1

    unit(swap)
    assert said(place, data).reason
    assert asked == []
    assert said(place, ASKED).first_frame == 1


@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: json.dumps(text).encode()))
def test_no_line_ends_in_another_error(data):
    """It is a request, or an error of usage; an answer, or an error of the unit's."""
    with suppress(UsageError):
        SwapRequest.of_line(data)
    with suppress(SourceError):
        SwapReply.of_line(data)


def test_one_request_is_worked_on_at_a_time(unit, place):
    """Whoever asks meanwhile is told so at once."""
    has_begun, may_end = threading.Event(), threading.Event()

    def swap(_path, _sha256):
        has_begun.set()
        may_end.wait(60)
        return 1

    unit(swap)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(request_swap, place, BUNDLE, DIGEST)
        has_begun.wait(60)
        assert "busy" in request_swap(place, BUNDLE, DIGEST).reason
        may_end.set()
        assert first.result() == SwapReply(1)
    assert request_swap(place, BUNDLE, DIGEST) == SwapReply(1)


def test_clients_that_say_nothing_hold_up_nobody_for_long(unit, place, monkeypatch):
    """Of a hundred only a few are listened to, and none for longer than it may take."""
    monkeypatch.setattr(swap_socket, "READ_WITHIN_S", 1.0)
    unit()
    before = threading.active_count()
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(100)]
        for number, each in enumerate(silent):
            each.connect(str(place))
            if number % 2:
                each.send(ASKED[:20])
        # One that has answered may still be ending while the next begins.
        assert threading.active_count() <= before + 2 * MOST_CLIENTS
        for each in silent:
            each.settimeout(30)
            with each.makefile("rb") as answer:
                assert SwapReply.of_line(answer.readline()).reason
    while threading.active_count() > before:
        assert not place.is_file()
    monkeypatch.undo()
    assert request_swap(place, BUNDLE, DIGEST) == SwapReply(7)


def test_a_client_that_does_not_wait_changes_nothing(unit, place):
    """It is worked on; who asks next is answered."""
    is_done = threading.Event()

    def swap(_path, _sha256):
        is_done.set()
        return 7

    unit(swap)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(place))
        connection.send(ASKED)
    assert is_done.wait(60)
    while "busy" in (reply := request_swap(place, BUNDLE, DIGEST)).reason:
        pass
    assert reply == SwapReply(7)


def test_it_is_open_to_its_user_and_group(unit, place):
    """Nobody else may even connect; and where the file's mode was changed, the kernel is asked."""
    unit()
    assert stat.S_IMODE(place.stat().st_mode) == 0o660
    place.chmod(0o666)
    place.parent.chmod(0o755)
    assert request_swap(place, BUNDLE, DIGEST).accepted
    if os.geteuid() == 0:
        assert "only the unit's own user" in said_by_nobody(place)
        assert "line of JSON" in said_by_nobody(place, place.stat().st_gid)


def said_by_nobody(place, *groups):
    """Return what another user is told who says nothing of use; folders of pytest are closed."""
    asking = """if True:
        import contextlib, socket, sys
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(sys.argv[1])
        with contextlib.suppress(BrokenPipeError):  # it has answered already
            connection.send(b"\\n")
        print(connection.makefile().readline())"""
    folder = os.open(place.parent, os.O_PATH)
    try:
        return subprocess.run(
            ["/usr/bin/python3", "-c", asking, f"/proc/self/fd/{folder}/{place.name}"],
            user=65534, group=65534, extra_groups=groups, pass_fds=[folder], cwd="/",
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    finally:
        os.close(folder)


@pytest.mark.parametrize(
    ("peer", "may"),
    [
        (Peer(0, frozenset({0})), True),
        (Peer(990, frozenset({5})), True),
        (Peer(1000, frozenset({1000, 991})), True),
        (Peer(1000, frozenset({1000, 990})), False),
        (Peer(65534, frozenset({65534})), False),
    ],
)
def test_root_the_units_user_and_the_sockets_group_may_ask(peer, may):
    """And nobody else."""
    assert peer.may_ask(own_user=990, group=991) is may


def test_who_is_at_the_other_end_is_the_kernels_account():
    """This process is this user with these groups."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert Peer.of(ours) == Peer(os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


def test_what_a_killed_unit_left_is_replaced_and_a_running_one_is_not(unit, place):
    """Nor is a file that is no socket."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    unit()
    with pytest.raises(SinkError, match="another process listens"):
        SwapSocket(place, lambda _path, _sha256: 1)
    assert request_swap(place, BUNDLE, DIGEST) == SwapReply(7)
    other = place.with_name("file")
    other.write_text("kept")
    with pytest.raises(SinkError, match="file"):
        SwapSocket(other, lambda _path, _sha256: 1)
    assert other.read_text() == "kept"
    with pytest.raises(SinkError, match="No such file"):
        SwapSocket(place.with_name("no") / "folder", lambda _path, _sha256: 1)


def test_a_socket_that_is_closed_is_gone(place):
    """With its thread, its descriptor and its file; a client is told that no unit answers."""
    before = len([*Path("/proc/self/fd").iterdir()]), threading.active_count()
    opened = SwapSocket(place, lambda _path, _sha256: 1)
    opened.close()
    opened.close()
    assert (len([*Path("/proc/self/fd").iterdir()]), threading.active_count()) == before
    with pytest.raises(SourceError, match="is it running"):
        request_swap(place, BUNDLE, DIGEST)
