"""Clips that GStreamer itself encodes, so that no file need lie in the repository."""

import http.server
import struct
import threading

import pytest

from edgecrack.gst.runtime import Gst, launch, stop
from edgecrack.sources import SourceSpec, open_source

_SOUND = "audiotestsrc num-buffers={} ! audio/x-raw,rate=44100 ! avenc_aac ! queue ! mux."
_H264 = "x264enc speed-preset=ultrafast key-int-max=10 ! h264parse"
_CLIPS = {
    "h264.mp4": f"{_H264} ! mp4mux faststart=true",
    "bframes.mp4": "x264enc bframes=3 b-adapt=false ! h264parse ! mp4mux",
    "opengop.mp4": "x264enc bframes=3 b-adapt=false key-int-max=10 option-string=open-gop=1 "
    "! h264parse ! mp4mux",
    "hevc.mp4": "x265enc speed-preset=ultrafast log-level=none ! h265parse ! mp4mux",
    "vp9.webm": "vp9enc cpu-used=8 deadline=1 ! webmmux",
    "h264.mkv": f"{_H264} ! matroskamux",
    "clusters.mkv": f"{_H264} ! matroskamux max-cluster-duration=200000000",
    "clusters.webm": "vp8enc deadline=1 ! webmmux max-cluster-duration=200000000",
    "sound.mp4": f"{_H264} ! queue ! mux. {_SOUND.format(86)} mp4mux name=mux faststart=true",
    "sound.mkv": f"{_H264} ! queue ! mux. {_SOUND.format(86)} matroskamux name=mux",
    "vp8.webm": "vp8enc deadline=1 auto-alt-ref=true lag-in-frames=8 ! webmmux",
    "h264.ts": f"{_H264} ! mpegtsmux",
    "interlaced.ts": "x264enc speed-preset=ultrafast interlaced=true ! h264parse ! mpegtsmux",
    "mjpeg.avi": "jpegenc ! avimux",
    "lossless.mkv": "avenc_ffv1 ! matroskamux",
}
_SOURCE = "videotestsrc num-buffers=50 pattern=ball animation-mode=frames"
_FROM_1904_TO_1970_S = 2_082_844_800  # MP4 counts from 1904


@pytest.fixture
def source():
    """Open sources that are closed at the end of the test."""
    opened = []

    def _open(spec, width_px=64, height_px=48, **wishes):
        settings = SourceSpec(address=str(spec), **wishes)
        opened.append(open_source(settings, [(width_px, height_px)]))
        return opened[-1]

    yield _open
    for one in opened:
        one.close()


def _run(description, path, skipped=frozenset()):
    pipeline = launch(f"{description} ! filesink location={path}")
    if skipped:
        _skip(pipeline.get_by_name("camera").get_static_pad("src"), skipped)
    pipeline.set_state(Gst.State.PLAYING)
    wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(30 * 10**9, wanted)
    assert message is not None
    assert message.type == Gst.MessageType.EOS, message.parse_error()
    stop(pipeline)
    return path


def _skip(pad, skipped):
    """Let the pictures of these numbers fall out, so that the rate varies."""
    numbers = iter(range(10**6))

    def choose(_pad, _info):
        return Gst.PadProbeReturn.DROP if next(numbers) in skipped else Gst.PadProbeReturn.OK

    pad.add_probe(Gst.PadProbeType.BUFFER, choose)


def _date(content, utc_s):
    """Return an MP4 file that says it was taken at this second."""
    at = content.index(b"mvhd") + 8
    return content[:at] + struct.pack(">I", utc_s + _FROM_1904_TO_1970_S) + content[at + 4 :]


@pytest.fixture(scope="session")
def encode():
    """Run a pipeline into a file, and return its path."""
    return _run


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Return a clip of 50 frames of 160x120 at 25 a second, by its name in ``_CLIPS``."""
    folder, made = tmp_path_factory.mktemp("clips"), {}

    def _clip(name):
        if name not in made:
            raw = "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
            made[name] = _run(f"{_SOURCE} ! {raw} ! {_CLIPS[name]}", folder / name)
        return made[name]

    return _clip


@pytest.fixture(scope="session")
def sound_only(tmp_path_factory):
    """Return an MP4 file with sound and no picture."""
    path = tmp_path_factory.mktemp("sound") / "sound.mp4"
    return _run("audiotestsrc num-buffers=50 ! avenc_aac ! mp4mux", path)


@pytest.fixture(scope="session")
def long_sound(tmp_path_factory):
    """Return a clip of one second whose sound lasts for four."""
    path = tmp_path_factory.mktemp("sound") / "long.mkv"
    video = f"{_SOURCE.replace('50', '25')} ! video/x-raw,width=160,height=120,framerate=25/1"
    return _run(f"{_SOUND.format(172)} {video} ! jpegenc ! queue ! mux. matroskamux name=mux", path)


@pytest.fixture(scope="session")
def phone_clip(tmp_path_factory):
    """Return a clip as phones make them: upright HEVC of varying rate with sound, 40 pictures."""
    path = tmp_path_factory.mktemp("phone") / "phone.mp4"
    camera = f"{_SOURCE} name=camera ! video/x-raw,format=I420,width=120,height=160,framerate=25/1"
    video = "x265enc speed-preset=ultrafast log-level=none ! h265parse ! queue ! mux."
    late = {3, 4, 5, 11, 12, 20, 31, 32, 33, 40}
    return _run(f"{_SOUND.format(86)} {camera} ! {video} mp4mux name=mux", path, late)


@pytest.fixture(scope="session")
def dated_clip(tmp_path_factory):
    """Return a clip of 848x480 at 30000/1001 a second, with sound, taken 2019-11-18T15:45:32Z."""
    path = tmp_path_factory.mktemp("action") / "action.mp4"
    raw = "video/x-raw,format=I420,width=848,height=480,framerate=30000/1001"
    video = f"{_SOURCE} ! {raw} ! x264enc speed-preset=ultrafast ! h264parse ! queue ! mux."
    _run(f"{_SOUND.format(72)} {video} mp4mux name=mux", path)
    path.write_bytes(_date(path.read_bytes(), 1_574_091_932))
    return path


@pytest.fixture(scope="session")
def far_apart(tmp_path_factory):
    """Return a clip of 10 s and several megabytes whose sound lies behind all its pictures."""
    path = tmp_path_factory.mktemp("apart") / "apart.mp4"
    raw = "video/x-raw,format=I420,width=320,height=240,framerate=25/1"
    video = (
        f"videotestsrc num-buffers=250 pattern=snow ! {raw} "
        "! x264enc speed-preset=ultrafast bitrate=4096 ! h264parse ! queue ! mux."
    )
    mux = "mp4mux name=mux faststart=true interleave-time=60000000000 interleave-bytes=100000000"
    return _run(f"{_SOUND.format(430)} {video} {mux}", path)


@pytest.fixture
def serve_with():
    """Answer HTTP requests by a function of the handler; return the server's address."""
    servers = []

    def _serve(answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            def log_message(self, *_arguments):
                pass

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield _serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def serve_bytes(serve_with):
    """Serve bytes without saying how many, and return their address."""

    def _serve(content, name):
        def answer(handler):
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(content)

        return f"{serve_with(answer)}/{name}"

    return _serve
