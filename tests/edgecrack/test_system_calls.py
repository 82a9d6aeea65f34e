"""What the runtime asks of the kernel: it calls nobody, and leaves nothing outside its output."""

import numpy as np
import pytest
from PIL import Image


def caches(folder):
    """Return what may be changed in the home folder."""
    return [folder / "home" / ".cache" / name for name in ("gstreamer-1.0", "edgecrack")]


@pytest.fixture
def pictures(tmp_path):
    """Return a folder of three small pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save(folder / f"{index}.png")
    return folder


def test_a_run_calls_nobody_and_writes_to_its_folder_alone(traced, tmp_path, pictures, tiny_bundle):
    """Beside it are GStreamer's list of its plugins and the choice of a backend, in the cache."""
    out = tmp_path / "out"
    calls = traced("run", pictures, "--out", out, "--model", tiny_bundle, "--overlay")
    assert out / "overlay.mp4" in calls.changed
    assert calls.sockets == ()
    assert calls.changed_outside(out, *caches(tmp_path)) == set()


def test_a_self_test_calls_nobody_and_writes_nothing(traced, tiny_bundle):
    """Not even a cache."""
    calls = traced("selftest", tiny_bundle)
    assert (calls.sockets, calls.changed_outside()) == ((), set())


def test_a_view_calls_nobody_and_writes_the_page_alone(traced, tmp_path):
    """It opens no socket, and changes no file but its page."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    calls = traced("view", run)
    assert calls.changed - {run / ".index.html.part"} == {run / "index.html"}
    assert calls.sockets == ()


def test_a_demo_calls_nobody_and_writes_to_its_folder_alone(traced, tmp_path):
    """The same holds for the processes it starts."""
    out = tmp_path / "demo"
    calls = traced("demo", "--seconds", "1", "--out", out)
    assert out / "run" / "overlay.mp4" in calls.changed
    assert calls.sockets == ()
    assert calls.changed_outside(out, *caches(tmp_path)) == set()
