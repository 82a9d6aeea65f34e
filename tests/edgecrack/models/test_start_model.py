"""What a unit starts with: the current model, else the previous one, else the factory's."""

import json
import shutil

import pytest

from edgecrack.models import default_bundle
from tests.edgecrack.small_bundles import digest, renamed

SOURCE = "test:?width=96&height=64&frames=3"


@pytest.fixture
def releases(tiny_bundle, tmp_path):
    """Return a fleet's folder with two releases and its links."""
    folder = tmp_path / "models"
    (folder / "releases").mkdir(parents=True)
    for link, release in (("current", "2"), ("previous", "1")):
        renamed(tiny_bundle, folder / "releases" / release, f"{release}.0.0")
        (folder / link).symlink_to(f"releases/{release}")
    return folder


@pytest.fixture
def started(command, releases, tmp_path):
    """Return a function that surveys three frames; returns the record, and what was said."""

    def _started(*options):
        out = tmp_path / "run"
        ended = command("run", SOURCE, "--out", out, "--releases", releases, "--size", "96x64",
                        "--backend", "onnxruntime", "--precision", "fp32", *options)  # fmt: skip
        assert ended.code == 0, ended.stderr
        return json.loads((out / "run.json").read_text()), ended.stderr

    return _started


def test_the_current_model_is_the_first_choice(started, releases):
    """Nothing has failed, and that is what is said."""
    record, said = started()
    assert record["model"]["sha256"] == digest(releases / "current")
    assert record["model_choice"] == "current"
    assert "tiny 2.0.0" in said


def test_where_the_current_one_is_damaged_the_previous_one_runs(started, releases):
    """Why is said, and stands in the record."""
    (releases / "current" / "model.fp32.onnx").write_bytes(b"torn")
    record, said = started()
    assert record["model"]["sha256"] == digest(releases / "previous")
    assert record["model_choice"].startswith("previous, because current cannot be used: ")
    assert "model.fp32.onnx" in record["model_choice"]
    assert record["model_choice"] in said


def test_a_link_into_nothing_and_a_size_that_is_not_there_are_failures_too(started, releases):
    """What remains is the factory's model, which knows other sizes."""
    shutil.rmtree(releases / "releases" / "2")
    record, _ = started("--size", "480x288")
    assert record["model"]["sha256"] == default_bundle().sha256
    assert record["model_choice"].startswith("factory, because current cannot be used: ")
    assert "previous cannot be used: " in record["model_choice"]


def test_a_model_that_a_person_named_is_the_one(command, releases, tmp_path):
    """It comes before any link, and no other one takes its place."""
    (releases / "releases" / "2" / "model.fp32.onnx").write_bytes(b"torn")
    named = ("--model", releases / "current", "--releases", releases)
    command("run", SOURCE, "--out", tmp_path / "run", *named).refused(65, "model.fp32.onnx")
