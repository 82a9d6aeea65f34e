"""A checkpoint is a complete file at any moment, and reading one runs no code."""

import io
import pickle
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from edgecrack.errors import InputError, SinkError
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from training.checkpoint import FORMAT, Checkpoint, load_checkpoint, save_checkpoint
from training.unet import UNet

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkpoint(configured):
    """A small checkpoint, as a run makes it."""
    config = configured()
    torch.manual_seed(5)
    net = UNet(config.model)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    net(torch.rand(2, 3, 16, 16)).mean().backward()
    optimiser.step()
    resume = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "scaler": {}}
    metrics = {"epoch": 3, "loss": 1.5, "f1": None, "lines": {"ods": {"f1": 0.5}}}
    data = [{"name": "lines", "licence": "none", "pictures": 8, "sha256": "00"}]
    return Checkpoint(config, 3, net.state_dict(), resume, metrics, data, best=-float("inf"))


def content_of(checkpoint):
    """Return the content of the checkpoint's file."""
    names = ("epoch", "weights", "resume", "metrics", "data", "best")
    return {
        "format": FORMAT,
        "config": checkpoint.config.model_dump(mode="json"),
        **{name: getattr(checkpoint, name) for name in names},
    }


def test_what_was_saved_is_loaded(checkpoint, tmp_path):
    """Configuration, weights, optimiser, metrics and data come back as they were."""
    save_checkpoint(checkpoint, tmp_path / "a.pt")
    loaded = load_checkpoint(tmp_path / "a.pt")
    assert loaded.config == checkpoint.config
    assert (loaded.epoch, loaded.best) == (3, -float("inf"))
    assert (loaded.metrics, loaded.data) == (checkpoint.metrics, checkpoint.data)
    assert loaded.weights.keys() == checkpoint.weights.keys()
    assert all(torch.equal(loaded.weights[k], v) for k, v in checkpoint.weights.items())
    before, after = (c.resume["optimiser"]["state"] for c in (checkpoint, loaded))
    assert all(torch.equal(before[k]["exp_avg"], after[k]["exp_avg"]) for k in before)
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


def test_the_network_is_built_ready_to_predict(checkpoint):
    """It has the checkpoint's weights, and is in evaluation mode."""
    net = checkpoint.network()
    assert not net.training
    assert torch.equal(net.head.weight, checkpoint.weights["head.weight"])


def test_a_full_disk_leaves_the_old_checkpoint(checkpoint, tmp_path):
    """With space for half a file, the old one stays complete and no partial one is left."""
    save_checkpoint(checkpoint, tmp_path / "a.pt")
    before = (tmp_path / "a.pt").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(SinkError, match=r"a\.pt\b"):
            save_checkpoint(checkpoint, tmp_path / "a.pt")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "a.pt").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


def test_a_kill_in_mid_write_leaves_the_old_checkpoint(checkpoint, tmp_path):
    """A process killed while it writes the new file does not change the old one."""
    save_checkpoint(checkpoint, tmp_path / "a.pt")
    before = (tmp_path / "a.pt").read_bytes()
    program = f"""
import os, signal
from pathlib import Path
from edgecrack.storage.disk import LocalDisk
from training.checkpoint import load_checkpoint, save_checkpoint
path = Path({str(tmp_path / "a.pt")!r})
kept = load_checkpoint(path)
def half(self, path, data):
    path.write_bytes(data[:1000])
    os.kill(os.getpid(), signal.SIGKILL)
LocalDisk.write = half
save_checkpoint(kept, path)
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / "a.pt").read_bytes() == before
    save_checkpoint(checkpoint, tmp_path / "a.pt")  # over what the killed process left
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("unsynced", Unsynced)
def test_a_power_cut_leaves_the_old_checkpoint_or_the_new_one(checkpoint, unsynced):
    """After any operation one of the two is whole, and after the last it is the new one."""
    path, newer, whole = Path("/a.pt"), replace(checkpoint, epoch=4), MemoryDisk()
    save_checkpoint(checkpoint, path, whole)
    old, operations_left = whole.files()[path], whole.operations
    has_returned, contents = False, []
    while not has_returned:
        disk = MemoryDisk(operations_left=operations_left)
        save_checkpoint(checkpoint, path, disk)
        try:
            save_checkpoint(newer, path, disk)
            has_returned = True
        except SinkError:
            operations_left += 1
        contents.append(disk.after_power_cut(Random(0), unsynced).files()[path])

    new = disk.files()[path]
    assert contents[0] == old != new
    assert contents[-1] == new
    assert set(contents) == {old, new}


def test_a_folder_that_is_not_there_is_named(checkpoint, tmp_path):
    """A checkpoint cannot be written where there is no folder."""
    with pytest.raises(SinkError, match=r"none/.*a\.pt"):
        save_checkpoint(checkpoint, tmp_path / "none" / "a.pt")


class Trap:
    """An object that runs code when a pickle is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        """Create a file on being loaded."""
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_file_that_would_run_code_is_refused(checkpoint, tmp_path, how):
    """Written by torch or by pickle, it is refused and its code does not run."""
    content = {**content_of(checkpoint), "metrics": Trap(tmp_path / "ran")}
    with (tmp_path / "a.pt").open("wb") as file:
        torch.save(content, file) if how == "torch" else pickle.dump(content, file)
    with pytest.raises(InputError, match=r"a\.pt\b") as caught:
        load_checkpoint(tmp_path / "a.pt")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()
    (pickle.loads if how == "pickle" else load_unsafely)((tmp_path / "a.pt").read_bytes())
    assert (tmp_path / "ran").exists()  # the trap does work with an unsafe loader


def load_unsafely(content):
    """Load a file of torch with the code that it contains."""
    torch.load(io.BytesIO(content), weights_only=False)


def test_a_flipped_bit_in_a_weight_is_found(checkpoint, tmp_path):
    """A network that was damaged in transfer is not used."""
    save_checkpoint(checkpoint, tmp_path / "a.pt")
    content = bytearray((tmp_path / "a.pt").read_bytes())
    weights = checkpoint.weights["head.weight"].numpy().tobytes()
    content[content.index(weights) + 2] ^= 0x40
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.pt\b"):
        load_checkpoint(tmp_path / "a.pt")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(checkpoint, tmp_path, share):
    """A copy that ends at any place is named in one sentence."""
    save_checkpoint(checkpoint, tmp_path / "a.pt")
    whole = (tmp_path / "a.pt").read_bytes()
    (tmp_path / "a.pt").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=r"a\.pt\b") as caught:
        load_checkpoint(tmp_path / "a.pt")
    assert "\n" not in str(caught.value)


def test_random_damage_is_an_input_error(checkpoint, tmp_path):
    """Changed bytes anywhere give a network or an InputError, never another exception."""
    save_checkpoint(checkpoint, tmp_path / "a.pt")
    whole, rng = (tmp_path / "a.pt").read_bytes(), np.random.default_rng(0)
    pickled = whole.index(b"data.pkl")
    refused = 0
    for turn in range(150):
        damaged = bytearray(whole)
        end = len(whole) if turn % 2 else pickled + 4000
        for place in rng.integers(0, end, 3):
            damaged[place] = int(rng.integers(256))
        (tmp_path / "b.pt").write_bytes(damaged)
        try:
            load_checkpoint(tmp_path / "b.pt").network()
        except InputError:
            refused += 1
    assert refused > 75


@pytest.mark.parametrize("content", [b"", b"hello world\n" * 50, b"\x80\x02}q\x00.", b"PK\x03\x04"])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    """An empty file, a text, another pickle or part of a ZIP file is named and refused."""
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.pt"):
        load_checkpoint(tmp_path / "a.pt")


def test_a_missing_file_is_named(tmp_path):
    """So is a folder in its place."""
    for path in (tmp_path / "none.pt", tmp_path):
        with pytest.raises(InputError, match=path.name):
            load_checkpoint(path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": 2}, "format 1"),
        ({"config": {"name": "x"}}, "'data'"),
        ({"config": None}, "version of edgecrack"),
        ({"weights": None}, "'weights'"),
        ({"epoch": "three"}, "'epoch'"),
    ],
)
def test_a_checkpoint_of_another_kind_is_refused(checkpoint, tmp_path, change, named):
    """Another format, a wrong configuration or a field of another type is named."""
    torch.save({**content_of(checkpoint), **change}, tmp_path / "a.pt")
    with pytest.raises(InputError, match=named) as caught:
        load_checkpoint(tmp_path / "a.pt")
    assert str(tmp_path / "a.pt") in str(caught.value)


@pytest.mark.parametrize("gone", ["epoch", "weights", "resume", "metrics", "data", "best"])
def test_a_checkpoint_that_lacks_a_field_is_refused(checkpoint, tmp_path, gone):
    """The missing field is named."""
    content = content_of(checkpoint)
    del content[gone]
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(InputError, match=f"'{gone}'"):
        load_checkpoint(tmp_path / "a.pt")


def test_other_content_is_no_checkpoint(tmp_path):
    """Weights alone, as other programs save them, are refused."""
    for content in ({"head.weight": torch.zeros(3)}, [1, 2], torch.zeros(3)):
        torch.save(content, tmp_path / "a.pt")
        with pytest.raises(InputError, match=r"a\.pt\b"):
            load_checkpoint(tmp_path / "a.pt")


def test_weights_of_another_network_are_refused(checkpoint, tmp_path):
    """Weights that do not fit the configuration in the same file are an error."""
    content = content_of(checkpoint)
    content["config"]["model"]["widths"] = [4, 16]
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(InputError, match=r"'tiny'.*\[model\]"):
        load_checkpoint(tmp_path / "a.pt").network()
