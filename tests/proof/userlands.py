"""Set up and test the last commit in the userlands of other machines, each in a root of its own.

``python tests/proof/userlands.py jammy noble arm64 --folder /var/tmp/userlands`` makes the roots
with debootstrap, sets a clone up in each as a stranger would, and prints the figures as a table. It
needs root, ``apt-get install debootstrap``, 2 GB of disk for each root, and for arm64 also
``apt-get install qemu-user-static binfmt-support`` and a mounted ``/proc/sys/fs/binfmt_misc``.
A root is removed when its tests are over; with ``--keep`` it stays.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("EDGECRACK_DATA") or CHECKOUT.parent / "shared" / "data")
CLONE = "/work/edgecrack"  # the real data lie beside it, where the tests look for them
CERTIFICATES = "/etc/ssl/certificates-of-the-host.pem"
CPUINFO = "/etc/cpuinfo-of-the-emulated"
SCRIPTS = Path("/usr/share/debootstrap/scripts")
LONGEST_S = {"amd64": 3600, "arm64": 6 * 3600}
"""How long one step may take, by architecture."""


@dataclass(frozen=True, slots=True)
class Userland:
    """A distribution on a processor.

    Attributes:
        name: What it is asked for by.
        title: What people call it, and the units that have it.
        suite: The distribution's name of the release.
        architecture: Debian's name of the processor: amd64 or arm64.
        left_out: Markers of the tests that cannot run in it, or would run for too long.
        limit_s: How long one test may take.
        demo: How the demo is shown.
    """

    name: str
    title: str
    suite: str
    architecture: str
    left_out: tuple[str, ...]
    limit_s: int
    demo: str = "make demo"

    @property
    def is_emulated(self) -> bool:
        """Whether its processor is not this machine's."""
        return self.architecture == "arm64" and platform.machine() != "aarch64"

    @property
    def is_ubuntu(self) -> bool:
        """Whether it is Ubuntu rather than Debian."""
        return self.suite in {"jammy", "noble"}


# An emulated processor renders a second of the road in two minutes, and takes most of a minute for
# a picture of 960x544: trying every backend on several would take an hour.
_SHORT_DEMO = (
    "make .venv/runtime.stamp && .venv/bin/edgecrack demo --seconds 1"
    " --backend onnxruntime --precision fp32 --size 480x288"
)

# Ubuntu has Chromium as a snap alone, which a root without systemd cannot install; qemu-user lends
# a program neither ptrace nor seccomp, so that strace and Chromium cannot work in it.
USERLANDS = {
    userland.name: userland
    for userland in (
        Userland("jammy", "Ubuntu 22.04 (JetPack 6)", "jammy", "amd64", ("browser",), 300),
        Userland("noble", "Ubuntu 24.04 (JetPack 7)", "noble", "amd64", ("browser",), 300),
        Userland(
            "arm64", "Debian 12, arm64, emulated", "bookworm", "arm64",
            ("browser", "real_data", "slow", "system_calls"), 1800, _SHORT_DEMO,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One command in a root.

    Attributes:
        command: As typed in the clone.
        code: Exit code; None where it took too long.
        seconds: How long it took.
        output: What it printed, errors included.
    """

    command: str
    code: int | None
    seconds: float
    output: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a userland fared.

    Attributes:
        userland: Which one.
        versions: What is installed in it, by name.
        steps: The commands, in order; none after one that failed.
        counts: Tests by outcome, as pytest names it; empty where they never ran.
    """

    userland: Userland
    versions: dict[str, str]
    steps: tuple[Step, ...]
    counts: dict[str, int]


class Root:
    """A folder with a distribution in it; every command has mounts and processes of its own."""

    def __init__(self, folder: Path, userland: Userland) -> None:
        """Take a folder, which need not exist."""
        self.folder, self._userland = folder, userland

    def make(self) -> None:
        """Fill the folder with the smallest system and a clone of the last commit."""
        userland = self._userland
        wanted = ["--variant=minbase", "--include=ca-certificates,git,make,python3"]
        script = []
        if userland.is_ubuntu:
            # Debian has no keys of Ubuntu's to check with: such a root is for tests alone.
            wanted += ["--components=main,universe", "--no-check-gpg"]
            if not (SCRIPTS / userland.suite).exists():
                script = ["", str(SCRIPTS / "jammy")]  # newer than this debootstrap; "": its mirror
        where = [f"--arch={userland.architecture}", userland.suite, str(self.folder), *script]
        subprocess.run(["debootstrap", *wanted, *where], stdout=subprocess.DEVNULL, check=True)
        if userland.is_ubuntu:
            self._add_updates()
        if userland.is_emulated:
            processors = map(_PROCESSOR.format, range(os.cpu_count() or 1))
            self._path(CPUINFO).write_text("".join(processors))
        self._copy_network_settings()
        clone = self.folder / CLONE.lstrip("/")
        subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(clone)], check=True)

    def run(self, command: str, **environment: str) -> Step:
        """Run a shell command in the clone, and say how it ended."""
        self._copy_name_servers()
        places = {"root": str(self.folder), "data": str(DATA) if DATA.is_dir() else ""}
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private"]
        settings = [f"{name}={value}" for name, value in self._environment(environment).items()]
        inside = ["/usr/bin/env", "-i", *settings, "/bin/sh", "-c", f"cd {CLONE} && {command}"]
        began_s, code = time.monotonic(), None
        child = subprocess.Popen(
            [*own, "/bin/sh", "-euc", _ENTER, "enter", *inside], env=os.environ | places,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            output, _ = child.communicate(timeout=LONGEST_S[self._userland.architecture])
            code = child.returncode
        except subprocess.TimeoutExpired:
            child.kill()  # and with it everything it began
            output, _ = child.communicate()
        return Step(command, code, time.monotonic() - began_s, output)

    def remove(self) -> None:
        """Remove the folder; nothing is mounted in it between two commands."""
        shutil.rmtree(self.folder)

    def _add_updates(self) -> None:
        """Have the packages as they are now, not as they were when the release came out."""
        sources = self.folder / "etc" / "apt" / "sources.list"
        kind, mirror, suite, *components = sources.read_text().split()
        pockets = (suite, f"{suite}-updates", f"{suite}-security")
        lines = [" ".join((kind, mirror, pocket, *components)) for pocket in pockets]
        sources.write_text("\n".join(lines) + "\n")

    def _copy_network_settings(self) -> None:
        """Let pip ask the index that this machine asks, with the same certificates."""
        bundle = os.environ.get("PIP_CERT") or ssl.get_default_verify_paths().cafile
        shutil.copy(bundle or "/etc/ssl/certs/ca-certificates.crt", self._path(CERTIFICATES))
        if (settings := Path("/etc/pip.conf")).exists():
            shutil.copy(settings, self._path("/etc/pip.conf"))

    def _copy_name_servers(self) -> None:
        """Undo what systemd's packages make of the file: a link to a service that never runs."""
        path = self._path("/etc/resolv.conf")
        path.unlink(missing_ok=True)
        shutil.copy("/etc/resolv.conf", path)

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        network = re.compile("(?i)https?_proxy|no_proxy|PIP_(INDEX_URL|DEFAULT_TIMEOUT)")
        kept = {name: value for name, value in os.environ.items() if network.fullmatch(name)}
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        own = {"PATH": path, "HOME": "/root", "LANG": "C.UTF-8", "PIP_CERT": CERTIFICATES}
        return kept | own | more

    def _path(self, inside: str) -> Path:
        return self.folder / inside.lstrip("/")


# qemu-user shows the kernel's own account of the processor, at which libraries for arm64 fall over:
# in its place they are shown a Cortex-A72.
_MAIN_ID = "0x00000000410fd083"
_PROCESSOR = """processor\t: {}
BogoMIPS\t: 62.50
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""
_ENTER = f"""
mount --bind "$root" "$root"  # a mount of its own, as tests that make namespaces expect
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"
if [ -n "$data" ]; then
    mkdir -p "$root{Path(CLONE).parent}/shared/data"
    mount --bind -o ro "$data" "$root{Path(CLONE).parent}/shared/data"
fi
if [ -e "$root{CPUINFO}" ]; then
    mount --bind "$root{CPUINFO}" "$root/proc/cpuinfo"
    mount -t tmpfs tmpfs "$root/mnt"
    cpu=$root/sys/devices/system/cpu
    cp -r "$cpu"/cpu[0-9]* "$cpu/online" "$cpu/possible" "$cpu/present" "$root/mnt" 2>/dev/null || :
    for processor in "$root"/mnt/cpu*; do
        mkdir -p "$processor/regs/identification"
        echo {_MAIN_ID} >"$processor/regs/identification/midr_el1"
    done
    mount --bind "$root/mnt" "$cpu"
fi
nice chroot "$root" "$@" || exit  # no exec: as the first process it takes leave of orphans
"""
_VERSIONS = """
import json, platform
from importlib.metadata import version, PackageNotFoundError
from edgecrack.gst.runtime import Gst
def find(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
print(json.dumps({
    "Python": platform.python_version(), "GStreamer": ".".join(map(str, Gst.version()[:3])),
    "ONNX Runtime": find("onnxruntime"), "OpenVINO": find("openvino"), "NumPy": find("numpy"),
}))
"""


def try_in(userland: Userland, folder: Path, *, keep: bool) -> Outcome:
    """Set up, show the demo and run the runtime's tests in a new root.

    Args:
        userland: What to put into the root.
        folder: Where the root goes, in a folder of its own.
        keep: Whether to leave the root behind.
    """
    root = Root(folder / userland.name, userland)
    root.make()
    try:
        steps = _steps(root, userland)
        versions = {}
        if len(steps) > 1 and steps[1].code == 0:
            found = root.run(f".venv/bin/python -c '{_VERSIONS}'")
            versions = json.loads(found.output.splitlines()[-1])
    finally:
        if not keep:
            root.remove()
    return Outcome(userland, versions, steps, counted(steps[-1].output))


def _steps(root: Root, userland: Userland) -> tuple[Step, ...]:
    """Run what a stranger types, up to the first that fails."""
    left_out = " and ".join(f"not {marker}" for marker in userland.left_out)
    options = f'-m "{left_out}" --timeout {userland.limit_s} --color=no --tb=short -ra'
    steps: list[Step] = []
    for command in ("deploy/setup.sh", userland.demo, "make test-runtime"):
        steps.append(root.run(command, PYTEST_ADDOPTS=options))
        if steps[-1].code != 0:
            break
    return tuple(steps)


def counted(output: str) -> dict[str, int]:
    """Return the numbers of pytest's last line.

    Example:
        >>> counted("== 2 failed, 10 passed, 3 deselected, 1 error in 4.20s (0:00:04) ==")
        {'failed': 2, 'passed': 10, 'deselected': 3, 'error': 1}
        >>> counted("Killed")
        {}
    """
    lines = [line for line in output.splitlines() if re.search(r" in [\d.]+s\b.*=", line)]
    pairs = re.findall(r"(\d+) (\w+)", lines[-1].partition(" in ")[0]) if lines else []
    return {word: int(count) for count, word in pairs}


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """Return a table with a row for each root."""
    names = ("Python", "GStreamer", "ONNX Runtime", "OpenVINO", "NumPy")
    heads = ("root", *names, "setup", "demo", "tests", "passed", "failed", "deselected")
    rows = [heads, ("---", *["--:"] * (len(heads) - 1))]
    for outcome in outcomes:
        times = [f"{step.seconds:.0f} s" for step in outcome.steps]
        faults = sum(outcome.counts.get(word, 0) for word in ("failed", "error", "errors"))
        counts = (outcome.counts.get("passed", 0), faults, outcome.counts.get("deselected", 0))
        versions = [outcome.versions.get(name, "-") for name in names]
        cells = [*versions, *times, *["-"] * (3 - len(times)), *(f"{n:,}" for n in counts)]
        rows.append((outcome.userland.title, *cells))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> int:
    """Test in each userland that is asked for; 0 where nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", choices=USERLANDS)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--keep", action="store_true")
    wanted = parser.parse_args()
    outcomes = []
    for name in wanted.names:
        outcomes.append(try_in(USERLANDS[name], wanted.folder, keep=wanted.keep))
        sys.stderr.write(outcomes[-1].steps[-1].output)
    sys.stdout.write(as_markdown(outcomes))
    return int(any(outcome.steps[-1].code != 0 for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
