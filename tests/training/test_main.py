"""``edgecrack-train`` as a person runs it: a process, its words, its files and its exit code."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest

from training.__main__ import main
from training.checkpoint import load_checkpoint
from training.loop import Trainer

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG = """
name = "tiny"
[model]
widths = [4, 8]
batch_norm = true
[fit]
batch = 2
crop_px = 32
steps_per_epoch = 10
epochs = {epochs}
learning_rate = 1e-2
precision = "fp32"
threads = 1
workers = {workers}
[[data]]
name = "lines"
images = ["lines/images"]
masks = ["lines/masks"]
split = "crackforest"
validate_px = 1
"""


@contextmanager
def started(*arguments):
    """Start the command line in a process of its own, and leave none behind."""
    # A shell's background job ignores SIGINT, and so would all that it starts.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "training"]
    command += map(str, arguments)
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # if the test has not come to its end


def run(*arguments):
    """Run it to its end; returns exit code, output and errors."""
    with started(*arguments) as process:
        out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Return the same as ``run`` without the seconds that a process of its own takes."""

    def here(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgecrack-train", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return here


def write_config(folder, epochs=2, workers=0):
    """Write a configuration and return its path."""
    (folder / "tiny.toml").write_text(CONFIG.format(epochs=epochs, workers=workers))
    return folder / "tiny.toml"


def one_sentence(err):
    """Whether a person is told one thing, and no traceback."""
    lines = [line for line in err.splitlines() if not line.startswith("[")]  # OpenCV's own words
    return len(lines) == 1 and lines[0].startswith("edgecrack-train: ")


@pytest.fixture(scope="module")
def fitted(road, tmp_path_factory):
    """A run of two epochs made by the command line, with a process preparing views."""
    folder = tmp_path_factory.mktemp("fitted")
    code, out, err = run(
        "fit", write_config(folder, workers=1), "--out", folder / "out", "--data", road
    )
    assert code == 0, err
    return folder, out, err


def test_fit_leaves_all_it_promises(fitted):
    """Checkpoints, figures, configuration, TensorBoard events and a panel an epoch."""
    folder, out, err = fitted
    made = folder / "out"
    assert out.strip() == str(made / "best.pt")
    assert "epoch 2/2" in err
    assert "lines F1" in err
    assert "(1 px)" in err
    names = {file.name for file in made.iterdir()}
    assert {"best.pt", "last.pt", "metrics.jsonl", "config.json", "panels"} <= names
    assert any(name.startswith("events.out.tfevents") for name in names)
    assert not any(name.endswith(".partial") for name in names)
    assert [file.name for file in sorted((made / "panels").iterdir())] == ["0001.png", "0002.png"]
    assert cv2.imread(str(made / "panels" / "0001.png")) is not None
    told = [json.loads(line) for line in (made / "metrics.jsonl").read_text().splitlines()]
    assert [each["number"] for each in told] == [1, 2]
    assert json.loads((made / "config.json").read_text())["name"] == "tiny"
    assert load_checkpoint(made / "last.pt").epoch == 2


def test_fit_writes_over_nothing(fitted, road):
    """A second run into the same folder ends with 74 and says what to do."""
    folder, _, _ = fitted
    before = (folder / "out" / "last.pt").read_bytes()
    code, _, err = run("fit", folder / "tiny.toml", "--out", folder / "out", "--data", road)
    assert code == 74
    assert one_sentence(err)
    assert "--resume" in err
    assert (folder / "out" / "last.pt").read_bytes() == before


def test_only_the_same_run_is_resumed(fitted, road, tmp_path, run_here):
    """--resume with another configuration ends with 2 and names both."""
    folder, _, _ = fitted
    other = write_config(tmp_path, epochs=5)
    code, _, err = run_here("fit", other, "--out", folder / "out", "--data", road, "--resume")
    assert code == 2
    assert one_sentence(err)
    assert str(other) in err


def test_evaluate_says_its_protocol(fitted, road):
    """Every row of the table names tolerance, ground truth, split and resolution."""
    folder, _, _ = fitted
    code, out, err = run(
        *("evaluate", folder / "out" / "best.pt", "--data", road),
        *("--tolerance", 0, "--tolerance", 2.5),
    )
    assert code == 0, err
    first, protocol, second, other = out.splitlines()
    for word in ("lines: F1 ", "precision ", "recall ", "IoU ", "ODS ", "OIS ", "of validation"):
        assert word in first
        assert word in second
    assert protocol == "    many-to-one, 0 px, lines masks > 127, test (3), 48x48"
    assert other == "    many-to-one, 2.5 px, lines masks > 127, test (3), 48x48"


def test_evaluate_speaks_json(fitted, road, run_here):
    """With --json, the same for machines; another part is another split."""
    folder, _, _ = fitted
    code, out, err = run_here(
        *("evaluate", folder / "out" / "last.pt", "--data", road),
        *("--part", "validation", "--set", "lines", "--json"),
    )
    assert code == 0, err
    (score,) = json.loads(out)
    assert score["protocol"]["tolerance_px"] == 1  # what the set is validated under
    assert score["protocol"]["split"] == "validation (3)"
    assert score["at_threshold"] == score["ods"]
    assert 0 <= score["ois"]["f1"] <= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--part", "tset"], "train, validation, test"),
        (["--set", "nha12d"], "'lines'"),
        (["--tolerance", "-1"], "0 to 100 px"),
        (["--tolerance", "nan"], "0 to 100 px"),
        (["--tolerance", "much"], "--tolerance"),
    ],
)
def test_an_evaluation_that_cannot_mean_anything_ends_with_2(fitted, road, options, said, run_here):
    """A part, a set or a tolerance that does not exist is a fault of the command line."""
    folder, _, _ = fitted
    code, out, err = run_here("evaluate", folder / "out" / "best.pt", "--data", road, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("damage", "code", "said"),
    [
        ("no config", 78, "must be a readable TOML file"),
        ("unknown key", 78, "did you mean 'epochs'?"),
        ("no data", 66, "must be a readable folder"),
        ("no mask", 66, "003.png has no mask"),
        ("broken picture", 66, "004.png is no picture"),
        ("nothing to resume", 66, "last.pt must be a readable checkpoint"),
        ("file in the way", 74, "must be a folder that can be written"),
    ],
)
def test_bad_input_is_one_sentence_and_an_exit_code(
    own_road, tmp_path, damage, code, said, run_here
):
    """Nothing is half done: where a run cannot be, no folder is made for it."""
    config, out, options = write_config(tmp_path), tmp_path / "out", []
    if damage == "no config":
        config = tmp_path / "none.toml"
    elif damage == "unknown key":
        config.write_text(config.read_text().replace("epochs", "epoches"))
    elif damage == "no data":
        own_road = tmp_path / "nowhere"
    elif damage == "no mask":
        (own_road / "lines/masks/003.png").unlink()
    elif damage == "broken picture":
        (own_road / "lines/images/004.png").write_bytes(b"no picture")
    elif damage == "nothing to resume":
        options = ["--resume"]
    else:
        out.write_text("a file")
    found, printed, err = run_here("fit", config, "--out", out, "--data", own_road, *options)
    assert (found, printed) == (code, ""), err
    assert one_sentence(err), err
    assert said in err
    assert not out.is_dir()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fit", "none.toml", "--out", "none"], 78),
        (["evaluate", "pyproject.toml"], 66),
        (["evaluate", "pyproject.toml", "--part", "tset"], 2),
        (["fit"], 2),
    ],
)
def test_a_process_ends_with_its_errors_code(arguments, code):
    """Also outside of this one: a sentence, a code and no traceback."""
    found, _, err = run(*arguments)
    assert found == code
    assert "Traceback" not in err


def test_a_lost_run_ends_with_70_and_advice(own_road, tmp_path, run_here):
    """What training itself runs into is neither the input's fault nor the command's."""
    for file in (own_road / "lines/masks").iterdir():
        blank = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert blank is not None
        file.write_bytes(cv2.imencode(".png", blank * 0)[1].tobytes())
    code, _, err = run_here(
        "fit", write_config(tmp_path), "--out", tmp_path / "out", "--data", own_road
    )
    assert code == 70
    assert one_sentence(err)
    assert "check the masks" in err


def test_ctrl_c_leaves_a_run_that_goes_on(road, tmp_path):
    """It ends with 130 and says so; the last finished epoch is whole and can be resumed."""
    config, out = write_config(tmp_path, epochs=3000), tmp_path / "out"
    with started("fit", config, "--out", out, "--data", road) as process:
        assert any("epoch 2/" in line for line in process.stderr)  # so epoch 1 has been kept
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert "--resume goes on" in err
    assert "Traceback" not in err
    kept = load_checkpoint(out / "last.pt")
    assert kept.epoch >= 1
    assert next(Trainer(kept.config, road, kept).epochs(Deaf())).number == kept.epoch + 1


class Deaf:
    """Watches a run and says nothing."""

    def step(self, done, loss):
        """Learn of a step."""

    def epoch(self, epoch, net):
        """Learn of an epoch."""


def test_a_finished_run_resumed_has_nothing_to_do(fitted, road, run_here):
    """--resume after the last epoch changes no weight and says where they are."""
    folder, first, _ = fitted
    before = (folder / "out" / "best.pt").read_bytes()
    code, out, err = run_here(
        *("fit", folder / "tiny.toml", "--out", folder / "out", "--data", road, "--resume")
    )
    assert (code, out, err) == (0, first, "")
    assert (folder / "out" / "best.pt").read_bytes() == before
    assert len((folder / "out" / "metrics.jsonl").read_text().splitlines()) == 2


def test_help_names_the_commands(run_here):
    """Without arguments it says what it can do."""
    code, out, err = run_here()
    assert code in {0, 2}
    assert "fit" in out + err
    assert "evaluate" in out + err
