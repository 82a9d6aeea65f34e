"""Road crack detection on the vehicle: video and positions in, geotagged crack masks out.

What is listed in ``__all__`` is for programs and is kept. A name is loaded when it is first used,
so ``import edgecrack`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgecrack.errors import EdgecrackError
    from edgecrack.run_reader import CrackFrame, Run, read_run
    from edgecrack.segmentation import Model, Segmentation, load_model
    from edgecrack.surveying import SurveySettings, survey

__all__ = [
    "CrackFrame",
    "EdgecrackError",
    "Model",
    "Run",
    "Segmentation",
    "SurveySettings",
    "__version__",
    "load_model",
    "read_run",
    "survey",
]

__version__ = "0.1.0"

_MODULES = {
    "CrackFrame": "run_reader",
    "EdgecrackError": "errors",
    "Model": "segmentation",
    "Run": "run_reader",
    "Segmentation": "segmentation",
    "SurveySettings": "surveying",
    "load_model": "segmentation",
    "read_run": "run_reader",
    "survey": "surveying",
}
"""Public name -> the module it is from."""


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module 'edgecrack' has no attribute '{name}'")
    return getattr(import_module(f"edgecrack.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
