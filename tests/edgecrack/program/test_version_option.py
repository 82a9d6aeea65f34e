"""The four programs answer alike what version they are of."""

from importlib import metadata

import pytest

PROGRAMS = {
    "edgecrack": "edgecrack",
    "training": "edgecrack-train",
    "export": "edgecrack-export",
    "deploy": "edgecrack-deploy",
}


@pytest.mark.parametrize("package", PROGRAMS)
def test_each_program_names_its_version(command, package):
    """Its own name, and the version of the distribution."""
    ended = command("--version", package=package)
    assert ended.code == 0
    assert ended.stdout == f"{PROGRAMS[package]} {metadata.version('edgecrack')}\n"
