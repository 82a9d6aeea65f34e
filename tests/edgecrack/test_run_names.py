"""A whole run in which every name is not UTF-8: source, positions, bundle, pictures, folder."""

import json
import os
import shutil

import pytest
from PIL import Image


@pytest.mark.slow
def test_names_that_are_no_utf8_are_used_as_they_are_and_written_as_text(
    command, tiny_bundle, tmp_path
):
    """Everything is found and written by its bytes, and every JSON file is valid UTF-8."""
    pictures, log, bundle, out = (
        tmp_path / os.fsdecode(name) for name in (b"in\xff", b"gps\xfe", b"model\xfd", b"out\xfc")
    )
    pictures.mkdir()
    for index in range(2):
        Image.new("RGB", (96, 64)).save(pictures / os.fsdecode(b"road_%d\xfb.png" % index))
    rmc = "$GPRMC,134730.361,A,5540.3220,N,01231.2858,E,1.06,86.57,041112,,,A*55\r\n"
    log.write_text(rmc)
    shutil.copytree(tiny_bundle, bundle)
    start = ("--rate", 1, "--video-start", "2012-11-04T13:47:30Z", "--position", log)
    kept = ("--out", out, "--model", bundle, "--all-masks", "--overlay")
    ended = command("run", pictures, *start, *kept, "--json")
    assert ended.code == 0, ended.stderr
    assert json.loads(ended.stdout)["out"] == f"{tmp_path}/out\\xfc"
    record = json.loads((out / "run.json").read_bytes().decode())
    assert record["source"]["name"] == f"{tmp_path}/in\\xff"
    assert record["position"] == f"{tmp_path}/gps\\xfe"
    assert record["config"]["model"]["bundle"] == f"{tmp_path}/model\\xfd"
    assert (out / "overlay.mp4").stat().st_size > 0
    for line in (out / "cracks.geojsonl").read_bytes().decode().splitlines():
        assert json.loads(line)["properties"]["name"].endswith("\\xfb.png")
