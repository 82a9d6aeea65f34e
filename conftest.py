"""Where pytest looks for no examples: what needs the libraries of a GPU, and what stands for them.

It would import the doubles under the libraries' own names, and leave them there for every test.
"""

import pytest

_LEAVES = ("builder", "building", "execution", "gpu", "log", "monitor", "refitting", "target")
collect_ignore = [f"edgecrack/engines/{leaf}.py" for leaf in _LEAVES]
collect_ignore += ["edgecrack/segmenters/trt.py"]
collect_ignore += [f"tests/doubles/{library}" for library in ("cuda", "pycuda", "tensorrt")]

SLOW_EXAMPLES = ("edgecrack.segmentation.load_model", "edgecrack.surveying.survey")
"""Those that run the network that comes along, which takes an emulated processor many minutes."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the slow examples, as tests are marked where they stand."""
    if item.name in SLOW_EXAMPLES:
        item.add_marker("slow")
