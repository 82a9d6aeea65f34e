"""A unit with everything on: each part works beside all the others."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack

import pytest

from edgecrack.models.swap_request import request_swap
from edgecrack.records import Fix
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.segment import misfits
from edgecrack.synthetic.position_log import nmea
from tests.edgecrack.real_gpsd import PlayedReceiver, gpsd_with
from tests.edgecrack.real_mosquitto import Listener, Mosquitto, until
from tests.edgecrack.rtsp_server import RtspServer, free_port, pictures
from tests.edgecrack.streams.watchers import Player, rtsp


def now():
    """Yield what a receiver sends of the present, driving north at 11 m/s."""
    while True:
        at_ns = time.time_ns() // 10**8 * 10**8
        yield nmea([Fix(at_ns, 50 + at_ns % 10**13 * 1e-13, 8.0, 100.0, 0.0, 11.0, 0.8)]).encode()


def answer(port, path) -> tuple[int, str]:
    """Return the status and the text of an answer of the unit; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as got:
            return got.status, got.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


@pytest.mark.slow
def test_everything_at_once(tmp_path, environment, tiny_bundle, tiny):
    """Camera, gpsd, segments, broker, stream, health and a change of model, in one run."""
    ports = {name: free_port() for name in ("health", "stream")}
    stream = f"rtsp://127.0.0.1:{ports['stream']}/live"
    with ExitStack() as stack:
        gpsd = stack.enter_context(gpsd_with(tmp_path, PlayedReceiver(now(), 0.2)))
        broker = Mosquitto(tmp_path)
        stack.callback(broker.kill)
        listener = Listener(broker.port)
        stack.callback(listener.close)
        camera = stack.enter_context(RtspServer(free_port(), pictures(320, 240)))
        words = [
            sys.executable, "-m", "edgecrack", "run", camera.url, "--position", gpsd.address,
            "--clock", "gate", "--standstill", "infer", "--model", tiny_bundle, "--json",
            "--backend", "onnxruntime", "--precision", "fp32", "--all-masks",
            "--runs-folder", tmp_path / "runs", "--roll-minutes", "0.05", "--keep-free-mb", "0",
            "--stream", stream, "--mqtt", f"mqtt://127.0.0.1:{broker.port}",
            "--outbox", tmp_path / "outbox.db", "--swap-socket", tmp_path / "socket",
            "--health", f"127.0.0.1:{ports['health']}", "--log", "json",
        ]  # fmt: skip
        unit = subprocess.Popen(
            [str(word) for word in words], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        stack.callback(unit.kill)
        until(lambda: answer(ports["health"], "/readyz")[0] == 200, 60)
        asked = request_swap(tmp_path / "socket", tiny_bundle, tiny.sha256)
        assert asked.accepted, "it is the model that runs"
        with Player(rtsp(stream)) as player:
            assert player.watch(5) == 5
        until(lambda: len(listener.of("cracks")) > 20 and len(list(sealed(tmp_path))) > 1, 60)
        metrics = answer(ports["health"], "/metrics")[1]
        unit.send_signal(signal.SIGTERM)
        stdout, stderr = unit.communicate(timeout=60)
    assert unit.returncode == 130, stderr
    changes = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    assert {"receiver", "clock", "stream", "mqtt"} <= {change["part"] for change in changes}
    assert "Traceback" not in stderr
    assert "edgecrack_outbox_messages" in metrics
    report = json.loads(stdout)
    cracks = [json.loads(payload) for payload, *_ in listener.of("cracks")]
    assert len({crack["id"] for crack in cracks}) == len(cracks) == report["frames_with_crack"]
    assert report["frames_in"] == report["frames_inferred"] + sum(report["frames_dropped"].values())
    assert all(misfits(LocalDisk(), folder) == [] for folder in sealed(tmp_path))
    placed = [crack for crack in cracks if crack["geometry"]]
    assert placed
    assert all(crack["properties"]["t_utc"] for crack in placed)


def sealed(tmp_path):
    """Yield the sealed segments."""
    return (path.parent for path in (tmp_path / "runs").glob("*/seal.json"))
