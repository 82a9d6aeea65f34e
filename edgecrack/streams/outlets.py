"""The outlet that an address asks for, with the encoder that this machine has."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.gst import stream_chain
from edgecrack.gst.hardware import hardware_stream_encoding
from edgecrack.gst.outlet import PipelineOutlet
from edgecrack.gst.picture_input import even_size_px
from edgecrack.gst.runtime import has_element
from edgecrack.gst.srt_outlet import SrtOutlet
from edgecrack.installation import to_set_up
from edgecrack.streams.address import StreamKind

if TYPE_CHECKING:
    from edgecrack.streams import Outlet
    from edgecrack.streams.address import StreamAddress

_NEEDED = {
    StreamKind.RTSP: ("rtph264pay",),
    StreamKind.SRT: ("mpegtsmux", "srtsink"),
    StreamKind.UDP: ("mpegtsmux", "udpsink"),
    StreamKind.HLS: ("hlssink2", "mpegtsmux"),
}


@dataclass(frozen=True, slots=True)
class OutletSpec:
    """What an outlet is like, but for the size of its pictures.

    Attributes:
        address: Where pictures go.
        fps: Nominal pictures a second.
        bitrate_kbps: Of the video.
        in_hardware: Let a board's own unit encode, where it has one.
    """

    address: StreamAddress
    fps: float
    bitrate_kbps: int
    in_hardware: bool = True


def check_installed(kind: StreamKind) -> None:
    """Find out now, rather than at the first picture, what is not installed.

    Raises:
        EdgecrackError: Something that this kind of stream needs.
    """
    missing = [name for name in (*_NEEDED[kind], "h264parse") if not has_element(name)]
    if missing:
        raise EdgecrackError(
            f"a stream over {kind.name} needs GStreamer's {', '.join(missing)}, which is not "
            f"installed: run {to_set_up()}"
        )
    if kind is StreamKind.RTSP:
        import edgecrack.gst.rtsp_server  # noqa: F401, PLC0415  it says so itself


def open_outlet(spec: OutletSpec, size_px: tuple[int, int]) -> Outlet:
    """Open an outlet for pictures of one size.

    Raises:
        EdgecrackError: It cannot be opened now; trying again may help.
    """
    size_px, address = even_size_px(size_px), spec.address
    settings: stream_chain.Settings
    source = _source_chain(spec, size_px)
    if address.kind is StreamKind.RTSP:
        from edgecrack.gst.rtsp_server import RtspOutlet  # noqa: PLC0415  only when asked for

        login = (address.user, address.password) if address.user else None
        place = (address.host, address.port, address.path)
        return RtspOutlet(stream_chain.rtsp_chain(source), size_px, place, login)
    if address.kind is StreamKind.UDP:
        settings = (("host", _ip_of(address.host)), ("port", address.port))
        return _started(PipelineOutlet(stream_chain.udp_chain(source), settings, size_px))
    if address.kind is StreamKind.SRT:
        chain, settings = stream_chain.srt_chain(source), _srt_settings(address)
        return _started(SrtOutlet(chain, settings, size_px, is_listener=address.is_listener))
    chain = stream_chain.hls_chain(source)
    settings = stream_chain.hls_settings(str(_empty_folder(Path(address.path))))
    return _started(PipelineOutlet(chain, settings, size_px, is_film=True))


def _started(outlet: PipelineOutlet) -> PipelineOutlet:
    outlet.start()
    return outlet


def _ip_of(host: str) -> str:
    """Return the number of a host; udpsink would send to nobody, and say nothing of it.

    Raises:
        SinkError: Its name is not known, or not now.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise SinkError(f"the host {host} is not to be found: {error.strerror}") from error
    return str(found[0][4][0])


def _source_chain(spec: OutletSpec, size_px: tuple[int, int]) -> str:
    rate = max(Fraction(spec.fps).limit_denominator(1001), Fraction(1, 1001))
    is_hls = spec.address.kind is StreamKind.HLS
    gap = max(1, round(rate * (2 * stream_chain.SEGMENT_S if is_hls else 1)))
    encoding = hardware_stream_encoding(gap, spec.bitrate_kbps) if spec.in_hardware else None
    if encoding is None:
        encoding = stream_chain.software_encoding(gap, spec.bitrate_kbps, has_element)
    return stream_chain.source_chain(size_px, rate, encoding)


def _srt_settings(address: StreamAddress) -> stream_chain.Settings:
    host = f"[{address.host}]" if ":" in address.host else address.host
    mode = "listener" if address.is_listener else "caller"
    secret = (("passphrase", address.passphrase),) if address.passphrase else ()
    return (
        ("uri", f"srt://{host}:{address.port}?mode={mode}"),
        ("latency", address.latency_ms),
        ("streamid", address.streamid),
        ("auto-reconnect", False),  # a failure is to be seen, and its wait is ours
        *secret,
    )


def _empty_folder(folder: Path) -> Path:
    """Make the folder, and take out what an earlier stream left: its numbers begin again.

    Raises:
        SinkError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        segments = stream_chain.SEGMENTS.replace("%05d", "[0-9]*[0-9]")
        for old in (*folder.glob(segments), folder / stream_chain.PLAYLIST):
            old.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise SinkError(f"the folder {folder} cannot be written: {reason}") from error
    return folder.absolute()
