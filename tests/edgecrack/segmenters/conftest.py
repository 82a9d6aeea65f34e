"""Small ONNX networks, and TensorRT on a GPU that is not there."""

import pytest

from tests.doubles.install import VERSIONS, doubles
from tests.edgecrack import small_networks


@pytest.fixture
def engine_cache(tmp_path, monkeypatch):
    """Keep engines in a folder of the test's own, and return it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgecrack" / "engines"


@pytest.fixture
def gpu(engine_cache):  # noqa: ARG001  it is set up before
    """Have TensorRT 10.3 and pycuda on a GPU, as JetPack 6 has; nothing may be left on it."""
    with doubles("10.3.0") as found:
        yield found
        assert found.leaks() == []


@pytest.fixture(params=VERSIONS)
def any_gpu(request, engine_cache):  # noqa: ARG001  it is set up before
    """Have each version of TensorRT; return the GPU, on which nothing may be left."""
    with doubles(request.param) as found:
        yield found
        assert found.leaks() == []


@pytest.fixture(scope="session")
def red():
    """Return a function that writes a network whose answer is one channel of the picture.

    It takes the input and the outputs as (name, element type, shape), the channel to answer with,
    and another operator than the one that works.
    """
    return small_networks.red


@pytest.fixture(scope="session")
def endless():
    """Return a network that never answers: a loop whose condition is always true."""
    return small_networks.endless_network()


@pytest.fixture(scope="session")
def red_and_green():
    """Return a network whose probability is the picture's red, and whose road is its green."""
    return small_networks.red_and_green()
