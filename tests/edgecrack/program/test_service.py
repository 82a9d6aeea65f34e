"""What a run tells systemd, heard on a real datagram socket."""

import json
import os
import signal
import subprocess
import sys
from itertools import groupby

import pytest

from edgecrack.commands.progress import progress_of
from edgecrack.program.service import Service
from tests.conftest import Manifest
from tests.edgecrack.program.notify_manager import Manager
from tests.edgecrack.rtsp_server import RtspServer, free_port
from tests.edgecrack.small_networks import endless_network

ENDLESS = "test:?width=96&height=64&frames=1000000"


@pytest.fixture
def abstract_manager():
    """Return a manager that listens under an abstract name, as one of a container may."""
    manager = Manager(f"\0edgecrack.{os.getpid()}")
    yield manager
    manager.close()


@pytest.fixture
def start(environment, tiny_bundle, tmp_path):
    """Return a function that starts ``edgecrack run`` under a manager."""
    children = []

    def _start(source, manager, *options, model=tiny_bundle):
        child = subprocess.Popen(
            [sys.executable, "-m", "edgecrack", "run", source, "--model", model, "--backend",
             "onnxruntime", "--precision", "fp32", "--out", tmp_path / "out", *options],
            env=environment | {"NOTIFY_SOCKET": manager.address},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        children.append(child)
        return child

    yield _start
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.slow
def test_a_run_is_ready_with_its_first_frame_and_stops_once(manager, start):
    """Opening, ready with progress, fed again a second later; after SIGTERM it is ending."""
    child = start(ENDLESS, manager, "--live")
    assert manager.hear() == ["STATUS=opening the model, the source and the positions"]
    manager.hear_until("READY=1")
    assert manager.messages[-1][1] == "WATCHDOG=1"
    assert manager.hear()[0] == "WATCHDOG=1", "it is ready once, then only fed"
    child.send_signal(signal.SIGTERM)
    manager.hear_until("STOPPING=1")
    _, stderr = child.communicate(timeout=60)
    assert (child.returncode, stderr) == (130, "")
    assert manager.hear_the_rest() == [], "nothing contradicts that it is ending"


@pytest.mark.slow
def test_a_camera_that_is_waited_for_is_no_hang(manager, start, tmp_path):
    """Not there yet: more time; gone: fed all the same; each state is told, and in the report."""
    port = free_port()
    child = start(f"rtsp://me:s3cret@127.0.0.1:{port}/live", manager)
    manager.hear_until_status("opening: rtsp://***@127", "refused", "s of waiting")
    assert manager.messages[-1][0].startswith("EXTEND_TIMEOUT_USEC=")
    with RtspServer(port):
        manager.hear_until("READY=1")
    manager.hear_until_status("reconnecting: ", "stopped sending", "frames")
    assert manager.messages[-1][0] == "WATCHDOG=1"
    manager.hear_until("WATCHDOG=1")
    child.send_signal(signal.SIGTERM)
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    told = [line.split(": ")[1] for line in stderr.splitlines() if line.startswith("capture: ")]
    assert [state for state, _ in groupby(told)] == ["opening", "capturing", "reconnecting"]
    assert "s3cret" not in stderr + str(manager.messages)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["frames_inferred"] > 0
    assert report["interruptions"]["without_pictures_s"] > 0
    assert report["interruptions"]["waited_s"] > 0
    assert "rtsp://***@127" in report["interruptions"]["last_reason"]


def test_the_shortest_run_is_ready_and_then_ends(abstract_manager, start):
    """A source of one frame is ready before it ends, and ends well."""
    child = start("test:?width=96&height=64&frames=1", abstract_manager)
    _, stderr = child.communicate(timeout=60)
    assert (child.returncode, stderr) == (0, "")
    said = [line.partition("=")[0] for line in abstract_manager.hear_the_rest()]
    assert said == ["STATUS", "READY", "WATCHDOG", "STATUS", "STOPPING", "STATUS"]


def test_a_run_that_hangs_feeds_no_watchdog(manager, start, until, bundle_copy, tmp_path):
    """A network that never answers: neither ready nor fed, whatever the source delivers."""
    (bundle_copy / "model.fp32.onnx").write_bytes(endless_network())
    Manifest(bundle_copy).seal()
    child = start(ENDLESS, manager, "--live", model=bundle_copy)
    until((tmp_path / "out" / "cracks.geojsonl").exists, child)
    child.send_signal(signal.SIGTERM)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert manager.hear_the_rest() == [
        "STATUS=opening the model, the source and the positions", "STOPPING=1", "STATUS=ending",
    ]  # fmt: skip


def test_a_run_that_cannot_begin_is_never_ready(manager, start, tmp_path):
    """A source that is not there: the exit code says so, and READY is not among the messages."""
    child = start(tmp_path / "none.mp4", manager)
    child.communicate(timeout=60)
    assert child.returncode == 66
    assert not {"READY=1", "WATCHDOG=1"} & {*manager.hear_the_rest()}


def test_progress_is_told_once_a_second(manager):
    """Between two messages there is a second of the clock, however many frames come."""
    now_s = 0.0
    service = Service(manager.address, clock_s=lambda: now_s)
    for done in range(10):
        service.running(f"{done} frames")
        now_s += 0.25
    assert manager.hear_the_rest() == [
        "READY=1", "WATCHDOG=1", "STATUS=0 frames", "WATCHDOG=1", "STATUS=4 frames",
        "WATCHDOG=1", "STATUS=8 frames",
    ]  # fmt: skip


def test_a_state_is_told_at_once_and_until_it_is_over(manager):
    """Whoever looks at the service sees why there are no frames; the wait feeds the watchdog."""
    service = Service(manager.address, clock_s=lambda: 5.0)
    service.running("3 frames")
    service.note("reconnecting: no route")
    service.running("3 frames")
    service.note("")
    service.running("4 frames")
    assert [line for line in manager.hear_the_rest() if "STATUS" in line] == [
        "STATUS=3 frames", "STATUS=reconnecting: no route; 3 frames", "STATUS=4 frames",
    ]  # fmt: skip


def test_rounds_without_a_frame_make_nothing_ready(manager):
    """Ready is what has given a frame; a loop that comes round before it only asks for time."""
    with progress_of(Service(manager.address)) as tell:
        tell("frames", 0, None)
    assert not {"READY=1", "WATCHDOG=1"} & {*manager.hear_the_rest()}


def test_what_ends_is_not_ready_again(manager):
    """Frames that were at work when the end began say nothing: the watchdog rests by then."""
    service = Service(manager.address)
    service.stopping()
    service.running("1 frames")
    service.stopping()
    assert manager.hear_the_rest() == ["STOPPING=1", "STATUS=ending"]


def test_what_is_prepared_is_waited_for(manager):
    """An engine may take longer to build than the unit gives a start; a hang later is seen."""
    with progress_of(Service(manager.address)) as tell:
        tell("% of an engine", 3, 100)
        tell("frames", 1, None)
        tell("files written", 4, 100)
    assert manager.hear_the_rest() == [
        "STATUS=opening the model, the source and the positions",
        "EXTEND_TIMEOUT_USEC=1800000000", "STATUS=3 of 100 % of an engine",
        "READY=1", "WATCHDOG=1", "STATUS=1 frames", "STATUS=4 of 100 files written",
    ]  # fmt: skip


def test_a_status_cannot_say_anything_else(manager):
    """A line break in what is counted, as a name may have one, ends no line of the protocol."""
    Service(manager.address).opening("a\nREADY=1")
    assert manager.hear_the_rest() == ["STATUS=a READY=1"]


def test_a_manager_that_went_away_ends_no_run(manager, start):
    """The run goes on when nobody listens any more, and ends as it would have."""
    manager.close()
    child = start("test:?width=96&height=64&frames=3", manager)
    _, stderr = child.communicate(timeout=60)
    assert (child.returncode, stderr) == (0, "")


def test_ready_is_said_again_until_it_is_heard(tmp_path):
    """A manager that restarts just then still hears that the run is ready."""
    now_s, path = 0.0, tmp_path / "notify"
    service = Service(str(path), clock_s=lambda: now_s)
    service.running("1 frames")
    manager, now_s = Manager(str(path)), 2.0
    service.running("2 frames")
    assert manager.hear() == ["READY=1", "WATCHDOG=1", "STATUS=2 frames"]
    manager.close()


@pytest.mark.parametrize("address", ["", "relative/path", "vsock:2:1"])
def test_without_an_address_of_a_manager_nothing_is_said(address):
    """No manager, or one whose kind of address is not known: a program like any other."""
    service = Service.of_environment({"NOTIFY_SOCKET": address})
    assert not service.is_managed
    service.opening("opening")
    service.running("1 frames")
    service.stopping()
