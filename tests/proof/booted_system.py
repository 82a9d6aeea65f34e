"""This machine booted a second time: systemd as process 1, and every change thrown away at its end.

The running system's files are seen through an overlay in memory, in namespaces of their own. That
needs root, and systemd installed; nothing of the machine itself is touched.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

_CGROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))  # beside version 1, or alone

_BOOT = """
set -eu
echo $$ >"$1/cgroup.procs"
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
root=$2/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$2/upper,workdir=$2/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx" && ln -s /proc/self/fd "$root/dev/fd"
for folder in run tmp; do mount -t tmpfs tmpfs "$root/$folder"; done
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
rm -f "$root"/etc/systemd/system/*.wants/*
cp "$3" "$root/root/edgecrack.deb"
exec chroot "$root" env -i container=proof PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=journal --show-status=no
"""


class BootedSystem:
    """A second boot of this machine, with a package at ``/root/edgecrack.deb``.

    Args:
        folder: An empty folder to mount it on.
        package: The Debian package.
    """

    def __init__(self, folder: Path, package: Path) -> None:
        self._folder, self._package = folder, package
        parent = next(path for path in _CGROUPS if (path / "cgroup.procs").exists())
        self._cgroup = parent / "edgecrack-proof"

    def __enter__(self) -> Self:
        self._cgroup.mkdir()
        namespaces = ("--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--uts", "--ipc")
        self._outer = subprocess.Popen(
            ["unshare", *namespaces, "sh", "-c", _BOOT, "boot",
             self._cgroup, self._folder, self._package]
        )  # fmt: skip
        self.until(lambda: self.run("systemctl", "is-system-running", check=False) == "running")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._outer.send_signal(signal.SIGKILL)  # takes process 1 with it, and that all others
        self._outer.wait()
        inner = [path for path in self._cgroup.rglob("*") if path.is_dir()]
        for folder in (*sorted(inner, key=lambda path: -len(path.parts)), self._cgroup):
            self.until(lambda at=folder: not (at / "cgroup.procs").read_text())  # type: ignore[misc]
            folder.rmdir()
        shutil.rmtree(self._folder)

    def run(self, *command: object, check: bool = True) -> str:
        """Run a command inside as root, and return its output, errors included."""
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        inside = ("nsenter", "--all", "--root", "--wd", "--target", children.read_text().strip())
        done = subprocess.run(
            [*inside, *map(str, command)], stdin=subprocess.DEVNULL, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0 or not check, (command, done.stdout)
        return done.stdout.strip()

    def shown(self, *properties: str) -> list[str]:
        """Return what systemd knows of the unit."""
        return [
            self.run("systemctl", "show", "--value", "--property", name, "edgecrack")
            for name in properties
        ]

    def until(self, is_so: Callable[[], bool], within_s: float = 120) -> float:
        """Wait until something is so, and return the seconds that it took."""
        began_s, clock = time.monotonic(), threading.Event()
        while not is_so():
            assert time.monotonic() - began_s < within_s, "it did not come to be so in time"
            clock.wait(0.2)
        return time.monotonic() - began_s
