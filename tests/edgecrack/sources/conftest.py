"""Clips that GStreamer itself encodes, so that no file need lie in the repository."""

import pytest

from edgecrack.gst.runtime import Gst, launch, stop

_CLIPS = {
    "h264.mp4": "x264enc speed-preset=ultrafast key-int-max=10 ! h264parse ! mp4mux faststart=true",
    "bframes.mp4": "x264enc bframes=3 b-adapt=false ! h264parse ! mp4mux",
    "hevc.mp4": "x265enc speed-preset=ultrafast log-level=none ! h265parse ! mp4mux",
    "vp9.webm": "vp9enc cpu-used=8 deadline=1 ! webmmux",
    "h264.mkv": "x264enc speed-preset=ultrafast key-int-max=10 ! h264parse ! matroskamux",
    "mjpeg.avi": "jpegenc ! avimux",
    "lossless.mkv": "avenc_ffv1 ! matroskamux",
}
_SOURCE = "videotestsrc num-buffers=50 pattern=ball animation-mode=frames"


def _run(description, path):
    pipeline = launch(f"{description} ! filesink location={path}")
    pipeline.set_state(Gst.State.PLAYING)
    wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(30 * 10**9, wanted)
    assert message is not None
    assert message.type == Gst.MessageType.EOS, message.parse_error()
    stop(pipeline)
    return path


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
    sound = "audiotestsrc num-buffers=172 ! audio/x-raw,rate=44100 ! avenc_aac ! queue ! mux."
    return _run(f"{sound} {video} ! jpegenc ! queue ! mux. matroskamux name=mux", path)
