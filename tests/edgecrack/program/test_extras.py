"""A library that is not installed is one sentence with the pip install that brings it."""

import subprocess
import sys

import pytest

from edgecrack.errors import ConfigError
from edgecrack.program.extras import extras_needed

MISSING = (
    "import sys; sys.modules[sys.argv.pop(1)] = None; from {package}.__main__ import main; main()"
)


@pytest.mark.parametrize(
    ("package", "library", "extra", "arguments"),
    [
        ("training", "torch", "train", ("fit", "none.toml", "--out", "none")),
        ("training", "torch", "train", ("evaluate", "none.pt")),
        ("export", "torch", "export", ("bundle", "none.pt", "--out", "none")),
        ("export", "torch", "export", ("score", "none")),
    ],
)
def test_a_missing_extra_is_named(environment, package, library, extra, arguments):
    """The library and the extra of the package that was called; exit code 78."""
    ended = subprocess.run(
        [sys.executable, "-c", MISSING.format(package=package), library, *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (78, "")
    (sentence,) = ended.stderr.splitlines()
    assert f"'{library}'" in sentence
    assert f"pip install -e '.[{extra}]'" in sentence


def test_an_extra_that_one_package_has_is_named_by_any_other():
    """Export reads CrackForest by SciPy, which only training lists."""
    with pytest.raises(ConfigError, match=r"'\.\[train\]'"), extras_needed("export"):
        raise ModuleNotFoundError("none", name="scipy.io")


def test_a_module_of_no_extra_is_an_error_of_the_program():
    """It is not told as something that pip cures."""
    with pytest.raises(ModuleNotFoundError), extras_needed():
        raise ModuleNotFoundError("none", name="edgecrack.none")
