"""What is to be typed depends on how the program was installed, and on who runs it."""

import os
import pwd
import sys

import pytest

from edgecrack import installation
from edgecrack.installation import as_here, as_unit


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
        (installation, "_SYSTEMD", installation.Path("/nowhere")),
    ],
)
def test_anybody_else_types_it_as_it_is(monkeypatch, place, name, value):
    """A checkout, another user of the package, a container, where there is no sudo."""
    monkeypatch.setattr(place, name, value)
    assert as_here("edgecrack engine build") == "edgecrack engine build"
