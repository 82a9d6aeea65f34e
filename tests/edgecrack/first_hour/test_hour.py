"""The first hour as a whole, shortened, on TensorRT's double; and what becomes of failures."""

import json
import zipfile

import pytest

from edgecrack.doctor.line import FAIL, OK, ok
from edgecrack.doctor.unit import Unit
from edgecrack.errors import BundleError, NotHealthyError
from edgecrack.first_hour import hour as module
from edgecrack.first_hour.hour import first_hour
from edgecrack.first_hour.plan import Plan
from edgecrack.first_hour.report_file import ReportFile
from edgecrack.first_hour.step import Outcome
from edgecrack.segmenters import ModelSpec
from tests.edgecrack.doctor.boards import ORIN, board, recorded
from tests.edgecrack.first_hour.double_machine import double_machine

STEPS = ["doctor", "engines", "golden frames", "speed", "soak"]


@pytest.fixture(scope="module")
def done(tiny_bundle, drive, tmp_path_factory):
    """Return a whole first hour with the double of TensorRT, what it told, and its file."""
    folder = tmp_path_factory.mktemp("hour")
    out, told = folder / "new" / "hour.zip", []
    model = ModelSpec(bundle=tiny_bundle, backend="tensorrt", precision="fp16")
    plan = Plan(Unit(model=model), str(drive.video), bench_s=0.1, soak_s=0.6)
    with double_machine(folder / "cache") as machine:
        report = ReportFile(out)
        hour = first_hour(machine, plan, lambda *progress: told.append(progress), report.keep)
    return hour, told, out


@pytest.mark.slow
def test_every_step_is_done(done):
    """In order, each with its line, its time and its figures; none of them fails here."""
    hour, told, _ = done
    steps = {step.line.subject: step for step in hour.steps}
    assert list(steps) == STEPS
    assert {name: step.line.says for name, step in steps.items() if step.line.state == FAIL} == {}
    assert hour.passed
    hour.require()
    assert len(steps["doctor"].figures["lines"]) > 15
    assert steps["engines"].figures["engines"][0]["state"] == "ok"
    (network,) = steps["golden frames"].figures["networks"]
    assert (network["precision"], network["reason"]) == ("fp16", "")
    assert network["backend"] == "tensorrt"
    (row,) = steps["speed"].figures["rows"]
    assert row["latency"]["count"] >= 100
    assert row["end_to_end"]["frames"] > 0
    assert steps["soak"].figures["frames"] > 0
    assert all(step.took_s >= 0 for step in hour.steps)
    for name in STEPS:
        assert (name, 0, 1) in told
        assert (name, 1, 1) in told


@pytest.mark.slow
def test_the_file_holds_it_all_for_machines_and_people(done):
    """One zip of two files; the JSON is what was found, the Markdown says each line of it."""
    hour, _, out = done
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["report.json", "report.md"]
        values = json.loads(archive.read("report.json"))
        text = archive.read("report.md").decode()
    assert values["schema_version"] == 1
    (kept,) = values["hours"].values()
    assert [step["line"]["subject"] for step in kept["steps"]] == STEPS
    for step in hour.steps:
        assert f"**{step.line.state}** {step.line.subject}" in text
    assert "| tensorrt fp16 96x64 |" in text
    assert not list(out.parent.glob(".*"))


@pytest.fixture
def hour_with(monkeypatch, tmp_path):
    """Return a function that has steps replaced, and returns the hour of a recorded board."""

    def _hour_with(**steps):
        for name in ("build_engines", "prove_golden_frames", "measure_speed", "soak_board"):
            fine = Outcome(ok("fine"))
            monkeypatch.setattr(module, name, steps.get(name, lambda *_given, fine=fine: fine))
        kept = []
        hour = first_hour(board(ORIN, tmp_path), Plan(), on_step=kept.append)
        return hour, kept

    return _hour_with


def test_a_step_that_fails_does_not_end_the_rest(hour_with):
    """Neither what is foreseen nor what is not; the file is written after each."""

    def no_bundle(_plan):
        raise BundleError("the bundle is gone.")

    def fault(_plan):
        raise KeyError("nobody")

    hour, kept = hour_with(prove_golden_frames=no_bundle, soak_board=fault)
    states = {step.line.subject: step.line for step in hour.steps}
    assert list(states) == STEPS
    assert states["golden frames"].state == FAIL
    assert states["golden frames"].says == "the bundle is gone"
    assert "KeyError: 'nobody'" in states["soak"].says
    assert states["speed"].state == OK
    assert [len(each.steps) for each in kept] == [1, 2, 3, 4, 5]
    assert not hour.passed
    with pytest.raises(NotHealthyError, match="but golden frames, soak did not"):
        hour.require()


def test_ctrl_c_ends_it_and_leaves_what_was_done(hour_with):
    """What a person ends is no failed step."""

    def ended(_plan):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hour_with(prove_golden_frames=ended)


def test_the_power_mode_is_read_and_never_changed(hour_with, tmp_path):
    """The hour says its mode and the others; nvpmodel is asked for nothing but the mode."""
    hour, _ = hour_with()
    assert hour.power_mode == "1 25W"
    assert hour.modes == ("0 15W", "1 25W", "2 MAXN_SUPER", "3 7W")
    machine = board(ORIN, tmp_path / "other", {"var/lib/nvpmodel/status": None})
    first_hour(machine, Plan())
    asked = {command for command in recorded(machine).asked if "nvpmodel" in command}
    assert asked == {"nvpmodel -q"}
