"""Video as frames: every picture of a file, the newest of a camera, a sentence for the rest."""

import errno
import functools
import http.server
import itertools
import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecrack.errors import SourceError, UsageError
from edgecrack.gst.runtime import Gst
from edgecrack.records import FrameGeometry, Region
from edgecrack.sources import SourceCounts, SourceSpec, open_source

_HOUR_NS = 3600 * 10**9


def _frames(video):
    return [frame for frame in video if frame is not None]


def _by_opencv(path):
    capture, times_ms, last = cv2.VideoCapture(str(path)), [], None
    while True:
        found, picture = capture.read()
        if not found:
            return times_ms, last
        times_ms.append(capture.get(cv2.CAP_PROP_POS_MSEC))
        last = picture[:, :, ::-1]


def _assert_every_frame_comes_at_its_time(video, path, count, varies):
    """Assert that number and times of the frames are OpenCV's."""
    times_ms = [frame.pts_ns / 1e6 for frame in video]
    wanted_ms = np.array(_by_opencv(path)[0])
    assert len(times_ms) == len(wanted_ms) == count
    # A phone's file may have a frame without a time; OpenCV's guess there runs backwards.
    is_told = wanted_ms == np.maximum.accumulate(wanted_ms)
    assert is_told.sum() >= count - 1
    np.testing.assert_allclose(np.array(times_ms)[is_told], wanted_ms[is_told], atol=0.01)
    assert (np.ptp(np.diff(times_ms)) > 1) == varies
    assert video.counts() == SourceCounts(delivered=count, dropped=0)


def test_every_frame_of_steady_video_comes_at_its_time(source, clip):
    """Number and times equal OpenCV's for H.264 with frames out of order."""
    path = clip("bframes.mp4")
    _assert_every_frame_comes_at_its_time(source(path), path, 50, varies=False)


def test_every_frame_of_varying_rate_comes_at_its_time(source, phone_clip):
    """Number and times equal OpenCV's for upright HEVC of varying rate with sound."""
    _assert_every_frame_comes_at_its_time(source(phone_clip), phone_clip, 40, varies=True)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "count", "varies"),
    [("motorway-540p-h264.mp4", 221, False), ("city-portrait-hevc.mp4", 146, True)],
)
def test_every_frame_of_a_real_file_comes_at_its_time(source, shared_data, name, count, varies):
    """Number and times equal OpenCV's for what a motorway camera and a phone wrote."""
    path = shared_data / "video" / name
    _assert_every_frame_comes_at_its_time(source(path), path, count, varies)


@pytest.mark.parametrize(
    "name",
    ["h264.mp4", "bframes.mp4", "hevc.mp4", "vp9.webm", "h264.mkv", "mjpeg.avi", "lossless.mkv"],
)
def test_every_codec_gives_every_frame(source, clip, name):
    """H.264, HEVC, VP9, Motion JPEG and FFV1: 50 frames, numbered from 0, a 25th apart."""
    frames = [(frame.index, frame.pts_ns / 1e6) for frame in source(clip(name))]
    assert [index for index, _ in frames] == list(range(50))
    np.testing.assert_allclose([ms for _, ms in frames], np.arange(50) * 40, atol=1)


@pytest.fixture
def serve():
    """Return a function that serves a folder over HTTP until the test ends, and its address."""
    servers = []

    def _serve(folder):
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield _serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_served_file_gives_every_frame(source, serve, far_apart):
    """Over HTTP no frame of a file with sound is lost."""
    address = serve(far_apart.parent)
    assert sum(1 for _ in source(f"{address}/{far_apart.name}")) == 250


def test_a_file_that_a_server_lacks_is_a_source_error(source, serve, tmp_path):
    """The address and the server's status are in the message."""
    address = serve(tmp_path)
    with pytest.raises(SourceError, match=f"{address}/none\\.mp4.*404"):
        source(f"{address}/none.mp4")


@pytest.mark.slow
@pytest.mark.real_data
def test_the_served_motorway_clip_gives_every_frame(source, serve, shared_data):
    """Over HTTP no frame is lost, though sound and pictures lie far apart in this file."""
    address = serve(shared_data / "video")
    assert sum(1 for _ in source(f"{address}/motorway-540p-h264.mp4")) == 221


@pytest.mark.parametrize(
    "caps", ["width=161,height=121,format=I420", "format=I420_10LE", "format=GRAY8"]
)
def test_odd_deep_and_grey_video_is_read(source, tmp_path, encode, caps):
    """Odd sizes, ten bits and grey come out as RGB of the picture's own size."""
    raw = f"videotestsrc num-buffers=3 ! video/x-raw,{caps},framerate=25/1"
    path = encode(f"{raw} ! avenc_ffv1 ! matroskamux", tmp_path / "a.mkv")
    video = source(path)
    frames = list(video)
    assert len(frames) == 3
    geometry = frames[0].geometry
    assert frames[0].evidence.shape == (geometry.height_px, geometry.width_px, 3)
    # The brightest bar is white in every channel, whatever the coding.
    assert frames[0].evidence[:30, :5].min() > 150


def _assert_known_from_the_start(video):
    """Assert what the file of an action camera says of itself, and its first frame of its size."""
    info, frame = video.info, next(iter(video))
    assert info.fps == pytest.approx(30000 / 1001)
    assert not info.live
    assert info.time_source == "container"
    assert info.start_ns == 1_574_091_932 * 10**9  # 2019-11-18T15:45:32Z, as exiftool reads it
    assert frame.geometry == FrameGeometry(848, 480, Region(100, 50, 640, 400))
    assert frame.evidence.shape == (480, 848, 3)


def test_rate_and_time_come_with_opening_and_size_with_each_frame(source, dated_clip):
    """A container with a date: rate, time, and the region of the picture."""
    _assert_known_from_the_start(source(dated_clip, region_px=(100, 50, 640, 400)))


@pytest.mark.real_data
def test_what_a_gopro_writes_is_known_from_the_start(source, shared_data):
    """Rate, time and size of a real action camera's file."""
    path = shared_data / "video" / "gopro-gpmf-gps.mp4"
    _assert_known_from_the_start(source(path, region_px=(100, 50, 640, 400)))


def test_a_lossless_clip_gives_the_regions_pixels(source, clip):
    """The region of a decoded file is the same rectangle of the whole picture."""
    whole = list(source(clip("lossless.mkv"), 160, 120))
    part = source(clip("lossless.mkv"), 64, 48, region_px=(32, 20, 64, 48))
    for frame, full in zip(part, whole, strict=True):
        np.testing.assert_array_equal(frame.image, full.evidence[20:68, 32:96])
        np.testing.assert_array_equal(full.image, full.evidence)


def test_colours_are_those_of_the_picture(source, clip):
    """RGB is RGB: decoded pixels agree with OpenCV's to a few grey levels."""
    *_, last = source(clip("h264.mp4"))
    _times, wanted = _by_opencv(clip("h264.mp4"))
    assert np.abs(last.evidence.astype(int) - wanted).mean() < 2


def test_a_rotated_file_stands_upright(source, clip, tmp_path):
    """The rotation in a phone's file turns the picture and swaps its sides."""
    content = bytearray(clip("h264.mp4").read_bytes())
    matrix_at = content.index(b"tkhd") + 4 + 40
    turned = (0, 1 << 16, 0, -(1 << 16), 0, 0, 120 << 16, 0, 0x40000000)
    content[matrix_at : matrix_at + 36] = struct.pack(">9i", *turned)
    path = tmp_path / "turned.mp4"
    path.write_bytes(content)
    turned_source, plain = source(path), source(clip("h264.mp4"))
    for frame, lying in zip(turned_source, plain, strict=True):
        assert (frame.geometry.width_px, frame.geometry.height_px) == (120, 160)
        np.testing.assert_array_equal(frame.evidence, np.rot90(lying.evidence, -1))


def test_a_given_start_dates_every_frame(source, clip):
    """The argument beats the container: a frame's capture is the start plus its time."""
    video = source(clip("h264.mp4"), start="1970-01-01T01:00:00Z")
    assert video.info.time_source == "argument"
    assert all(frame.captured_ns == _HOUR_NS + frame.pts_ns for frame in video)


def test_without_a_date_nothing_is_guessed(source, clip):
    """A file that says nothing about its time yields frames without one."""
    video = source(clip("mjpeg.avi"))
    assert (video.info.start_ns, video.info.time_source) == (None, "none")
    assert {frame.captured_ns for frame in video} == {None}


def test_a_region_outside_the_picture_is_refused_with_its_size(source, clip):
    """The size that a person needs in order to correct the region is in the message."""
    with pytest.raises(UsageError, match="160x120"):
        source(clip("h264.mp4"), region_px=(0, 0, 161, 10))


def test_a_test_picture_is_a_finite_file_by_default(source):
    """``test:`` gives as many frames as asked, of the size asked, twice the same."""
    spec = "test:?width=80&height=60&fps=10&frames=7"
    first, second = (list(source(spec, 40, 30)) for _ in range(2))
    assert [frame.pts_ns // 10**8 for frame in first] == list(range(7))
    assert first[0].evidence.shape == (60, 80, 3)
    assert len(list(source("test:?width=16&height=16"))) == 250
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.evidence, other.evidence)


def _wait_until_all_is_delivered(video):
    queue = video._reader._pipeline.get_by_name("latest")  # noqa: SLF001
    deadline_ns = time.monotonic_ns() + 30 * 10**9
    while queue.get_static_pad("sink").get_sticky_event(Gst.EventType.EOS, 0) is None:
        assert time.monotonic_ns() < deadline_ns


def test_a_slow_reader_of_a_live_source_loses_frames_and_knows_how_many(source):
    """Delivered is yielded plus dropped, and the gaps in the indices are the drops."""
    video = source("test:?width=64&height=64&fps=100&frames=60", live=True)
    arrivals = iter(video)
    first = next(arrivals)
    _wait_until_all_is_delivered(video)
    frames = [first, *_frames(arrivals)]
    counts = video.counts()
    assert frames[-1].index == 59
    assert (counts.delivered, counts.dropped) == (60, 60 - len(frames))
    assert counts.dropped > 40
    assert counts.opening <= frames[1].index
    gaps = sum(b.index - a.index - 1 for a, b in itertools.pairwise(frames))
    assert counts.dropped == frames[0].index + gaps


def test_what_a_camera_gave_before_anybody_asked_is_told_apart(source):
    """The first picture is kept, the newest one, too; what came in between is the opening's."""
    video = source("test:?width=64&height=64&fps=100&frames=60", live=True)
    _wait_until_all_is_delivered(video)
    frames = _frames(iter(video))
    counts = video.counts()
    assert frames[-1].index == 59
    assert counts.delivered == 60
    assert counts.opening == counts.dropped == 60 - len(frames) > 40


def test_live_frames_carry_the_time_of_capture(source):
    """Live capture time is wall-clock time, in steps of the camera and not of the reader."""
    before_ns = time.time_ns()
    video = source("test:?width=64&height=64&fps=50&frames=10", live=True)
    frames = _frames(video)
    assert video.info.time_source == "clock"
    for frame in frames:
        assert before_ns - 10**9 < frame.captured_ns <= time.time_ns()
        assert frame.monotonic_ns <= time.monotonic_ns()
    for one, other in itertools.pairwise(frames):
        assert other.monotonic_ns - one.monotonic_ns == other.pts_ns - one.pts_ns


@pytest.mark.slow
def test_a_file_read_live_keeps_its_pace(source, clip):
    """Live over a file of two seconds takes its time instead of dropping nearly all of it."""
    begun_ns = time.monotonic_ns()
    video = source(clip("mjpeg.avi"), live=True)
    yielded = len(_frames(video))
    assert time.monotonic_ns() - begun_ns > 1_500_000_000
    assert video.info.live
    counts = video.counts()
    assert (counts.delivered, counts.dropped) == (50, 50 - yielded)


@pytest.mark.parametrize("wish", [{}, {"live": True}])
def test_closing_in_mid_stream_ends_the_frames(source, dated_clip, wish):
    """After close() the iteration ends, a second close is harmless, kept pictures stay."""
    video = source(dated_clip, **wish)
    frames = iter(video)
    kept = next(frames)
    total = int(kept.evidence.sum())
    video.close()
    video.close()
    assert len(list(frames)) <= 2
    assert int(kept.evidence.sum()) == total


def test_a_closed_source_leaves_nothing_open(clip):
    """Opening and closing again and again holds no file descriptor."""
    held = []
    for _ in range(6):
        video = open_source(SourceSpec(address=str(clip("h264.mp4"))), [(64, 48)])
        next(iter(video))
        video.close()
        held.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
    assert held[-1] <= held[1]


def test_closing_wakes_a_reader_that_waits(source):
    """A thread that waits for the next frame is let go by close()."""
    video = source("test:?width=16&height=16&fps=1", live=True)
    waiting = threading.Thread(target=lambda: list(video), daemon=True)
    waiting.start()
    video.close()
    waiting.join(timeout=10)
    assert not waiting.is_alive()


@pytest.mark.parametrize(
    "spec",
    [
        "v4l2:///dev/video99",
        "rtsp://me:s3cret@127.0.0.1:9/a",
        "http://127.0.0.1:9/a.mp4?token=s3cret",
    ],
)
def test_what_may_come_back_is_a_source_error_without_secrets(source, spec):
    """A missing camera and a server that is down are worth another try; no password is told."""
    with pytest.raises(SourceError) as caught:
        source(spec)
    assert "gives no pictures" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_server_that_is_down_is_told_in_the_systems_words(source, scheme):
    """That nothing listens there is the reason, not what GStreamer makes of it."""
    with pytest.raises(SourceError, match=os.strerror(errno.ECONNREFUSED)):
        source(f"{scheme}://127.0.0.1:9/a.mp4")


def test_a_file_says_how_many_frames_it_holds_and_a_live_source_does_not(source, clip):
    """The number is at hand when it is opened, for whoever shows progress."""
    assert source(clip("h264.mp4")).info.expected_frames == 50
    assert source("test:?width=16&height=16", live=True).info.expected_frames is None


def test_opening_a_file_imports_no_picture_library():
    """Video needs neither Pillow nor OpenCV; importing the package needs not even GStreamer."""
    script = (
        "import sys, edgecrack.sources as s\n"
        "assert not {'gi', 'cv2', 'PIL'} & set(sys.modules)\n"
        "s.open_source(s.SourceSpec(address='test:?frames=1'), [(8, 8)]).close()\n"
        "assert not {'cv2', 'PIL'} & set(sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_csi_camera_is_refused_where_there_is_no_jetson(source):
    """The element that would read it is named."""
    with pytest.raises(UsageError, match="nvarguscamerasrc, which is not installed"):
        source("csi://0")


def test_video_says_what_decodes_it(source, clip):
    """By the name of the decoder; why only where there was a choice."""
    by_itself, asked = source(clip("h264.mp4")).info, source(clip("vp9.webm"), decoder="software")
    assert (by_itself.decoder, by_itself.decoder_choice) == ("software: avdec_h264", "")
    assert asked.info.decoder.startswith("software: ")
    assert asked.info.decoder_choice == "asked for"
    assert source("test:?width=16&height=16").info.decoder == "software"


def test_a_silent_live_source_says_that_it_has_nothing(source):
    """While a camera sends nothing the iteration yields None, again and again."""
    frames = iter(source("test:?width=16&height=16&fps=1&frames=3", live=True))
    first, *others = itertools.islice(frames, 4)
    assert first.index == 0
    assert None in others


@pytest.mark.slow
@pytest.mark.parametrize("live", [True, False])
def test_only_a_live_source_says_that_it_has_nothing_yet(source, clip, live):
    """A file whose decoder is slow is waited for: every item is a frame."""
    video = source(clip("h264.mp4"), live=live)
    reader = video._reader  # noqa: SLF001
    samples = reader.samples

    def slow():
        for sample in samples():
            yield None
            yield sample

    reader.samples = slow
    assert (None in list(video)) is live
