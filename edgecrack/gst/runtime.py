"""GStreamer itself: imported once, initialised once, its errors turned into sentences."""

from __future__ import annotations

import ctypes
import warnings
from contextlib import suppress
from typing import Any

from edgecrack.errors import EdgecrackError
from edgecrack.installation import to_set_up

_SETUP = f"run {to_set_up()}, which installs GStreamer and its Python bindings"

# GStreamer brings libunwind along for all to see. What is loaded later would take its functions for
# exceptions, what was loaded before has those of libgcc; a C++ exception that meets both, such as
# ONNX Runtime's about a broken network, aborts the process. With libgcc in front all take the same.
with suppress(OSError):
    ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)

try:
    import gi  # type: ignore[import-untyped, import-not-found, unused-ignore]

    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    gi.require_version("GstVideo", "1.0")
    with warnings.catch_warnings():
        # PyGObject before 3.43 has an importer of the kind that Python is giving up.
        warnings.simplefilter("ignore", ImportWarning)
        # GstApp is not used by name: importing it gives appsrc and appsink their methods.
        from gi.repository import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
            GLib,
            Gst,
            GstApp,
            GstVideo,
        )
except (ImportError, ValueError) as error:
    raise EdgecrackError(f"GStreamer is needed but not usable here ({error}): {_SETUP}") from error

Gst.init(None)
# Without the overrides of gst-python mapping a buffer yields a copy, and unmapping is a lie.
if "overrides" not in Gst.Buffer.map.__module__:
    raise EdgecrackError(f"GStreamer's Python bindings lack their overrides: {_SETUP}")

__all__ = ["GLib", "Gst", "GstApp", "GstVideo", "bus_error", "has_element", "launch", "stop"]


def has_element(name: str) -> bool:
    """Whether an element of this name is installed."""
    return Gst.ElementFactory.find(name) is not None


def launch(description: str) -> Any:  # noqa: ANN401 - gi has no types
    """Build a pipeline from its description; it does not run yet.

    Raises:
        EdgecrackError: An element is not installed.
    """
    try:
        return Gst.parse_launch_full(description, None, Gst.ParseFlags.FATAL_ERRORS)
    except GLib.Error as error:
        if error.matches(Gst.ParseError.quark(), Gst.ParseError.NO_SUCH_ELEMENT):
            raise EdgecrackError(f"GStreamer says {error.message}: {_SETUP}") from error
        raise EdgecrackError(f"GStreamer refused {description!r}: {error.message}") from error


def bus_error(pipeline: Any, wait_ns: int = 0) -> str | None:  # noqa: ANN401
    """Return what stopped the pipeline, or None when nothing did within ``wait_ns``."""
    message = pipeline.get_bus().timed_pop_filtered(wait_ns, Gst.MessageType.ERROR)
    if message is None:
        return None
    error, _detail = message.parse_error()
    return str(error.message).rstrip(".")


def stop(pipeline: Any) -> None:  # noqa: ANN401
    """Stop a pipeline and free what it holds; safe to call twice."""
    pipeline.set_state(Gst.State.NULL)
