"""What a unit is plugged into: cameras, receivers, disks, and the clock."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from edgecrack.doctor.camera import check_camera
from edgecrack.doctor.disk import check_disk, mount_of
from edgecrack.doctor.line import FAIL, OK, WARN
from edgecrack.doctor.machine import Space
from edgecrack.doctor.receiver import check_receiver
from edgecrack.doctor.time_sync import check_time
from edgecrack.doctor.unit import Unit
from tests.edgecrack.doctor.boards import ORIN, THOR, bare, board


@pytest.mark.parametrize(
    ("source", "state", "words"),
    [
        ("v4l2:///dev/video0", OK, "C920"),
        (
            "v4l2:///dev/video7",
            FAIL,
            "/dev/video7 is configured and not there; there is /dev/video0",
        ),
        ("no-such-film.mp4", FAIL, "is not there"),
        ("test:", WARN, "a generated test video"),
        (str(Path(__file__)), OK, "no camera of this machine"),
        ("rtsp://me:secret@127.0.0.1:9/1", FAIL, "cannot be reached"),
        ("gopher://x", FAIL, "is no path"),
    ],
)
def test_the_camera_that_is_configured_is_looked_for(source, state, words, tmp_path):
    """A device, a file, a pattern, a server that is down, and an address that is none."""
    finding = check_camera(board(THOR, tmp_path), Unit(source=source))
    assert finding.state == state
    assert words in finding.says
    assert "secret" not in finding.says


@pytest.mark.parametrize(
    ("name", "source", "state", "words"),
    [
        (ORIN, "csi://0", OK, "csi://0: /dev/video0 vi-output, imx219"),
        (ORIN, "csi://1?width=1280", FAIL, "there are 1 cameras on the CSI port"),
        (THOR, "csi://0", FAIL, "there are 0 cameras on the CSI port"),
    ],
)
def test_a_camera_on_the_csi_port_is_counted(name, source, state, words, tmp_path):
    """A webcam is none."""
    finding = check_camera(board(name, tmp_path), Unit(source=source))
    assert finding.state == state
    assert words in finding.says


def test_a_network_camera_that_answers_is_told(tmp_path):
    """No more is said of it than that."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        unit = Unit(source=f"rtsp://127.0.0.1:{port}/1")
        assert check_camera(bare(tmp_path), unit).state == OK


def test_a_camera_that_may_not_be_used_says_how(tmp_path):
    """The group is what is missing."""
    machine = replace(board(THOR, tmp_path), may_use=lambda _device: False)
    for unit in (Unit(), Unit(source="v4l2:///dev/video0")):
        finding = check_camera(machine, unit)
        assert finding.state == FAIL
        assert "video" in finding.what_to_do


def test_no_cure_takes_the_unit_its_own_group(tmp_path):
    """Group= in a service would replace the group that may read unit.toml."""
    machine = replace(board(THOR, tmp_path), may_use=lambda _device: False)
    for check in (check_camera, check_receiver):
        cure = check(machine, Unit()).what_to_do
        assert "SupplementaryGroups=" in cure
        assert " Group=" not in cure


def test_a_jetsons_own_port_is_freed_of_its_console(tmp_path):
    """Its holder is nvgetty: no group opens it."""
    machine = replace(board(ORIN, tmp_path), may_use=lambda _device: False)
    for unit in (Unit(), Unit(position="serial:///dev/ttyTHS1")):
        assert "disable --now nvgetty" in check_receiver(machine, unit).what_to_do


def test_no_camera_is_a_warning(tmp_path):
    """Recordings need none."""
    assert check_camera(bare(tmp_path), Unit()).state == WARN


@pytest.mark.parametrize(
    ("free_gb", "mounts", "state", "words"),
    [
        (200, None, OK, "an NVMe disk"),
        (5, None, WARN, "5.0 of 500 GB free"),
        (0.5, None, FAIL, "0.5 of 500 GB free"),
        (200, "24 1 179:1 / / rw - ext4 /dev/mmcblk0p1 rw", WARN, "an SD card (mmcblk0)"),
        (200, "24 1 179:1 / / rw - ext4 /dev/mmcblk1p1 rw", OK, "eMMC (mmcblk1)"),
        (200, "24 1 179:1 / / ro - ext4 /dev/nvme0n1p1 rw", FAIL, "read-only"),
        (200, "24 1 179:1 / / rw - ext4 /dev/sda1 ro", FAIL, "read-only"),
        (200, "24 1 0:30 / / rw - overlay overlay rw,lowerdir=/x", OK, "overlay on overlay"),
        (200, "nonsense\n - - -\n", OK, "file system not known"),
    ],
)
def test_the_disk_of_the_runs_is_described(free_gb, mounts, state, words, tmp_path):
    """Room, what it is made of, and whether it can be written to."""
    files = {} if mounts is None else {"proc/self/mountinfo": mounts}
    machine = board(ORIN, tmp_path, files)
    machine = replace(machine, space=lambda _folder: Space(int(free_gb * 1e9), 500 * 10**9))
    finding = check_disk(machine, Unit(runs_folder=tmp_path / "not" / "yet" / "there"))
    assert finding.state == state
    assert words in finding.says


def test_a_folder_that_cannot_be_looked_at_is_described_by_one_above(tmp_path):
    """As one of another user's, which may not even be asked for; too long a name is like that."""
    unit = Unit(runs_folder=tmp_path / ("x" * 300) / "runs")
    assert check_disk(board(ORIN, tmp_path), unit).state == OK


def test_a_folder_is_on_the_nearest_mount():
    """The longest of those above it; the later of two on one place; octal names."""
    text = (
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /me\\040dia rw - vfat /dev/sdb1 rw\n"
        "3 1 8:3 / / rw - btrfs /dev/sdc1 rw\n"
    )
    assert mount_of(Path("/me dia/x"), text).device == "/dev/sdb1"
    assert mount_of(Path("/media"), text).device == "/dev/sdc1"
    assert mount_of(Path("/media"), "") is None


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({"kernel_clock": lambda: 5}, WARN, "not synchronised: timedatectl says NTP=yes"),
        ({"kernel_clock": lambda: None}, WARN, "not known"),
        ({"now_s": lambda: 1000.0}, FAIL, "1970-01-01 00:16 UTC, which is past"),
    ],
)
def test_a_clock_that_may_be_wrong_is_told(change, state, words, tmp_path):
    """Frames and positions are put together by it."""
    finding = check_time(replace(board(ORIN, tmp_path), **change), Unit())
    assert finding.state == state
    assert words in finding.says
