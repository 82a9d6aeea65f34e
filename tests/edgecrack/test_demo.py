"""The demo as a stranger types it, with the model that comes along."""

import json

import pytest


@pytest.mark.slow
def test_a_demo_is_rendered_surveyed_scored_and_shown(command, tmp_path):
    """One command: a page that loads nothing, F1 against the truth, and no frame lost."""
    out = tmp_path / "demo"
    ended = command("demo", "--seconds", "1", "--seed", "3", "--out", out, "--json")
    assert ended.code == 0, ended.stderr
    found = ended.json
    assert found["frames_in"] == found["frames_inferred"] == found["frames_out"] == 12
    assert len(found["f1"]) == 2
    assert all(0 <= f1 <= 1 for f1 in found["f1"].values())
    assert found["page"] == str(out / "index.html")
    page = (out / "index.html").read_text()
    assert "data:video/mp4" in page
    assert 'src="http' not in page
    record = json.loads((out / "run" / "run.json").read_text())
    assert record["model"]["data_terms"]

    (out / "letter.txt").write_text("dear")
    command("demo", "--out", out).refused(74, "letter.txt", "choose another --out")
    assert (out / "index.html").read_text() == page
    (out / "letter.txt").unlink()
    again = command("demo", "--seconds", "1", "--seed", "3", "--out", out)
    assert again.code == 0, again.stderr
    assert again.stdout.count("F1 ") == 2
    assert again.stdout.splitlines()[-1] == f"Look at {out / 'index.html'}"


@pytest.mark.slow
def test_a_slow_machine_may_name_the_network(command, tmp_path):
    """It runs in that size with that backend, and nothing has to be tried before."""
    words = ("--backend", "onnxruntime", "--precision", "fp32", "--size", "480x288")
    ended = command("demo", "--seconds", "1", *words, "--out", tmp_path, "--json")
    assert ended.code == 0, ended.stderr
    assert ended.json["input"] == {"width_px": 480, "height_px": 288}
    assert ended.json["backend"].startswith("ONNX Runtime")
    command("demo", "--size", "7", "--out", tmp_path / "new").refused(2, "--size")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["run", "drive", "index.html"])
def test_a_folder_of_somebodys_is_not_a_demo(command, tmp_path, name):
    """A survey that happens to be called ``run`` is not deleted: 74."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "cracks.geojsonl").write_text("{}\n")
    command("demo", "--out", tmp_path).refused(74, name, "choose another --out")
    command("demo", "--out", tmp_path / name / "cracks.geojsonl").refused(74, "cracks.geojsonl")
    assert (tmp_path / name / "cracks.geojsonl").read_text() == "{}\n"
