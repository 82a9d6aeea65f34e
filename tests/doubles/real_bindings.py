"""The real bindings of TensorRT and pycuda, as far as they can be had without a GPU.

NVIDIA's wheels hold a binding module and no library behind it, and no type stubs. Once its
libraries exist, even empty, the module can be imported; then mypy's stubgen writes down what it
has, and its enumerations tell their numbers. Of pycuda there is the source alone. All of this is
fetched and made anew, and none of it is kept in this repository.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

DOUBLES = Path(__file__).parent
BUILD = DOUBLES.parents[1] / "build" / "interfaces"
_REQUIREMENTS = DOUBLES / "interfaces.txt"
_LIBRARIES = ("nvinfer", "nvinfer_plugin", "nvonnxparser", "nvparsers")
_ENUMERATIONS = """
import enum, json, sys, tensorrt_bindings.tensorrt as real
found = {name: {key: int(value) for key, value in kind.__members__.items()}
         for name, kind in vars(real).items() if hasattr(kind, "__members__")}
found["Severity"] = {key: int(value) for key, value in real.ILogger.Severity.__members__.items()}
json.dump(found, open(sys.argv[1], "w"))
"""


def requirements() -> dict[str, str]:
    """Return version -> requirement with its digests, of TensorRT and of ``pycuda``."""
    lines = _REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if line and not line.startswith("#")]
    return {
        "pycuda" if line.startswith("pycuda") else line.split()[0].partition("==")[2]: line
        for line in found
    }


def has_wheel(version: str) -> bool:
    """Whether there is a wheel of a version for this Python: none of 8.6 from 3.12 on."""
    return not (version.startswith("8.") and sys.version_info >= (3, 12))


def tensorrt_stubs(version: str) -> Path:
    """Return a folder with the stubs of a version of TensorRT and the numbers of its enumerations.

    ``tensorrt/__init__.pyi`` and ``enumerations.json``; made once.
    """
    folder = BUILD / f"tensorrt-{version}"
    stubs = folder / "typings" / "tensorrt" / "__init__.pyi"
    if not stubs.exists():
        (wheel,) = _fetched(version, folder, "--only-binary", ":all:").glob("*.whl")
        _run(sys.executable, "-m", "zipfile", "-e", wheel, folder / "wheel")
        _make_libraries(folder)
        real = {
            "LD_LIBRARY_PATH": str(folder / "libraries"),
            "PYTHONPATH": str(folder / "wheel"),
            "PYTHONNOUSERSITE": "1",
        }
        stubgen = Path(sys.executable).parent / "stubgen"
        _run(stubgen, "--inspect-mode", "-m", "tensorrt_bindings.tensorrt", "-o", folder / "raw",
             **real)  # fmt: skip
        _run(sys.executable, "-c", _ENUMERATIONS, folder / "typings.json", **real)
        raw = folder / "raw" / "tensorrt_bindings" / "tensorrt.pyi"
        stubs.parent.mkdir(parents=True, exist_ok=True)
        stubs.write_text(_usable(raw.read_text(encoding="utf-8")), encoding="utf-8")
    return folder / "typings"


def enumerations(version: str) -> dict[str, dict[str, int]]:
    """Return the enumerations of a version: name -> member -> number."""
    path = tensorrt_stubs(version).with_suffix(".json")
    found: dict[str, dict[str, int]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def pycuda_source() -> str:
    """Return the file of pycuda that says what ``pycuda.driver`` has."""
    folder = BUILD / "pycuda"
    kept = folder / "wrap_cudadrv.cpp"
    if not kept.exists():
        (archive,) = _fetched("pycuda", folder, "--no-binary", ":all:",
                              "--no-build-isolation").glob("*.tar.gz")  # fmt: skip
        with tarfile.open(archive) as files:
            name = next(each for each in files.getnames() if each.endswith("/wrap_cudadrv.cpp"))
            member = files.extractfile(name)
            assert member is not None
            kept.write_bytes(member.read())
    return kept.read_text(encoding="utf-8")


def _fetched(version: str, folder: Path, *options: str) -> Path:
    """Have pip fetch a package, checked by its digest."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "requirement.txt"
    wanted.write_text(requirements()[version] + "\n", encoding="utf-8")
    _run(sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--require-hashes",
         "--dest", folder / "fetched", "--requirement", wanted, *options)  # fmt: skip
    return folder / "fetched"


def _make_libraries(folder: Path) -> None:
    """Compile libraries that hold each function the binding needs, and nothing inside them."""
    binding = folder / "wheel" / "tensorrt_bindings" / "tensorrt.so"
    told = _run("nm", "-D", "--undefined-only", binding).split()
    named = [name for name in told if len(name) > 1 and "@" not in name and name != "U"]
    needed = [name for name in named if not re.match(r"_?Py|_ITM|__|_ZGT|w$", name)]
    source = folder / "empty.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in needed))
    (folder / "libraries").mkdir(exist_ok=True)
    major = folder.name.partition("-")[2].partition(".")[0]
    for library in _LIBRARIES:
        file = f"lib{library}.so.{major}"
        _run("gcc", "-shared", "-fPIC", "-w", f"-Wl,-soname,{file}",
             "-o", folder / "libraries" / file, source)  # fmt: skip


def _usable(raw: str) -> str:
    """Make stubs of what stubgen wrote.

    A data type named ``bool`` hides the builtin, a parameter without a default follows those with
    one, ``buffer`` and ``capsule`` are no types, and what the package itself adds is missing: its
    version, and that the bytes of an ``IHostMemory`` can be taken.
    """
    text = raw.replace("tensorrt_bindings.tensorrt.", "")
    lines = ["import builtins", "__version__: str"]
    for line in text.splitlines():
        is_name = re.fullmatch(r"bool: DataType", line)
        shown = line if is_name else re.sub(r"(?<=-> )bool\b|(?<=: )bool\b", "builtins.bool", line)
        shown = re.sub(r"(?<=: )(buffer|capsule)\b", "typing.Any", shown)
        lines.append(_ordered(shown))
        if shown.startswith("class IHostMemory"):
            lines.append("    def __buffer__(self, flags: int, /) -> memoryview: ...")
    return "import typing\n" + "\n".join(lines) + "\n"


def _ordered(line: str) -> str:
    """Give a default to each parameter behind one that has a default."""
    match = re.match(r"(\s*def \w+\()(.*)(\) -> .*)", line)
    if not match or "= ..." not in match[2]:
        return line
    parameters, has_default = [], False
    for parameter in re.split(r", (?=\w+:|\w+,|\w+$)", match[2]):
        has_default = has_default or "= ..." in parameter
        missing = has_default and "= ..." not in parameter
        parameters.append(f"{parameter} = ..." if missing else parameter)
    return f"{match[1]}{', '.join(parameters)}{match[3]}"


def _run(*words: object, **more: str) -> str:
    done = subprocess.run(
        list(map(str, words)), env=os.environ | more, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{words[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
