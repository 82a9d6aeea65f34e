"""What a seal says of a segment, and what it does not believe."""

import json
import subprocess
from pathlib import Path

import pytest

from edgecrack.storage.disk import Digest, LocalDisk
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.segment import Repairs, Seal, misfits, read_seal, seal

FOLDER = Path("/s")


@pytest.fixture
def disk():
    """A disk with a segment of two files."""
    disk = MemoryDisk()
    disk.make_folder(FOLDER)
    disk.make_folder(FOLDER / "masks")
    disk.write(FOLDER / "run.json", b"{}")
    disk.write(FOLDER / "masks" / "1.png", b"picture")
    return disk


def test_a_seal_is_read_as_it_was_written(disk):
    """Files, repairs and order survive; what arrives later beside the seal does not break it."""
    made = seal(disk, FOLDER, Repairs(3, 1, 0), order=7)
    disk.write(FOLDER / "uploaded.json", b"{}")
    assert read_seal(disk, FOLDER) == made
    assert made.files["masks/1.png"] == Digest.of(b"picture")
    assert (made.size_bytes, made.repairs, made.order) == (9, Repairs(3, 1, 0), 7)
    assert misfits(disk, FOLDER) == []


def test_what_changed_under_a_seal_is_told(disk):
    """A byte, a file too many, and one too few, each by its name."""
    seal(disk, FOLDER)
    disk.write(FOLDER / "masks" / "1.png", b"Picture")
    disk.write(FOLDER / "new", b"")
    disk.remove(FOLDER / "run.json")
    assert misfits(disk, FOLDER) == [
        "run.json is missing", "new is not in the seal", "masks/1.png has changed",
    ]  # fmt: skip


def test_the_digest_of_the_whole_is_what_sha256sum_says(tmp_path):
    """A person can check it with two commands: sha256sum of the files, and of that list."""
    folder = tmp_path / "s"
    (folder / "masks").mkdir(parents=True)
    (folder / "run.json").write_bytes(b"{}")
    (folder / "masks" / "1.png").write_bytes(b"picture")
    made = seal(LocalDisk(), folder)
    command = "sha256sum masks/1.png run.json | sha256sum"
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, check=True)
    assert done.stdout.split()[0].decode() == made.sha256


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2}, {"sha256": "0" * 64}, {"size_bytes": 1}, {"files": []}, {"order": 1e999},
        {"files": {"../run.json": {"size_bytes": 0, "sha256": ""}}}, {"repairs": {"x": 1}},
        {"files": {"/etc/passwd": {"size_bytes": 0, "sha256": ""}}}, {"order": None},
        {"order": True}, {"order": -1}, {"repairs": False}, {"repairs": {"torn_bytes": "3"}},
    ],
)  # fmt: skip
def test_a_seal_that_contradicts_itself_is_none(disk, change):
    """It is read as no seal, so the segment is repaired and sealed again."""
    seal(disk, FOLDER)
    value = json.loads(disk.read(FOLDER / "seal.json"))
    disk.write(FOLDER / "seal.json", json.dumps(value | change).encode())
    assert read_seal(disk, FOLDER) is None


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", ".", "a/../../b", "a\0b"])
def test_a_seal_never_names_a_file_outside_of_its_segment(path):
    """Even where all digests fit; nor one that no file system can hold."""
    outside = Seal({path: Digest.of(b"")})
    with pytest.raises(ValueError, match="outside"):
        Seal.from_json(outside.to_json())


@pytest.mark.parametrize(
    ("size_bytes", "sha256"),
    [
        (float("inf"), "0" * 64),
        (0.5, "0" * 64),
        (-1, "0" * 64),
        (1, "0" * 63),
        (1, "G" * 64),
        (1, 7),
    ],
)
def test_a_seal_of_what_is_no_size_and_no_digest_is_none(size_bytes, sha256):
    """Even where it fits its own digest: sizes are added up to see how much must be deleted."""
    made = Seal({"x": Digest(size_bytes, sha256)})
    with pytest.raises(ValueError, match="no seal"):
        Seal.from_json(made.to_json())
