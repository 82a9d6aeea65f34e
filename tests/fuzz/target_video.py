"""A damaged video through a real GStreamer pipeline: `VideoSource`.

The clips in the corpus show the synthetic drive; ``python -m tests.fuzz.target_video`` makes them.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import InputError
from edgecrack.sources import SourceSpec, open_source
from tests.fuzz import corpus
from tests.fuzz.target import Target, told

if TYPE_CHECKING:
    from edgecrack.sources import Source

_INPUTS_PX = [(64, 48)]
_FRAMES = 12
_MOST_FRAMES = 2000  # of a clip of so few bytes; damaged lengths of time make no more of them
_X264 = "x264enc pass=quant quantizer=32 key-int-max=6 speed-preset="
_CLIPS = {
    "h264.mp4": f"{_X264}ultrafast ! h264parse ! mp4mux",
    "bframes.mp4": f"{_X264}medium bframes=2 b-adapt=false ! h264parse ! mp4mux",
    "h264.mkv": f"{_X264}ultrafast ! h264parse ! matroskamux",
    "h264.ts": f"{_X264}ultrafast ! h264parse ! mpegtsmux",
    "h264.h264": f"{_X264}ultrafast ! h264parse config-interval=-1 "
    "! video/x-h264,stream-format=byte-stream",
}
_FOLDER = Path(tempfile.mkdtemp(prefix="edgecrack-fuzz-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def check(data: bytes) -> object:
    """Read it to its end: frames in order, then an `InputError` or none, and all are counted."""
    path = _FOLDER / "clip"
    path.write_bytes(data)
    frames, error = 0, ""
    try:
        source = open_source(SourceSpec(address=str(path)), _INPUTS_PX)
    except InputError as refusal:
        return "refused", told(refusal, 66)[-24:]
    try:
        frames = _taken(source)
    except InputError as refusal:
        error = told(refusal, 66)
    finally:
        source.close()
    counts = source.counts()
    assert error or counts.delivered == frames
    assert counts.dropped == counts.unreadable == 0
    assert counts.missing >= 0
    assert error or not counts.missing, "what is missing must be told"
    whole = _whole_of(data)
    if whole is not None:
        assert counts.delivered + counts.missing == _FRAMES, f"{counts} of {whole}"
    return bool(error), min(counts.delivered, 13), min(counts.missing, 13)


def _taken(source: Source) -> int:
    """Return how many frames come; each is the next, of a size that holds, and has a time."""
    frames = 0
    for frame in source:
        assert frame is not None
        assert frame.index == frames
        assert frame.pts_ns >= 0
        assert frame.image.shape[0] <= _INPUTS_PX[0][1]
        assert frame.image.shape[1] <= _INPUTS_PX[0][0]
        assert frame.evidence.shape[1] <= 1280
        frames += 1
        assert frames <= _MOST_FRAMES
    assert source.counts().delivered == frames
    return frames


def _whole_of(data: bytes) -> str | None:
    """Name the MP4 clip of which only pictures are damaged: their number is still known."""
    for path in corpus.folder_of("video").glob("clip-*.mp4"):
        clip = path.read_bytes()
        begin, end = clip.index(b"mdat") + 4, clip.index(b"moov") - 4
        same = (data[:begin], data[end:]) == (clip[:begin], clip[end:])
        if same and begin < end and len(data) == len(clip):
            return path.name
    return None


def _make_clips() -> None:
    """Write the clips: twelve frames of the synthetic drive, as different muxers keep them."""
    from edgecrack.gst.buffers import wrap  # noqa: PLC0415  only the few that make clips need it
    from edgecrack.gst.runtime import Gst, launch, stop  # noqa: PLC0415
    from edgecrack.synthetic.drive import DriveSpec, render_frames  # noqa: PLC0415

    spec = DriveSpec(seconds=_FRAMES / 12.5, width_px=96, height_px=64)
    caps = f"video/x-raw,format=RGB,width={spec.width_px},height={spec.height_px},framerate=25/2"
    folder = corpus.folder_of("video")
    folder.mkdir(parents=True, exist_ok=True)
    for name, encoder in _CLIPS.items():
        pipeline = launch(
            f"appsrc name=pictures format=time caps={caps} ! videoconvert ! {encoder} "
            f"! filesink location={folder / f'clip-{name}'}"
        )
        pipeline.set_state(Gst.State.PLAYING)
        pictures = pipeline.get_by_name("pictures")
        for frame in render_frames(spec):
            buffer = wrap(frame.picture, frame.pts_ns)
            buffer.duration = spec.pts_ns(1)
            pictures.emit("push-buffer", buffer)
        pictures.emit("end-of-stream")
        pipeline.get_bus().timed_pop_filtered(60 * 10**9, Gst.MessageType.EOS)
        stop(pipeline)


TARGET = Target(
    check,
    tokens=(
        *(b"moov", b"mdat", b"trak", b"stsz", b"stts", b"stco", b"avcC", b"\0\0\0\1\x67", b"edts"),
        *(b"\0\0\0\1\x68", b"\0\0\0\1\x65", b"\0\0\1\x41", b"\0\0\1\x09", b"\x1f\x43\xb6\x75"),
        *(b"\0" * 16, b"\xff" * 8, b"\0" * 1000, b"\x47\x40\x00", b"\xa3", b"\x1a\x45\xdf\xa3"),
    ),
    is_traced=False,
    cpu_s=30.0,
)

if __name__ == "__main__":
    _make_clips()
