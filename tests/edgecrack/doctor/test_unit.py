"""What a unit is told by its file, however that is written."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgecrack.doctor.configuration import check_configuration
from edgecrack.doctor.line import FAIL, OK
from edgecrack.doctor.machine import Machine
from edgecrack.doctor.unit import Unit, read_unit
from edgecrack.errors import UsageError


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a unit.toml, or none, and returns its path."""

    def _written(text):
        path = tmp_path / "unit.toml"
        if text is not None:
            path.write_text(text)
        return path

    return _written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no TOML [", "unit.toml"),
        ("[source]\naddres = 'a.mp4'\n", "source.addres"),
        ("[source]\naddress = 5\n", "source.address"),
        ("[source]\naddress = 'a.mp4'\n[model]\nbackend = 'abacus'\n", "abacus"),
        ("[model]\nbackend = 'abacus'\n", "abacus"),
        (None, "unit.toml"),
    ],
)
def test_a_wrong_file_is_a_sentence(written, text, words):
    """It is kept for its line; the rest of the unit is as without a file."""
    unit = read_unit(written(text))
    assert words in unit.problem
    assert unit.source is None
    finding = check_configuration(Machine(), unit)
    assert (finding.state, finding.what_to_do) == (FAIL, "edit unit.toml")
    assert words in finding.says


@contextmanager
def nobody():
    """Be a user who may read nothing that is closed to others; root may read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize(
    ("prefix", "what_to_do"),
    [(sys.prefix, "let this user read it"), ("/opt/edgecrack", "sudo -u edgecrack env --chdir=")],
    ids=["checkout", "package"],
)
def test_a_file_that_may_not_be_read_is_not_called_wrong(written, monkeypatch, prefix, what_to_do):
    """It is the unit's alone: who looks must do so as the unit."""
    monkeypatch.setattr(sys, "prefix", prefix)
    path = written("[source]\naddress = 'a.mp4'\n")
    path.parent.chmod(0)
    with nobody():
        finding = check_configuration(Machine(), read_unit(path))
    path.parent.chmod(0o700)
    assert (finding.state, finding.says) == (FAIL, "unit.toml may not be read by this user")
    assert what_to_do in finding.what_to_do
    assert "edit" not in finding.what_to_do


def test_a_file_says_what_the_unit_is_to_do(written):
    """Camera, receiver, model and folder; the line shows no address."""
    unit = read_unit(
        written(
            "[source]\naddress = 'rtsp://me:secret@cam/1'\n[position]\naddress = 'drive.gpx'\n"
            "[model]\nbackend = 'onnxruntime'\n[output]\nruns_folder = '/data/runs'\n"
        )
    )
    assert (unit.source, unit.position) == ("rtsp://me:secret@cam/1", "drive.gpx")
    assert unit.runs_folder == Path("/data/runs")
    finding = check_configuration(Machine(), unit)
    assert finding.state == OK
    assert finding.says == (
        "unit.toml is understood: source rtsp, positions a file or folder, backend onnxruntime"
    )


def test_without_a_file_the_package_says_how_its_service_is_looked_at(monkeypatch):
    """Whoever asks is another user than the service, with other groups, folders and caches."""
    assert "--config looks at" in check_configuration(Machine(), Unit()).says
    monkeypatch.setattr(sys, "prefix", "/opt/edgecrack")
    says = check_configuration(Machine(), Unit()).says
    assert "sudo -u edgecrack" in says
    assert says.endswith("edgecrack doctor --config /etc/edgecrack/unit.toml")


def test_the_source_may_be_left_to_the_command_line(written):
    """A file without one is a good file."""
    unit = read_unit(written("[output]\nruns_folder = 'x'\n"))
    assert (unit.problem, unit.source, unit.runs_folder) == ("", None, Path("x"))
    assert "source not given" in check_configuration(Machine(), unit).says


def test_a_model_that_is_named_goes_before_the_files(written):
    """And one that can be none is refused."""
    unit = read_unit(written("[source]\naddress = 'a'\n[model]\nbundle = 'crack-n'\n"), Path("x"))
    assert unit.model.bundle == Path("x")
    assert read_unit() == Unit()
    with pytest.raises(UsageError, match="must be a folder"):
        read_unit(None, Path("https://host/bundle"))


def test_the_model_is_the_one_that_a_start_tries_first(written, tmp_path):
    """Behind the current link, the previous one where that is not there, else the factory's."""
    unit = written(f"[model]\nreleases = '{tmp_path}'\n")
    assert read_unit(unit).model.bundle is None
    for link in ("previous", "current"):
        (tmp_path / link).symlink_to("somewhere")
        assert read_unit(unit).model.bundle == tmp_path / link
    assert read_unit(unit, tmp_path).model.bundle == tmp_path
