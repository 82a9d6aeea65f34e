"""What a stranger types, typed in a clone of this checkout's last commit."""

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
NO_NETWORK = {
    "PIP_NO_INDEX": "1",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Return a clone that has never been set up, with no real data beside it."""
    folder = tmp_path_factory.mktemp("stranger")
    subprocess.run(["git", "clone", "--quiet", CHECKOUT, folder / "main"], check=True)
    return folder / "main"


def make(clone: Path, target: str, **environment: str) -> None:
    """Run make as from a fresh shell: no environment of ours active, nothing to type into."""
    ours = {"VIRTUAL_ENV", "EDGECRACK_DATA"}
    kept = {key: value for key, value in os.environ.items() if key not in ours}
    subprocess.run(
        ["make", target], cwd=clone, env=kept | environment, stdin=subprocess.DEVNULL, check=True
    )


def test_demo_then_test_then_demo(clone):
    """Demo needs no torch and, once done, no network; the tests and the demo share one .venv."""
    make(clone, "demo")
    page = clone / "demo" / "index.html"
    assert page.is_file()
    assert not list(clone.glob(".venv/lib/python3*/site-packages/torch*"))
    page.unlink()
    make(clone, "demo", **NO_NETWORK)
    assert page.is_file()
    make(clone, "test")
    make(clone, "demo", **NO_NETWORK)
    status = ["git", "status", "--porcelain"]
    assert subprocess.run(status, cwd=clone, check=True, capture_output=True).stdout == b""


@pytest.mark.real_data
def test_test_alone(clone, shared_data):
    """Linters and tests set up everything by themselves, through the script CI runs."""
    make(clone, "clean")
    subprocess.run(
        [clone / ".ci" / "run"],
        cwd="/",
        env=os.environ | {"EDGECRACK_DATA": str(shared_data)},
        stdin=subprocess.DEVNULL,
        check=True,
    )
