"""Reading a run folder."""

import json

import pytest

from edgecrack.errors import InputError
from edgecrack.run_reader import read_run


def line(**facts):
    """Return the line of a feature with these properties and no place."""
    return json.dumps({"type": "Feature", "geometry": None, "properties": facts})


def test_a_run_is_read_in_order_of_time(run_dir):
    """Every cracked frame is found, placed latitude first, with its picture and mask."""
    record = read_run(run_dir)
    times = [frame.time_s for frame in record.crack_frames]
    assert len(times) > 3
    assert times == sorted(times)
    assert all(20 < frame.place_deg[0] < 21 for frame in record.crack_frames)
    assert all(frame.picture and frame.mask for frame in record.crack_frames)
    assert record.overlay == run_dir / "overlay.mp4"


def test_what_is_missing_is_none(tmp_path):
    """An empty run.json and a feature without properties give None for the rest."""
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "cracks.geojsonl").write_text(line(frame=3) + "\n")
    record = read_run(tmp_path)
    frame = record.crack_frames[0]
    assert (frame.frame, frame.place_deg, frame.picture) == (3, None, None)
    assert (frame.crack_count, frame.speed_mps, record.overlay) == (None, None, None)
    assert record.report == {}


def test_a_picture_outside_the_run_is_not_read(tmp_path):
    """A feature cannot name a file outside the run's folder."""
    (tmp_path / "secret.png").write_bytes(b"x")
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    (run / "cracks.geojsonl").write_text(line(picture="../secret.png", mask="/etc/hostname") + "\n")
    frame = read_run(run).crack_frames[0]
    assert (frame.picture, frame.mask) == (None, None)


def test_no_run_and_a_broken_run_are_input_errors(tmp_path):
    """A folder without run.json is named, and so is each file with broken JSON."""
    with pytest.raises(InputError, match=r"run\.json"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    for name in ("cracks.geojsonl", "report.json", "run.json"):
        (tmp_path / name).write_text('{"type": "Fea\n')
        with pytest.raises(InputError, match=rf"/{name}\b"):
            read_run(tmp_path)
        (tmp_path / name).write_text("{}")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99, 1.0])
def test_a_last_line_without_its_newline_does_not_count(tmp_path, share):
    """A power cut may leave any part of the last line, in the middle of a letter too."""
    (tmp_path / "run.json").write_text("{}")
    whole = [(line(frame=frame, name="straße") + "\n").encode() for frame in (1, 2)]
    torn = json.dumps({"properties": {"frame": 3, "name": "ß" * 50}}, ensure_ascii=False).encode()
    (tmp_path / "cracks.geojsonl").write_bytes(b"".join(whole) + torn[: int(share * len(torn))])

    assert [frame.frame for frame in read_run(tmp_path).crack_frames] == [1, 2]


def test_only_a_newline_ends_a_line(tmp_path):
    """A name may hold what other programs take for the end of a line."""
    (tmp_path / "run.json").write_text("{}")
    name = "a\u2028b\x85c\x0cd"
    text = json.dumps({"properties": {"frame": 7, "name": name}}, ensure_ascii=False)
    (tmp_path / "cracks.geojsonl").write_text(text + "\n", encoding="utf-8")

    assert [frame.frame for frame in read_run(tmp_path).crack_frames] == [7]
