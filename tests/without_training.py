"""A plugin for pytest: what only training and export need cannot be imported, as on a unit.

``python -m pytest -p tests.without_training tests/edgecrack tests/deploy``
"""

import sys

FOREIGN_TO_A_UNIT = ("matplotlib", "onnx", "onnxscript", "scipy", "tensorboard", "torch")


def pytest_configure():
    """Block the libraries; not on import, for doctest imports every file under ``tests``."""
    for library in FOREIGN_TO_A_UNIT:
        sys.modules[library] = None  # type: ignore[assignment]  # such a name is refused
