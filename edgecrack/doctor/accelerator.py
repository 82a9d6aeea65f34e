"""TensorRT, CUDA and pycuda: which versions there are, and whether they fit one another."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.doctor.jetpacks import JetPack, dotted, jetpack_of, version_of
from edgecrack.doctor.jetson import read_jetson
from edgecrack.doctor.line import fail, not_known, ok, warn
from edgecrack.doctor.probe import ask
from edgecrack.installation import as_here, to_install, to_link, to_rebuild_pycuda

if TYPE_CHECKING:
    from edgecrack.doctor.jetpacks import Version
    from edgecrack.doctor.jetson import Jetson
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

NOT_YET = "edgecrack's TensorRT path has not yet been run on a GPU by its makers"
_LIBRARY = re.compile(r"libnvinfer\d+")
_ON_JETSON = (11, 4, 1)
"""The first TensorRT 11 that supports a Jetson: Orin and Thor with JetPack 7.2.2 or later."""
_LEAST = (8, 6)
_GPU = (
    "do as it says; if there is no GPU for it, add this user to the groups video and render, and "
    "give a container the NVIDIA runtime"
)
_CPU = "the network runs on the processor, more slowly"


@dataclass(frozen=True, slots=True)
class Installed:
    """What of TensorRT is installed.

    Attributes:
        jetson: The board; None elsewhere.
        release: Its JetPack, where known.
        library: Version of the package of TensorRT's library; empty where there is none.
        library_cuda: CUDA that this package is for, such as (12, 5); empty where it does not say.
        has_binding: Whether Python finds a module ``tensorrt``.
        cuda: Version of CUDA; empty where nothing tells it.
    """

    jetson: Jetson | None
    release: JetPack | None
    library: Version
    library_cuda: Version
    has_binding: bool
    cuda: Version

    @property
    def has_tensorrt(self) -> bool:
        """Whether any of it is here."""
        return self.has_binding or bool(self.library)


def read_installed(machine: Machine) -> Installed:
    """Return what of TensorRT is installed."""
    jetson, packages = read_jetson(machine), machine.packages("libnvinfer")
    library = next((text for name, text in packages.items() if _LIBRARY.fullmatch(name)), "")
    return Installed(
        jetson=jetson,
        release=jetpack_of(jetson.l4t) if jetson else None,
        library=version_of(library),
        library_cuda=version_of(library.partition("+cuda")[2]),
        has_binding=machine.has_module("tensorrt"),
        cuda=_cuda_version(machine),
    )


def check_tensorrt(machine: Machine, _unit: Unit) -> Finding:
    """Say which TensorRT there is, and whether it fits the board."""
    found = read_installed(machine)
    if not found.has_tensorrt:
        return _without(found)
    answer = ask(machine, "library", "tensorrt")
    if not answer.has_ended:
        return not_known(answer.problem)
    version = version_of(str(answer.values.get("version") or ""))
    if not version:
        return fail(
            f"TensorRT {dotted(found.library)}".rstrip()
            + f" is installed, but Python cannot load it: {answer.problem or 'it has no version'}",
            f"sudo apt install python3-libnvinfer, then {to_link()}",
        )
    return _misfit(found, version) or _age(found, version)


def check_cuda(machine: Machine, _unit: Unit) -> Finding:
    """Say which CUDA there is, and whether TensorRT is for it."""
    found = read_installed(machine)
    wanted = found.library_cuda or (found.release.cuda if found.release else ())
    if not found.cuda:
        if not found.has_tensorrt:
            return ok("not known to be here, and not needed without TensorRT")
        says = "not known: neither /usr/local/cuda/version.json nor a package cuda-cudart tells it"
        if found.jetson is None:  # pip's TensorRT brings its own
            return ok(says)
        return warn(says, "sudo apt install nvidia-jetpack, if TensorRT cannot be loaded")
    says = f"CUDA {dotted(found.cuda)}"
    if wanted and wanted[0] != found.cuda[0]:
        return fail(
            f"{says}, but TensorRT is for CUDA {dotted(wanted)}",
            "install both from the same JetPack: sudo apt install nvidia-jetpack",
        )
    return ok(says)


def check_pycuda(machine: Machine, _unit: Unit) -> Finding:
    """Say which pycuda there is, which GPU it sees, and whether it is built for this CUDA."""
    found = read_installed(machine)
    if not found.has_tensorrt:
        return ok("not needed without TensorRT")
    answer = ask(machine, "libraries")
    if answer.problem:
        return not_known(answer.problem)
    values = answer.values
    says = f"pycuda {values['pycuda'] or 'is not here'}"
    if values["cuda_pycuda"]:
        says += f" for CUDA {values['cuda_pycuda']}, driver {values['cuda_driver']}"
    if values["problems"]:
        return fail(
            f"{says}: {'; '.join(values['problems'])}",
            _GPU if values["pycuda"] else _compile_pycuda(found),
        )
    built = version_of(values["cuda_pycuda"])
    if found.cuda and built[:1] != found.cuda[:1]:
        return fail(
            f"{says}, but CUDA {dotted(found.cuda)} is installed",
            to_rebuild_pycuda(),
        )
    return ok(f"{says}, GPU {values['device']}, compute capability {values['compute_capability']}")


def _compile_pycuda(found: Installed) -> str:
    needed = "deploy/setup.sh --jetson" if found.jetson else "apt install g++ python3-dev"
    return f"sudo {needed}, then {to_install('tensorrt')}"


def check_path(machine: Machine, _unit: Unit) -> Finding:
    """Say how far edgecrack's own use of TensorRT has been proved."""
    if read_installed(machine).has_tensorrt:
        return warn(
            NOT_YET,
            f"{as_here('edgecrack selftest --first-hour')} shows what holds here; please send its "
            "file",
        )
    return ok(f"{NOT_YET}; it is not used here")


def _without(found: Installed) -> Finding:
    if found.jetson is None:
        return ok("not here, and not needed where there is no Jetson")
    return warn(
        f"not installed: {_CPU}",
        f"sudo apt install nvidia-jetpack (or tensorrt python3-libnvinfer), then {to_link()}",
    )


def _misfit(found: Installed, version: Version) -> Finding | None:
    """Return what does not fit, or None."""
    says = f"TensorRT {dotted(version)}"
    if found.library and version[:3] != found.library[:3]:
        return fail(
            f"{says} for Python, but the library is {dotted(found.library)}",
            "an upgrade is half done: install tensorrt and python3-libnvinfer of one version",
        )
    if found.jetson and version >= (11,) and not _eleven_fits(found, version):
        return fail(
            f"{says}: TensorRT 11 runs on no Jetson before {dotted(_ON_JETSON)} with JetPack 7.2.2",
            "install the TensorRT 10 that JetPack brings: sudo apt install nvidia-jetpack",
        )
    if version < _LEAST:
        return fail(f"{says}, older than {dotted(_LEAST)}", "use JetPack 6 or 7")
    return None


def _eleven_fits(found: Installed, version: Version) -> bool:
    return version >= _ON_JETSON and (found.release is None or found.release.l4t >= (39, 2))


def _age(found: Installed, version: Version) -> Finding:
    """Say that the versions fit, unless it is another one than the board was tried with."""
    says, release = f"TensorRT {dotted(version)}", found.release
    if version < (10,):
        return warn(
            f"{says} works at best effort", "use JetPack 6.2 or 7.2, which bring 10.3 and 10.16"
        )
    if release is not None and version[:2] != release.tensorrt:
        return warn(
            f"{says}, while JetPack {release.name} brings {dotted(release.tensorrt)}",
            "build the engines again after each change of TensorRT: "
            + as_here("edgecrack engine build"),
        )
    return ok(f"{says}, as JetPack {release.name} brings it" if release else says)


def _cuda_version(machine: Machine) -> Version:
    try:
        told = json.loads(machine.text("/usr/local/cuda/version.json") or "{}")
        version = version_of(str(told["cuda"]["version"]))
    except (ValueError, KeyError, TypeError):
        version = ()
    packages = machine.packages("cuda-cudart-")
    runtime = re.compile(r"cuda-cudart-\d+-\d+")
    installed = (version_of(text) for name, text in packages.items() if runtime.fullmatch(name))
    return version or max(installed, default=())
