"""Pictures served over RTSP by GStreamer's own server.

All who watch share one encoder, which is made when the first comes and gone with the last: with
nobody there, nothing is encoded and nothing waits. Pictures go out over the connection that asked
for them (TCP): one port, and no picture is smeared. Whoever reads too slowly harms only themselves:
each client has a bounded queue of its own in the server.
"""

from __future__ import annotations

import socket
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.gst.picture_input import PictureInput
from edgecrack.gst.runtime import GLib, Gst
from edgecrack.installation import to_set_up
from edgecrack.signal_delivery import library_callback

try:
    import gi  # type: ignore[import-untyped, import-not-found, unused-ignore]

    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # as in edgecrack.gst.runtime
        from gi.repository import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
            GstRtsp,
            GstRtspServer,
        )
except (ImportError, ValueError) as error:
    raise EdgecrackError(
        f"GStreamer's RTSP server is needed but not usable here ({error}): run {to_set_up()}"
    ) from error

if TYPE_CHECKING:
    from edgecrack.records import RgbImage

MOST_CLIENTS = 8
"""Who comes later is refused."""

_THREADS = 2  # one may wait for a picture, to describe the stream by; the other still answers
_SESSIONS_EVERY_MS = 5000
_LINGER_S = 5.0  # so long is an encoder kept that nobody watches
_IDLE_S = 15.0  # so long may a connection stay that has no session, or none any more
_CLOSE_WITHIN_S = 2.0
_ROLE = "viewer"


class RtspOutlet:
    """An ``Outlet``.

    Attributes:
        clients: How often somebody began to watch.
    """

    def __init__(
        self,
        description: str,
        size_px: tuple[int, int],
        place: tuple[str, int, str],
        login: tuple[str, str] | None,
    ) -> None:
        """Listen.

        Args:
            description: A pipeline from an appsrc ``in`` to a payloader ``pay0``.
            size_px: Width and height of the stream.
            place: Host and port to listen at, and the path of the stream.
            login: Who may watch and with which password; None for all.

        Raises:
            SinkError: It cannot listen there.
        """
        _check_port(*place[:2])
        self.clients: int | None = 0
        self._size_px, self._lock = size_px, threading.Lock()
        self._inputs: dict[Any, PictureInput] = {}  # by media: two while one ends
        self._kept: dict[Any, float] = {}  # by media: when somebody was last seen to watch
        self._callers: dict[Any, float] = {}  # by client: when it was last seen with a session
        self._description, self._path = description, place[2]
        self._server = _server(place, login)
        self._mount()
        self._greeting = self._server.connect("client-connected", self._greet)
        self._context = GLib.MainContext.new()
        try:
            self._sources = [self._server.create_source(None)]
        except GLib.Error as error:
            raise SinkError(error.message) from error
        self._sources.append(GLib.timeout_source_new(_SESSIONS_EVERY_MS))
        self._sources[-1].set_callback(self._tidy)
        for source in self._sources:
            source.attach(self._context)
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="rtsp server", daemon=True)
        self._thread.start()

    def is_watched(self) -> bool:
        """Whether somebody watches, or is about to."""
        return bool(self._inputs)

    def push(self, picture: RgbImage) -> bool:
        """Send a picture without waiting; False where an older one was left out for it."""
        taken = [entry.push(picture) for entry in self._entries()]
        return all(taken)

    def problem(self) -> str | None:
        """Say that the encoder failed, or that nobody reads what was sent."""
        return next((entry.problem for entry in self._entries() if entry.problem), None)

    def close(self) -> None:
        """Let go of the port and of all clients; safe to call twice."""
        self._closing = True
        self._context.wakeup()
        self._thread.join(_CLOSE_WITHIN_S)

    def _entries(self) -> list[PictureInput]:
        with self._lock:
            return list(self._inputs.values())

    def _serve(self) -> None:
        while not self._closing:
            self._context.iteration(True)  # noqa: FBT003  it may block
        while self._sources:
            self._sources.pop().destroy()  # the port is free when the last reference is gone
        self._server.client_filter(_remove)  # each takes its session along
        self._let_go(at_once=True)
        self._server.get_mount_points().remove_factory(self._path)
        self._server.disconnect(self._greeting)  # it holds this object
        with self._lock:
            self._inputs.clear()
            self._callers.clear()
        while self._context.pending():
            self._context.iteration(False)  # noqa: FBT003

    def _mount(self) -> None:
        factory = _factory(self._description)
        factory.connect("media-configure", self._begin)
        self._server.get_mount_points().add_factory(self._path, factory)

    @library_callback
    def _begin(self, _factory: Any, media: Any) -> None:  # noqa: ANN401 - gi has no types
        appsrc = media.get_element().get_by_name("in")
        with self._lock:
            self._inputs[media] = PictureInput(appsrc, self._size_px)
        media.connect("prepared", self._keep)
        media.connect("target-state", self._replace)
        media.connect("unprepared", self._end)

    @library_callback
    def _keep(self, media: Any) -> None:  # noqa: ANN401
        """Keep an encoder for a while: who comes as the last one leaves would find it half gone."""
        with self._lock:
            is_new = media in self._inputs and media not in self._kept
            if is_new:
                self._kept[media] = time.monotonic()
        if is_new:
            media.prepare(None)  # as one more client would

    def _let_go(self, *, at_once: bool = False) -> None:
        """End the encoders that nobody has watched for a while."""
        now_s, is_watched = time.monotonic(), self._server.get_session_pool().get_n_sessions() > 0
        with self._lock:
            if is_watched and not at_once:
                self._kept = dict.fromkeys(self._kept, now_s)
            over = [m for m, seen_s in self._kept.items() if at_once or now_s - seen_s > _LINGER_S]
            for media in over:
                del self._kept[media]
        for media in over:
            media.unprepare()

    @library_callback
    def _replace(self, _media: Any, state: int) -> None:  # noqa: ANN401
        """Have another encoder for whoever comes while one ends: given that, they are refused."""
        if state == Gst.State.NULL and not self._closing:
            self._mount()

    @library_callback
    def _end(self, media: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._inputs.pop(media, None)
            self._kept.pop(media, None)

    @library_callback
    def _greet(self, _server: Any, client: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._callers[client] = time.monotonic()
            is_one_too_many = len(self._callers) > MOST_CLIENTS
        client.connect("closed", self._leave)
        if is_one_too_many:  # refused once it is attached: before, closing would leak it
            later = GLib.idle_source_new()
            later.set_callback(self._refuse, client)
            later.attach(self._context)
            return
        client.connect("play-request", self._count)

    @library_callback
    def _refuse(self, client: Any) -> bool:  # noqa: ANN401
        client.close()
        return False

    @library_callback
    def _leave(self, client: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._callers.pop(client, None)

    @library_callback
    def _count(self, *_request: Any) -> None:  # noqa: ANN401
        with self._lock:
            self.clients = (self.clients or 0) + 1

    @library_callback
    def _tidy(self, *_data: Any) -> bool:  # noqa: ANN401
        """Let go of who fell silent: the server leaves that to its user.

        Its own ``post-session-timeout`` can end the process, when a client leaves meanwhile.
        """
        self._server.get_session_pool().cleanup()
        self._let_go()
        with self._lock:
            callers, now_s = dict(self._callers), time.monotonic()
        for client, seen_s in callers.items():
            if client.session_filter(None):
                self._see(client, now_s)
            elif now_s - seen_s > _IDLE_S:
                client.close()
        return True

    def _see(self, client: Any, now_s: float) -> None:  # noqa: ANN401
        with self._lock:
            if client in self._callers:
                self._callers[client] = now_s


def _check_port(host: str, port: int) -> None:
    """Find out whether a port is free; the server, when it is not, leaks a socket of each attempt.

    Raises:
        SinkError: It is taken, or the host is none of this machine's.
    """
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(where)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SinkError(f"it cannot listen at port {port} of {host}: {reason}") from error


def _server(place: tuple[str, int, str], login: tuple[str, str] | None) -> Any:  # noqa: ANN401
    server = GstRtspServer.RTSPServer()
    server.set_address(place[0])
    server.set_service(str(place[1]))
    server.get_thread_pool().set_max_threads(_THREADS)
    if login is not None:
        auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
        token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, _ROLE)
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)  # no password in clear text
        auth.add_digest(*login, token)
        server.set_auth(auth)
    return server


def _factory(description: str) -> Any:  # noqa: ANN401
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(description)
    factory.set_shared(True)
    factory.set_latency(0)
    factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
    factory.set_suspend_mode(GstRtspServer.RTSPSuspendMode.NONE)
    may = f"{_ROLE}, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
    factory.add_role_from_structure(Gst.Structure.new_from_string(may))
    return factory


@library_callback
def _remove(*_what: Any) -> Any:  # noqa: ANN401
    return GstRtspServer.RTSPFilterResult.REMOVE
