"""An engine's own account."""

import json

import pytest

from edgecrack.engines.sidecar import parse_sidecar
from tests.edgecrack.engines.engine_parts import sidecar


def changed(way, value):
    """Return the JSON of a sidecar with a value changed; ``...`` takes the key away."""
    values = json.loads(json.dumps(sidecar().as_json()))
    *steps, last = way
    inside = values
    for step in steps:
        inside = inside[step]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return json.dumps(values)


def test_what_is_written_is_read():
    """Each field comes back as it was."""
    assert parse_sidecar(json.dumps(sidecar().as_json())) == sidecar()


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("more",), 1),
        (("bundle",), ...),
        (("key",), ...),
        (("key",), "0" * 32),
        (("plan_bytes",), "6"),
        (("build_s",), 3),
        (("convolutions",), []),
        (("fingerprint",), None),
        (("fingerprint", "width_px"), 128),
        (("fingerprint", "target", "l4t"), ...),
        (("fingerprint", "target"), []),
    ],
)
def test_what_is_not_exactly_a_sidecar_is_refused(way, value):
    """Unknown and missing keys, other types, and a key that is not that of the fingerprint."""
    with pytest.raises(ValueError, match=r"key|sidecar"):
        parse_sidecar(changed(way, value))


def test_what_is_no_json_is_refused():
    """Nothing, half a file, and another kind of document."""
    for text in (b"", b"\xff", json.dumps(sidecar().as_json())[:-9], "[]", "[" * 100_000):
        with pytest.raises(ValueError, match="no sidecar"):
            parse_sidecar(text)
