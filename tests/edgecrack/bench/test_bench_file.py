"""Results of the benchmark, read again."""

import json

import pytest

from edgecrack.bench import bench_file
from edgecrack.bench.bench_file import load_bench
from edgecrack.errors import InputError
from tests.edgecrack.bench.bench_parts import FP32, RESULT, result


def written(folder, values):
    """Return the path of a file with these JSON values."""
    path = folder / "bench.json"
    path.write_text(json.dumps(values))
    return path


@pytest.mark.parametrize("measured", [RESULT, result(FP32, sensors=None, source=None)])
def test_what_was_written_is_read(tmp_path, measured):
    """Every record comes back equal, warnings and all."""
    read = load_bench(written(tmp_path, measured.as_json()))
    assert read.name == "bench.json"
    assert read.result == measured
    assert read.result.as_json() == measured.as_json()


def change(values, path, value):
    """Return JSON values with the value at a path of keys replaced, or deleted where it is ...."""
    changed = json.loads(json.dumps(values))
    *parents, last = path
    holder = changed
    for key in parents:
        holder = holder[key]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (["schema_version"], 2, "schema_version is 2, not 1"),
        (["schema_version"], ..., "no schema_version"),
        (["source"], ..., "the result lacks source"),
        (["mood"], "good", "unknown keys: mood"),
        (["rows", 1, "latency", "p50_ms"], ..., "latency lacks p50_ms"),
        (["rows", 1, "latency", "p50_ms"], "39", "p50_ms is no float"),
        (["rows", 1, "latency", "p50_ms"], float("nan"), "p50_ms is no float"),
        (["rows", 1, "latency", "count"], True, "count is no int"),
        (["rows", 1, "latency", "count"], 10**30, "count is no int"),
        (["rows", 1, "warnings"], ..., "row 1 lacks warnings"),
        (["rows", 1, "warnings"], "loud", "warnings is no"),
        (["rows", 0, "live", "age"], 1, "live has unknown keys: age"),
        (["rows", 0], [], "row 0 is no object"),
        (["rows", 1, "precision"], None, "precision is no str"),
        (["rows"], {}, "rows is no"),
        (["not_run", "tensorrt fp16"], 7, "not_run is no"),
        (["sensors", "hottest_c", "mean"], ..., "hottest_c lacks mean"),
        (["device", "cores"], "8", "cores is no int"),
    ],
)
def test_another_layout_is_refused(tmp_path, path, value, told):
    """One sentence says what is wrong."""
    file = written(tmp_path, change(RESULT.as_json(), path, value))
    with pytest.raises(InputError, match=told) as caught:
        load_bench(file)
    assert str(caught.value).endswith("; measure again.")
    assert "\n" not in str(caught.value)


def test_a_variant_stands_there_once(tmp_path):
    """Else it would be left to chance which one is compared."""
    with pytest.raises(InputError, match="onnxruntime fp32 960x544 twice"):
        load_bench(written(tmp_path, result(FP32, FP32).as_json()))


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b"[]", b"1" * 5000])
def test_no_json_is_refused(tmp_path, data):
    """Nor what Python's parser gives up on."""
    path = tmp_path / "bench.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match="measure again"):
        load_bench(path)


def test_a_file_has_a_largest_size(tmp_path, monkeypatch):
    """A valid one is refused when it is larger, before it is parsed."""
    path = written(tmp_path, RESULT.as_json())
    monkeypatch.setattr(bench_file, "MOST_BYTES", path.stat().st_size)
    load_bench(path)
    monkeypatch.setattr(bench_file, "MOST_BYTES", path.stat().st_size - 1)
    with pytest.raises(InputError, match="larger than"):
        load_bench(path)


def test_what_cannot_be_read_is_refused(tmp_path):
    """A file that is not there, and a folder."""
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            load_bench(path)


def test_text_cannot_steer_a_terminal(tmp_path):
    """Files come from others: their control characters become spaces."""
    values = change(RESULT.as_json(), ["not_run"], {"a\x1b[2J": "b\nc"})
    assert load_bench(written(tmp_path, values)).result.not_run == {"a [2J": "b c"}
