"""The command line through the real process: bad input of every kind, and what machines read.

Each bad input ends in one sentence on stderr with its exit code, and leaves no folder behind, or
one that holds whole files only.
"""

import json
import os
import random
import shutil
from dataclasses import MISSING, fields

import cv2
import numpy as np
import pytest

from edgecrack import __version__
from edgecrack.config import SPECS
from edgecrack.synthetic.drive import DriveSpec, drive_fixes
from edgecrack.synthetic.position_log import nmea
from edgecrack.utc import to_iso

GPX = "<gpx xmlns='http://www.topografix.com/GPX/1/1' version='1.1' creator='t'><trk><trkseg>{}"
GPX += "</trkseg></trk></gpx>"
POINT = "<trkpt lat='51.3' lon='12.3'>{}</trkpt>"
CLOCK = "test:?width=64&height=48&frames=5"
NETWORK = "model.fp32.onnx"
EXTERNAL = b"\x3a\x04\x2a\x02\x70\x01"  # ONNX: graph { initializer { data_location: EXTERNAL } }
START = ("--video-start", "1970-01-01T00:07:22Z")


@pytest.fixture
def refuses(survey, tmp_path):
    """Return a function that asserts that a survey is refused and nothing is written."""

    def _refuses(code, words, source, *options):
        out = tmp_path / "out"
        message = survey(source, out, *options).refused(code, *words)
        assert not out.exists()
        return message

    return _refuses


@pytest.mark.slow
def test_a_video_that_is_none_is_refused(refuses, tmp_path, clip):
    """Missing, empty, text by the name of a video, and a header that is destroyed: 66."""
    whole = clip.read_bytes()
    broken = bytearray(whole)
    head = whole.index(b"mdat") + 4
    broken[:head] = random.Random(0).randbytes(head)
    made = {"empty.mp4": b"", "text.mp4": b"this is no video\n" * 99, "broken.mp4": bytes(broken)}
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
        refuses(66, [name], tmp_path / name)
    refuses(66, ["there is no such file"], tmp_path / "none.mp4")


def test_a_video_whose_index_is_cut_off_is_refused(refuses, tmp_path, clip):
    """Before the first picture there is nothing to keep."""
    content = clip.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: content.index(b"mdat") // 2])
    refuses(66, ["cut.mp4"], tmp_path / "cut.mp4")


@pytest.mark.slow
def test_a_truncated_video_is_surveyed_as_far_as_it_goes(survey, tmp_path, clip, whole):
    """The frames before the cut are kept, the report is there, and the exit code is 66."""
    data = clip.read_bytes()
    (tmp_path / "half.mp4").write_bytes(data[: len(data) // 3])
    out = tmp_path / "out"
    ended = survey(tmp_path / "half.mp4", out, "--all-masks")
    message = ended.refused(66, "half.mp4", "breaks off after", "frames")
    masks = whole(out)
    assert 10 < masks < 60
    assert json.loads((out / "report.json").read_text())["frames_inferred"] == masks
    reason = json.loads((out / "run.json").read_text())["exit_reason"]
    assert reason in message


@pytest.mark.slow
def test_a_video_with_a_destroyed_stretch_leaves_whole_files_only(survey, tmp_path, clip, whole):
    """What the decoder can make of it is surveyed; it never ends in a traceback."""
    data = bytearray(clip.read_bytes())
    third = len(data) // 3
    data[third : 2 * third] = random.Random(1).randbytes(third)
    (tmp_path / "torn.mp4").write_bytes(data)
    ended = survey(tmp_path / "torn.mp4", tmp_path / "out", "--all-masks")
    assert ended.code in {0, 66}
    assert "Traceback" not in ended.stderr
    assert whole(tmp_path / "out") > 10


@pytest.mark.slow
def test_sound_without_pictures_is_refused(refuses, encode, tmp_path):
    """A file without a video track is none: 66."""
    encode("audiotestsrc num-buffers=20 ! avenc_aac ! mp4mux", tmp_path / "sound.mp4")
    refuses(66, ["sound.mp4"], tmp_path / "sound.mp4")


@pytest.mark.slow
def test_a_directory_without_pictures_is_refused(refuses, tmp_path):
    """Empty, or of broken pictures only: 66."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    refuses(66, [str(folder)], folder, "--rate", 1)
    (folder / "a.jpg").write_bytes(b"\xff\xd8\xff")
    refuses(66, [str(folder)], folder, "--rate", 1)


@pytest.mark.slow
def test_a_broken_picture_among_good_ones_is_counted(survey, tmp_path):
    """A picture that cannot be read is missing and counted, never black."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in "ac":
        cv2.imwrite(str(folder / f"{name}.jpg"), np.full((48, 64, 3), 120, np.uint8))
    (folder / "b.jpg").write_bytes(b"\xff\xd8\xff")
    report = survey(folder, tmp_path / "out", "--rate", 1, "--all-masks").json
    assert report["frames_inferred"] == 2
    assert report["frames_dropped"]["unreadable"] == 1
    masks = {path.stem for path in (tmp_path / "out" / "masks").iterdir()}
    assert masks == {"00000000", "00000002"}


@pytest.fixture
def locked(tmp_path):
    """Return a folder that nobody may read or write, and the words that take root's pass away."""
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0)
    yield folder, ["setpriv", "--bounding-set=-dac_override,-dac_read_search"][: 2 * is_root()]
    folder.chmod(0o700)


def is_root():
    """Return whether file permissions do not hold for this process."""
    return os.geteuid() == 0


@pytest.mark.slow
def test_a_folder_without_permission_is_refused(command, locked, tiny_bundle, tmp_path):
    """As a source it is 66, as a place for results it is 74."""
    folder, prefix = locked
    rest = ("--model", tiny_bundle, "--out")
    ended = command("run", folder, "--rate", 1, *rest, tmp_path / "out", prefix=prefix)
    ended.refused(66, str(folder), "ermission denied")
    ended = command("run", CLOCK, *rest, folder, prefix=prefix)
    ended.refused(74, str(folder), "ermission denied", "choose another --out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_noise_in_a_log_is_skipped_and_counted(survey, tmp_path):
    """Bad checksums and binary noise cost the lines they hit, and run.json says how many."""
    spec = DriveSpec(seconds=30)
    fixes = drive_fixes(spec)
    log = nmea(fixes).encode().splitlines(keepends=True)
    wrong = [line[:20] + b"9" + line[20:] if number % 9 == 4 else line
             for number, line in enumerate(log)]  # fmt: skip
    path = tmp_path / "noisy.nmea"
    path.write_bytes(b"".join([*wrong[:50], random.Random(2).randbytes(5000), b"\n", *wrong[50:]]))
    start = to_iso(spec.start_ns + 20 * 10**9)
    ended = survey(CLOCK, tmp_path / "out", "--position", path, "--video-start", start)
    assert ended.code == 0, ended.stderr
    counts = json.loads((tmp_path / "out" / "run.json").read_text())["fixes"]
    assert counts["read"]["bad_checksum"] >= len(log) // 9
    assert sum(counts["read"][kind] for kind in ("not_nmea", "malformed")) > 5
    assert counts["kept"] > len(fixes) / 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("untimed.gpx", GPX.format(POINT.format("")), ["time"]),
        (
            "order.gpx",
            GPX.format(
                POINT.format("<time>1970-01-01T00:07:25Z</time>")
                + POINT.format("<time>1970-01-01T00:07:22Z</time>")
            ),
            ["order of time"],
        ),
        ("broken.gpx", GPX.format("<trkpt")[:-20], ["GPX"]),
        ("noise.nmea", random.Random(3).randbytes(4000), []),
        ("text.nmea", "no sentence here\n" * 50, []),
        ("empty.nmea", "", ["is empty"]),
    ],
)
def test_a_log_without_a_position_is_refused(refuses, tmp_path, name, content, words):
    """Without times, out of order, broken, noise, text, nothing: 66."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refuses(66, [name, *words], CLOCK, "--position", path, *START)


@pytest.mark.slow
def test_a_track_must_overlap_the_video(refuses, track, clip):
    """Both ranges of time are printed, so that a wrong start is seen at once: 66."""
    words = [
        "from 2026-05-01T12:00:00.000Z to 2026-05-01T12:00:03.",
        "from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:09.000Z",
        "--video-start",
    ]
    start = ("--video-start", "2026-05-01T12:00:00Z")
    refuses(66, words, clip, "--position", track, *start)


def test_a_position_needs_a_time(refuses, track):
    """A video that does not say when it was taken cannot be placed: 2, and what to give."""
    refuses(2, ["--video-start"], CLOCK, "--position", track)


def test_a_track_that_is_missing_is_refused(refuses, tmp_path):
    """A misspelt path is said as such: 66."""
    refuses(66, ["none.gpx"], CLOCK, "--position", tmp_path / "none.gpx", *START)


@pytest.mark.slow
def test_a_bundle_that_is_not_what_it_says_is_refused(
    refuses, bundle_copy, manifest, tiny_bundle, tmp_path
):
    """Wrong digest, unknown key, missing file, no network, weights outside: 65, nothing written."""
    names = ("digest", "unknown", "missing", "broken")
    digest, unknown, missing, broken = (
        shutil.copytree(tiny_bundle, tmp_path / name) for name in names
    )
    for network in broken.glob("*.onnx"):
        network.write_bytes(b"\x08\x09")
    type(manifest)(broken).seal()
    with (digest / NETWORK).open("ab") as file:
        file.write(b"\0")
    text = (unknown / "manifest.json").read_text()
    (unknown / "manifest.json").write_text(text.replace('"release"', '"colour": 1, "release"'))
    (missing / "golden" / "dark.96x64.frame.webp").unlink()
    with (bundle_copy / NETWORK).open("ab") as file:
        file.write(EXTERNAL)
    manifest.seal()
    faults = {
        "has changed": digest,
        "'colour'": unknown,
        "is needed": missing,
        "cannot be loaded": broken,
        "in another file": bundle_copy,
    }
    for words, bundle in faults.items():
        refuses(65, [str(bundle), words], CLOCK, "--model", bundle)


@pytest.mark.slow
def test_results_are_never_written_over_anything(survey, tmp_path):
    """A folder that holds a run, or anything, and a file in the way: 74, and nothing changes."""
    out = tmp_path / "out"
    assert survey(CLOCK, out).code == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    survey(CLOCK, out).refused(74, str(out), "a run", "choose another --out")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    survey(CLOCK, tmp_path / "mine").refused(74, "letter.txt")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    for place in (tmp_path / "mine" / "letter.txt", tmp_path / "mine" / "letter.txt" / "out"):
        survey(CLOCK, place).refused(74, "choose another --out")


@pytest.mark.slow
def test_a_units_file_is_held_to_its_keys(refuses, command, tiny_bundle, tmp_path):
    """An unknown key is 78 and the nearest one is named; so is a file that is no TOML."""
    file = tmp_path / "unit.toml"
    file.write_text("[detection]\nmin_crack_shares = 0.1\n")
    words = ["unit.toml", "'detection.min_crack_shares'", "did you mean 'min_crack_share'?"]
    refuses(78, words, CLOCK, "--config", file)
    file.write_text("source = \n")
    refuses(78, ["unit.toml", "TOML"], CLOCK, "--config", file)
    file.write_text(
        f'[source]\naddress = "{CLOCK}"\n[model]\nbundle = "{tiny_bundle}"\n'
        "[output]\nall_masks = true\n"
    )
    ended = command("run", "--config", file, "--out", tmp_path / "out", "--json")
    assert ended.code == 0, ended.stderr
    assert len(list((tmp_path / "out" / "masks").iterdir())) == ended.json["frames_in"] == 5


@pytest.mark.slow
def test_a_unit_starts_again_and_again(command, tiny_bundle, tmp_path):
    """Each start makes a folder of its own; a file that names that of one run only is refused."""
    file, runs = tmp_path / "unit.toml", tmp_path / "runs"
    unit = f'[source]\naddress = "{CLOCK}"\n[model]\nbundle = "{tiny_bundle}"\n[output]\n'
    file.write_text(f'{unit}runs_folder = "{runs}"\n')
    for _ in range(2):
        assert command("run", "--config", file).code == 0
    assert len([run for run in runs.iterdir() if (run / "report.json").exists()]) == 2
    file.write_text(f'{unit}folder = "{runs}"\n')
    command("run", "--config", file).refused(78, "output.runs_folder")


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["region", "64x48"], (CLOCK, "--region", "0,0,65,48")),
        (["--region"], (CLOCK, "--region", "0,0,8")),
        (["--region"], (CLOCK, "--region", "0,0,0,8")),
        (["--region"], (CLOCK, "--region", "0,0,8,x")),
        (["--video-start", "'yesterday'"], (CLOCK, "--video-start", "yesterday")),
        (["--rate"], (CLOCK, "--rate", "0")),
        (["ftp"], ("ftp://host/drive.mp4",)),
        (["colour"], ("test:?colour=red",)),
    ],
)
def test_a_command_line_that_cannot_mean_anything_is_refused(refuses, words, options):
    """A region outside, a value that cannot be, a scheme nobody knows: 2."""
    refuses(2, words, *options)


@pytest.mark.slow
def test_pictures_cannot_be_live_and_a_run_needs_a_source(refuses, command, tmp_path):
    """A contradiction and a missing argument are said in a sentence, too: 2."""
    cv2.imwrite(str(tmp_path / "a.jpg"), np.zeros((48, 64, 3), np.uint8))
    refuses(2, ["live"], tmp_path, "--live")
    command("run").refused(2, "SOURCE")


@pytest.mark.slow
def test_people_get_a_table_and_the_place_of_the_results(command, tiny_bundle, tmp_path):
    """Without --json a run ends with its table and the folder, and nothing is on stderr."""
    out = tmp_path / "out"
    ended = command("run", CLOCK, "--model", tiny_bundle, "--out", out)
    assert ended.code == 0
    assert ended.stderr == ""
    assert "5 frames in, 5 inferred, 0 dropped" in ended.stdout
    assert ended.stdout.splitlines()[-1] == str(out)


def test_the_version_is_the_distributions(command):
    """--version and the package agree."""
    assert command("--version").stdout == f"edgecrack {__version__}\n"


def test_help_states_every_default(command):
    """Each option of a run is listed with its default, in words where there is no value."""
    text = " ".join(command("run", "--help").stdout.split())
    for spec in SPECS.values():
        for declared in fields(spec):
            about = declared.metadata["setting"]
            assert about.flag.partition("/")[0] in text
            default = about.default_text or declared.default
            if default not in (False, MISSING):
                assert f"[default: ({default})]" in text


def test_a_demo_that_cannot_be_rendered_is_an_error_of_usage(command, tmp_path):
    """A seed below zero is refused by its option, and nothing is written."""
    command("demo", "--out", tmp_path / "out", "--seed", "-1").refused(2, "--seed")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_may_not_be_read_ends_in_one_sentence(command, tmp_path):
    """Source, positions, configuration and bundle that nobody may read, by their codes."""
    folder = tmp_path / "forbidden"
    folder.mkdir()
    inside = folder / "file"
    inside.touch()
    folder.chmod(0)
    # Permissions bind root as well when it gives up the capability to ignore them.
    bound = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    prefix = bound if os.geteuid() == 0 else ()
    cases = (
        (66, ("run", folder)),
        (66, ("run", inside)),
        (66, ("run", CLOCK, *START, "--position", inside)),
        (78, ("run", "--config", inside)),
        (65, ("run", CLOCK, "--model", folder)),
    )
    for code, arguments in cases:
        command(*arguments, prefix=prefix).refused(code, folder.name)
