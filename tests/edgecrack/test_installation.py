"""What is to be typed depends on how the program was installed, and on who runs it."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from edgecrack import installation
from edgecrack.installation import (
    as_here,
    as_unit,
    to_install,
    to_link,
    to_rebuild_pycuda,
    to_repair,
    to_set_up,
)

CURES = {
    to_install: ("openvino",), to_rebuild_pycuda: (), to_repair: (), to_set_up: (), to_link: (),
}  # fmt: skip


@pytest.mark.parametrize("cure", CURES)
def test_what_mends_a_package_needs_no_pip_and_no_checkout_of_the_unit(cure, monkeypatch):
    """Its environment has no pip, there is no deploy/ and no index that has edgecrack."""
    checkout = cure(*CURES[cure])
    assert "edgecrack[" not in checkout
    monkeypatch.setattr(sys, "prefix", "/opt/edgecrack")
    package = cure(*CURES[cure])
    assert package != checkout
    for word in ("pip install", ".venv", "deploy/"):
        assert word not in package
    assert "sudo " in package


def test_cures_name_what_exists():
    """The targets of make, their extras, and the verbs of edgecrack-deploy."""
    checkout = Path(__file__).resolve().parents[2]
    assert "\ndeb:" in (checkout / "Makefile").read_text()
    assert (checkout / to_set_up()).is_file()
    verbs = {path.stem for path in (checkout / "deploy" / "commands").glob("*.py")}
    assert {"setup", "link"} <= verbs


@pytest.fixture
def unit(monkeypatch, tmp_path):
    """Be the program of the package, run by the service's user under systemd."""
    monkeypatch.setattr(sys, "prefix", "/opt/edgecrack")
    monkeypatch.setattr(installation, "_SYSTEMD", tmp_path)
    monkeypatch.setattr(installation, "UNIT_USER", pwd.getpwuid(os.geteuid()).pw_name)


@pytest.mark.usefixtures("unit")
def test_what_a_unit_says_is_typed_as_the_unit():
    """Whoever reads its journal is another user, with other folders."""
    assert as_here("edgecrack engine build") == as_unit("edgecrack engine build")


@pytest.mark.usefixtures("unit")
@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (sys, "prefix", "/home/ann/edgecrack/.venv"),
        (installation, "UNIT_USER", "another"),
        (installation, "_SYSTEMD", Path("/nowhere")),
    ],
)
def test_anybody_else_types_it_as_it_is(monkeypatch, place, name, value):
    """A checkout, another user of the package, a container, where there is no sudo."""
    monkeypatch.setattr(place, name, value)
    assert as_here("edgecrack engine build") == "edgecrack engine build"
