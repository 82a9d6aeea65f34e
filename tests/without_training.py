"""A plugin for pytest: what only training and export need cannot be imported, as on a unit.

``python -m pytest -p tests.without_training tests/edgecrack tests/deploy``
"""

import sys

FOREIGN_TO_A_UNIT = ("onnx", "onnxscript", "scipy", "tensorboard", "torch")

for library in FOREIGN_TO_A_UNIT:
    sys.modules[library] = None  # type: ignore[assignment]  # the import system refuses such a name
