"""GStreamer: its version, and the elements that edgecrack's pipelines are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.doctor.board import NOT_A_JETSON
from edgecrack.doctor.jetson import read_jetson
from edgecrack.doctor.line import fail, not_known, ok, warn
from edgecrack.doctor.probe import ask
from edgecrack.installation import plugin_memory, to_set_up

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.probe import Answer
    from edgecrack.doctor.unit import Unit

NEEDED = (
    *("appsink", "appsrc", "capsfilter", "clocksync", "decodebin", "filesink", "queue", "tee"),
    *("uridecodebin", "valve", "videoconvert", "videocrop", "videoflip", "videoscale"),
    *("h264parse", "mp4mux", "v4l2src", "videotestsrc"),
)
"""Named in a pipeline, or nothing runs without them."""
DECODING = {
    "avdec_h264": "gstreamer1.0-libav",
    "avdec_h265": "gstreamer1.0-libav",
    "jpegdec": "gstreamer1.0-plugins-good",
    "matroskademux": "gstreamer1.0-plugins-good",
    "qtdemux": "gstreamer1.0-plugins-good",
    "rtph264depay": "gstreamer1.0-plugins-good",
    "rtspsrc": "gstreamer1.0-plugins-good",
}
"""Chosen by GStreamer for a kind of source -> the package that brings it."""
ENCODERS = ("x264enc", "openh264enc")
"""One of them writes overlays."""
JETSON = ("nvarguscamerasrc", "nvv4l2decoder", "nvvidconv")
NVENC = "nvv4l2h264enc"
LEAST_VERSION = (1, 20)


def check_gstreamer(machine: Machine, _unit: Unit) -> Finding:
    """Say whether the elements are there that every machine needs."""
    answer = ask(machine, "elements", *NEEDED, *DECODING, *ENCODERS)
    if answer.problem:
        return _unanswered(answer)
    version, missing = answer.values["version"], set(answer.values["missing"])
    says = f"GStreamer {version}"
    if tuple(map(int, version.split(".")[:2])) < LEAST_VERSION:
        return fail(f"{says}, older than 1.20", "use Debian 12, Ubuntu 22.04 or newer")
    if lacking := sorted(missing & set(NEEDED)):
        return fail(f"{says} without {', '.join(lacking)}", _setup())
    if missing >= set(ENCODERS):
        return warn(
            f"{says} without {' or '.join(ENCODERS)}: there are no overlays",
            _setup(),
        )
    if lacking := sorted(missing & set(DECODING)):
        packages = sorted({DECODING[name] for name in lacking})
        what_to_do = f"{to_set_up()}, or sudo apt install {' '.join(packages)}"
        return warn(f"{says} without {', '.join(lacking)}: some sources cannot be read", what_to_do)
    return ok(f"{says} with every element of the software chain")


def check_jetson_elements(machine: Machine, _unit: Unit) -> Finding:
    """Say whether the elements are there with which a Jetson spares its cores."""
    jetson = read_jetson(machine)
    if jetson is None:
        return ok(f"{NOT_A_JETSON}: the software chain is used")
    wanted = (*JETSON, NVENC) if jetson.has_nvenc else JETSON
    answer = ask(machine, "elements", *wanted)
    if answer.problem:
        return _unanswered(answer)
    if missing := answer.values["missing"]:
        return warn(
            f"without {', '.join(missing)}: the software chain is used in their place",
            "sudo apt install nvidia-l4t-gstreamer nvidia-l4t-multimedia nvidia-l4t-camera, and "
            f"remove {plugin_memory()}; a container needs the NVIDIA runtime",
        )
    no_nvenc = "" if jetson.has_nvenc else "; an Orin Nano has no video encoder (NVENC)"
    return ok(f"{', '.join(wanted)}{no_nvenc}")


def _setup() -> str:
    return f"{to_set_up()} installs it"


def _unanswered(answer: Answer) -> Finding:
    return fail(answer.problem, _setup()) if answer.has_ended else not_known(answer.problem)
