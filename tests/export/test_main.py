"""``edgecrack-export`` as a person types it."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edgecrack.bundle import load_bundle

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def export(command):
    """Return a function that runs ``edgecrack-export``."""
    return lambda *arguments, **how: command(*arguments, package="export", **how)


def test_a_checkpoint_becomes_a_bundle_and_never_another_one(
    export, checkpoint_file, made_data, tmp_path
):
    """Two sizes, a line for each on how far from torch; a second export there is refused: 74."""
    out = tmp_path / "bundle"
    asked = ["bundle", checkpoint_file, "--out", out, "--data", made_data, "--tolerance", "2"]
    asked += ["--precision", "none"]
    ended = export(*asked, "--size", "96x64", "--size", "100x60", "--set", "made")
    assert ended.code == 0, ended.stderr
    manifest = load_bundle(out).manifest
    assert manifest.sizes_px == ((96, 64), (100, 60))
    for line, (width_px, height_px) in zip(
        ended.stdout.splitlines(), manifest.sizes_px, strict=True
    ):
        where = f"{out / 'model.fp32.onnx'} at {width_px}x{height_px}"
        assert line.startswith(f"{where} probability against torch: 3 pictures")
    assert manifest.threshold_origin.endswith("2 px")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    export(*asked).refused(74, str(out), "--out")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_what_cannot_be_exported_is_refused(export, checkpoint_file, made_data, tmp_path):
    """A size that is none or given twice, an unknown set: 2; no checkpoint: 66; no folder."""
    rest = ("--out", tmp_path / "bundle", "--data", made_data)
    for size in ("96by64", "96x64x3", "96x0", "8193x64"):
        export("bundle", checkpoint_file, *rest, f"--size={size}").refused(2, f"'{size}'")
    odd = ("--size", "97x64")
    export("bundle", checkpoint_file, *rest, *odd).refused(2, "4 px", "100x64")
    wrong = ("--precision", "fp8")
    export("bundle", checkpoint_file, *rest, *wrong).refused(2, "fp8", "fp16", "int8-trt")
    twice = ("--size", "96x64", "--size", "96x64")
    export("bundle", checkpoint_file, *rest, *twice).refused(2, "--size")
    export("bundle", checkpoint_file, *rest, "--set", "other").refused(2, "'other'", "['made']")
    (tmp_path / "text.pt").write_text("no checkpoint")
    export("bundle", tmp_path / "text.pt", *rest).refused(66, "text.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["text.pt"]


def test_a_bundle_is_verified_with_0_3_or_65(export, tiny_bundle, bundle_copy, manifest):
    """It answers as promised, it does not, or it is damaged."""
    ended = export("verify", tiny_bundle)
    assert ended.code == 0
    for network in ("model.fp32.onnx", "model.fp16.onnx"):
        assert ended.stdout.count(f"{network} at 96x64 with onnxruntime probability") == 3
    assert ended.stdout.count(" ok\n") == len(ended.stdout.splitlines())
    path = bundle_copy / "golden" / "clean.96x64.probability.png"
    cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) + 9)
    export("verify", bundle_copy).refused(65, path.name)
    manifest.seal()
    ended = export("verify", bundle_copy, "--json")
    assert (ended.code, ended.json["passed"]) == (3, False)
    assert "model.fp32.onnx" in ended.stderr


def test_own_pictures_are_scored_as_a_table_or_as_json(export, tiny_bundle, made_data):
    """A row and the protocol; every figure from 0 to 1 for machines."""
    asked = ("--images", made_data / "pictures", "--masks", made_data / "masks", "--tolerance", 3)
    table = export("score", tiny_bundle, *asked)
    assert table.code == 0, table.stderr
    assert "pictures" in table.stdout
    assert "many-to-one, 3 px" in table.stdout
    (score,) = export("score", tiny_bundle, *asked, "--json").json
    assert 0 <= score["at_threshold"]["f1"] <= score["ods"]["f1"] <= 1
    assert f"{100 * score['at_threshold']['f1']:.2f}" in table.stdout


def tolerance_px(protocol):
    """Return the tolerance in a protocol such as "many-to-one, 5 px, ..."."""
    return float(protocol.split(", ")[1].removesuffix(" px"))


def test_what_cannot_be_scored_is_refused(export, tmp_path):
    """An unknown part, set or tolerance: 2; a bundle that is none: 65; no pictures: 66."""
    bundle = CHECKOUT / "edgecrack" / "models" / "vehicle"
    export("score", bundle, "--part", "train").refused(2, "--part", "'train'")
    export("score", bundle, "--tolerance", "-1").refused(2, "--tolerance")
    export("score", bundle, "--images", tmp_path).refused(2, "--masks")
    export("score", bundle, "--set", "other").refused(2, "'nha12d'", "'other'")
    export("score", tmp_path).refused(65, "manifest.json")
    export("score", bundle, "--data", tmp_path).refused(66, "folder")


def test_where_torch_is_a_missing_onnx_is_named(environment):
    """The other library of the extra is told as well; exit code 78."""
    program = "import sys; sys.modules['onnx'] = None; from export.__main__ import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "bundle", "none.pt", "--out", "none"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (78, "")
    (sentence,) = ended.stderr.splitlines()
    assert "'onnx'" in sentence
    assert "pip install -e '.[export]'" in sentence
