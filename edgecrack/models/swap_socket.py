"""Where a unit that runs is asked to change to another model: a Unix socket, for this machine only.

What is said is told in `swap_request`. One request is worked on at a time; whoever asks meanwhile
is told so. Only the unit's own user, root, and members of the socket's group may ask.

What happens when the power goes
--------------------------------
The unit changes in memory only; what a start begins with is the link ``current``, which whoever
asked switches afterwards, in this order. Each step is durable before the next one begins:

1. The new release lies in ``releases/`` whole, with every file and folder synced.
2. The request, and its answer: accepted. The unit runs the new model.
3. ``previous`` becomes what ``current`` is: a new link beside it, renamed onto it, folder synced.
4. ``current`` becomes the new release, in the same way.

Cut anywhere before 4, a start runs the old model, which ``current`` still names; whoever asked
finds that link unchanged and asks again. While 4 is made durable, a start finds the old one or the
new one, and both are whole and proved. After 4 it finds the new one, and falls back to ``previous``
if that cannot be used: see `start_model`. The link comes last because what this unit refuses must
never be what it starts with. Each record names the model that made it, wherever the power went.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError, SinkError, UsageError
from edgecrack.models.swap_request import BUSY, MOST_BYTES, SwapReply, SwapRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODE = 0o660
MOST_CLIENTS = 8
READ_WITHIN_S = 5.0
"""How long a client may take for its line, or to take the answer."""

END_WITHIN_S, AGAIN_AFTER_S = 5.0, 1.0
_PEER_GROUPS = 59  # SO_PEERGROUPS, since Linux 4.13; Python has no name for it
_PEER = struct.Struct("3i")  # process, user, group
_MOST_GROUPS = 256  # as many as Python can ask for


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a connection, by the kernel's account.

    Attributes:
        user: Number of the user.
        groups: Numbers of all its groups.
    """

    user: int
    groups: frozenset[int]

    @classmethod
    def of(cls, connection: socket.socket) -> Peer:
        """Return who connected."""
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        _, user, group = _PEER.unpack(told)
        groups = b""
        with suppress(OSError):  # an older kernel, or more groups
            groups = connection.getsockopt(socket.SOL_SOCKET, _PEER_GROUPS, 4 * _MOST_GROUPS)
        return cls(user, frozenset({group, *memoryview(groups).cast("I")}))

    def may_ask(self, own_user: int, group: int) -> bool:
        """Tell whether it may, of a unit of this user whose socket has this group.

        Example:
            >>> [Peer(*who).may_ask(990, 991) for who in ((0, {0}), (1000, {1000}), (1000, {991}))]
            [True, False, True]
        """
        return self.user in {0, own_user} or group in self.groups


class SwapSocket:
    """Takes requests from the moment it is made, until it is closed.

    Args:
        path: Where it is. What an earlier unit left there is replaced, what a running one listens
            to is not.
        swap: Changes the model; told folder and digest, it returns the first frame's number.

    Raises:
        SinkError: It cannot be made there.
    """

    def __init__(self, path: Path, swap: Callable[[Path, str], int]) -> None:
        self._path, self._swap = path, swap
        self._room = threading.BoundedSemaphore(MOST_CLIENTS)
        self._one, self._is_closed = threading.Lock(), threading.Event()
        self._listener = _listening(path)
        self._group = path.stat().st_gid
        self._thread = threading.Thread(target=self._accept, name="model socket", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more requests, and wait for the one at work, so long; safe to call twice."""
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for a client
        self._thread.join(END_WITHIN_S)
        self._listener.close()
        self._path.unlink(missing_ok=True)
        self._one.acquire(timeout=END_WITHIN_S)  # and keep it

    def _accept(self) -> None:
        while not self._is_closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed; or out of descriptors, which passes
                self._is_closed.wait(AGAIN_AFTER_S)
                continue
            connection.settimeout(READ_WITHIN_S)
            if self._room.acquire(blocking=False):
                threading.Thread(
                    target=self._serve, args=(connection,), name="model request", daemon=True
                ).start()
            else:
                with connection:
                    _tell(connection, SwapReply(None, BUSY))

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                _tell(connection, self._reply(connection))
        finally:
            self._room.release()

    def _reply(self, connection: socket.socket) -> SwapReply:
        try:
            if not Peer.of(connection).may_ask(os.geteuid(), self._group):
                return SwapReply(None, "only the unit's own user, its group and root may ask")
            request = SwapRequest.of_line(_line(connection))
            if not self._one.acquire(blocking=False):
                return SwapReply(None, BUSY)
            try:
                return SwapReply(self._swap(request.path, request.sha256))
            finally:
                self._one.release()
        except EdgecrackError as error:
            return SwapReply(None, str(error))


def _listening(path: Path) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        SinkError: It cannot be made there, or a unit that runs listens there already.
    """
    listener = socket.socket(socket.AF_UNIX)
    try:
        if path.is_socket():
            _refuse_a_running_one(path)
            path.unlink()
        listener.bind(str(path))
        path.chmod(MODE)  # nobody can connect before the next line
        listener.listen(MOST_CLIENTS)
    except (OSError, SinkError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise SinkError(
            f"requests for another model cannot be taken at {path}: {reason}"
        ) from error
    return listener


def _refuse_a_running_one(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.settimeout(READ_WITHIN_S)
            probe.connect(str(path))
        except ConnectionRefusedError:  # left behind by one that was killed
            return
    raise SinkError("another process listens there")


def _line(connection: socket.socket) -> bytes:
    """Return what a client says up to the end of its line.

    Raises:
        UsageError: That is too long, takes too long, or never ends.
    """
    end_s, said = time.monotonic() + READ_WITHIN_S, b""
    while not said.endswith(b"\n"):
        try:
            connection.settimeout(max(0.001, end_s - time.monotonic()))
            part = connection.recv(MOST_BYTES)
        except OSError as error:
            raise UsageError(f"a request must come within {READ_WITHIN_S:g} s: {error}") from error
        said += part
        if not part or len(said) > MOST_BYTES:
            raise UsageError(f"a request must be one line of at most {MOST_BYTES} bytes")
    return said


def _tell(connection: socket.socket, reply: SwapReply) -> None:
    """Answer, if anybody still listens."""
    with suppress(OSError):
        connection.settimeout(READ_WITHIN_S)
        connection.sendall(reply.to_line())
