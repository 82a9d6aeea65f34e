"""What engines of this machine run on."""

import importlib

import pytest

from edgecrack import device


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("board", ["NVIDIA Jetson AGX Orin", "NVIDIA Jetson Orin NX", None])
def test_boards_with_the_same_gpu_are_told_apart(board, monkeypatch):
    """All with an Orin have the same name for it and the same compute capability."""
    monkeypatch.setattr(device, "_board", lambda: board)
    target = importlib.import_module("edgecrack.engines.target").current_target()
    assert (target.device, target.compute_capability) == ("Orin", "8.7")
    assert (target.board, target.multiprocessors) == (board or "", 16)
