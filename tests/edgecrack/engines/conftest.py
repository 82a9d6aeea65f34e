"""TensorRT on a GPU that is not there."""

import sys

import pytest

from tests.doubles.install import VERSIONS, doubles
from tests.edgecrack import small_networks


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep engines in a folder of the test's own, and return it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgecrack" / "engines"


@pytest.fixture
def no_libraries(monkeypatch):
    """Have none of the libraries, also on a Jetson."""
    for name in ("pycuda", "tensorrt"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def gpu():
    """Have TensorRT 10.3 and pycuda on a GPU, as JetPack 6 has; nothing may be left on it."""
    with doubles("10.3.0") as found:
        yield found
        assert found.leaks() == []


@pytest.fixture(params=VERSIONS)
def any_gpu(request):
    """Have each version of TensorRT; return it and the GPU, on which nothing may be left."""
    with doubles(request.param) as found:
        yield request.param, found
        assert found.leaks() == []


@pytest.fixture(scope="session")
def red():
    """Return what writes a network whose answer is one channel of the picture."""
    return small_networks.red
