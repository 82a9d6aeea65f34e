"""Addresses without their secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.errors import SourceError
from edgecrack.redaction import redact, redact_address

SECRET = "s3cret"
around = st.text(st.sampled_from("a1#/?&=:@;%+ '\"[]"), max_size=6)
secrets = st.tuples(around, around).map(SECRET.join)
values = secrets.map(lambda secret: secret.replace("&", ""))  # & ends a value
schemes = st.sampled_from(["rtsp://", "rtsp:", "https://", "https:/", "srt://", "RTSP://", "joe:"])
names = st.sampled_from(
    ["access_token", "loginpas", "X-Amz-Credential", "client_secret", "jwt", "sas", "session"]
)
users = st.builds("{}{}:{}@cam/1".format, schemes, st.sampled_from(["", "joe", SECRET]), secrets)
queries = st.builds("{}cam/1?channel=2&{}={}&a=b".format, schemes, names, values)
paths = st.builds("{}cam/user=joe_{}={}".format, schemes, names, values)


@given(users | queries | paths)
def test_no_secret_is_left_of_an_address(address):
    """Whatever a password or a value holds, none of it is shown."""
    shown = redact_address(address)
    assert SECRET not in shown
    assert redact_address(shown) == shown


@given(users)
def test_no_password_is_left_in_a_sentence(address):
    """A message that quotes an address shows none of its password, not even after white space."""
    assert SECRET not in str(SourceError(f"could not open '{address}': no route to host"))


@given(queries | paths)
def test_no_value_is_left_in_a_sentence(address):
    """Nor a value of its query or path, up to where the address ends."""
    address = address.replace(" ", "%20")
    assert SECRET not in str(SourceError(f"could not open {address}, nor {address}: it is gone"))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://joe:a#b/c d@cam:554/1", "rtsp://***@cam:554/1"),
        ("rtsp:joe:pw@cam", "rtsp:***@cam"),
        ("rtsp://joe:p?w@cam/1", "rtsp://***"),
        ("https://host/a?x=1&token=a@b", "https://***"),
        ("https://host/a.mp4?bare&x=1", "https://host/a.mp4?***&x=***"),
        ("rtsp://cam/user=joe_id=?s3cret=", "rtsp://cam/user=***"),
        ("rtsp://cam/user=a&password=b/c", "rtsp://cam/user=***&password=***"),
    ],
)
def test_the_rest_of_an_address_stays(address, shown):
    """Host, path and the names of values are kept where they cannot be part of a secret."""
    assert redact_address(address) == shown


@pytest.mark.parametrize(
    "text",
    [
        "no route to host 10.0.0.1",
        "test:?width=640&frames=10",
        "serial:///dev/ttyUSB0?baud=9600",
        "file:///surveys/run=5/cam@front.mp4",
        "/surveys/run=5/cam@front.mp4",
        "the video runs from 2026-05-01T12:00:00Z, set x=1 and write to me@home",
    ],
)
def test_what_is_no_secret_is_kept(text):
    """Sentences, paths and the devices of this machine pass unchanged."""
    assert redact(text) == text
    assert redact_address(text) == text
