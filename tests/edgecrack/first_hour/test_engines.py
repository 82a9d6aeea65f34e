"""Engines of a new board, on the double of TensorRT: built, inspected, and what fails."""

import pytest

from edgecrack.doctor.engine import check_engine
from edgecrack.doctor.line import FAIL, OK, WARN
from edgecrack.doctor.probe import ask
from edgecrack.doctor.short_selftest import check_selftest
from edgecrack.doctor.unit import Unit
from edgecrack.first_hour.engines import build_engines
from edgecrack.first_hour.plan import Plan
from edgecrack.segmenters import ModelSpec
from tests.edgecrack.doctor.boards import ORIN, bare, board
from tests.edgecrack.first_hour.double_machine import double_machine


@pytest.fixture
def unit(tiny_bundle):
    """Return a unit with the tiny bundle."""
    return Unit(model=ModelSpec(bundle=tiny_bundle))


@pytest.fixture
def machine(tmp_path):
    """Return this machine with the double of TensorRT and no engine yet."""
    with double_machine(tmp_path / "cache") as machine:
        yield machine


@pytest.mark.slow
def test_engines_are_built_and_inspected(machine, unit, tmp_path):
    """Once: the doctor sees none before, and then that it is there; recorded answers fit."""
    assert "0 of 1 are built" in check_engine(machine, unit).says
    assert "tensorrt fp16 was not tried: it has no engine yet" in check_selftest(machine, unit).says
    told = []
    outcome = build_engines(machine, Plan(unit), lambda *progress: told.append(progress))
    assert outcome.finding.state == OK, outcome.finding.says
    assert "convolutions in fp16, built in" in outcome.finding.says
    (engine,) = outcome.figures["engines"]
    assert (engine["before"], engine["state"], engine["problem"]) == ("missing", "ok", "")
    assert sum(engine["sidecar"]["convolutions"].values()) > 0
    assert told == [("engines ready", 0, 1), ("engines ready", 1, 1)]
    again = build_engines(machine, Plan(unit), lambda *_progress: None)
    assert again.figures["engines"][0]["before"] == "ok"
    assert check_engine(machine, unit).state == OK
    assert "tensorrt fp16" in check_selftest(machine, unit).says.partition("not tried")[0]
    for question in (("engines", str(unit.model.bundle)), ("libraries",)):
        real, known = ask(machine, *question), ask(board(ORIN, tmp_path / question[0]), *question)
        assert real.problem == ""
        assert real.values.keys() == known.values.keys()
        if "engines" in real.values:
            assert real.values["engines"][0].keys() == known.values["engines"][0].keys()


@pytest.mark.slow
def test_an_engine_that_cannot_be_kept_is_a_failed_step(machine, unit, tmp_path):
    """With the reason; nothing is raised."""
    (tmp_path / "cache").write_text("in the way")
    outcome = build_engines(machine, Plan(unit), lambda *_progress: None)
    assert outcome.finding.state == FAIL
    assert "could not be written" in outcome.finding.says
    assert outcome.figures["engines"][0]["state"] != "ok"
    assert check_engine(machine, unit).state == WARN


@pytest.mark.slow
def test_one_size_is_built_of_many(machine):
    """The first of the bundle: each takes minutes on a board."""
    outcome = build_engines(machine, Plan(), lambda *_progress: None)
    assert [engine["engine"] for engine in outcome.figures["engines"]] == ["fp16 960x544"]


def test_nothing_is_built_where_nothing_wants_it(tiny_bundle, tmp_path):
    """Without TensorRT, or where another backend was asked for."""
    unheard = [].append
    assert build_engines(bare(tmp_path), Plan(), unheard).finding.state == OK
    other = Unit(model=ModelSpec(bundle=tiny_bundle, backend="onnxruntime"))
    says = build_engines(board(ORIN, tmp_path), Plan(other), unheard).finding.says
    assert says == "none to build for onnxruntime"
