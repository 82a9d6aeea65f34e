"""What there is of TensorRT, and whether it fits: told without an error, whatever is missing."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec

import pytest

from edgecrack.engines.libraries import describe_libraries, require_libraries
from edgecrack.errors import EngineError
from edgecrack.models.variants import unavailable
from tests.doubles.install import doubles


def test_what_is_there_is_told(any_gpu):
    """Versions, the GPU, and no problem."""
    version, gpu = any_gpu
    gpu.dla_cores = 2
    found = describe_libraries()
    assert found.problems == ()
    assert (found.tensorrt, found.device, found.compute_capability) == (version, "Orin", "8.7")
    assert (found.cuda_driver, found.cuda_pycuda, found.dla_cores) == ("12.6", "12.6", 2)
    require_libraries()


@pytest.mark.usefixtures("no_libraries")
def test_without_anything_each_library_is_named_with_its_cure():
    """A laptop has neither, and nothing crashes."""
    found = describe_libraries()
    assert (found.tensorrt, found.pycuda, found.device, found.dla_cores) == (None,) * 4
    tensorrt, pycuda = found.problems
    assert "tensorrt cannot be loaded here" in tensorrt
    assert "python3-libnvinfer" in tensorrt
    assert "pip install -e '.[tensorrt]'" in pycuda
    with pytest.raises(EngineError, match="tensorrt cannot be loaded"):
        require_libraries()


def test_pycuda_may_be_missing_alone(gpu, monkeypatch):
    """TensorRT comes with JetPack, pycuda does not."""
    monkeypatch.setitem(sys.modules, "pycuda", None)
    found = describe_libraries()
    assert found.tensorrt == "10.3.0"
    (problem,) = found.problems
    assert problem.startswith("pycuda cannot be loaded here")
    assert gpu.count == 1


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("name", ["tensorrt", "pycuda"])
def test_a_folder_that_is_left_of_a_library_is_no_library(name, tiny, monkeypatch):
    """Python imports it as an empty package; the other backends are tried all the same."""
    left = ModuleSpec(name, None, is_package=True)
    left.submodule_search_locations.append(f"/somewhere/{name}")
    monkeypatch.setitem(sys.modules, name, importlib.util.module_from_spec(left))
    (problem,) = describe_libraries().problems
    assert problem.startswith(f"{name} cannot be loaded here (there is only a folder without it: ")
    assert unavailable(tiny)["tensorrt"].startswith("not installed")


@pytest.mark.parametrize("count", ["0", "-1"])
def test_a_machine_without_a_gpu_is_told(count, monkeypatch):
    """No device, and a driver that is not there."""
    monkeypatch.setenv("GPU_DOUBLE_COUNT", count)
    with doubles("10.3.0"):
        found = describe_libraries()
    assert found.device is None
    assert len(found.problems) == 1
    assert "CUDA" in found.problems[0]


@pytest.mark.usefixtures("gpu")
def test_a_pycuda_that_is_newer_than_the_driver_does_not_fit(monkeypatch):
    """It was built for another JetPack."""
    driver = importlib.import_module("pycuda.driver")
    monkeypatch.setattr(driver, "get_version", lambda: (13, 2, 0))
    (problem,) = describe_libraries().problems
    assert "driver's CUDA 12.6, but is for 13.2" in problem


@pytest.mark.parametrize("version", ["7.2.3", "8.5.2", "12.0.1", "none"])
def test_an_unknown_tensorrt_does_not_fit(version, gpu, tiny, monkeypatch):
    """Only what the program was written for is used, by a run as well."""
    monkeypatch.setattr(importlib.import_module("tensorrt"), "__version__", version)
    (problem,) = describe_libraries().problems
    assert f"must be 8.6 to 11, but is {version}" in problem
    assert unavailable(tiny)["tensorrt fp16"] == problem.rstrip(".")
    assert gpu.deserialised == 0
