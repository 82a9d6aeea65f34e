"""Reading a run folder."""

import json

import pytest

from edgecrack.errors import InputError
from edgecrack.run_reader import read_run


def line(**facts):
    """Return the line of a feature with these properties and no place."""
    return json.dumps({"type": "Feature", "geometry": None, "properties": facts})


def test_a_run_is_read_as_it_was_written(surveyed, features):
    """Every property of every line is there under its name, with its files and its place."""
    ended, out = surveyed
    run = read_run(out)
    assert len(run.observations) > 3
    for frame, feature in zip(run.observations, features(out), strict=True):
        written = feature["properties"]
        written |= {key: out / written[key] for key in ("mask", "picture")}
        assert {key: getattr(frame, key, None) for key in written} | {
            "run_id": run.record["run_id"]
        } == written
        assert [frame.lon_deg, frame.lat_deg] == feature["geometry"]["coordinates"]
    assert run.report["frames_in"] == len(run.masks) == ended.json["frames_in"]
    assert run.record["exit_reason"] == "end of source"
    assert run.overlay is None


def test_frames_are_in_order_of_time(tmp_path):
    """Lines written out of order are put in order."""
    (tmp_path / "run.json").write_text("{}")
    lines = [line(frame=frame, media_time_s=frame / 2) for frame in (2, 0, 1)]
    (tmp_path / "cracks.geojsonl").write_text("".join(text + "\n" for text in lines))
    assert [frame.frame for frame in read_run(tmp_path).observations] == [0, 1, 2]


def test_what_is_missing_is_none(tmp_path):
    """An empty run.json and a feature without properties give None for the rest."""
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "cracks.geojsonl").write_text(line(frame=3) + "\n")
    run = read_run(tmp_path)
    frame = run.observations[0]
    assert (frame.frame, frame.place_deg, frame.picture) == (3, None, None)
    assert (frame.crack_count, frame.speed_mps, run.overlay) == (None, None, None)
    assert run.report == {}


def test_a_picture_outside_the_run_is_not_read(tmp_path):
    """A feature cannot name a file outside the run's folder."""
    (tmp_path / "secret.png").write_bytes(b"x")
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    (run / "overlay.mp4").symlink_to(tmp_path / "secret.png")
    (run / "masks").mkdir()
    (run / "masks" / "1.png").symlink_to(tmp_path / "secret.png")
    (run / "frames").symlink_to(tmp_path)
    names = ("../secret.png", str(tmp_path / "secret.png"), "masks/1.png", "frames/secret.png")
    lines = [line(picture=name, mask=f"masks/../{name}") for name in names]
    (run / "cracks.geojsonl").write_text("\n".join(lines) + "\n")
    found = read_run(run)
    assert {(frame.picture, frame.mask) for frame in found.observations} == {(None, None)}
    assert (len(found.observations), found.overlay) == (4, None)


def test_no_run_and_a_broken_run_are_input_errors(tmp_path):
    """A folder without run.json is named, and so is each file with broken JSON."""
    with pytest.raises(InputError, match=r"run\.json"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    for name in ("cracks.geojsonl", "report.json", "run.json"):
        for broken in (b'{"type": "Fea\n', b"[" * 99_999 + b"\n", b'"\xff"\n'):
            (tmp_path / name).write_bytes(broken)
            with pytest.raises(InputError, match=rf"/{name}\b"):
                read_run(tmp_path)
        (tmp_path / name).write_text("{}")


def test_a_folder_that_cannot_be_asked_is_an_input_error(tmp_path):
    """A name that the file system refuses is named, as a missing run is."""
    for name in ("n" * 300, "run\0"):
        with pytest.raises(InputError, match="should"):
            read_run(tmp_path / name)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99, 1.0])
def test_a_last_line_without_its_newline_does_not_count(tmp_path, share):
    """A power cut may leave any part of the last line, in the middle of a letter too."""
    (tmp_path / "run.json").write_text("{}")
    whole = [(line(frame=frame, name="straße") + "\n").encode() for frame in (1, 2)]
    torn = json.dumps({"properties": {"frame": 3, "name": "ß" * 50}}, ensure_ascii=False).encode()
    (tmp_path / "cracks.geojsonl").write_bytes(b"".join(whole) + torn[: int(share * len(torn))])

    assert [frame.frame for frame in read_run(tmp_path).observations] == [1, 2]


def test_only_a_newline_ends_a_line(tmp_path):
    """A name may hold what other programs take for the end of a line."""
    (tmp_path / "run.json").write_text("{}")
    name = "a\u2028b\x85c\x0cd"
    text = json.dumps({"properties": {"frame": 7, "name": name}}, ensure_ascii=False)
    (tmp_path / "cracks.geojsonl").write_text(text + "\n", encoding="utf-8")

    assert [frame.frame for frame in read_run(tmp_path).observations] == [7]


@pytest.mark.parametrize("figure", ["NaN", "1e999", "1" * 400, '"3"', "true", "null", "[]"])
def test_what_is_no_number_is_not_known(tmp_path, figure):
    """A figure that is not finite, or not a figure, is None; so is a place that is not on Earth."""
    (tmp_path / "run.json").write_text("{}")
    properties = (
        f'{{"frame": 3, "speed_mps": {figure}, "mask": "\\u0000", "picture": "{"a" * 300}"}}'
    )
    place = f'{{"type": "Point", "coordinates": [8.5, {figure}]}}'
    text = f'{{"geometry": {place}, "properties": {properties}}}\n'
    (tmp_path / "cracks.geojsonl").write_text(text)
    frame = read_run(tmp_path).observations[0]
    assert (frame.speed_mps, frame.place_deg, frame.mask, frame.picture) == (None,) * 4


def test_a_run_that_lost_its_power_is_read_as_far_as_it_came(tmp_path):
    """Without a report, and without a line yet, there is a record and nothing else."""
    (tmp_path / "run.json").write_text('{"exit_reason": "running"}')
    run = read_run(str(tmp_path))
    assert (run.record["exit_reason"], dict(run.report)) == ("running", {})
    assert (run.observations, run.masks, run.overlay) == ((), (), None)


def test_the_road_of_a_frame_is_read(tmp_path):
    """Both shares are there by name; a run of a network without that answer has None."""
    (tmp_path / "run.json").write_text("{}")
    lines = [line(frame=0, road_share=0.5, area_share_of_road=0.25), line(frame=1)]
    (tmp_path / "cracks.geojsonl").write_text("".join(text + "\n" for text in lines))
    shares = [
        (seen.road_share, seen.area_share_of_road) for seen in read_run(tmp_path).observations
    ]
    assert shares == [(0.5, 0.25), (None, None)]
