"""``edgecrack doctor`` and ``selftest --first-hour`` as a person or a program calls them."""

import json

import pytest

from edgecrack.doctor.examination import CHECKS

UNIT = """\
[source]
address = "rtsp://me:secret@127.0.0.1:9/1"

[position]
address = "serial:///dev/no-such-port"

[output]
runs_folder = "{folder}"
"""


def states(ended):
    """Return the state of each subject."""
    return {line["subject"]: line["state"] for line in ended.json["lines"]}


@pytest.mark.slow
def test_this_machine_is_told_truly(command, tiny_bundle):
    """Every subject, for people and for machines; 0 where nothing fails, 3 where something does."""
    ended = command("doctor", "--model", tiny_bundle, "--json")
    assert list(states(ended)) == list(CHECKS)
    assert ended.json["schema_version"] == 1
    assert ended.code == (3 if "fail" in states(ended).values() else 0)
    assert ended.json["passed"] == (ended.code == 0)
    says = {line["subject"]: line["says"] for line in ended.json["lines"]}
    assert says["bundle"].startswith("tiny 0.0.1")
    assert "not yet been run on a GPU by its makers" in says["TensorRT path"]
    assert states(ended)["GStreamer"] in {"ok", "warn"}
    assert "onnxruntime fp32" in says["self-test"]


@pytest.mark.slow
def test_people_read_what_to_do(command, bundle_copy):
    """Under what fails; a bundle that has changed is one such thing, and ends with 3."""
    (bundle_copy / "model.fp32.onnx").write_bytes(b"another network")
    ended = command("doctor", "--model", bundle_copy)
    assert ended.code == 3
    assert "-> copy or export the bundle again" in ended.stdout
    assert "has changed" in ended.stdout
    assert "bundle, data terms, self-test fail; do what stands under each" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_the_configuration_is_looked_at(command, tmp_path, tiny_bundle):
    """Its camera and its receiver are looked for, and no password is shown."""
    config = tmp_path / "unit.toml"
    config.write_text(UNIT.format(folder=tmp_path))
    ended = command("doctor", "--config", config, "--model", tiny_bundle, "--json")
    found = states(ended)
    assert (ended.code, found["camera"], found["receiver"]) == (3, "fail", "fail")
    assert found["configuration"] == "ok"
    assert "secret" not in ended.stdout + ended.stderr


@pytest.mark.slow
def test_nothing_crashes_without_optional_parts(command, tmp_path, tiny_bundle, environment):
    """No GStreamer, no backend, no programs on the path: lines, no traceback, and 3."""
    for name in ("gi", "openvino", "onnxruntime", "tensorrt", "pycuda"):
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('no {name} today')\n")
    ended = command(
        "doctor", "--model", tiny_bundle, "--json",
        PYTHONPATH=f"{tmp_path}:{environment['PYTHONPATH']}", PATH=str(tmp_path),
    )  # fmt: skip
    assert ended.code == 3
    assert "Traceback" not in ended.stderr
    assert list(states(ended)) == list(CHECKS)
    says = {line["subject"]: line["says"] for line in ended.json["lines"]}
    assert "no gi today" in says["GStreamer"]
    assert "no onnxruntime today" in says["backends"]
    assert "no tensorrt today" in says["TensorRT"]
    assert "should not happen" not in json.dumps(says)


@pytest.mark.slow
def test_what_cannot_be_asked_for_is_refused(command, tmp_path, tiny_bundle):
    """A bundle of elsewhere, a file without its hour, a file that is something else."""
    command("doctor", "--model", "https://host/bundle").refused(2, "must be a folder")
    out = tmp_path / "hour.zip"
    command("selftest", tiny_bundle, "--out", out).refused(2, "--first-hour")
    out.write_text("my holiday")
    refused = command("selftest", tiny_bundle, "--first-hour", "--out", out)
    refused.refused(2, "choose another --out")
    assert out.read_text() == "my holiday"
