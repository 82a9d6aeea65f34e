"""The JSON of the benchmark has the layout that schema.json states."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from edgecrack.bench import result as records
from tests.edgecrack.bench.bench_parts import FP32, RESULT, result
from tests.edgecrack.bench.test_bench_file import change

SCHEMA = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))


def errors(values):
    """Return where JSON values differ from the schema."""
    validator = Draft202012Validator(SCHEMA)
    return [error.json_path for error in validator.iter_errors(json.loads(json.dumps(values)))]


def test_the_schema_is_one():
    """And of this version of the layout."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema_version"] == {"const": records.SCHEMA_VERSION}


@pytest.mark.parametrize(
    "measured", [RESULT, result(FP32, sensors=None, source=None, not_run={}), result(FP32)]
)
def test_a_result_fits(measured):
    """With and without what may be left out."""
    assert errors(measured.as_json()) == []


def test_every_object_is_closed():
    """Each states all of its keys, each of them must be there."""
    for one in (SCHEMA, *SCHEMA["$defs"].values()):
        assert one["type"] == "object"
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])


def test_the_schema_names_the_fields_of_the_records():
    """A field that is added to a record must be added there, too."""
    named = {
        "latency": records.Latency,
        "agreement": records.Agreement,
        "end_to_end": records.EndToEnd,
        "live": records.Live,
    }
    for key, record in named.items():
        assert SCHEMA["$defs"][key]["required"] == [field.name for field in fields(record)]
    assert SCHEMA["required"] == [field.name for field in fields(records.BenchResult)]
    row = [field.name for field in fields(records.Row)]
    assert SCHEMA["$defs"]["row"]["required"] == [*row, "warnings"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["schema_version"], 2),
        (["extra"], 1),
        (["edgecrack"], ...),
        (["written_utc"], "yesterday"),
        (["device", "cores"], 0),
        (["device", "gpu"], "none"),
        (["model", "sha256"], "0123"),
        (["not_run", "tensorrt fp16"], None),
        (["sensors", "hottest_c"], 55.0),
        (["sensors", "mood"], "good"),
        (["rows"], {}),
        (["rows", 0, "load_ms"], -1),
        (["rows", 0, "load_ms"], "310"),
        (["rows", 0, "latency", "p95_ms"], ...),
        (["rows", 0, "latency", "p97_ms"], 44.0),
        (["rows", 0, "agreement", "mask_iou"], 1.1),
        (["rows", 0, "agreement"], None),
        (["rows", 0, "end_to_end", "core_ms"], None),
        (["rows", 0, "live", "camera_fps"], 0),
        (["rows", 1, "warnings"], ...),
        (["rows", 1, "warnings", 0], 8),
    ],
)
def test_another_layout_does_not_fit(path, value):
    """A key too many or too few, a value of another kind or out of range."""
    assert len(errors(change(RESULT.as_json(), path, value))) == 1
