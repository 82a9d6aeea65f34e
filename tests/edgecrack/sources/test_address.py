"""What a person may type for a source."""

import os

import pytest

from edgecrack.errors import UsageError
from edgecrack.sources.address import Address, Kind, Pattern, parse_address, parse_pattern


@pytest.mark.parametrize(
    ("spec", "kind", "target"),
    [
        ("drive.mp4", Kind.FILE, "drive.mp4"),
        ("2024-01-01T10:00.mp4", Kind.FILE, "2024-01-01T10:00.mp4"),
        ("file:///a/b%20c.mp4", Kind.FILE, "/a/b c.mp4"),
        ("v4l2:///dev/video0", Kind.CAMERA, "/dev/video0"),
        ("csi://0", Kind.CSI, "0"),
        ("csi:", Kind.CSI, "0"),
        ("csi://01?width=640", Kind.CSI, "1"),
        ("rtsp://cam/1", Kind.STREAM, "rtsp://cam/1"),
        ("https://host/a.mp4", Kind.SERVER, "https://host/a.mp4"),
        ("test:", Kind.PATTERN, ""),
        ("test:?width=64", Kind.PATTERN, "width=64"),
    ],
)
def test_every_kind_of_address_is_understood(spec, kind, target):
    """A scheme tells the kind; whatever has no scheme is a path."""
    address = parse_address(spec)
    assert (address.kind, address.target) == (kind, target)


def test_an_unknown_scheme_is_refused_with_the_known_ones():
    """A URI of another scheme is no path either."""
    with pytest.raises(UsageError, match="rtsp:"):
        parse_address("gopher://host/a")


@pytest.mark.parametrize(
    "spec",
    [
        "rtsp://admin:s3cret@10.0.0.1/stream",
        "rtsp://10.0.0.1/user=admin&password=s3cret&channel=1",
        "https://host/a.mp4?x=1&token=s3cret",
        "https://host/a.mp4?api_key=s3cret#t",
        "https://me:s3c@ret@host/a.mp4",
    ],
)
def test_names_never_tell_a_secret(spec):
    """Passwords and tokens are gone from the name but stay in the target."""
    address = parse_address(spec)
    assert "s3c" not in address.name
    assert "admin" not in address.name
    assert address.target == spec


def test_a_camera_keeps_what_it_is_asked_for():
    """Behind the question mark, and shown as it was typed: it holds no secret."""
    for spec in ("csi://0?width=640&fps=30", "v4l2:///dev/video0?width=640&fps=30"):
        address = parse_address(spec)
        assert (address.query, address.name) == ("width=640&fps=30", spec)
    assert parse_address("file:///a.mp4?width=640").query == ""


@pytest.mark.parametrize("spec", ["csi://front", "csi://0/1", "csi://-1", "csi://100"])
def test_a_csi_camera_has_a_number(spec):
    """Any other name is refused with an example."""
    with pytest.raises(UsageError, match="csi://0"):
        parse_address(spec)


@pytest.mark.parametrize("spec", ["rtsp://[::1/x", "http://[/a.mp4", "https://[::x]/a?t=s3cret"])
def test_a_broken_uri_is_an_error_of_usage(spec):
    """A URI that cannot be taken apart is refused, without its secrets."""
    with pytest.raises(UsageError) as error:
        parse_address(spec)
    assert "s3cret" not in str(error.value)


def test_bytes_that_are_no_utf8_stay_in_the_target():
    """A path is opened by its own bytes and shown with escapes; a URI has them percent-encoded."""
    path = os.fsdecode(b"/road_\xff.mp4")
    assert parse_address(path) == Address(Kind.FILE, path, "/road_\\xff.mp4")
    assert parse_address("file:///road_%FF.mp4").target == path
    assert parse_address(f"file://{path}").target == path
    assert parse_address(f"http://host{path}").target == "http://host/road_%FF.mp4"


def test_a_pattern_takes_its_parameters():
    """Every parameter is optional and a whole number."""
    assert parse_pattern("") == Pattern()
    assert parse_pattern("width=64&height=48&fps=10&frames=7") == Pattern(64, 48, 10, 7)


@pytest.mark.parametrize(
    "query", ["width=0", "width=9000", "fps=-1", "frames=x", "height=", "colour=1", "fps=1.5"]
)
def test_a_pattern_refuses_what_it_cannot_be(query):
    """A parameter out of range, or unknown, is named."""
    with pytest.raises(UsageError, match=query.partition("=")[0]):
        parse_pattern(query)
