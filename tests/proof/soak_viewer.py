"""Somebody who watches a stream until killed: ``python -m tests.proof.soak_viewer URL``."""

from __future__ import annotations

import sys

from edgecrack.gst.runtime import Gst, bus_error, launch, stop

_SECOND_NS = 10**9


def watch(url: str) -> str:
    """Take in a stream until it ends, and return why."""
    pipeline = launch(f'rtspsrc location="{url}" protocols=tcp ! fakesink sync=false')
    pipeline.set_state(Gst.State.PLAYING)
    while (reason := bus_error(pipeline, _SECOND_NS)) is None:
        pass
    stop(pipeline)
    return reason


if __name__ == "__main__":
    raise SystemExit(watch(sys.argv[1]))
