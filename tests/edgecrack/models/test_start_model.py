"""What a unit starts with: the current model, else the previous one, else the factory's."""

import json
import shutil
from dataclasses import replace

import pytest

from edgecrack.config import RunConfig
from edgecrack.errors import SinkError
from edgecrack.models import default_bundle
from edgecrack.models import loaded as loaded_module
from edgecrack.run import run
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec
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


@pytest.fixture
def unit(releases, tmp_path):
    """Return the configuration of a survey of three frames with these releases."""
    spec = ModelSpec(releases=releases, size_px=(96, 64), backend="onnxruntime", precision="fp32")
    return RunConfig(
        source=SourceSpec(address=SOURCE), model=spec, output=OutputSpec(folder=tmp_path / "run")
    )


def fail_to_load(monkeypatch, releases, error):
    """Let each bundle with one of these releases fail like this when it is loaded."""

    def load(bundle, spec, *, live):
        if bundle.manifest.release in releases:
            raise error
        return load_segmenter(bundle, spec, live=live)

    monkeypatch.setattr(loaded_module, "load_segmenter", load)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SinkError("the disk is full"), "the disk is full"),
        (MemoryError(), "memory ran out"),
        (RuntimeError("the library is at a loss"), "the library is at a loss"),
    ],
    ids=["no disk", "no memory", "library"],
)
def test_one_that_fails_to_load_is_followed_by_the_previous_one(unit, monkeypatch, error, words):
    """Else each start would fail of the same model, for as long as it is the current one."""
    fail_to_load(monkeypatch, {"2.0.0"}, error)
    run(unit)
    choice = json.loads((unit.output.folder / "run.json").read_text())["model_choice"]
    assert choice.startswith("previous, because current cannot be used: ")
    assert choice.endswith(f"must be loaded here, but {words}")


def test_a_failure_to_load_the_last_one_is_what_it_is(unit, releases, monkeypatch):
    """There is none after it: the factory's, or the one that a person named."""
    fail_to_load(monkeypatch, {"1.0.0", "2.0.0"}, SinkError("the disk is full"))
    named = replace(unit.model, bundle=releases / "releases" / "1")
    with pytest.raises(SinkError, match=r"^the disk is full$"):
        run(replace(unit, model=named))
    factory = default_bundle().manifest.release
    fail_to_load(monkeypatch, {"1.0.0", "2.0.0", factory}, SinkError("the disk is full"))
    with pytest.raises(SinkError, match=r"^the disk is full$"):
        run(replace(unit, model=replace(unit.model, size_px=None)))


def test_a_disk_that_takes_no_results_is_no_fault_of_the_model(unit):
    """No other one is tried."""
    unit.output.folder.mkdir()
    (unit.output.folder / "note.txt").write_text("mine")
    with pytest.raises(SinkError, match=r"holds note\.txt"):
        run(unit)
