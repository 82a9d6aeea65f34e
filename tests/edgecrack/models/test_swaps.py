"""A model is changed to only when it is proved; whatever is wrong with it, the old one runs on."""

import os
import threading
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from edgecrack.conditions import Conditions
from edgecrack.errors import BundleError, EdgecrackError, NotHealthyError, SinkError
from edgecrack.models import proof_process
from edgecrack.models.holder import ModelHolder
from edgecrack.models.loaded import load_chosen
from edgecrack.models.proof_process import ProofProcess
from edgecrack.models.swap_proof import Question, prove
from edgecrack.models.swap_request import request_swap
from edgecrack.models.swaps import ModelSwaps
from edgecrack.segmenters import ModelSpec
from tests.edgecrack.small_bundles import digest, renamed, resized
from tests.edgecrack.survey_parts import frame

SPEC = ModelSpec(backend="onnxruntime", precision="fp32")
TINY_PX, OTHER_PX = (96, 64), (64, 48)


@pytest.fixture
def models(tiny):
    """Return what a run detects with: the tiny model."""
    first = load_chosen(tiny, replace(SPEC, size_px=TINY_PX), lambda *_: None, live=True)
    with closing(ModelHolder(first)) as models:
        yield models


@pytest.fixture
def frames(models):
    """Let frames pass until the test is over, each scaled for what was asked for last."""
    is_over, asked = threading.Event(), [TINY_PX]

    def pictures():
        index = 0
        while not is_over.is_set():
            yield replace(frame(index), input_px=asked[-1])
            index += 1

    def take():
        for _ in models.passing(pictures(), asked.append):
            is_over.wait(0.001)

    thread = threading.Thread(target=take)
    thread.start()
    yield asked
    is_over.set()
    thread.join()


@pytest.fixture
def swaps(models, frames):
    """Return what changes the model of a run whose frames pass."""
    assert frames == [TINY_PX]
    return ModelSwaps(SPEC, models, live=True, conditions=Conditions())


def held():
    """Return the descriptors and threads of this process."""
    return len([*Path("/proc/self/fd").iterdir()]), threading.active_count()


def is_let_go(before):
    """Whether this process holds no more than it did; a thread may still be ending."""
    for _ in range(500):
        if held() == before:
            return True
        threading.Event().wait(0.01)
    return False


def ask(swaps, path, sha256, proof=prove, on_swap=lambda: None):
    """Have the model changed."""
    return swaps.swap(path, sha256, proof, on_swap)


def test_a_good_model_takes_over(swaps, tiny_bundle, tmp_path, frames):
    """Of the same size and of another one; it is said, and asked again it is the same answer."""
    told = []
    for number, size_px in enumerate((TINY_PX, OTHER_PX, TINY_PX), 1):
        make, more = (resized, size_px) if size_px == OTHER_PX else (renamed, f"{number}.0.0")
        bundle = make(tiny_bundle, tmp_path / str(number), more)
        first = ask(swaps, bundle, digest(bundle), on_swap=lambda: told.append(1))
        assert (swaps.models.now.input_px, frames[-1]) == (size_px, size_px)
        assert swaps.models.now.bundle.sha256 == digest(bundle)
        assert ask(swaps, bundle, digest(bundle)) == first
        now = swaps.conditions.now()["model"]
        assert now.state == "running"
        assert f"from frame {first}" in now.reason
    assert len(told) == 3


def wrong_digest(_bundle, _manifest):
    """Ask for another bundle than what lies there."""
    return "0" * 64


def no_folder(bundle, _manifest):
    """Ask for a folder that is not there."""
    sealed = digest(bundle)
    bundle.rename(bundle.with_name("elsewhere"))
    return sealed


def cut_network(bundle, manifest):
    """Seal a network of which half is there."""
    path = bundle / "model.fp32.onnx"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    manifest.seal()
    return sha256((bundle / "manifest.json").read_bytes()).hexdigest()


def torn_network(bundle, _manifest):
    """Lose the end of a network after it was sealed, as a power cut does."""
    sealed, path = digest(bundle), bundle / "model.fp32.onnx"
    path.write_bytes(path.read_bytes()[:-100])
    return sealed


def other_answers(bundle, manifest):
    """Promise answers that the network does not give."""
    for kind in ("crack", "clean"):
        dark = (bundle / "golden" / "dark.96x64.probability.png").read_bytes()
        (bundle / "golden" / f"{kind}.96x64.probability.png").write_bytes(dark)
    manifest.seal()
    return digest(bundle)


def garbage(bundle, _manifest):
    """Write a manifest that is none."""
    (bundle / "manifest.json").write_bytes(b"\0\xff{" * 100)
    return "0" * 64


def way_out(_bundle, manifest):
    """List a file of another folder."""
    manifest.change(("models", 0, "file"), "../model.fp32.onnx")
    return "0" * 64


def link(bundle, _manifest):
    """Have a link where a file should be, which leads out of the folder."""
    sealed, path = digest(bundle), bundle / "model.fp32.onnx"
    path.rename(bundle.with_name("outside.onnx"))
    path.symlink_to(bundle.with_name("outside.onnx"))
    return sealed


def no_precision(bundle, manifest):
    """Hold nothing that the unit is told to use."""
    manifest.change(("models", 0, "precision"), "int8")
    return digest(bundle)


BAD = [wrong_digest, no_folder, cut_network, torn_network, other_answers, garbage, way_out, link,
       no_precision]  # fmt: skip


@pytest.mark.parametrize("damage", BAD)
def test_a_bad_model_is_refused_and_leaves_nothing(swaps, bundle_copy, manifest, damage):
    """With a reason that is said; descriptors, threads and the model that runs are as before."""
    manifest.change(("release",), "9.9.9")
    asked, before, old = damage(bundle_copy, manifest), held(), swaps.models.now
    with pytest.raises((BundleError, NotHealthyError)) as refused:
        ask(swaps, bundle_copy, asked)
    assert swaps.models.now is old
    assert is_let_go(before)
    now = swaps.conditions.now()["model"]
    assert now.state == "running"
    assert str(refused.value)[:60] in now.reason


def test_what_was_proved_is_what_is_loaded(swaps, bundle_copy, manifest):
    """A network that changes after its proof is refused, whoever changed it."""
    manifest.change(("release",), "9.9.9")

    def proved_then_torn(question):
        proved = prove(question)
        (bundle_copy / "model.fp32.onnx").write_bytes(b"torn")
        return proved

    with pytest.raises(BundleError, match="has changed"):
        ask(swaps, bundle_copy, digest(bundle_copy), proved_then_torn)


def test_no_memory_is_a_reason(swaps, bundle_copy, manifest, monkeypatch):
    """A model that does not fit beside the one that runs is refused."""
    manifest.change(("release",), "9.9.9")

    def no_memory(*_arguments, **_options):
        raise MemoryError

    monkeypatch.setattr("edgecrack.models.swaps.load_as", no_memory)
    with pytest.raises(NotHealthyError, match="memory ran out"):
        ask(swaps, bundle_copy, digest(bundle_copy))


def test_a_model_that_fails_when_it_is_warmed_is_closed(swaps, bundle_copy, manifest, monkeypatch):
    """It is loaded by then, and must not stay."""
    manifest.change(("release",), "9.9.9")
    warmed = []

    def fails(model):
        warmed.append(model.segmenter)
        raise BundleError("it fails.")

    monkeypatch.setattr("edgecrack.models.swaps._warm", fails)
    with pytest.raises(BundleError, match="it fails"):
        ask(swaps, bundle_copy, digest(bundle_copy))
    with pytest.raises(BundleError, match="closed"):
        warmed[0].answer(frame(0).image)


def test_a_record_that_cannot_be_written_undoes_nothing(swaps, bundle_copy, manifest):
    """The model runs by then: a full disk is the business of who writes results."""
    manifest.change(("release",), "9.9.9")

    def full():
        raise SinkError("the disk is full.")

    assert ask(swaps, bundle_copy, digest(bundle_copy), on_swap=full) > 0


def test_the_proof_has_a_process_that_is_gone_afterwards(tiny_bundle, tiny, bundle_copy, manifest):
    """What it found comes back, or why it refused; no process and no descriptor stays."""
    before, proofs = held(), ProofProcess()
    good = Question(tiny_bundle, tiny.sha256, SPEC, (1280, 720))
    assert proofs.prove(good).input_px == TINY_PX
    other_answers(bundle_copy, manifest)
    with pytest.raises(NotHealthyError, match="differs on golden frames"):
        proofs.prove(replace(good, path=bundle_copy, sha256=digest(bundle_copy)))
    assert is_let_go(before)
    with pytest.raises(ChildProcessError):
        os.wait()
    proofs.close()
    with pytest.raises(EdgecrackError, match="the run ends"):
        proofs.prove(good)


def test_a_process_that_dies_is_a_reason(tiny_bundle, tiny, monkeypatch):
    """As the kernel ends one for its memory, or a library crashes on a network."""
    command = ("sh", "-c", "kill -KILL $$")
    monkeypatch.setattr(proof_process, "child_command", lambda *_arguments: command)
    with pytest.raises(NotHealthyError, match=r"ended with -9"):
        ProofProcess().prove(Question(tiny_bundle, tiny.sha256, SPEC, (96, 64)))


def test_the_end_of_a_run_ends_the_proof(tiny_bundle, tiny, monkeypatch):
    """Whoever waits for it is told; nobody waits for a library."""
    command = ("sleep", "100")
    monkeypatch.setattr(proof_process, "child_command", lambda *_arguments: command)
    proofs = ProofProcess()
    timer = threading.Timer(0.2, proofs.close)
    timer.start()
    with pytest.raises(NotHealthyError, match="ended with -9"):
        proofs.prove(Question(tiny_bundle, tiny.sha256, SPEC, (96, 64)))
    timer.join()


def test_a_socket_that_cannot_be_had_ends_no_survey(models, tmp_path):
    """It is said, and the survey goes on; one that can be had is gone afterwards."""
    conditions, place = Conditions(), tmp_path / "s.sock"
    spec = replace(SPEC, swap_socket=tmp_path / "no" / "folder")
    swaps = ModelSwaps(spec, models, live=True, conditions=conditions)
    with swaps.served(lambda: None):
        assert "No such file" in conditions.now()["model"].reason
    swaps = replace(swaps, spec=replace(SPEC, swap_socket=place))
    with swaps.served(lambda: None):
        assert "is no file here" in request_swap(place, tmp_path, "0" * 64).reason
    assert not place.exists()
