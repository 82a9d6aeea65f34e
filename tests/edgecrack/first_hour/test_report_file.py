"""The file that is sent home: an hour for each power mode, and nothing of whose machine it is."""

import json
import zipfile
from dataclasses import replace

import pytest

from edgecrack.doctor.line import Line
from edgecrack.errors import SinkError, UsageError
from edgecrack.first_hour import report_file as module
from edgecrack.first_hour.hidden import hidden, own_names
from edgecrack.first_hour.hour import Hour
from edgecrack.first_hour.report_file import ReportFile
from edgecrack.first_hour.step import Step

ROW = {
    "backend": "tensorrt",
    "inspected": "fp16",
    "width_px": 960,
    "height_px": 544,
    "latency": {"p50_ms": 5.04, "p95_ms": 6.1},
    "throughput_fps": 190.0,
    "end_to_end": None,
    "agreement": {"mask_iou": 0.9971},
}
HOUR = Hour(
    power_mode="1 25W",
    modes=("0 15W", "1 25W", "2 MAXN_SUPER"),
    written_utc="2026-11-27T10:00:00+00:00",
    edgecrack="0.1.0",
    steps=(
        Step(Line("doctor", "warn", "hm", "look"), 3.0, {"lines": []}),
        Step(Line("speed", "ok", "fast"), 60.0, {"rows": [ROW]}),
    ),
)


def read(path):
    """Return the values and the text of a report."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("report.json")), archive.read("report.md").decode()


def test_each_power_mode_has_its_hour(tmp_path):
    """A further run adds its mode, a repeated one replaces it, and what is left is said."""
    path = tmp_path / "hour.zip"
    ReportFile(path).keep(HOUR)
    values, text = read(path)
    assert "| 1 25W | tensorrt fp16 960x544 | 5.04 | 6.10 | 190 | - | 0.9971 |" in text
    assert "sudo nvpmodel -m 2   # 2 MAXN_SUPER" in text
    again = ReportFile(path)
    again.keep(replace(HOUR, power_mode="2 MAXN_SUPER"))
    again.keep(replace(HOUR, edgecrack="0.2.0"))
    values, text = read(path)
    assert list(values["hours"]) == ["1 25W", "2 MAXN_SUPER"]
    assert values["hours"]["1 25W"]["edgecrack"] == "0.2.0"
    assert "nvpmodel -m 2" not in text
    assert again.left == ["sudo nvpmodel -m 0   # 0 15W; then run it again"]


def test_nothing_tells_whose_machine_it_is(tmp_path, monkeypatch):
    """Neither its name, nor the folder of its user, nor what an address hides."""
    names = {"/home/ann": "~", "van7": "(this machine)"}
    monkeypatch.setattr(module, "own_names", lambda: names)
    says = "no /home/ann/x.so on van7, nor rtsp://me:secret@cam/1; savanna and van70 stay"
    step = Step(Line("doctor", "ok", says), 1.0, {"lines": [], "problems": {"gpu": [says]}})
    path = tmp_path / "hour.zip"
    ReportFile(path).keep(replace(HOUR, steps=(step,)))
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "secret" not in everything
    assert "/home/ann" not in everything
    assert "van7 " not in everything
    assert "savanna and van70 stay" in everything
    assert "~/x.so on (this machine)" in everything


@pytest.mark.parametrize("name", ["edgecrack", "steps", "figures"])
def test_a_machine_may_be_called_like_a_key(name, tmp_path, monkeypatch):
    """Its report can be written, read and added to."""
    monkeypatch.setattr("socket.gethostname", lambda: name)
    path = tmp_path / "hour.zip"
    ReportFile(path).keep(HOUR)
    ReportFile(path).keep(replace(HOUR, power_mode="2 MAXN_SUPER"))
    assert list(read(path)[0]["hours"]) == ["1 25W", "2 MAXN_SUPER"]


def test_this_machine_has_names_to_hide(monkeypatch):
    """Its own and that of the user's folder; a root of ``/`` is no name."""
    monkeypatch.setattr("socket.gethostname", lambda: "van7")
    monkeypatch.setenv("HOME", "/home/ann")
    assert own_names() == {"/home/ann": "~", "van7": "(this machine)"}
    monkeypatch.setenv("HOME", "/")
    assert own_names() == {"van7": "(this machine)"}
    assert hidden({"a": (1, None, True)}, own_names()) == {"a": [1, None, True]}


def zipped(**files):
    """Return a maker of a zip with some files."""

    def make(path):
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name.replace("_", "."), text)

    return make


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("my holiday"),
        lambda path: path.mkdir(),
        zipped(other_txt="x"),
        zipped(report_json="no JSON"),
        zipped(report_json="[]"),
        zipped(report_json="[" * 100_000),
        zipped(report_json='{"schema_version": 1}'),
        zipped(report_json='{"schema_version": 9, "hours": {}}'),
        zipped(report_json='{"schema_version": 1, "hours": {"a": 1}}'),
        zipped(report_json='{"schema_version": 1, "hours": {"a": {"modes": []}}}'),
    ],
)
def test_a_file_that_is_no_report_is_left_alone(make, tmp_path):
    """Whatever it is, it is refused before anything is done."""
    path = tmp_path / "hour.zip"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(UsageError, match="choose another --out"):
        ReportFile(path)
    assert before == (path.read_bytes() if path.is_file() else None)


def test_a_damaged_zip_is_refused(tmp_path):
    """Its bytes were changed on the way."""
    path = tmp_path / "hour.zip"
    ReportFile(path).keep(HOUR)
    data = bytearray(path.read_bytes())
    data[60:120] = bytes(60)
    path.write_bytes(data)
    with pytest.raises(UsageError, match="no report of the first hour"):
        ReportFile(path)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    """As everywhere that results are written."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="file"):
        ReportFile(tmp_path / "file" / "hour.zip").keep(HOUR)
