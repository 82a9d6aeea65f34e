"""Reading a run back."""

import json

import pytest

from edgecrack.errors import InputError
from edgecrack.page.run_reader import read_run


def line(**facts):
    """Return one feature with the given properties and no place."""
    return json.dumps({"type": "Feature", "geometry": None, "properties": facts})


def test_a_run_is_read_in_order_of_time(run_dir):
    """Every cracked frame is found, placed latitude first, with its picture and mask."""
    record = read_run(run_dir)
    times = [finding.time_s for finding in record.findings]
    assert len(times) > 3
    assert times == sorted(times)
    assert all(20 < finding.place_deg[0] < 21 for finding in record.findings)
    assert all(finding.picture and finding.mask for finding in record.findings)
    assert record.overlay == run_dir / "overlay.mp4"


def test_what_is_missing_is_none(tmp_path):
    """A run of an empty run.json and a bare feature reads as unknowns."""
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "cracks.geojsonl").write_text(line(frame=3) + "\n")
    record = read_run(tmp_path)
    finding = record.findings[0]
    assert (finding.frame, finding.place_deg, finding.picture) == (3, None, None)
    assert (finding.crack_count, finding.speed_mps, record.overlay) == (None, None, None)
    assert record.report == {}


def test_a_picture_outside_the_run_is_not_read(tmp_path):
    """A feature cannot name a file that does not belong to the run."""
    (tmp_path / "secret.png").write_bytes(b"x")
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    (run / "cracks.geojsonl").write_text(line(picture="../secret.png", mask="/etc/hostname") + "\n")
    finding = read_run(run).findings[0]
    assert (finding.picture, finding.mask) == (None, None)


def test_no_run_and_a_broken_run_are_input_errors(tmp_path):
    """A folder without run.json, and a line that is not JSON, end in one sentence."""
    with pytest.raises(InputError, match=r"no run\.json"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "cracks.geojsonl").write_text('{"type": "Fea\n')
    with pytest.raises(InputError, match="not JSON"):
        read_run(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99, 1.0])
def test_a_last_line_without_its_newline_does_not_count(tmp_path, share):
    """A power cut may leave any part of the last line, in the middle of a letter too."""
    (tmp_path / "run.json").write_text("{}")
    whole = [(line(frame=frame, name="straße") + "\n").encode() for frame in (1, 2)]
    torn = json.dumps({"properties": {"frame": 3, "name": "ß" * 50}}, ensure_ascii=False).encode()
    (tmp_path / "cracks.geojsonl").write_bytes(b"".join(whole) + torn[: int(share * len(torn))])

    assert [finding.frame for finding in read_run(tmp_path).findings] == [1, 2]


def test_only_a_newline_ends_a_line(tmp_path):
    """A name may hold what other programs take for the end of a line."""
    (tmp_path / "run.json").write_text("{}")
    name = "a\u2028b\x85c\x0cd"
    text = json.dumps({"properties": {"frame": 7, "name": name}}, ensure_ascii=False)
    (tmp_path / "cracks.geojsonl").write_text(text + "\n", encoding="utf-8")

    assert [finding.frame for finding in read_run(tmp_path).findings] == [7]
