"""What may be written after --stream, what it means, and what is refused without its secrets."""

import pytest

from edgecrack.streams import StreamSpec
from edgecrack.streams.address import StreamKind, parse_stream_address


@pytest.mark.parametrize(
    ("text", "host", "port", "path", "login"),
    [
        ("rtsp://:8554/live", "127.0.0.1", 8554, "/live", ("", "")),
        ("rtsp://0.0.0.0:554/a/b/", "0.0.0.0", 554, "/a/b", ("", "")),
        ("rtsp://[::1]", "::1", 8554, "/live", ("", "")),
        ("rtsp://joe:s%40crét@unit:9000/front", "unit", 9000, "/front", ("joe", "s@crét")),
    ],
)
def test_rtsp_listens_on_this_machine_unless_a_host_is_named(text, host, port, path, login):
    """Port 8554 and the path /live are what it has when nothing else is said."""
    address = parse_stream_address(text)
    assert (address.kind, address.host, address.port) == (StreamKind.RTSP, host, port)
    assert (address.path, (address.user, address.password)) == (path, login)


@pytest.mark.parametrize(
    ("text", "host", "is_listener"),
    [
        ("srt://:9000", "127.0.0.1", True),
        ("srt://:9000?mode=listener", "127.0.0.1", True),
        ("srt://0.0.0.0:9000?mode=listener", "0.0.0.0", True),
        ("srt://example.org:9000", "example.org", False),
        ("srt://example.org:9000?mode=caller&latency=300&streamid=a%2Fb", "example.org", False),
    ],
)
def test_srt_calls_a_host_or_waits_to_be_called(text, host, is_listener):
    """A host is called, unless it is said to be the one to listen at."""
    address = parse_stream_address(text)
    assert (address.kind, address.host, address.port) == (StreamKind.SRT, host, 9000)
    assert address.is_listener is is_listener


def test_the_parameters_of_srt_are_understood():
    """Latency in milliseconds, a passphrase, and the name of the stream."""
    text = "srt://host:9000?latency=300&streamid=a%2Fb&passphrase=s3cret+of+mine"
    address = parse_stream_address(text)
    assert (address.latency_ms, address.streamid) == (300, "a/b")
    assert address.passphrase == "s3cret of mine"
    assert "s3cret" not in f"{address} {address.name} {StreamSpec(address=text).destination!r}"


def test_udp_and_hls_name_where_pictures_go():
    """A host and a port, or a folder."""
    udp = parse_stream_address("udp://192.168.1.7:5000")
    assert (udp.kind, udp.host, udp.port) == (StreamKind.UDP, "192.168.1.7", 5000)
    for folder in ("live", "/run/edgecrack/live 100%"):
        assert parse_stream_address(f"hls:{folder}").path == folder


@pytest.mark.parametrize(
    "text",
    [
        *("", "live", "http://host/live", "rtsp:/host", "rtsp://[::1", "rtsp://host:x/live"),
        *("rtsp://:8554/live?token=s3cret", "rtsp://:8554/a b", "rtsp://:0/live"),
        *("rtsp://joe@host/live", "rtsp://:s3cret@host/live", "rtsp://joe:s3cret@host/a#b"),
        *("rtsp://joe:s3cret@host:99999/live", "rtsp://joe:s3cret@host/a?b"),
        *("srt://host", "srt://:0", "srt://:9000?mode=caller", "srt://host:1?mode=rendezvous"),
        *(
            "srt://joe:s3cret@host:9000",
            "srt://host:9000/live",
            "srt://host:9000?passphrase=s3cret",
        ),
        *("srt://host:9000?latency=s3cret", "srt://host:9000?latency=10001", "srt://host:9000?a=1"),
        *("udp://host", "udp://:5000", "udp://host:5000?ttl=1", "udp://joe:s3cret@host:5000"),
        *("hls:", "hls://host/live", "hls:a\udcff"),
    ],
)
def test_anything_else_is_refused(text):
    """The message begins with what is wrong, and names no secret."""
    with pytest.raises(ValueError, match=r"^address ") as refused:
        StreamSpec(address=text)
    assert "s3cret" not in str(refused.value)
    assert str(refused.value).isprintable()
