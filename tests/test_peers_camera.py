"""The camera of the comparison with other programs: its packets, its words, its pictures."""

import socket
import threading
from contextlib import closing, suppress

import cv2
import numpy as np
import pytest

from edgecrack.errors import SourceError
from edgecrack.sources import SourceSpec, open_source
from tests.benchmarks.contestants import frame_number
from tests.benchmarks.side_by_side import coded_clip, live, rtsp
from tests.benchmarks.side_by_side.rtsp_server import Camera, Connection

FRAMES = 20


def test_a_large_picture_is_sent_in_packets_that_make_it_again():
    """Fragments carry the kind of the unit; the last packet of a picture is marked."""
    small, large = b"\x67sps", b"\x65" + bytes(range(256)) * 20
    data = rtsp.Packets().of(b"\0\0\0\1" + small + b"\0\0\1" + large, 3000)
    packets = []
    while data:
        length = int.from_bytes(data[2:4], "big")
        packets.append(data[4 : 4 + length])
        data = data[4 + length :]
    assert [packet[1] >> 7 for packet in packets] == [0] * (len(packets) - 1) + [1]
    assert [int.from_bytes(packet[2:4], "big") for packet in packets] == [*range(len(packets))]
    assert packets[0][12:] == small
    parts = [packet[12:] for packet in packets[1:]]
    assert bytes((parts[0][0] & 0xE0 | parts[0][1] & 31,)) == large[:1]
    assert (parts[0][1] >> 6, parts[-1][1] >> 6) == (2, 1)
    assert b"".join(part[2:] for part in parts) == large[1:]


def test_the_camera_refuses_udp_and_describes_its_stream():
    """A client that asks for UDP is told to ask again; parameter sets are in the description."""
    ask = "SETUP rtsp://x/track1 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast\r\n"
    assert rtsp.reply(rtsp.parse_request(ask), []).startswith(b"RTSP/1.0 461")
    ask = "DESCRIBE rtsp://x/clip RTSP/1.0\r\nCSeq: 2\r\n"
    described = rtsp.reply(rtsp.parse_request(ask), [b"\x67a", b"\x68b"])
    assert b"Content-Base: rtsp://x/clip/" in described
    assert b"sprop-parameter-sets=Z2E=,aGI=" in described


def seen_by_edgecrack(address):
    """Return the pictures that edgecrack's source gives, none dropped."""
    pictures: list[np.ndarray] = []
    source = open_source(SourceSpec(address=address, live=False), [(240, 120)])
    with closing(source), suppress(SourceError):  # a camera has no end
        pictures.extend(frame.evidence for frame in source if frame is not None)
    return pictures


def seen_by_opencv(address):
    """Return the pictures that OpenCV reads."""
    capture, pictures = cv2.VideoCapture(address), []
    while (picture := capture.read()[1]) is not None:
        pictures.append(picture)
    capture.release()
    return pictures


@pytest.fixture
def clip():
    """Twenty coded pictures of noise, with their numbers."""
    noise = np.random.default_rng(1).integers(60, 200, (120, 240, 3), np.uint8)
    frames = [noise.copy() for _ in range(FRAMES)]
    for number, frame in enumerate(frames):
        frame_number.draw(frame, number)
    return list(coded_clip.encoded(frames, 30, 2000))


@pytest.mark.parametrize("seen", [seen_by_edgecrack, seen_by_opencv])
def test_the_camera_shows_its_clip_to_any_client(clip, tmp_path, seen):
    """Every picture arrives whole, in order; the camera notes when it began."""
    coded_clip.write_clip(clip, tmp_path / "clip")
    camera = Camera(coded_clip.read_clip(tmp_path / "clip"), tmp_path / "log")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection = Connection(server.accept()[0], camera)
            connection.start()
            connection.join()

        thread = threading.Thread(target=serve)
        thread.start()
        address = f"rtsp://127.0.0.1:{server.getsockname()[1]}/clip"
        numbers = [frame_number.read(picture) for picture in seen(address)]
        thread.join()
    assert numbers == [*range(FRAMES)]
    assert live.read_log(tmp_path / "log").frames == FRAMES


def test_coded_pictures_become_a_file_that_can_be_repeated(clip, tmp_path):
    """The long live run plays such a file: all pictures, the second time as the first."""
    coded_clip.write_mp4(clip * 2, 30, tmp_path / "clip.mp4")
    spec = SourceSpec(address=str(tmp_path / "clip.mp4"))
    with closing(open_source(spec, [(240, 120)])) as source:
        numbers = [frame_number.read(frame.evidence) for frame in source]
    assert numbers == [*range(FRAMES)] * 2
