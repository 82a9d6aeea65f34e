"""Signals to the real program at moments when it does something else than survey frames."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Manifest
from tests.edgecrack.small_networks import endless_network

ENDLESS = "test:?width=320&height=240&frames=1000000"
REFERENCE = ("--backend", "onnxruntime", "--precision", "fp32")  # nothing is tried beforehand
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(scope="module")
def endless_bundle(tiny_bundle, tmp_path_factory):
    """Return a bundle whose network never answers."""
    bundle = shutil.copytree(tiny_bundle, tmp_path_factory.mktemp("endless") / "bundle")
    (bundle / "model.fp32.onnx").write_bytes(endless_network())
    Manifest(bundle).seal()
    return bundle


@pytest.fixture
def start(environment):
    """Return a function that starts the program and does not wait for it."""
    started = []

    def _start(*arguments, program=("-m", "edgecrack"), prefix=()):
        child = subprocess.Popen(
            [*prefix, sys.executable, *program, *map(str, arguments)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(child)
        return child

    yield _start
    for child in started:
        child.kill()
        child.communicate()


def ended(child):
    """Return exit code and stderr."""
    _, stderr = child.communicate(timeout=60)
    return child.returncode, stderr


def open_files(child):
    """Yield what the program has open; a file that it closes meanwhile is left out."""
    for file in Path(f"/proc/{child.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield file.readlink()


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_a_stream_connects_ends_at_once(start, tiny_bundle, tmp_path, number):
    """A server that accepts and says nothing is not waited for: 130, and no folder is left."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"rtsp://127.0.0.1:{server.getsockname()[1]}/1"
        child = start("run", url, "--model", tiny_bundle, "--out", tmp_path / "out")
        connection, _ = server.accept()
        with connection:
            child.send_signal(number)
            assert ended(child) == (130, "")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_signal_while_a_log_is_read_ends_at_once(start, until, tiny_bundle, tmp_path):
    """A long log is not read to its end: 130, and no folder is left."""
    log, out = tmp_path / "long.nmea", tmp_path / "out"
    sentence = b"$GPRMC,120000.00,A,5120.0000,N,01222.0000,E,21.6,0.0,010526,,,A*6D\r\n"
    log.write_bytes(sentence * 200_000)
    child = start("run", "test:?frames=9", "--model", tiny_bundle, "--out", out,
                  "--position", log, "--video-start", "2026-05-01T12:00:00Z")  # fmt: skip
    until(lambda: log in open_files(child), child)
    child.send_signal(signal.SIGTERM)
    assert ended(child) == (130, "")
    assert not out.exists()


@pytest.mark.parametrize("mode", ["--live", "--file"])
def test_a_second_signal_gives_up_a_network_that_never_answers(
    start, until, endless_bundle, tmp_path, mode
):
    """Ctrl-C twice: 130, and the run says that it was interrupted."""
    out = tmp_path / "out"
    child = start("run", ENDLESS, mode, "--model", endless_bundle, *REFERENCE, "--out", out)
    until((out / "cracks.geojsonl").exists, child)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGTERM)
    assert ended(child) == (130, "")
    assert json.loads((out / "run.json").read_text())["exit_reason"] == "interrupted"
    assert json.loads((out / "report.json").read_text())["frames_inferred"] == 0


@pytest.mark.slow
def test_one_signal_is_enough_for_a_network_that_never_answers(
    start, until, endless_bundle, tmp_path
):
    """Frames at work are given up after a while: systemd sends one signal before it kills."""
    out = tmp_path / "out"
    program = "import edgecrack.stop_signal as s; s.FRAME_WITHIN_S = 0.2; "
    program += "from edgecrack.__main__ import main; main()"
    model = ("--model", endless_bundle, *REFERENCE)
    arguments = ("run", ENDLESS, "--live", *model, "--out", out)
    child = start(*arguments, program=("-c", program))
    until((out / "cracks.geojsonl").exists, child)
    child.send_signal(signal.SIGTERM)
    assert ended(child) == (130, "")
    assert json.loads((out / "run.json").read_text())["exit_reason"] == "interrupted"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_self_test_is_ended_at_once(start, until, endless_bundle, number):
    """A network that never answers does not keep a self-test from ending with 130."""
    child = start("selftest", endless_bundle)
    maps = Path(f"/proc/{child.pid}/maps")
    until(lambda: "onnxruntime" in maps.read_text(), child)
    child.send_signal(number)
    assert ended(child) == (130, "")


def test_a_signal_while_a_backend_is_chosen_ends_at_once(start, until, endless_bundle, tmp_path):
    """A network that never answers is given up: 130, and no folder is left."""
    out = tmp_path / "out"
    child = start("run", ENDLESS, "--model", endless_bundle, "--out", out)
    until(lambda: "onnxruntime" in Path(f"/proc/{child.pid}/maps").read_text(), child)
    child.send_signal(signal.SIGTERM)
    assert ended(child) == (130, "")
    assert not out.exists()


def test_a_self_test_has_a_deadline(command, endless_bundle):
    """A network that does not answer in time is unhealthy, and named: 3."""
    command("selftest", endless_bundle, "--deadline", 0.2).refused(3, "model.fp32.onnx")


@pytest.mark.slow
def test_a_hang_up_ends_a_run_in_order(begin, until, tmp_path, whole):
    """A terminal that is closed ends a run as SIGTERM does."""
    out = tmp_path / "out"
    child = begin(ENDLESS, out, "--all-masks")
    until(lambda: any((out / "masks").glob("*")), child)
    child.send_signal(signal.SIGHUP)
    assert ended(child) == (130, "")
    report = json.loads((out / "report.json").read_text())
    assert whole(out) == report["frames_inferred"] > 0


@pytest.mark.slow
def test_a_hang_up_that_is_ignored_stays_so(start, until, tiny_bundle, tmp_path):
    """Under nohup a run goes on when the terminal is closed."""
    out = tmp_path / "out"
    child = start("run", ENDLESS, "--all-masks", "--model", tiny_bundle, "--out", out,
                  prefix=("env", "--ignore-signal=HUP"))  # fmt: skip
    until(lambda: any((out / "masks").glob("*")), child)
    child.send_signal(signal.SIGHUP)
    seen = len(list((out / "masks").iterdir()))
    until(lambda: len(list((out / "masks").iterdir())) > seen, child)
