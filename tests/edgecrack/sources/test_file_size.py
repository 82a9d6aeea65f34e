"""A file's own structure tells how long it should be."""

import pytest

from edgecrack.sources.file_size import claimed_bytes


@pytest.mark.parametrize("name", ["h264.mp4", "bframes.mp4", "h264.mkv", "vp9.webm", "mjpeg.avi"])
def test_a_whole_file_is_as_long_as_it_claims(clip, name):
    """The claim of every container equals the file's size."""
    path = clip(name)
    assert claimed_bytes(path) == path.stat().st_size


def test_a_file_with_sound_is_as_long_as_it_claims(phone_clip, far_apart):
    """So it is with two streams, however they are laid out."""
    for path in (phone_clip, far_apart):
        assert claimed_bytes(path) == path.stat().st_size


@pytest.mark.real_data
def test_real_files_are_as_long_as_they_claim(shared_data):
    """Files of phones and cameras keep their word."""
    for path in sorted((shared_data / "video").glob("*.mp4")):
        assert claimed_bytes(path) == path.stat().st_size


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "vp9.webm", "mjpeg.avi"])
def test_a_cut_file_claims_more_than_it_has(clip, name, tmp_path):
    """The claim outlives the cut."""
    whole = clip(name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert claimed_bytes(path) == len(whole)


def test_a_large_box_has_its_size_behind_its_type(tmp_path):
    """An MP4 box of 64-bit size is followed."""
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x08ftyp" + b"\0\0\0\x01mdat" + (2**33).to_bytes(8, "big"))
    assert claimed_bytes(path) == 8 + 2**33


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0",
        b"some text that goes on for a while",
        b"\0\0\0\x08ftyp" + b"\0\0\0\0mdat" + bytes(99),
        b"\0\0\0\x08ftyp" + b"\0\0\0\x03free" + bytes(99),
        b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7,
        b"\x1a\x45\xdf\xa3\x80" + b"junk",
        b"\x1a\x45\xdf\xa3",
    ],
)
def test_what_makes_no_claim_is_none(tmp_path, content):
    """Other formats, open ends and nonsense claim nothing, and nothing crashes."""
    path = tmp_path / "a"
    path.write_bytes(content)
    assert claimed_bytes(path) is None
