"""What a network costs is counted as the paper counts it, and as multiply-accumulates."""

import json
import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from edgecrack.errors import EdgecrackError, UsageError
from training.checkpoint import Checkpoint, save_checkpoint
from training.commands import app
from training.complexity import complexity_of
from training.config import parse_config
from training.unet import UNet, UNetSpec, widths_of

CONFIG = {
    "name": "small",
    "model": {"widths": [4, 8], "stem": 2, "batch_norm": True},
    "data": [{"name": "d", "images": ["i"], "masks": ["m"]}],
}
TOML = """
name = "small"
[model]
widths = [4, 8]
stem = 2
batch_norm = true
[[data]]
name = "d"
images = ["i"]
masks = ["m"]
"""


@pytest.fixture
def complexity(monkeypatch, capsys):
    """Return a function that runs ``edgecrack-train complexity``, and returns what it prints."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgecrack-train", "complexity", *map(str, arguments)])
        app(standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("spec", "size", "paper_g"),
    [
        (UNetSpec(), (480, 320), 128.18),
        (UNetSpec(in_channels=1), (512, 512), 218.46),
        (UNetSpec(widths=widths_of(32), in_channels=1), (448, 304), 28.44),
    ],
)
def test_the_papers_count_is_that_of_its_tables(spec, size, paper_g):
    """G is the printed number of Table IV, to its last digit."""
    assert round(complexity_of(spec, *size).paper_g, 2) == paper_g


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        (UNetSpec(widths=(4, 8, 16)), (32, 16)),
        (UNetSpec(widths=(4, 8, 16), stem=2, batch_norm=True), (48, 24)),
        (UNetSpec(widths=(5, 3), stem=4), (21, 13)),  # padded to the stride
    ],
)
def test_the_multiply_accumulates_are_half_of_torchs_flops(spec, size):
    """Torch's own counter, on real pictures, finds two operations for each."""
    width_px, height_px = size
    cost = complexity_of(spec, width_px, height_px)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        UNet(spec).eval()(torch.zeros(1, 3, height_px, width_px))
    assert 2 * cost.macs == counter.get_total_flops()
    assert cost.gflops == pytest.approx(counter.get_total_flops() / 1e9)


def test_the_papers_way_counts_biases_relu_and_what_is_pooled():
    """Each once a value, and a deconvolution's products on its output: added up by hand."""
    products = 32 * (108 + 144 + 288 + 144 + 4) + 8 * (288 + 576) + 32 * 128  # the deconvolution
    biases, relus, pooled = 32 * (5 * 4 + 1) + 8 * 2 * 8, 32 * 4 * 4 + 8 * 2 * 8, 32 * 4
    cost = complexity_of(UNetSpec(widths=(4, 8)), 8, 4)
    assert cost.paper_operations == products + biases + relus + pooled


def test_a_batch_normalised_value_counts_two():
    """In the paper's way; it is no multiply-accumulate, and no exported weight."""
    plain = complexity_of(UNetSpec(widths=(4, 8)), 8, 4)
    normed = complexity_of(UNetSpec(widths=(4, 8), batch_norm=True), 8, 4)
    values = 2 * 4 * 32 + 2 * 8 * 8 + 2 * 4 * 32  # two convolutions of each level, on 32 or 8 px
    assert normed.paper_operations - plain.paper_operations == 2 * values
    assert normed.macs == plain.macs
    assert normed.parameters - plain.parameters == 2 * (4 + 4 + 8 + 8 + 4 + 4)
    assert normed.fp32_bytes == plain.fp32_bytes == 4 * plain.parameters
    assert normed.fp16_bytes == 2 * plain.parameters


def test_a_configuration_and_its_checkpoint_cost_the_same(complexity, tmp_path):
    """Both are read, at the size that is given, in the order that is given."""
    config = parse_config(CONFIG, "small")
    weights = UNet(config.model).state_dict()
    save_checkpoint(Checkpoint(config, 1, weights, {}, {}, [], 0.0), tmp_path / "a.pt")
    (tmp_path / "a.toml").write_text(TOML)
    files = [str(tmp_path / "a.toml"), str(tmp_path / "a.pt")]
    first, second = json.loads(complexity(*files, "--size", "64x32", "--json"))
    assert [first.pop("file"), second.pop("file")] == files
    assert first == second == complexity_of(config.model, 64, 32).as_json()


def test_the_table_has_a_row_for_each_network(complexity, tmp_path, monkeypatch):
    """Its parameters stand in it, and the size below; a file may be named twice."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.toml").write_text(TOML)
    printed = complexity("a.toml", "a.toml", "--size", "64x32")
    parameters = complexity_of(UNetSpec((4, 8), stem=2, batch_norm=True), 64, 32).parameters
    assert printed.count(f"{parameters:,}") == 2
    assert "64x32" in printed


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("a.toml", "--size", "64"), UsageError.exit_code), (("none.toml",), 78), (("none.pt",), 66)],
)
def test_what_cannot_be_counted_is_refused(complexity, tmp_path, monkeypatch, arguments, code):
    """A wrong size, or a missing file; the exit code says which."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.toml").write_text(TOML)
    with pytest.raises(EdgecrackError) as caught:
        complexity(*arguments)
    assert caught.value.exit_code == code
