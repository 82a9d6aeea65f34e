"""What GStreamer calls: signals must not end there, where an exception is printed and forgotten."""

import ast
import signal
import threading
from pathlib import Path

import pytest

import edgecrack
from edgecrack.gst.runtime import Gst
from edgecrack.signal_delivery import library_callback
from edgecrack.stop_signal import StopSignal

PACKAGE = Path(edgecrack.__file__).parent
CONNECTING = {"connect", "add_probe", "_watch"}
"""Methods whose last argument GStreamer calls."""


@library_callback
def interrupt(*_signal):
    """Get Ctrl-C while GStreamer waits for this function."""
    signal.raise_signal(signal.SIGINT)


def test_a_signal_in_a_callback_ends_what_was_begun(capfd):
    """It is handled once the callback is over, and nothing is printed."""
    pipeline = Gst.Pipeline()
    pipeline.connect("element-added", interrupt)
    stop = StopSignal()
    with pytest.raises(KeyboardInterrupt):
        open_and_wait(pipeline, stop)
    assert stop.asked
    assert capfd.readouterr() == ("", "")


def open_and_wait(pipeline, stop):
    """Do what a run does until its first frame, which here never comes."""
    with stop.installed():
        pipeline.add(Gst.ElementFactory.make("fakesink"))
        threading.Event().wait(10)


def test_every_callback_is_marked():
    """Whatever is handed to GStreamer to be called."""
    unmarked = {
        f"{path.name}: {name}"
        for path in (PACKAGE / "gst").glob("*.py")
        for name in connected(ast.parse(path.read_text())) - marked()
    }
    assert not unmarked


def connected(module):
    """Return the names of the functions that a module has called."""
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    handed = [
        call.args[-1]
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in CONNECTING
    ]
    names = {ast.unparse(function).removeprefix("self.") for function in handed}
    return names - {"probe"}  # of _watch, which hands on what it is given


def marked():
    """Return the names of the functions that are marked."""
    modules = [ast.parse(path.read_text()) for path in (PACKAGE / "gst").glob("*.py")]
    return {
        node.name
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef)
        and "library_callback" in map(ast.unparse, node.decorator_list)
    }
