"""From a network to an engine: built, inspected, kept, and found again."""

import hashlib
import threading
from dataclasses import replace

import pytest

from edgecrack.bundle import load_bundle
from edgecrack.engines.options import BuildOptions
from edgecrack.engines.store import EngineStore
from edgecrack.errors import EngineError
from tests.doubles.install import doubles
from tests.edgecrack.engines.engine_parts import building, make, quiet


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_every_version_builds_what_was_asked_for(any_gpu, tiny, precision):
    """The account says what was built, from what, for what, and what it computes in."""
    version, gpu = any_gpu
    built, is_new = make(tiny, precision)
    assert is_new
    assert (built.precision, built.convolutions) == (precision, {precision: 8})
    assert built.fingerprint.target.tensorrt == version
    assert built.fingerprint.onnx_sha256 == tiny.manifest.files[built.file].sha256
    assert (built.bundle, built.fingerprint.size) == ("tiny 0.0.1", "96x64")
    store = EngineStore()
    assert store.engines() == [built]
    assert len(store.layers(built)) == 9
    assert store.timings(built.fingerprint.target)
    assert len(gpu.timed) == 8


def test_an_engine_that_is_there_is_not_built_again(gpu, tiny):
    """Neither by a run, nor by the command, unless it is asked for."""
    entry = tiny.model("fp16")
    assert building().ensure_engine(tiny, entry, quiet)
    assert building().ensure_engine(tiny, entry, quiet)  # it is there, and yet to be proved
    building().accept_engine(tiny, entry)
    assert not building().ensure_engine(tiny, entry, quiet)
    first, is_new = make(tiny)
    assert not is_new
    assert gpu.deserialised == 1  # to be inspected
    again, is_new = make(tiny, again=True)
    assert is_new
    assert EngineStore().engines() == [again]
    assert again.built_utc > first.built_utc
    assert building().ensure_engine(tiny, entry, quiet)  # another one is another proof


def test_a_silent_fp32_engine_is_refused(any_gpu, tiny, cache):
    """TensorRT builds FP32 without a word where FP16 was asked for: nothing is kept."""
    _, gpu = any_gpu
    gpu.builds_fp32 = True
    with pytest.raises(EngineError, match="convolutions in fp16, but TensorRT built 8 in fp32"):
        make(tiny)
    assert EngineStore().engines() == []
    assert not list(cache.glob("*.plan"))


def test_an_fp32_file_that_is_called_fp16_is_refused(any_gpu, bundle_copy, manifest):
    """From TensorRT 10 on the graph decides; the flag of 8.6 makes half of it all the same."""
    version, _ = any_gpu
    (bundle_copy / "model.fp16.onnx").write_bytes((bundle_copy / "model.fp32.onnx").read_bytes())
    manifest.seal()
    bundle = load_bundle(bundle_copy)
    if version.startswith("8."):
        assert make(bundle)[0].precision == "fp16"
        return
    with pytest.raises(EngineError, match="TensorRT built 8 in fp32"):
        make(bundle)


def test_another_tensorrt_builds_anew_and_says_why(tiny):
    """The stale plan is never handed to TensorRT; progress names both fingerprints."""
    with doubles("10.3.0"):
        stale, _ = make(tiny)
    told = []
    with doubles("10.16.1.11") as gpu:
        assert building().ensure_engine(tiny, tiny.model("fp16"), lambda *what: told.append(what))
        assert gpu.deserialised == 1  # the new one, to be inspected
        fresh = EngineStore().engines()[-1]
        assert gpu.leaks() == []
    assert {each.key for each in EngineStore().engines()} == {stale.key, fresh.key}
    for words in (stale.key, fresh.key, "tensorrt 10.3.0, not 10.16.1.11", "s last time"):
        assert words in told[0][0]


@pytest.mark.parametrize(
    ("problem", "options", "reason"),
    [
        (
            "Requested amount of GPU memory (1 GiB) could not be allocated.",
            {},
            "could not be alloc",
        ),
        ("", {"workspace_mib": 32}, "insufficient workspace.*--workspace"),
    ],
)
def test_a_build_without_memory_ends_in_one_sentence(gpu, tiny, problem, options, reason, cache):
    """It says what TensorRT said, and what to do; nothing half is left, and the next one goes."""
    gpu.build_problem = problem
    with pytest.raises(EngineError, match=f"(?s)must build .*model.fp16.onnx.*{reason}"):
        make(tiny, **options)
    assert [path.name for path in cache.iterdir()] == ["build.lock"]
    gpu.build_problem = ""
    assert make(tiny)[1]


def test_whatever_ends_a_build_is_raised_where_it_was_asked_for(gpu, tiny):
    """It is built in a thread of its own: a fault there is neither lost nor another error."""

    def fail(_monitor, _index):
        raise LookupError("a fault of the program's own")

    gpu.before_step = fail
    with pytest.raises(LookupError, match="of the program's own"):
        make(tiny)


def interrupted(gpu, bundle, at):
    """Build until Ctrl-C at a share of it, in percent; the builder waits there to be told."""

    def wait(monitor, index):
        while index == 4 and not monitor._is_cancelled():  # noqa: SLF001
            threading.Event().wait(0.001)

    def on_progress(_what, done, _total):
        if done >= at:
            raise KeyboardInterrupt

    gpu.before_step = wait
    with pytest.raises(KeyboardInterrupt):
        make(bundle, on_progress=on_progress)
    gpu.before_step = None


def test_an_interrupted_build_goes_on_where_it_was(gpu, tiny, cache):
    """Ctrl-C cancels it at its next step and keeps the timings: no kernel is tried twice."""
    interrupted(gpu, tiny, at=25)
    assert len(gpu.timed) == 5
    assert not list(cache.glob("*.plan"))
    assert len(list(cache.glob("*.timing"))) == 1
    make(tiny)
    assert len(gpu.timed) == len(set(gpu.timed)) == 8


def test_timings_that_are_of_no_use_are_begun_anew(gpu, tiny):
    """A damaged file costs the time that it would have saved, and nothing else."""
    target = building().current_target()
    EngineStore().save_timings(target, b"no timings")
    make(tiny)
    assert len(gpu.timed) == 8


@pytest.mark.usefixtures("gpu")
def test_progress_rises_to_the_end(tiny):
    """Percent, never less than before; without an earlier build nobody knows how long."""
    told = []
    make(tiny, on_progress=lambda *what: told.append(what))
    shares = [done for _, done, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 100)
    assert {(what, total) for what, _, total in told} == {
        ("% of the TensorRT engine of model.fp16.onnx (takes some minutes)", 100)
    }


def test_the_second_of_two_builds_finds_what_the_first_built(gpu, tiny):
    """It waits, says so, and does not build the same again."""
    waits, outcomes = threading.Event(), []

    def first(_what, _done, _total):
        assert waits.wait(60)

    def second(what, _done, _total):
        assert "this one waits" in what
        waits.set()

    def build_second():
        outcomes.append(make(tiny, on_progress=second))

    thread = threading.Thread(target=build_second)

    def begin(*told):
        if not thread.ident:
            thread.start()
        first(*told)

    built, is_new = make(tiny, on_progress=begin)
    thread.join()
    assert is_new
    assert outcomes == [(built, False)]
    assert len(gpu.timed) == 8


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("data", "reason"), [(b"\x08\x09", "Failed to parse"), ("Divine", "No importer registered")]
)
def test_a_network_that_tensorrt_cannot_read_is_named(bundle_copy, manifest, data, reason, red):
    """The parser's own words are in the message."""
    network = red(operator=data) if isinstance(data, str) else data
    (bundle_copy / "model.fp16.onnx").write_bytes(network)
    manifest.seal()
    with pytest.raises(EngineError, match=rf"model\.fp16\.onnx .*{reason}"):
        make(load_bundle(bundle_copy))


@pytest.mark.parametrize(
    "takes",
    [
        ("picture", 2, (1, 64, 96, 3)),
        ("frame", 2, (1, 32, 96, 3)),
        ("frame", 2, (1, 64, 96, 4)),
        ("frame", 2, (1, 64, 96)),
    ],
    ids=["name", "size", "channels", "rank"],
)
def test_a_network_of_another_contract_is_refused(gpu, bundle_copy, manifest, red, takes):
    """It is seen before minutes are spent on it."""
    (bundle_copy / "model.fp16.onnx").write_bytes(red(takes=takes))
    manifest.seal()
    with pytest.raises(EngineError, match="must take frame"):
        make(load_bundle(bundle_copy))
    assert gpu.timed == []


def retrained(folder, manifest, file="model.fp16.onnx"):
    """Give the network of a bundle other weights: those of its last convolution are nought."""
    data = (folder / file).read_bytes()
    name = data.rindex(b"heads.0.weight")
    start = data.index(b"J", name) + 2  # raw_data, shorter than 128 bytes
    length = data[start - 1]
    (folder / file).write_bytes(data[:start] + bytes(length) + data[start + length :])
    manifest.seal()
    return load_bundle(folder)


def test_retrained_weights_are_exchanged_in_seconds(any_gpu, tiny, bundle_copy, manifest):
    """With the flag nothing is timed again, and the engine is that of the new weights."""
    version, gpu = any_gpu
    donor, _ = make(tiny, refit=True)
    timed = len(gpu.timed)
    new, is_new = make(retrained(bundle_copy, manifest), refit=True)
    assert is_new
    assert new.fingerprint.flags == ("refit",)
    if version.startswith("8."):  # it has no refitter that reads ONNX
        assert new.refitted_from == ""
        return
    assert len(gpu.timed) == timed
    assert new.refitted_from == donor.key
    assert new.architecture_sha256 == donor.architecture_sha256
    assert new.plan_sha256 != donor.plan_sha256
    assert EngineStore().engines() == [donor, new]
    plan = EngineStore().plan(new)
    assert hashlib.sha256(plan).hexdigest() == new.plan_sha256


@pytest.mark.usefixtures("gpu")
def test_without_the_flag_retrained_weights_are_built(tiny, bundle_copy, manifest):
    """An engine that was built without it keeps its weights."""
    make(tiny)
    new, _ = make(retrained(bundle_copy, manifest), refit=True)
    assert new.refitted_from == ""


def built_in_place_of_a_refit(bundle):
    """Ask for a refit, see that the engine was built, and return what was said meanwhile."""
    told = []
    new, _ = make(bundle, refit=True, on_progress=lambda *what: told.append(what[0]))
    assert new.refitted_from == ""
    return " ".join(told)


@pytest.mark.usefixtures("gpu")
def test_an_engine_whose_weights_are_fixed_is_no_donor(tiny, bundle_copy, manifest):
    """Its sidecar may claim so; where TensorRT says no, the engine is built."""
    donor, _ = make(tiny, refit=True)
    fixed, _ = make(tiny)
    store = EngineStore()
    plan = store.plan(fixed)
    claims = {"plan_sha256": fixed.plan_sha256, "plan_bytes": len(plan)}
    store.save(replace(donor, **claims), plan, "")
    assert "flag REFIT" in built_in_place_of_a_refit(retrained(bundle_copy, manifest))


def test_weights_that_are_missing_or_a_torn_donor_are_no_end(
    gpu, tiny, bundle_copy, manifest, cache
):
    """What cannot be exchanged is built, whatever the reason."""
    donor, _ = make(tiny, refit=True)
    bundle = retrained(bundle_copy, manifest)
    gpu.missing_weights = ["heads.0.weight"]
    assert "1 weights are missing, heads.0.weight first" in built_in_place_of_a_refit(bundle)
    EngineStore().remove(EngineStore().engines()[-1])
    (cache / f"{donor.key}.plan").write_bytes(b"torn")
    assert "is damaged" in built_in_place_of_a_refit(bundle)


@pytest.mark.parametrize("version", ["8.6.1", "10.3.0", "11.4.0.106"])
def test_an_accelerator_runs_what_it_can(version, tiny):
    """What the GPU runs instead is listed; an accelerator that is not there is refused."""
    with doubles(version) as gpu:
        with pytest.raises(EngineError, match=r"accelerator 0 must be there.*leave out --dla"):
            make(tiny, dla_core=0)
        gpu.dla_cores = 1
        built, _ = make(tiny, dla_core=0)
        assert (built.precision, built.fingerprint.flags) == ("fp16", ("dla0",))
        assert "node_cat" in built.dla_fallback
        assert "node_relu" not in built.dla_fallback
        assert gpu.leaks() == []


def test_options_that_cannot_be_are_refused():
    """Sizes and cores have limits."""
    for wrong in ({"workspace_mib": 0}, {"dla_core": -1}, {"dla_core": 8}):
        with pytest.raises(ValueError, match="must be"):
            BuildOptions(**wrong)
