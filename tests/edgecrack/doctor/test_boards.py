"""What the doctor says of whole boards, as they are and with something changed."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edgecrack.doctor.examination import CHECKS, examine
from edgecrack.doctor.line import FAIL, OK, WARN
from edgecrack.doctor.machine import Ended
from edgecrack.doctor.unit import Unit
from edgecrack.segmenters import ModelSpec
from tests.edgecrack.doctor.boards import ORIN, THOR, bare, board, recorded


@pytest.fixture
def unit(tiny_bundle):
    """Return a unit with the tiny bundle."""
    return Unit(model=ModelSpec(bundle=tiny_bundle))


@pytest.fixture
def said(unit):
    """Return a function that returns what is said of each subject, or of one."""

    def _said(machine, subject=None):
        if subject is not None:
            return CHECKS[subject](machine, unit)
        return {line.subject: line for line in examine(machine, unit).lines}

    return _said


def test_an_orin_nano_is_described(said, tmp_path):
    """Every subject of an Orin Nano on L4T 36 as it is; the camera is on the CSI port."""
    lines = said(board(ORIN, tmp_path))
    assert {name for name, line in lines.items() if line.state == FAIL} == set()
    assert {name for name, line in lines.items() if line.state == WARN} == {"TensorRT path"}
    says = {name: line.says for name, line in lines.items()}
    assert "Orin Nano" in says["board"]
    assert "(Orin, tegra234)" in says["board"]
    assert says["JetPack"].startswith(
        "L4T 36.4.7, JetPack 6.1 to 6.2.1, package nvidia-jetpack 6.2"
    )
    assert says["power mode"] == "1 25W; there are also 0 15W, 2 MAXN_SUPER, 3 7W"
    assert says["clocks"] == "CPU 730 MHz (730 to 1344), GPU 918 MHz (fixed)"
    assert says["temperature"] == "55 °C at the hottest place, tj-thermal"
    assert says["GStreamer"] == "GStreamer 1.20.3 with every element of the software chain"
    assert says["Jetson elements"].endswith("an Orin Nano has no video encoder (NVENC)")
    assert says["TensorRT"] == "TensorRT 10.3.0, as JetPack 6.1 to 6.2.1 brings it"
    assert says["CUDA"] == "CUDA 12.6.11"
    assert says["pycuda"].endswith("GPU Orin, compute capability 8.7")
    assert "not yet been run on a GPU by its makers" in says["TensorRT path"]
    assert says["camera"] == "/dev/video0 vi-output, imx219 9-0010 (RG10), on the CSI port"
    assert says["receiver"].startswith("serial ports ttyTHS1;")
    assert says["disk"] == "200.0 of 500 GB free, ext4 on an NVMe disk (nvme0n1)"
    assert says["time"] == "synchronised; timedatectl says NTP=yes"
    assert says["bundle"].startswith("tiny 0.0.1")
    assert says["engines"] == "1 of 1 are built for this machine: fp16 960x544 ok"
    assert says["self-test"].endswith("onnxruntime int8 was not tried: 5 s were up")


def test_a_thor_is_described(said, tmp_path):
    """A Thor on L4T 39: another chip, another way to name its GPU, chrony, a USB camera."""
    lines = said(board(THOR, tmp_path))
    assert {name for name, line in lines.items() if line.state == FAIL} == set()
    says = {name: line.says for name, line in lines.items()}
    assert "(Thor, tegra264)" in says["board"]
    assert says["JetPack"] == "L4T 39.2.0, JetPack 7.2, package nvidia-jetpack 7.2-b187"
    assert says["power mode"] == "0 MAXN; there are also 1 120W, 2 90W, 3 70W"
    assert says["clocks"] == "CPU 2601 MHz (fixed), GPU 1575 MHz (315 to 1575)"
    assert says["TensorRT"] == "TensorRT 10.16.1.11, as JetPack 7.2 brings it"
    assert "nvv4l2h264enc" in says["Jetson elements"]
    assert says["camera"] == "/dev/video0 HD Pro Webcam C920 (YUYV, H264, MJPG)"
    assert lines["engines"].state == WARN
    assert says["engines"].startswith("0 of 1 are built for this machine; fp16 960x544 is missing")
    assert "edgecrack engine build" in lines["engines"].what_to_do
    assert says["time"] == "synchronised; chrony, 0.000000120 seconds slow of NTP time"


def test_nothing_at_all_is_no_fault_of_the_doctor(said, tmp_path):
    """Without a file, a program or a library each subject is told, and none breaks."""
    lines = said(bare(tmp_path))
    assert list(lines) == list(CHECKS)
    for line in lines.values():
        assert "should not happen" not in line.says
        assert line.says
        assert bool(line.what_to_do) == (line.state != OK)
    for name in ("board", "JetPack", "power mode", "Jetson elements"):
        assert lines[name].state == OK
        assert lines[name].says.startswith("not a Jetson")
    for name in ("clocks", "temperature"):
        assert lines[name].says.startswith("not known")
    assert {name for name, line in lines.items() if line.state == FAIL} == {
        *("GStreamer", "backends", "self-test"),
    }


RELEASE = "# R{} (release), REVISION: {}, GCID: 1, BOARD: generic\n"
NO_L4T = "Package: libnvinfer10\nStatus: install ok installed\nVersion: 10.3.0.30-1+cuda12.5\n"


@pytest.mark.parametrize(
    ("name", "files", "subject", "state", "words"),
    [
        (ORIN, {"etc/nv_tegra_release": None}, "JetPack", OK, "L4T 36.4.7"),
        (
            ORIN,
            {"etc/nv_tegra_release": None, "var/lib/dpkg/status": NO_L4T},
            "JetPack", WARN, "not known",
        ),
        (ORIN, {"etc/nv_tegra_release": RELEASE.format(36, "5.0")}, "JetPack", FAIL, "36.4.7"),
        (
            ORIN,
            {"etc/nv_tegra_release": RELEASE.format(38, "2.1"), "var/lib/dpkg/status": NO_L4T},
            "JetPack", FAIL, "supports Thor and not Orin",
        ),
        (
            ORIN,
            {"etc/nv_tegra_release": RELEASE.format(41, "0.0"), "var/lib/dpkg/status": NO_L4T},
            "JetPack", WARN, "knows only L4T",
        ),
        (
            ORIN,
            {"proc/device-tree/compatible": "nvidia,p2822\0nvidia,tegra194\0"},
            "board", FAIL, "neither an Orin nor a Thor",
        ),
        (ORIN, {"proc/device-tree/compatible": None}, "board", OK, "as in a container"),
        (ORIN, {"var/lib/nvpmodel/status": None}, "power mode", OK, "1 25W; there"),
        (THOR, {"var/lib/nvpmodel/status": None}, "power mode", WARN, "not known"),
        (THOR, {"etc/nvpmodel.conf": None}, "power mode", OK, "0"),
        (ORIN, {"sys/class/thermal/thermal_zone8/temp": "90000"}, "temperature", WARN, "90 °C"),
        (ORIN, {"sys/class/thermal/thermal_zone8/temp": "99500"}, "temperature", FAIL, "100 °C"),
        (
            ORIN,
            {"sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "fast"},
            "clocks", OK, "GPU 918 MHz (fixed)",
        ),
        (ORIN, {"usr/local/cuda/version.json": "{"}, "CUDA", OK, "CUDA 12.6.68"),
        (ORIN, {"usr/local/cuda/version.json": "[1]"}, "CUDA", OK, "CUDA 12.6.68"),
        (
            ORIN,
            {"usr/local/cuda/version.json": '{"cuda": {"version": "13.0"}}'},
            "CUDA", FAIL, "TensorRT is for CUDA 12.5",
        ),
        (
            ORIN,
            {"usr/local/cuda/version.json": '{"cuda": {"version": "13.0"}}'},
            "pycuda", FAIL, "but CUDA 13.0 is installed",
        ),
    ],
)  # fmt: skip
def test_what_is_odd_is_told(  # noqa: PLR0913, PLR0917  a row of a table
    said, tmp_path, name, files, subject, state, words
):
    """A release that contradicts itself, a foreign board, heat, versions that do not fit."""
    finding = said(board(name, tmp_path, files), subject)
    assert finding.state == state
    assert words in finding.says


def package(version):
    """Return a list of packages with TensorRT's library in a version, on L4T 39 or 36."""
    l4t = "Package: nvidia-l4t-core\nStatus: install ok installed\nVersion: {}\n\n"
    library = f"Package: libnvinfer11\nStatus: install ok installed\nVersion: {version}\n"
    return {ORIN: l4t.format("36.4.7") + library, THOR: l4t.format("39.2.0") + library}


@pytest.mark.parametrize(
    ("name", "version", "library", "state", "words"),
    [
        (ORIN, "10.3.0", None, OK, "as JetPack 6.1 to 6.2.1 brings it"),
        (ORIN, "10.7.0", "10.7.0.23-1+cuda12.6", WARN, "brings 10.3"),
        (ORIN, "10.7.0", None, FAIL, "the library is 10.3.0.30"),
        (ORIN, "8.6.2", "8.6.2.3-1+cuda12.2", WARN, "best effort"),
        (ORIN, "8.5.2", "8.5.2.1-1", FAIL, "older than 8.6"),
        (ORIN, "11.4.1", "11.4.1.5-1+cuda12.9", FAIL, "runs on no Jetson before"),
        (THOR, "11.4.0", "11.4.0.106-1+cuda13.2", FAIL, "runs on no Jetson before"),
        (THOR, "11.4.1", "11.4.1.5-1+cuda13.2", WARN, "brings 10.16"),
        (ORIN, None, None, FAIL, "it has no version"),
    ],
)
def test_tensorrt_must_fit_library_and_jetpack(  # noqa: PLR0913, PLR0917  a row of a table
    said, tmp_path, name, version, library, state, words
):
    """JetPack 6 never takes 11, the library must be the binding's, another 10 is worth a word."""
    files = {} if library is None else {"var/lib/dpkg/status": package(library)[name]}
    machine = board(name, tmp_path, files)
    recorded(machine).probes["library tensorrt"] = {"version": version}
    finding = said(machine, "TensorRT")
    assert finding.state == state
    assert words in finding.says


def test_tensorrt_that_python_cannot_load_is_told(said, tmp_path):
    """Its own library is missing."""
    machine = board(ORIN, tmp_path)
    recorded(machine).probes["library tensorrt"] = {"problem": "libnvinfer.so.10: cannot open"}
    assert "cannot load it: libnvinfer.so.10" in said(machine, "TensorRT").says
    assert "install" in said(machine, "TensorRT").what_to_do


@pytest.mark.parametrize("problem", ["no answer within 60 s", "ended with -11"])
def test_a_probe_that_does_not_answer_says_nothing_of_what_is_installed(said, tmp_path, problem):
    """A cold board is slow, and a library may end the process: nothing is to be installed."""
    machine = board(ORIN, tmp_path)
    for question in ("library tensorrt", "libraries", "backends", "elements"):
        recorded(machine).probes[question] = Ended("", problem)
    for subject in ("TensorRT", "pycuda", "backends", "GStreamer", "Jetson elements"):
        finding = said(machine, subject)
        assert (finding.state, finding.says) == (FAIL, f"not known: {problem}"), subject
        assert "install" not in finding.what_to_do


def test_a_jetson_without_tensorrt_runs_on_its_processor(said, tmp_path):
    """That is no failure, but slow, and nothing else of CUDA is asked for."""
    l4t = "Package: nvidia-l4t-core\nStatus: install ok installed\nVersion: 36.4.7-1\n"
    machine = board(ORIN, tmp_path, {"var/lib/dpkg/status": l4t})
    machine = replace(machine, has_module=lambda _name: False)
    finding = said(machine, "TensorRT")
    assert finding.state == WARN
    assert "on the processor" in finding.says
    for subject in ("CUDA", "pycuda", "TensorRT path", "engines"):
        assert said(machine, subject).state == OK


def test_cuda_is_needed_where_tensorrt_is(said, tmp_path):
    """Nothing tells its version where TensorRT came by pip; that is no reason to warn."""
    machine = bare(tmp_path)
    assert said(machine, "CUDA").says.endswith("not needed without TensorRT")
    finding = said(replace(machine, has_module=lambda name: name == "tensorrt"), "CUDA")
    assert finding.state == OK
    assert finding.says.startswith("not known: neither /usr/local/cuda")


def test_pycuda_must_see_the_gpu(said, tmp_path):
    """It is absent, or the driver says no."""
    machine = board(ORIN, tmp_path)
    libraries = recorded(machine).probes["libraries"]
    absent = {"pycuda": None, "cuda_pycuda": None, "problems": ["pycuda cannot be loaded here."]}
    recorded(machine).probes["libraries"] = {**libraries, **absent}
    finding = said(machine, "pycuda")
    assert finding.state == FAIL
    assert finding.what_to_do.startswith("sudo deploy/setup.sh --jetson, then run PATH=/usr/local")
    assert "pip install -e '.[tensorrt]'" in finding.what_to_do
    problems = ["TensorRT needs a GPU, but CUDA finds none."]
    recorded(machine).probes["libraries"] = {**libraries, "problems": problems}
    assert "CUDA finds none" in said(machine, "pycuda").says
    assert said(machine, "pycuda").state == FAIL


def test_openvino_is_praised_where_it_was_measured(said, tmp_path):
    """On the processors of PCs; nobody has timed it on another."""
    machine = board(ORIN, tmp_path)
    assert said(machine, "backends").state == OK
    finding = said(replace(machine, processor="x86_64"), "backends")
    assert finding.state == WARN
    assert "pip install -e '.[openvino]'" in finding.what_to_do


def test_engines_that_cannot_be_looked_at_are_not_known(said, tmp_path):
    """The reason is told; those that are stale say why."""
    machine = board(ORIN, tmp_path)
    (engine,) = recorded(machine).probes["engines"]["engines"]
    stale = {**engine, "width_px": 640, "state": "stale", "why": "it is for TensorRT 10.7"}
    recorded(machine).probes["engines"] = {"engines": [stale]}
    assert said(machine, "engines").state == WARN
    assert "is stale (it is for TensorRT 10.7)" in said(machine, "engines").says
    recorded(machine).probes["engines"] = {"problem": "there is no GPU"}
    assert said(machine, "engines").state == WARN
    assert said(machine, "engines").says == "not known: there is no GPU"


def test_the_engine_of_one_size_is_enough(tmp_path):
    """A unit runs at one; where its file says which, that one is to be there."""
    machine = board(ORIN, tmp_path)
    (engine,) = recorded(machine).probes["engines"]["engines"]
    other = {**engine, "width_px": 640, "height_px": 352, "state": "missing", "why": "none"}
    recorded(machine).probes["engines"] = {"engines": [engine, other]}
    states = [
        CHECKS["engines"](machine, Unit(model=ModelSpec(size_px=size_px))).state
        for size_px in (None, (960, 544), (640, 352))
    ]
    assert states == [OK, OK, WARN]


def test_missing_elements_are_named(said, tmp_path):
    """Those that everything needs fail; those that a source or the hardware needs are a warning."""
    machine = board(THOR, tmp_path)
    recorded(machine).missing |= {"nvvidconv", "nvv4l2decoder", "avdec_h264"}
    assert said(machine, "Jetson elements").state == WARN
    assert "without nvv4l2decoder, nvvidconv" in said(machine, "Jetson elements").says
    assert said(machine, "GStreamer").state == WARN
    assert "gstreamer1.0-libav" in said(machine, "GStreamer").what_to_do
    recorded(machine).missing |= {"x264enc"}
    assert "no overlays" in said(machine, "GStreamer").says
    recorded(machine).missing |= {"videocrop"}
    assert said(machine, "GStreamer").state == FAIL
    recorded(machine).missing -= {"videocrop"}
    recorded(machine).gstreamer = "1.18.4"
    assert "older than 1.20" in said(machine, "GStreamer").says


@pytest.mark.parametrize("is_package", [False, True])
def test_what_gstreamer_remembers_is_where_this_program_has_it(
    said, tmp_path, monkeypatch, is_package
):
    """A service has its own: what it could not load once, it does not try again."""
    service = (Path(__file__).parents[3] / "deploy/systemd/edgecrack.service").read_text()
    (registry,) = re.findall(r"GST_REGISTRY=(\S+)", service)
    if is_package:
        monkeypatch.setattr(sys, "prefix", "/opt/edgecrack")
    machine = board(THOR, tmp_path)
    recorded(machine).missing |= {"nvvidconv"}
    what_to_do = said(machine, "Jetson elements").what_to_do
    own = registry.replace("%C", "/var/cache") if is_package else "~/.cache/gstreamer-1.0"
    assert f"remove {own};" in what_to_do


def test_another_python_than_the_systems_is_told(said, tmp_path):
    """Its bindings are built for one Python."""
    machine = replace(board(ORIN, tmp_path), python=(3, 12, 3))
    finding = said(machine, "Python")
    assert finding.state == FAIL
    assert "python3.10 -m venv" in finding.what_to_do


def test_a_failed_selftest_is_told(said, tmp_path):
    """A wrong answer, a bundle that cannot be loaded, and a process that died."""
    machine = board(ORIN, tmp_path)
    failed = {"proved": {}, "failed": {"onnxruntime fp32": "differs"}, "left_out": {}}
    for answer, words in (
        (failed, "onnxruntime fp32 differs"),
        ({"problem": "the bundle is damaged"}, "damaged"),
        (Ended("", "ended with -4"), "ended with -4"),
    ):
        recorded(machine).probes["selftest"] = answer
        finding = said(machine, "self-test")
        assert finding.state == FAIL
        assert words in finding.says
