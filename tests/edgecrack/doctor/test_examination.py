"""The examination as a whole: a check that raises or hangs takes no other with it."""

import json
import threading

import pytest
from jsonschema import Draft202012Validator

from edgecrack.doctor.attempt import Attempt, Kept
from edgecrack.doctor.examination import SCHEMA_VERSION, examine
from edgecrack.doctor.line import FAIL, OK, WARN, fail, ok, warn
from edgecrack.doctor.machine import Machine
from edgecrack.doctor.unit import Unit
from edgecrack.errors import BundleError, NotHealthyError

LINE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["subject", "state", "says", "what_to_do"],
    "properties": {
        "subject": {"type": "string"},
        "state": {"enum": [OK, WARN, FAIL]},
        "says": {"type": "string"},
        "what_to_do": {"type": "string"},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["edgecrack", "written_utc", "lines", "schema_version", "passed"],
    "properties": {
        "edgecrack": {"type": "string"},
        "written_utc": {"type": "string"},
        "lines": {"type": "array", "items": LINE},
        "schema_version": {"const": 1},
        "passed": {"type": "boolean"},
    },
}


def look(**checks):
    """Return the examination of nothing in particular by some checks."""
    return examine(Machine(), Unit(), checks=checks, patience_s=0.2)


def test_a_check_that_raises_is_a_line():
    """Whatever it raises, foreseen or not, and the others are made."""

    def broken(_machine, _unit):
        raise BundleError("the bundle is gone.")

    def faulty(_machine, _unit):
        raise ZeroDivisionError("by nothing")

    found = look(a=broken, b=faulty, c=lambda _machine, _unit: ok("fine"))
    assert [(line.subject, line.state) for line in found.lines] == [
        ("a", FAIL), ("b", FAIL), ("c", OK),
    ]  # fmt: skip
    assert found.lines[0].says == "not known: the bundle is gone"
    assert "ZeroDivisionError: by nothing" in found.lines[1].says


def test_a_check_that_hangs_is_left_behind():
    """The next one is made after its time, and the process can end."""
    ended = threading.Event()

    def hanging(_machine, _unit):
        ended.wait(60)
        return ok("at last")

    found = look(a=hanging, b=lambda _machine, _unit: ok("fine"))
    assert found.lines[0].says == "not known: no answer within 0.2 s"
    assert found.lines[1].state == OK
    hung = [each for each in threading.enumerate() if each.name == "attempt"]
    assert all(each.daemon for each in hung)
    ended.set()
    for each in hung:
        each.join()


def test_ctrl_c_is_not_kept():
    """It ends the whole."""
    with pytest.raises(KeyboardInterrupt), Kept():
        raise KeyboardInterrupt
    assert Attempt(lambda: 3, 5).result == 3


def test_only_a_failure_fails():
    """A warning does not; the error names what does."""
    passing = look(a=lambda _m, _u: ok("fine"), b=lambda _m, _u: warn("hm", "look"))
    assert passing.passed
    passing.require()
    failing = look(a=lambda _m, _u: fail("no", "mend it"), b=lambda _m, _u: fail("no", "mend it"))
    assert not failing.passed
    with pytest.raises(NotHealthyError, match="but a, b fail;"):
        failing.require()


def test_the_json_has_the_layout_that_machines_read():
    """Closed, with a version."""
    values = look(a=lambda _m, _u: warn("rtsp://me:secret@cam/1", "look")).as_json()
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(values)))
    assert values["schema_version"] == SCHEMA_VERSION
    assert "secret" not in json.dumps(values)


def test_progress_is_told():
    """Each subject counts."""
    told = []
    examine(
        Machine(), Unit(), lambda *progress: told.append(progress),
        {"a": lambda _m, _u: ok("fine")}, 5,
    )  # fmt: skip
    assert told == [("subjects looked at", 0, 1), ("subjects looked at", 1, 1)]
