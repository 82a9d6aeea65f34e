"""What becomes of engines that are torn, interrupted, or one too many."""

import fcntl
import importlib

import pytest

from edgecrack.engines.options import BuildOptions
from edgecrack.engines.store import EngineStore
from tests.doubles.install import doubles
from tests.edgecrack.engines.engine_parts import building, make, quiet


@pytest.mark.usefixtures("gpu")
def test_a_damaged_engine_makes_room_for_a_whole_one(tiny, cache):
    """One that fits is taken; only where there is none another one is built."""
    plain, _ = make(tiny)
    refittable, _ = make(tiny, refit=True)
    (cache / f"{refittable.key}.plan").unlink()
    assert building().ensure_engine(tiny, tiny.model("fp16"), quiet)
    assert EngineStore().engines() == [plain]
    (cache / f"{plain.key}.plan").write_bytes(b"torn")
    told = []
    assert building().ensure_engine(tiny, tiny.model("fp16"), lambda *what: told.append(what[0]))
    (healed,) = EngineStore().engines()
    assert (told[0], healed.key) == (f"engine {plain.key} is damaged and is removed", plain.key)
    (cache / f"{plain.key}.plan").write_bytes(b"torn")
    again, is_new = make(tiny)
    assert is_new
    assert EngineStore().plan(again)


@pytest.mark.usefixtures("gpu")
def test_room_is_made_while_no_other_build_is_at_work(tiny, monkeypatch):
    """Two that tidy up at the same time would each remove what the other one keeps."""
    held = []

    def limit(store, most_bytes, keep):
        lock = (store.folder / "build.lock").open()
        with lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.append((most_bytes, keep))

    monkeypatch.setattr(EngineStore, "limit", limit)
    built, _ = make(tiny)
    assert [keep for _, keep in held] == [built]


def test_an_engine_that_is_done_when_it_is_interrupted_is_kept(gpu, tiny):
    """Minutes of work are not thrown away; Ctrl-C ends the program all the same."""

    def on_progress(_what, done, _total):
        if done == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(tiny, on_progress=on_progress)
    (kept,) = EngineStore().engines()
    assert make(tiny) == (kept, False)
    assert len(gpu.timed) == 8


def test_what_cannot_be_cancelled_is_not_thrown_away(tiny):
    """TensorRT 8.6 asks nobody whether to go on."""
    with doubles("8.6.1"):
        builder = importlib.import_module("edgecrack.engines.builder")
        order = builder.BuildOrder(
            name="model.fp16.onnx", onnx=tiny.read("model.fp16.onnx"), precision="fp16",
            shape=(1, 64, 96, 3), options=BuildOptions(), timings=b"",
        )  # fmt: skip
        with building().first_gpu().current():
            assert builder.build(order, lambda _share: None, lambda: True).plan
