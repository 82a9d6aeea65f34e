"""What is said when GStreamer, or a part of it, is missing."""

import subprocess
import sys

import pytest

from edgecrack.errors import EdgecrackError
from edgecrack.gst.runtime import Gst, bus_error, has_element, launch, stop

_IMPORT_WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None
from edgecrack.errors import EdgecrackError
try:
    import edgecrack.gst.runtime
except EdgecrackError as error:
    print(error)
"""


def test_a_missing_element_is_an_error_that_names_the_set_up():
    """An element that is not installed is explained by the script that installs it."""
    with pytest.raises(EdgecrackError, match=r"nosuchelement.*deploy/setup\.sh"):
        launch("videotestsrc ! nosuchelement ! fakesink")


def test_a_pipeline_that_cannot_be_described_is_refused():
    """A description that does not parse is quoted in the error."""
    with pytest.raises(EdgecrackError, match="refused 'videotestsrc ! ! fakesink'"):
        launch("videotestsrc ! ! fakesink")


@pytest.mark.parametrize("module", ["gi", "gi.overrides.Gst"])
def test_missing_bindings_are_an_error_that_names_the_set_up(module):
    """Without gi or its overrides the import ends in one sentence that names the set-up."""
    command = [sys.executable, "-c", _IMPORT_WITHOUT, module]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "run deploy/setup.sh" in result.stdout
    assert "Traceback" not in result.stderr


def test_a_fault_is_the_first_error_of_the_pipeline():
    """What stopped a pipeline is told; a pipeline that runs has no fault."""
    pipeline = launch("filesrc location=/nonexistent/file ! fakesink")
    assert bus_error(pipeline) is None
    pipeline.set_state(Gst.State.PLAYING)
    assert bus_error(pipeline, wait_ns=10**10) == "Resource not found"
    stop(pipeline)


def test_elements_are_found_by_name():
    """Only an installed element exists."""
    assert has_element("fakesink")
    assert not has_element("nosuchelement")


_RAISE_AFTER = """
import cv2
import edgecrack.gst.runtime
import onnxruntime
try:
    onnxruntime.InferenceSession(b"no network", providers=["CPUExecutionProvider"])
except Exception as error:
    print(type(error).__name__)
"""


def test_a_library_loaded_after_gstreamer_may_raise():
    """An exception of C++ code reaches Python, though GStreamer brings an unwinder of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _RAISE_AFTER], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Invalid")
