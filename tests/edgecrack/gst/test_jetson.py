"""The pipelines of a Jetson, played on stand-ins for its elements.

They bear the real names, pads and properties, and do the work by elements of the processor: what is
shown is that the pipelines fit together and treat pictures right, not that a board does so. Each
release is played in a process of its own, for what is registered there would serve every test.
"""

import json
import socket
import struct
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest

from tests.benchmarks.side_by_side import coded_clip, rtsp_server

FPS, FRAMES = 240, 100
SIZE = f"width=320&height=180&fps={FPS}"
REGION = (40, 60, 240, 120)
CAMERAS = {
    "csi": f"csi://0?{SIZE}",
    "mjpeg": f"v4l2:///dev/video0?format=mjpeg&{SIZE}",
    "h264": f"v4l2:///dev/video0?format=h264&{SIZE}",
}
SOURCES = [*CAMERAS, "rtsp", "file"]
RELEASES = ["l4t36", "l4t39"]


@pytest.fixture(scope="session")
def coded():
    """Return coded pictures of yellowish clouds, more than are played."""
    random = np.random.default_rng(1)
    clouds = random.integers(40, 220, (FRAMES + 20, 18, 32, 1)) * np.array([0.7, 0.9, 1.0])
    frames = (cv2.resize(picture, (320, 180)).astype(np.uint8) for picture in clouds)
    return list(coded_clip.encoded(frames, FPS, 20_000))


@pytest.fixture(scope="session")
def film(coded, tmp_path_factory):
    """Return a file of these pictures."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    coded_clip.write_mp4(coded[:FRAMES], FPS, path)
    return path


@pytest.fixture(scope="session")
def stream(coded, tmp_path_factory):
    """Return a function that serves them over RTSP, once or more, and returns the address."""

    def serve(server, times):
        with server:
            for _ in range(times):
                camera = rtsp_server.Camera(coded, tmp_path_factory.mktemp("rtsp") / "log")
                rtsp_server.Connection(server.accept()[0], camera).run()

    def _stream(times=1):
        server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=serve, args=(server, times), daemon=True).start()
        return f"rtsp://127.0.0.1:{server.getsockname()[1]}/film"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rtsp_server, "FPS", FPS)
        for patience in ("_MOST_LATE_S", "_JUST_S"):  # on a slow machine no picture is left out
            patch.setattr(rtsp_server, patience, 60.0)
        yield _stream


@pytest.fixture(scope="session")
def play(environment):
    """Return a function that plays jobs on a release, and returns what was seen of each."""

    def _play(release, *jobs):
        done = subprocess.run(
            [sys.executable, "-m", "tests.edgecrack.gst.jetson.play", release],
            input="".join(json.dumps(job) + "\n" for job in jobs),
            env=environment, capture_output=True, text=True, timeout=110, check=True,
        )  # fmt: skip
        return [json.loads(line) for line in done.stdout.splitlines()]

    return _play


@pytest.fixture(scope="session")
def played(play, film, stream, tmp_path_factory):
    """Return a function that tells what was seen of a source on a release; each is played once."""
    seen = {}

    def _played(release, source):
        if release not in seen:
            kept = tmp_path_factory.mktemp(release)
            places = {**CAMERAS, "rtsp": stream(), "file": str(film)}
            jobs = [{"address": place, "region_px": REGION} for place in places.values()]
            jobs[-1]["kept"] = str(kept / "hardware.npz")
            jobs += [{**jobs[-1], "kept": str(kept / "software.npz"), "decoder": "software"}]
            names = [*places, "software"]
            seen[release] = {"kept": kept, **dict(zip(names, play(release, *jobs), strict=True))}
        return seen[release][source]

    return _played


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("release", RELEASES)
def test_a_hundred_frames_come_from_every_kind_of_source(played, release, source):
    """None is lost or repeated, and the two sizes of each are of the same picture."""
    seen = played(release, source)
    assert seen.get("message") is None
    assert seen["frames"] == FRAMES
    least_ns, most_ns = seen["steps_ns"]
    assert least_ns > 0
    if source != "rtsp":  # whose times follow the clocks of both ends
        assert abs(least_ns - 10**9 / FPS) < 1e5 > abs(most_ns - 10**9 / FPS)
    assert seen["likeness"] < 0.5


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("release", RELEASES)
def test_pictures_reach_the_processor_at_the_networks_size(played, release, source):
    """They stay in the hardware's memory until they are cut and scaled."""
    seen = played(release, source)
    inside = "memory:NVMM NV12 320x180"
    assert seen["caps"]["queued"] == seen["caps"]["image in"] == inside
    assert seen["caps"]["image out"] == "memory:SystemMemory RGBA 96x48"
    assert seen["caps"]["evidence out"] == "memory:SystemMemory RGBA 320x180"
    assert seen["shapes"] == [[[48, 96, 3], [180, 320, 3]]]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("release", RELEASES)
def test_the_hardware_decodes_and_says_so(played, release, source):
    """A CSI camera needs no decoder; everything else goes through one."""
    seen = played(release, source)
    decoder = "" if source == "csi" else "nvv4l2decoder, "
    assert (seen["decoder"], seen["why"]) == (f"hardware: {decoder}nvvidconv", "found here")


@pytest.mark.parametrize("source", ["mjpeg", "h264", "rtsp", "file"])
def test_the_decoder_is_set_by_what_it_has(played, source):
    """An Orin's is asked for streams of JPEG and its full clock; a Thor's has neither."""
    orin, thor = (played(release, source)["decoder_values"] for release in RELEASES)
    assert orin["mjpeg"] == orin["enable-max-performance"] == 1
    assert not {"mjpeg", "enable-max-performance"} & set(thor)
    assert orin["num-extra-surfaces"] == thor["num-extra-surfaces"] == 4


def assert_alike(hardware, software):
    """Assert that pictures show the same, at the same place."""
    for name in ("image", "evidence"):
        one, other = hardware[name].astype(int), software[name].astype(int)
        assert one.shape == other.shape
        assert np.abs(one - other).mean() < 1.5
        for axis in (1, 2):
            assert np.abs(np.roll(one, 1, axis) - other).mean() > 2 * np.abs(one - other).mean()


@pytest.mark.parametrize("release", RELEASES)
def test_the_same_pixels_come_as_from_the_processor(played, release):
    """Cut, scale and colour put everything where the processor's pipeline puts it."""
    assert played(release, "software")["decoder"] == "software: avdec_h264"
    kept = played(release, "kept")
    assert_alike(*(np.load(kept / f"{name}.npz") for name in ("hardware", "software")))


@pytest.mark.parametrize(
    ("board", "reason"),
    [
        ("l4t36+locked", "Cannot identify device '/dev/v4l2-nvdec'"),
        ("l4t36+refusing", "Failed to process frame"),
        ("l4t36+muted", "it gives no picture"),
    ],
)
def test_a_stream_that_the_hardware_refuses_is_left_to_the_processor(play, film, board, reason):
    """From the first frame on, by the processor's own pipeline, and with the reason."""
    job = {"address": str(film), "region_px": REGION}
    auto, software = play(board, job, {**job, "decoder": "software"})
    assert auto["why"] == f"nvv4l2decoder refuses it: {reason}"
    assert auto["frames"] == FRAMES
    for seen in ("decoder", "shapes", "caps"):
        assert auto[seen] == software[seen]
    assert auto["decoder"] == "software: avdec_h264"


@pytest.mark.parametrize(
    ("board", "error", "words"),
    [
        ("l4t36+locked", "EdgecrackError", "does not work (Cannot identify device"),
        ("l4t36+refusing", "InputError", "Failed to process frame (in hardware"),
        ("l4t36+muted", "InputError", "no picture that the hardware decodes"),
    ],
)
def test_whoever_asks_for_the_hardware_gets_nothing_else(play, film, board, error, words):
    """GStreamer would go on with another decoder: the reason is told, and how to have that."""
    (seen,) = play(board, {"address": str(film), "decoder": "hardware"})
    assert seen["error"] == error
    assert words in seen["message"]
    assert "--decoder software" in seen["message"]


@pytest.mark.parametrize("board", ["l4t36+locked", "l4t36+refusing"])
def test_a_camera_whose_pictures_the_hardware_refuses_is_read_all_the_same(play, board):
    """It is opened once more, for the processor."""
    (seen,) = play(board, {"address": CAMERAS["h264"], "frames": 5})
    assert (seen["frames"], seen["decoder"]) == (5, "software: avdec_h264")


def test_a_camera_that_goes_silent_is_not_taken_for_a_refusal(play, stream):
    """It would run by the processor for the whole drive, because of a cable that was loose."""
    (seen,) = play("l4t36+muted", {"address": stream(times=3)})
    assert seen["error"] == "SourceError"
    assert "it stopped sending (in hardware" in seen["message"]


def test_a_file_that_nothing_decodes_is_told_of_by_the_processors_words(play, tmp_path, film):
    """The hardware is not at fault where the other way fails, too."""
    content = bytearray(film.read_bytes())
    start = content.index(b"mdat") + 4
    content[start : start + 20_000] = bytes(20_000)
    (tmp_path / "broken.mp4").write_bytes(content)
    auto, software = play(
        "l4t36+muted",
        *({"address": str(tmp_path / "broken.mp4"), "decoder": w} for w in ("auto", "software")),
    )
    assert auto == software
    assert "--decoder" not in str(auto)


def test_without_the_converter_the_processor_does_everything(play, film):
    """The decoder alone is of no use: its pictures could not be fetched."""
    jobs = [{"address": str(film), "decoder": wanted} for wanted in ("auto", "hardware")]
    auto, hardware = play("l4t36-nvvidconv", *jobs)
    assert (auto["decoder"], auto["why"], auto["frames"]) == ("software: avdec_h264", "", FRAMES)
    assert hardware["error"] == "UsageError"
    assert "nvvidconv, which is not installed" in hardware["message"]


def test_a_property_that_a_release_has_renamed_is_told(play, film):
    """GStreamer would leave it unset without a word, and take the nearest pixel of ten."""
    (seen,) = play("l4t36+renamed", {"address": str(film)})
    assert seen["error"] == "EdgecrackError"
    assert "nvvidconv needs the property interpolation-method" in seen["message"]
    assert "--decoder software" in seen["message"]


@pytest.mark.parametrize(
    ("description", "problem"),
    [
        ("nvarguscamerasrc ! videoflip ! fakesink", "could not link"),
        ("nvarguscamerasrc ! nvvidconv ! video/x-raw,format=RGB ! fakesink", "could not link"),
        ("videotestsrc ! nvvidconv ! video/x-raw,format=NV12 ! nvv4l2h264enc", "could not link"),
        ("nvvidconv nosuch=1 ! fakesink", 'no property "nosuch"'),
        ("nvvidconv interpolation-method=Area ! fakesink", "could not set property"),
        ("nvv4l2decoder low-latency-mode=1 ! fakesink", 'no property "low-latency-mode"'),
    ],
)
def test_stand_ins_refuse_what_a_board_refuses(environment, description, problem):
    """Memory, formats, names and values that the real elements do not have."""
    program = (
        "from edgecrack.gst.runtime import launch\n"
        "from tests.edgecrack.gst.jetson.releases import install\n"
        f"install('l4t36')\nlaunch({description!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert f"EdgecrackError: GStreamer refused {description!r}: " in done.stderr
    assert problem in done.stderr


@pytest.fixture
def turned(film, tmp_path):
    """Return a file that says that it was filmed upright on its side."""
    content = bytearray(film.read_bytes())
    matrix_at = content.index(b"tkhd") + 4 + 40
    words = (0, 1 << 16, 0, -(1 << 16), 0, 0, 180 << 16, 0, 0x40000000)
    content[matrix_at : matrix_at + 36] = struct.pack(">9i", *words)
    path = tmp_path / "turned.mp4"
    path.write_bytes(content)
    return path


@pytest.fixture
def changing(coded, tmp_path):
    """Return a file whose pictures become smaller on the way."""
    small = (np.full((120, 160, 3), 30 * number, np.uint8) for number in range(8))
    path = tmp_path / "changing.h264"
    path.write_bytes(b"".join([*coded[:8], *coded_clip.encoded(small, FPS, 2000)]))
    return path


@pytest.mark.parametrize("region", [(20, 60, 100, 200), None])
def test_a_file_on_its_side_is_turned_upright(play, film, turned, tmp_path, region):
    """Every picture has the upright size; a region is one of the upright picture."""
    lying, upright = (str(tmp_path / f"{name}.npz") for name in ("lying", "upright"))
    _, seen = play(
        "l4t36",
        {"address": str(film), "kept": lying},
        {"address": str(turned), "kept": upright, "region_px": region},
    )
    assert seen["frames"] == FRAMES
    assert seen["shapes"] == [[[64, 32 if region else 36, 3], [320, 180, 3]]]
    # The stand-in turns by videoflip, which in GStreamer 1.20 is late by one picture.
    wanted, found = (np.load(path)["evidence"][1:].astype(int) for path in (lying, upright))
    assert np.abs(found - np.rot90(wanted, -1, (1, 2))).mean() < 1.5


@pytest.mark.parametrize("region", [(20, 10, 100, 90), None])
def test_a_size_that_changes_is_followed(play, changing, region):
    """Each picture is cut and scaled by its own size."""
    job = {"address": str(changing), "region_px": region}
    ways = play("l4t36", *({**job, "decoder": way} for way in ("hardware", "software")))
    assert ways[0]["shapes"] == ways[1]["shapes"]
    evidence = sorted(shape[1] for shape in ways[0]["shapes"])
    assert evidence == [[120, 160, 3], [180, 320, 3]]
    assert ways[0]["frames"] == ways[1]["frames"] == 16


def test_what_the_hardware_cannot_decode_it_scales(play, clip_of):
    """Unless the hardware is to decode: then it is refused."""
    lossless = str(clip_of("avenc_ffv1 ! matroskamux"))
    auto, refused, odd = play(
        "l4t36",
        {"address": lossless},
        {"address": lossless, "decoder": "hardware"},
        {"address": lossless, "region_px": (1, 2, 20, 20)},
    )
    assert auto["decoder"] == "software: avdec_ffv1; hardware: nvvidconv"
    assert auto["caps"]["queued"].startswith("memory:NVMM")
    assert refused["error"] == "UsageError"
    assert "nvv4l2decoder does not take such video" in refused["message"]
    assert odd["decoder"] == "software: avdec_ffv1"
    assert "even" in odd["why"]


def test_cameras_that_send_raw_pictures_are_read_either_way(play):
    """A CSI camera's are fetched for the processor; one that is not there is told."""
    raw, csi, none = play(
        "l4t39",
        {"address": f"v4l2:///dev/video0?format=raw&{SIZE}", "frames": 5},
        {"address": CAMERAS["csi"], "frames": 5, "decoder": "software"},
        {"address": "csi://1"},
    )
    assert (raw["decoder"], raw["frames"]) == ("hardware: nvvidconv", 5)
    assert (csi["decoder"], csi["frames"]) == ("software", 5)
    assert none["error"] == "SourceError"
    assert "csi://1 gives no pictures: Invalid camera device specified 1" in none["message"]
    assert "--decoder" not in none["message"]
