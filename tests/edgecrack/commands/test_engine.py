"""``edgecrack engine`` and a run with TensorRT, as a person types them; the GPU is a double."""

import re

import numpy as np
import pytest
from PIL import Image

from edgecrack.utc import to_iso
from tests.conftest import CHECKOUT
from tests.doubles.install import FOLDER


@pytest.fixture
def with_gpu(tmp_path):
    """Return what the environment has where TensorRT 10.3 and a GPU are: leaks end with 97."""
    return {
        "PYTHONPATH": f"{CHECKOUT}:{FOLDER}",
        "GPU_DOUBLE_STRICT": "1",
        "TENSORRT_DOUBLE": "10.3.0",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def spoil_golden(bundle_copy, manifest):
    """Have a bundle promise other answers than its networks give."""
    golden = bundle_copy / "golden" / "crack.96x64.probability.png"
    pixels = np.asarray(Image.open(golden))
    Image.fromarray(255 - pixels).save(golden)
    manifest.seal()


@pytest.fixture
def engine(command, with_gpu):
    """Return a function that runs ``edgecrack engine``."""
    return lambda *words, **more: command("engine", *words, **with_gpu | more)


@pytest.mark.slow
def test_an_engine_is_built_listed_inspected_and_removed(engine, tiny_bundle, tmp_path):
    """Each as text for people and as JSON for machines."""
    built = engine("build", tiny_bundle)
    assert built.code == 0, built.stderr
    assert "model.fp16.onnx 96x64 fp16: built, mask IoU 0.99" in built.stdout
    (again,) = engine("build", tiny_bundle, "--json").json
    assert (again["is_new"], again["precision"], again["convolutions"]) == (
        False,
        "fp16",
        {"fp16": 8},
    )
    assert "is there, proved before" in engine("build", tiny_bundle).stdout
    (listed,) = engine("list", "--json").json
    assert (listed["key"], listed["misfit"]) == (again["key"], "")
    assert "fits" in engine("list").stdout
    (other,) = engine("list", "--json", TENSORRT_DOUBLE="11.4.0.106").json
    assert other["misfit"].startswith("TensorRT 10.3.0 on Orin (8.7, 16 multiprocessors")
    assert ", not TensorRT 11.4.0.106 on Orin" in other["misfit"]
    (unasked,) = engine("list", "--json", GPU_DOUBLE_NULLPTR="1").json
    assert unasked["misfit"] == ""  # TensorRT makes nothing for a list
    inspected = engine("inspect", again["key"][:6], "--json").json
    assert (inspected["key"], len(inspected["layers"])) == (again["key"], 9)
    engine("inspect", "x").refused(2, "not 'x'", again["key"])
    (layers,) = tmp_path.glob("cache/edgecrack/engines/*.layers.json")
    layers.write_text("torn")
    assert engine("inspect", "--json").json["layers"] == []
    assert "convolutions: 8 in fp16" in engine("inspect").stdout
    assert engine("clear").stdout == "1 engines removed\n"
    assert engine("list", "--json").json == []


@pytest.mark.slow
def test_what_cannot_be_is_refused(engine, command, tiny_bundle, with_gpu):
    """One sentence, with what to do."""
    engine("build", tiny_bundle, "--precision", "fp8").refused(2, "--precision")
    engine("build", tiny_bundle, "--precision", "int8").refused(2, "int8-trt is the one")
    engine("build", tiny_bundle, "--precision", "bf16").refused(2, "--precision must be one that")
    engine("build", tiny_bundle, "--size", "10").refused(2, "--size")
    engine("build", tiny_bundle, "--size", "64x96").refused(65, "fp16 96x64")
    engine("build", tiny_bundle, "--dla", 9).refused(2, "dla must be")
    engine("build", tiny_bundle, "--workspace", 0).refused(2, "workspace must be")
    engine("inspect").refused(2, "none is yet; run 'edgecrack engine build'")
    engine("build", tiny_bundle, GPU_DOUBLE_COUNT="0").refused(65, "CUDA finds none")
    engine("build", tiny_bundle, GPU_DOUBLE_PROBLEM="out of memory").refused(65, "out of memory")
    without = command("engine", "build", tiny_bundle, XDG_CACHE_HOME=with_gpu["XDG_CACHE_HOME"])
    without.refused(65, "tensorrt cannot be loaded here", "python3-libnvinfer")
    exported = command("engine", tiny_bundle, "--json", package="export", **with_gpu)
    assert exported.json[0]["is_new"]


def test_an_engine_that_fails_its_proof_hides_no_other(engine, bundle_copy, manifest):
    """It is the new one that is proved; it is removed, and the one that was proved runs on."""
    (plain,) = engine("build", bundle_copy, "--json").json
    spoil_golden(bundle_copy, manifest)
    engine("build", bundle_copy, "--refit").refused(3, "differs on golden frames")
    (left,) = engine("list", "--json").json
    assert left["key"] == plain["key"]
    assert "is there, proved before" in engine("build", bundle_copy).stdout


def test_the_engine_that_was_built_is_the_one_that_is_proved(engine, tiny_bundle, tmp_path):
    """And no other that fits: that one is gone here."""
    engine("build", tiny_bundle)
    (plan,) = tmp_path.glob("cache/edgecrack/engines/*.plan")
    plan.unlink()
    built = engine("build", tiny_bundle, "--refit")
    assert "fp16 refit: built, mask IoU" in built.stdout, built.stderr


def masks(run):
    """Return every mask of a run."""
    return [np.asarray(Image.open(path)) for path in sorted((run / "masks").iterdir())]


@pytest.mark.slow
@pytest.mark.parametrize("live", ["--file", "--live"])
def test_a_run_with_tensorrt_marks_what_onnx_runtime_marks(survey_with, drive, tmp_path, live):
    """From the decoder to the masks; the engine is built first, and nothing is left on the GPU."""
    outcomes = {}
    for backend in ("tensorrt", "onnxruntime"):
        out = tmp_path / backend
        ended = survey_with(
            drive.video, out, "--all-masks", live, "--backend", backend, "--precision", "fp16",
            "--position", drive.positions, "--video-start", to_iso(drive.start_ns),
        )  # fmt: skip
        assert ended.code == 0, ended.stderr
        outcomes[backend] = ended.json
    report = outcomes["tensorrt"]
    assert report["precision"] == "fp16"
    assert report["backend"].startswith("TensorRT 10.3.0 on Orin")
    assert report["frames_at_once"] == (1 if live == "--live" else 2)
    own, others = masks(tmp_path / "tensorrt"), masks(tmp_path / "onnxruntime")
    if live == "--file":
        assert len(own) == len(others) == 12
        for one, other in zip(own, others, strict=True):
            assert np.array_equal(one, other)
    else:
        assert own


@pytest.fixture
def survey_with(command, tiny_bundle, with_gpu):
    """Return a function that runs ``edgecrack run`` with the tiny model and the doubles."""

    def run(source, out, *options):
        arguments = ("run", source, "--out", out, "--model", tiny_bundle, "--json", *options)
        return command(*arguments, **with_gpu)

    return run


@pytest.mark.slow
def test_auto_takes_tensorrt_into_account(survey_with, drive, tmp_path):
    """It is a candidate where there is a GPU: its engine is built, proved and timed."""
    ended = survey_with(drive.video, tmp_path / "run")
    assert ended.code == 0, ended.stderr
    assert len(list(tmp_path.glob("cache/edgecrack/engines/*.proved"))) == 1
    is_timed = re.search(r"tensorrt fp16 \d+\.\d ms", ended.json["backend_choice"])
    assert is_timed or ended.json["backend"].startswith("TensorRT")


@pytest.mark.slow
def test_a_new_engine_with_wrong_answers_is_not_used(
    command, with_gpu, drive, tmp_path, bundle_copy, manifest
):
    """Built is not proved: golden frames that it fails stop the run, and the next one, too."""
    spoil_golden(bundle_copy, manifest)
    ended = command(
        "run", drive.video, "--out", tmp_path / "run", "--model", bundle_copy,
        "--backend", "tensorrt", "--precision", "fp16", **with_gpu,
    )  # fmt: skip
    ended.refused(3, "must give the answers that its bundle promises", "differs on golden frames")
    assert not (tmp_path / "run").exists()
    command(
        "run", drive.video, "--out", tmp_path / "run", "--model", bundle_copy,
        "--backend", "tensorrt", "--precision", "fp16", **with_gpu,
    ).refused(3, "differs on golden frames")  # fmt: skip
