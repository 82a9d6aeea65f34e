"""The real machine through the seam, and that the doubles of the tests answer as it does."""

import json
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from edgecrack.doctor.elements import DECODING, ENCODERS, JETSON, NEEDED
from edgecrack.doctor.machine import NOT_INSTALLED, Machine, run_command
from edgecrack.doctor.packages import installed_packages
from edgecrack.doctor.probe import ask
from edgecrack.gst import chain, hardware_chain
from tests.edgecrack.doctor.boards import DATA, ORIN, THOR, board, recorded

PYTHON = sys.executable


def test_a_program_answers_or_says_why_not():
    """Its output; that it is not there; how it ended, with its last word."""
    assert run_command((PYTHON, "-c", "print('yes')"), 20).stdout == "yes\n"
    assert run_command(("no-such-program-here",), 5).problem == NOT_INSTALLED
    assert run_command((str(DATA),), 5).problem.startswith("cannot be run")
    program = "import sys; sys.stderr.write('first\\nlast word'); sys.exit(4)"
    assert run_command((PYTHON, "-c", program), 20).problem == "ended with 4 (last word)"


def is_alive(pid):
    """Whether a process is there that has not ended; one that nobody waited for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_a_program_that_hangs_is_ended_with_all_it_started(tmp_path):
    """A grandchild that holds its output would keep the doctor waiting, too."""
    pid_file = tmp_path / "pid"
    program = f"sleep 600 & echo $! > {pid_file}; wait"
    assert run_command(("sh", "-c", program), 2.0).problem == "no answer within 2 s"
    while is_alive(pid_file.read_text().strip()):  # the kernel may take a moment
        pass


def test_files_are_read_as_far_as_they_can_be(tmp_path):
    """NULs end lines; what is no file, or no text, is not there or marked."""
    machine = Machine(root=tmp_path)
    (tmp_path / "a").write_bytes(b"one\0two\0")
    (tmp_path / "b").write_bytes(b"\xff\n")
    (tmp_path / "c").mkdir()
    assert machine.text("/a") == "one\ntwo"
    assert machine.text("b") == "\ufffd"
    assert machine.text("c") is None
    assert machine.text("d") is None
    assert machine.files("/dev", "video*") == []


def test_packages_that_were_removed_are_not_installed():
    """Their configuration is all that is left of them."""
    found = installed_packages(DATA / ORIN / "var/lib/dpkg/status")
    assert found["libnvinfer10"] == "10.3.0.30-1+cuda12.5"
    assert found["cuda-cudart-12-6"] == "12.6.68-1"  # the last one
    assert "libnvinfer8" not in found
    assert installed_packages(DATA / "nothing") == {}


def test_this_machine_says_its_packages_space_and_clock():
    """The defaults ask the real system."""
    machine = Machine()
    assert machine.space(Path("/")).total_bytes > machine.space(Path("/")).free_bytes > 0
    assert machine.kernel_clock() in {None, 0, 1, 2, 3, 4, 5}
    assert machine.has_module("json")
    assert not machine.has_module("no_such_module")
    if Path("/var/lib/dpkg/status").exists():
        assert machine.packages("libc6")["libc6"].startswith("2.")


@pytest.mark.slow
def test_recorded_answers_have_the_keys_of_real_ones(tmp_path, tiny_bundle):
    """Element lists, backends and the self-test as the probe really answers them."""
    real, boards = Machine(), [board(name, tmp_path) for name in (ORIN, THOR)]
    questions = {
        "elements": ("queue", "no_such_element"),
        "backends": (),
        "selftest": (str(tiny_bundle), "5"),
    }
    answers = {
        kind: ask(real, kind, *rest, patience_s=90).values for kind, rest in questions.items()
    }
    assert answers["elements"]["missing"] == ["no_such_element"]
    assert answers["selftest"]["failed"] == {}
    assert "onnxruntime fp32" in answers["selftest"]["proved"]
    for each in boards:
        recalled = {kind: ask(each, kind, *rest).values for kind, rest in questions.items()}
        for kind in ("elements", "selftest"):
            assert recalled[kind].keys() == answers[kind].keys()
        for said in (*recalled["backends"].values(), *answers["backends"].values()):
            assert said.keys() in ({"version"}, {"problem"})


def test_a_library_says_its_version_or_what_is_wrong(tmp_path, monkeypatch):
    """One that is there, one that is not, one that cannot be loaded, one that kills."""
    (tmp_path / "half_there.py").write_text("raise ImportError('libhalf.so: cannot open')")
    (tmp_path / "deadly.py").write_text("import os; os.abort()")
    monkeypatch.syspath_prepend(tmp_path)
    machine = Machine()
    assert ask(machine, "library", "numpy").values["version"][0].isdigit()
    assert "there is no module 'no_such'" in ask(machine, "library", "no_such").problem
    assert "libhalf.so" in ask(machine, "library", "half_there").problem
    assert ask(machine, "library", "deadly").problem.startswith("ended with -6")


def test_what_the_probe_did_not_write_is_no_answer(tmp_path):
    """Output of a library in its place is told, not taken for it."""
    machine = board(ORIN, tmp_path)
    recorded(machine).probes["backends"] = [1, 2]
    assert ask(machine, "backends").problem.startswith("it answered")


def test_every_element_of_the_chains_is_looked_for():
    """The names in the pipelines' texts, so that none is forgotten that they come to need."""
    spec = chain.PipelineSpec("a", "videotestsrc name=source")
    rate = Fraction(25)
    encodings = [chain.software_encoding(rate, wanted.__eq__) for wanted in ENCODERS]
    texts = [
        chain.reader_chain(spec),
        chain.reader_chain(chain.PipelineSpec("a", "uridecodebin", is_paced=True)),
        hardware_chain.reader_chain(chain.PipelineSpec("a", "videotestsrc name=source")),
        *(chain.writer_chain(64, 64, rate, encoding) for encoding in encodings),
    ]
    parts = [part.split()[0] for text in texts for part in text.replace("split. !", "!").split("!")]
    named = {part for part in parts if not part.startswith("video/") and part != "split."}
    assert named <= {*NEEDED, *DECODING, *ENCODERS, *JETSON}


def test_the_answers_on_record_are_json():
    """Each board says all that its machine is made from."""
    keys = {"gstreamer", "kernel clock", "missing elements", "modules", "probes", "programs"}
    for name in (ORIN, THOR):
        assert json.loads((DATA / name / "answers.json").read_text()).keys() == keys | {"python"}
