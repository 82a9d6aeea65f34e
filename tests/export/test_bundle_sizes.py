"""A bundle of several sizes, as a vehicle runs it."""

import json

import cv2
import numpy as np

from export.bundle_files import write_files


def test_a_run_takes_the_size_that_its_pictures_fill(command, tiny_net, card, tmp_path):
    """An upright picture goes through the upright network, without any border."""
    bundle, pictures, out = (tmp_path / name for name in ("bundle", "pictures", "out"))
    bundle.mkdir()
    write_files(tiny_net, [(96, 64), (64, 96)], card, bundle)
    pictures.mkdir()
    cv2.imwrite(str(pictures / "1.png"), np.full((240, 160, 3), 90, np.uint8))
    ended = command("run", pictures, "--out", out, "--model", bundle)
    assert ended.code == 0, ended.stderr
    seen = json.loads((out / "run.json").read_text())["input"]
    assert (seen["width_px"], seen["height_px"], seen["scale"]) == (64, 96, 0.4)
    assert set(seen["borders"].values()) == {0}
