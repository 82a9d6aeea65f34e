"""The peers' virtual environments: each its own, under build/, never edgecrack's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
FOLDER = CHECKOUT / "build" / "peers"
_REQUIREMENTS = {
    "light": CHECKOUT / "tests" / "benchmarks" / "peers.txt",
    "inference": CHECKOUT / "tests" / "benchmarks" / "peers_inference.txt",
}


def python_of(name: str) -> str:
    """Return the interpreter of an environment, which is made and filled if it is not there yet.

    Raises:
        CalledProcessError: It cannot be installed; pip has said why.
    """
    requirements = _REQUIREMENTS[name]
    folder = FOLDER / name
    stamp, wanted = folder / "installed.txt", requirements.read_text(encoding="utf-8")
    python = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        sys.stderr.write(f"Installing {requirements.name} into {folder.relative_to(CHECKOUT)}.\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        subprocess.run([*install, "--requirement", requirements], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return str(python)
