"""``edgecrack-train`` as a process: its output, its files and its exit codes."""

import json
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
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
    """Start the command line in a process, and end it when the test ends."""
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # it may still run if the test failed


def run(*arguments):
    """Run it to its end; return exit code, stdout and stderr."""
    with started(*arguments) as process:
        out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Return a function like ``run`` that runs in this process, which is seconds faster."""

    def run_in_process(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgecrack-train", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return run_in_process


def write_config(folder, epochs=2, workers=0):
    """Write a configuration and return its path."""
    (folder / "tiny.toml").write_text(CONFIG.format(epochs=epochs, workers=workers))
    return folder / "tiny.toml"


def one_sentence(err):
    """Tell whether stderr is one message, without a traceback."""
    lines = [line for line in err.splitlines() if not line.startswith("[")]  # OpenCV's warnings
    return len(lines) == 1 and lines[0].startswith("edgecrack-train: ")


@pytest.fixture(scope="module")
def fitted(road, tmp_path_factory):
    """A run of two epochs by the command line, with one worker process."""
    folder = tmp_path_factory.mktemp("fitted")
    code, out, err = run(
        "fit", write_config(folder, workers=1), "--out", folder / "out", "--data", road
    )
    assert code == 0, err
    return folder, out, err


def test_fit_writes_all_its_files(fitted):
    """Checkpoints, metrics, configuration, TensorBoard events and a panel an epoch."""
    folder, out, err = fitted
    results = folder / "out"
    assert out.strip() == str(results / "best.pt")
    assert "epoch 2/2" in err
    assert "lines F1" in err
    assert "(1 px)" in err
    names = {file.name for file in results.iterdir()}
    assert {"best.pt", "last.pt", "metrics.jsonl", "config.json", "panels"} <= names
    assert any(name.startswith("events.out.tfevents") for name in names)
    assert not any(name.endswith(".partial") for name in names)
    assert [file.name for file in sorted((results / "panels").iterdir())] == [
        "0001.png",
        "0002.png",
    ]
    assert cv2.imread(str(results / "panels" / "0001.png")) is not None
    assert len(list((results / "plots").glob("*.png"))) == 4
    epochs = [json.loads(line) for line in (results / "metrics.jsonl").read_text().splitlines()]
    assert [epoch["number"] for epoch in epochs] == [1, 2]
    assert json.loads((results / "config.json").read_text())["name"] == "tiny"
    assert load_checkpoint(results / "last.pt").epoch == 2


def test_fit_does_not_overwrite_a_run(fitted, road):
    """A second run into the same folder ends with 74, and names --resume."""
    folder, _, _ = fitted
    before = (folder / "out" / "last.pt").read_bytes()
    code, _, err = run("fit", folder / "tiny.toml", "--out", folder / "out", "--data", road)
    assert code == 74
    assert one_sentence(err)
    assert "--resume" in err
    assert (folder / "out" / "last.pt").read_bytes() == before


def test_a_run_is_resumed_with_its_own_configuration_only(fitted, road, tmp_path, run_here):
    """--resume with another configuration ends with 2, and names it and the run's own."""
    folder, _, _ = fitted
    other = write_config(tmp_path, epochs=5)
    code, _, err = run_here("fit", other, "--out", folder / "out", "--data", road, "--resume")
    assert code == 2
    assert one_sentence(err)
    assert str(other) in err
    assert str(folder / "out" / "config.json") in err


def test_evaluate_prints_the_protocol_of_each_score(fitted, road):
    """Every score is followed by tolerance, ground truth, split and resolution."""
    folder, _, _ = fitted
    code, out, err = run(
        *("evaluate", folder / "out" / "best.pt", "--data", road),
        *("--tolerance", 0, "--tolerance", 2.5),
    )
    assert code == 0, err
    first, first_more, first_protocol, second, _, second_protocol = out.splitlines()
    for word in ("cells F1 ", "predicted area ", "calibration error "):
        assert word in first_more
    for word in ("lines: F1 ", "precision ", "recall ", "IoU ", "ODS ", "OIS ", "of validation"):
        assert word in first
        assert word in second
    assert first_protocol == "    many-to-one, 0 px, lines masks > 127, test (3), 48x48"
    assert second_protocol == "    many-to-one, 2.5 px, lines masks > 127, test (3), 48x48"


def test_evaluate_prints_json(fitted, road, run_here):
    """--json prints a list of scores; --part, --set and --threshold choose what is scored."""
    folder, _, _ = fitted
    asked = ("evaluate", folder / "out" / "last.pt", "--data", road, "--part", "validation")
    code, out, err = run_here(*asked, "--set", "lines", "--json")
    assert code == 0, err
    (score,) = json.loads(out)
    assert score["protocol"]["tolerance_px"] == 1  # the set's validate_px
    assert score["protocol"]["split"] == "validation (3)"
    assert score["at_threshold"] == score["ods"]
    assert 0 <= score["ois"]["f1"] <= 1
    assert "at threshold 77, as given" in run_here(*asked, "--threshold", 77)[1]


def test_streets_without_crack_labels_are_told_by_their_alarms(own_road, run_here):
    """Fit and evaluate tell what is marked off the road, and how many cracks lie there."""
    lines = own_road / "lines"
    (lines / "areas").mkdir()
    area = np.zeros((48, 48), np.uint8)
    area[12:] = 1
    for name in ("001", "003", "004"):
        cv2.imwrite(str(lines / "areas" / f"{name}.png"), area)
    cv2.imwrite(str(lines / "masks" / "003.png"), np.full((48, 48), 255, np.uint8))
    text = CONFIG.format(epochs=1, workers=0) + 'areas = ["lines/areas"]\n'
    street = text[text.index("[[data]]") :].replace('masks = ["lines/masks"]\n', "")
    config = own_road / "tiny.toml"
    config.write_text(text + street.replace('name = "lines"', 'name = "street"'))
    out = own_road / "out"
    code, _, err = run_here("fit", config, "--out", out, "--data", own_road)
    assert code == 0, err
    assert "'lines'" in err  # a quarter of a picture that is all crack is not road
    assert "street marked of not road" in err
    options = ("--data", own_road, "--part", "validation")
    code, printed, err = run_here("evaluate", out / "last.pt", *options)
    assert code == 0, err
    assert [line.split(":")[0] for line in printed.splitlines() if line[0] != " "] == [
        "lines",
        "street",
    ]
    code, printed, err = run_here("evaluate", out / "last.pt", *options, "--json")
    score, alarms = json.loads(printed)
    assert score["protocol"]["split"] == "validation (1)"
    assert alarms["pictures"] == 1
    assert 0 <= alarms["alarms"]["not_road"] <= 1
    code, _, err = run_here("evaluate", out / "last.pt", "--data", own_road, "--set", "street")
    assert code == 66  # no test picture
    assert "'street'" in err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--part", "tset"], "--part"),
        (["--set", "nha12d"], "'lines'"),
        (["--group", "("], "--group"),
        (["--threshold", "0"], "--threshold"),
        (["--tolerance", "-1"], "--tolerance"),
        (["--tolerance", "100.5"], "--tolerance"),
        (["--tolerance", "nan"], "--tolerance"),
        (["--tolerance", "much"], "--tolerance"),
    ],
)
def test_a_wrong_option_of_evaluate_ends_with_2(fitted, road, options, named, run_here):
    """A part or set that does not exist, or a wrong tolerance, is named."""
    folder, _, _ = fitted
    code, out, err = run_here("evaluate", folder / "out" / "best.pt", "--data", road, *options)
    assert (code, out) == (2, "")
    assert named in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("damage", "code", "named"),
    [
        ("no config", 78, "none.toml"),
        ("unknown key", 78, "'fit.epoches'"),
        ("no data", 66, "nowhere"),
        ("no mask", 66, "images/003.png"),
        ("broken picture", 66, "images/004.png"),
        ("nothing to resume", 66, "out/last.pt"),
        ("file in the way", 74, "/out"),
    ],
)
def test_bad_input_is_one_sentence_and_an_exit_code(
    own_road, tmp_path, damage, code, named, run_here
):
    """The file or key is named, and no folder is made for the run."""
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
    exit_code, printed, err = run_here("fit", config, "--out", out, "--data", own_road, *options)
    assert (exit_code, printed) == (code, ""), err
    assert one_sentence(err), err
    assert named in err
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
    """A real process, too, ends with the code and without a traceback."""
    exit_code, _, err = run(*arguments)
    assert exit_code == code
    assert "Traceback" not in err


def test_a_folder_of_no_utf_8_is_refused_for_a_run(road, tmp_path):
    """TensorBoard cannot write there: 74 before anything is trained."""
    out = tmp_path / b"out\xe9".decode("utf-8", "surrogateescape")
    code, printed, err = run("fit", write_config(tmp_path), "--out", out, "--data", road)
    assert (code, printed) == (74, "")
    assert one_sentence(err)
    assert "--out" in err
    assert not out.exists()


def test_a_failed_training_ends_with_70_and_advice(own_road, tmp_path, run_here):
    """Masks without any crack end the run, and the key to check is named."""
    for file in (own_road / "lines/masks").iterdir():
        blank = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert blank is not None
        file.write_bytes(cv2.imencode(".png", blank * 0)[1].tobytes())
    code, _, err = run_here(
        "fit", write_config(tmp_path), "--out", tmp_path / "out", "--data", own_road
    )
    assert code == 70
    assert one_sentence(err)
    assert "mask_threshold" in err


def test_a_run_stopped_by_ctrl_c_can_be_resumed(road, tmp_path):
    """It ends with 130 and names --resume; the checkpoint of the last finished epoch loads."""
    config, out = write_config(tmp_path, epochs=3000), tmp_path / "out"
    with started("fit", config, "--out", out, "--data", road) as process:
        assert any("epoch 2/" in line for line in process.stderr)  # so epoch 1 is in last.pt
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert "--resume" in err
    assert "Traceback" not in err
    checkpoint = load_checkpoint(out / "last.pt")
    assert checkpoint.epoch >= 1
    trainer = Trainer(checkpoint.config, road, checkpoint)
    assert next(trainer.epochs(SilentCallback())).number == checkpoint.epoch + 1


class SilentCallback:
    """A callback that does nothing."""

    def step(self, done, loss):
        """Ignore a step."""

    def epoch(self, epoch, net):
        """Ignore an epoch."""


def test_a_finished_run_resumed_has_nothing_to_do(fitted, road, run_here):
    """--resume after the last epoch changes no file and prints the path of best.pt."""
    folder, first, _ = fitted
    before = (folder / "out" / "best.pt").read_bytes()
    code, out, err = run_here(
        *("fit", folder / "tiny.toml", "--out", folder / "out", "--data", road, "--resume")
    )
    assert (code, out, err) == (0, first, "")
    assert (folder / "out" / "best.pt").read_bytes() == before
    assert len((folder / "out" / "metrics.jsonl").read_text().splitlines()) == 2


def test_a_drawn_split_is_kept_with_the_run(own_road, tmp_path, run_here):
    """What is added to the folders later is in no part: neither evaluated nor trained on."""
    shares = "split = {validation = 0.3, test = 0.3}"
    config = write_config(tmp_path, epochs=1)
    config.write_text(config.read_text().replace('split = "crackforest"', shares))
    out = tmp_path / "out"
    code, _, err = run_here("fit", config, "--out", out, "--data", own_road)
    assert code == 0, err
    lines = (out / "splits" / "lines.txt").read_text().splitlines()
    assert sorted(line.split()[0] for line in lines) == ["test", "train", "validation"]
    assert sorted(line.split()[1] for line in lines) == ["001", "003", "004"]
    kept = json.loads((out / "config.json").read_text())["data"][0]["split"]["ids"]
    assert [f"test {ident}" for ident in kept["test"]] == [x for x in lines if "test" in x]
    copy_as(own_road, "004", "005")
    code, printed, err = run_here("evaluate", out / "best.pt", "--data", own_road)
    assert (code, printed) == (66, "")
    assert "'005'" in err
    assert one_sentence(err)


def copy_as(road, name, new_name):
    """Add a picture and its mask under a new name."""
    for part in ("images", "masks"):
        shutil.copy(
            road / "lines" / part / f"{name}.png", road / "lines" / part / f"{new_name}.png"
        )


def test_help_names_the_commands(run_here):
    """Without arguments it prints its help."""
    code, out, err = run_here()
    assert code in {0, 2}
    assert "fit" in out + err
    assert "evaluate" in out + err


@pytest.mark.parametrize(
    ("verb", "options", "default"),
    [
        ("fit", ("--out", "--data", "--resume"), "EDGECRACK_DATA"),
        ("evaluate", ("--data", "--part", "--tolerance", "--group", "--json"), "validate_px"),
    ],
)
def test_help_shows_each_option_and_its_default(run_here, monkeypatch, verb, options, default):
    """Rich reads brackets in a help text as markup: what stands in them must not disappear."""
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = run_here(verb, "--help")
    assert code == 0
    assert [option for option in options if option not in out] == []
    assert default in out
