"""A camera on the network: GStreamer's own RTSP server, as a process that can be stopped.

``python -m tests.edgecrack.rtsp_server PORT DESCRIPTION`` serves the pipeline at ``/live`` and
prints its port, which it finds itself where 0 is given.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

_ENCODED = "x264enc speed-preset=ultrafast tune=zerolatency key-int-max=5 ! rtph264pay name={}"
SOUND = "audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0 pt=8 "


def pictures(width_px: int = 160, height_px: int = 120, pay: str = "pay0", **more: object) -> str:
    """Return the pipeline of a camera of 25 pictures a second."""
    settings = "".join(f" {name.replace('_', '-')}={value}" for name, value in more.items())
    caps = f"video/x-raw,format=I420,width={width_px},height={height_px},framerate=25/1"
    return f"videotestsrc is-live=true pattern=ball{settings} ! {caps} ! {_ENCODED.format(pay)}"


def free_port() -> int:
    """Return a port of this machine at which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


class RtspServer:
    """A server as a process of its own.

    Args:
        port: Where it listens.
        description: The pipeline of its only stream; each client has its own.
    """

    def __init__(self, port: int, description: str | None = None) -> None:
        self.port = port
        module = [sys.executable, "-m", "tests.edgecrack.rtsp_server"]
        command = [*module, str(port), description or pictures()]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{port}\n"

    @property
    def url(self) -> str:
        """Where its stream is."""
        return f"rtsp://127.0.0.1:{self.port}/live"

    def stop(self) -> None:
        """Switch it off, as a cable that is cut does; safe to call twice."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def main() -> None:
    """Serve until killed."""
    import gi  # noqa: PLC0415  in the child alone

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer  # noqa: PLC0415

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {sys.argv[2]} )")
    server.get_mount_points().add_factory("/live", factory)
    assert server.attach(None), "the port is taken"
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
