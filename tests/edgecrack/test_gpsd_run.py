"""A survey goes on while its receiver is away, and says so."""

import json
import signal
import time

import pytest

from edgecrack.records import Fix
from edgecrack.synthetic.position_log import nmea
from tests.edgecrack.real_gpsd import PlayedReceiver, gpsd_with


def now():
    """Yield what a receiver sends of the present, driving north at 11 m/s."""
    while True:
        at_ns = time.time_ns() // 10**8 * 10**8
        yield nmea([Fix(at_ns, 50 + at_ns % 10**13 * 1e-13, 8.0, 100.0, 0.0, 11.0, 0.8)]).encode()


def lines(out):
    """Return the whole lines of a survey so far."""
    path = out / "cracks.geojsonl"
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def last_place(out):
    """Return the place of the last line so far, None where it has none; ... where there is none."""
    found = lines(out)
    return found[-1]["geometry"] if found else ...


@pytest.mark.slow
def test_a_survey_outlives_its_gpsd(begin, until, tmp_path):
    """Killed, lines go on without a place; started again, with one. Both are told and counted."""
    out = tmp_path / "out"
    source = "test:?width=320&height=240&fps=20&frames=1000000"
    with gpsd_with(tmp_path, PlayedReceiver(now(), 0.2)) as gpsd:
        child = begin(
            source, out, "--live", "--position", str(gpsd.address), "--max-gap", "0.6",
            "--standstill", "infer",
        )  # fmt: skip
        until(lambda: isinstance(last_place(out), dict), child)
        gpsd.kill()
        until(lambda: last_place(out) is None, child)
        gpsd.restart()
        until(lambda: isinstance(last_place(out), dict), child)
        child.send_signal(signal.SIGTERM)
        _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    told = [line for line in stderr.splitlines() if line.startswith("receiver: ")]
    assert [line.split()[1].rstrip(":") for line in told[-3:]] == ["connected", "away", "connected"]
    assert "Traceback" not in stderr
    read = json.loads((out / "run.json").read_text())["fixes"]["read"]
    assert (read["lost"], read["garbage"]) == (1, 0)
    assert read["fixes"] > 2
    without = {
        line["properties"]["position_quality"] for line in lines(out) if not line["geometry"]
    }
    assert without <= {"outside", "gap", "none"}
