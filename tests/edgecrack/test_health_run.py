"""A real run that is asked how it is, while its camera goes away and comes back."""

import json
import signal
import subprocess
import sys
from http.client import RemoteDisconnected

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.edgecrack.health.health_parts import get
from tests.edgecrack.rtsp_server import RtspServer, free_port


@pytest.fixture
def asked(environment, tiny_bundle, tmp_path, until):
    """Return a run of a camera, and a function that asks it until a fact is there."""
    camera_port, port = free_port(), free_port()
    address = f"rtsp://me:s3cret@127.0.0.1:{camera_port}/live"
    child = subprocess.Popen(
        [sys.executable, "-m", "edgecrack", "run", address, "--model", tiny_bundle, "--backend",
         "onnxruntime", "--precision", "fp32", "--out", tmp_path / "out", "--stale-after", "1",
         "--health", f"127.0.0.1:{port}", "--log", "json"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    def ask_until(path, fact):
        answers = []

        def is_so():
            try:
                answers.append(get(port, path))
            except (ConnectionError, RemoteDisconnected):  # not there yet
                return False
            return fact(*answers[-1])

        until(is_so, child)
        return answers[-1]

    yield child, camera_port, ask_until
    child.kill()
    child.communicate()


def value(text, name, **labels):
    """Return the value of a metric."""
    (found,) = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"edgecrack_{name}" and labels.items() <= sample.labels.items()
    ]
    return found


@pytest.mark.slow
def test_a_unit_tells_how_it_is_while_its_camera_comes_and_goes(asked, tmp_path):
    """Alive all the while; ready only with frames; each state a metric and a line of JSON."""
    child, camera_port, ask_until = asked
    _, body = ask_until("/readyz", lambda _, body: "opening" in body)
    assert "rtsp://***@127.0.0.1" in body
    assert ask_until("/healthz", lambda *_: True)[0] == 200
    _, text = ask_until("/metrics", lambda _, text: value(text, "up_seconds") > 2)
    assert value(text, "loop_turn_age_seconds") < value(text, "up_seconds") - 0.5, "it is heard"
    with RtspServer(camera_port):
        ask_until("/readyz", lambda status, _: status == 200)
        _, text = ask_until("/metrics", lambda _, text: "edgecrack_frames_out_total" in text)
        assert value(text, "condition_info", part="capture", state="capturing") == 1
        assert value(text, "model_info", precision="fp32") == 1
    _, body = ask_until("/readyz", lambda status, _: status == 503)
    assert "capture" in json.loads(body)["reasons"]
    assert ask_until("/healthz", lambda *_: True)[0] == 200
    _, text = ask_until("/metrics", lambda _, text: 'state="reconnecting"' in text)
    frames_in = value(text, "frames_in_total")
    dropped = [sample.value for family in text_string_to_metric_families(text)
               for sample in family.samples
               if sample.name == "edgecrack_frames_dropped_total"]  # fmt: skip
    assert frames_in == value(text, "frames_inferred_total") + sum(dropped)
    with RtspServer(camera_port):
        ask_until("/readyz", lambda status, _: status == 200)
    child.send_signal(signal.SIGTERM)
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    told = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    states = [one["state"] for one in told if one.get("part") == "capture"]
    assert states[0] == "opening"
    assert {"opening", "capturing", "reconnecting"} == set(states)
    assert "s3cret" not in stderr
    assert json.loads((tmp_path / "out" / "run.json").read_text())["exit_reason"] == "interrupted"
