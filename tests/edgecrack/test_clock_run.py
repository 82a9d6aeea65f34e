"""A unit boots with its clock at 1970, which is set by a jump in the middle of a run."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgecrack.records import Fix
from edgecrack.run_reader import read_run
from edgecrack.synthetic.position_log import nmea
from edgecrack.utc import utc_ns
from tests.edgecrack.real_gpsd import PlayedReceiver, gpsd_with


def true_fixes():
    """Yield what a receiver sends of the present, four times a second, driving north."""
    while True:
        at_ns = time.time_ns() // 10**8 * 10**8
        yield nmea([Fix(at_ns, 50 + at_ns % 10**13 * 1e-13, 8.0, 100.0, 0.0, 11.0, 0.8)]).encode()


class FakedClock:
    """The clock of a program that is begun with this environment: libfaketime reads a file.

    The monotonic clock stays as it is, as it does on a machine whose clock is set.
    """

    def __init__(self, folder):
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self._file = folder / "faketime"
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, ahead_s):
        """Set it so far ahead of this machine's clock, at once."""
        (self._file.with_suffix(".new")).write_text(f"{ahead_s:+d}\n")
        self._file.with_suffix(".new").replace(self._file)


def lines(out, name):
    """Return the whole lines of a file so far."""
    path = out / name
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_unit_whose_clock_is_set_in_mid_run_dates_every_frame_right(
    environment, tiny_bundle, until, tmp_path
):
    """Its clock is at 1970, then an hour ahead, then right; the real gpsd tells it the time.

    No frame has a wrong time, those before the first fixes have none, and get it when the run is
    read; places go on through each jump.
    """
    out, clock = tmp_path / "out", FakedClock(tmp_path)
    clock.set(-int(time.time()))
    with gpsd_with(tmp_path, PlayedReceiver(true_fixes(), 0.25)) as gpsd:
        child = subprocess.Popen(
            [
                *(sys.executable, "-m", "edgecrack", "run"),
                *("test:?width=160&height=120&fps=10&frames=1000000", "--live", "--out", str(out)),
                *("--clock", "gate", "--position", str(gpsd.address), "--max-gap", "1"),
                *("--standstill", "infer", "--model", str(tiny_bundle), "--json"),
                *("--backend", "onnxruntime", "--precision", "fp32"),
            ],
            env={**environment, **clock.environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

        def has_more_places():
            placed = [line for line in lines(out, "cracks.geojsonl") if line["geometry"]]
            return len(placed) >= wanted + 5

        wanted = 0
        until(has_more_places, child)
        for ahead_s in (3600, 0):
            clock.set(ahead_s)
            wanted = len(lines(out, "cracks.geojsonl"))
            until(has_more_places, child)
        child.send_signal(signal.SIGTERM)
        _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    assert "clock: waiting: neither NTP nor three fixes" in stderr
    assert "clock: trusted: by the receiver's fixes, this machine's clock is wrong" in stderr

    record = json.loads((out / "run.json").read_text())
    assert (record["clock"]["first_trusted_by"], record["clock"]["jumps"]) == ("gps", 2)
    features = [line["properties"] for line in lines(out, "cracks.geojsonl")]
    untimed = [each for each in features if each["t_utc"] is None]
    assert untimed
    assert {each["position_quality"] for each in untimed} == {"no_clock"}
    ahead_ns = time.time_ns() - time.monotonic_ns()
    observations = read_run(out).observations
    assert {frame.t_utc_from for frame in observations} == {None, "clock.jsonl"}
    for frame in observations:
        late_s = (frame.t_monotonic_s * 1e9 + ahead_ns - utc_ns(frame.t_utc)) / 1e9
        assert -0.1 < late_s < 0.9
    entries = lines(out, "clock.jsonl")
    assert (entries[0]["source"], entries[-1]["source"] != "none") == ("none", True)
    assert {entry["boot_id"] for entry in entries} == {record["boot_id"]}
