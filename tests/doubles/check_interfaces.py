"""Compare the doubles, and the code that uses them, with the real bindings; ``make lint`` runs it.

For TensorRT 8.6, 10.3, 10.16 and 11.4: each name, parameter and number of the double is that of the
real binding, and mypy finds nothing in the builder and the backend, but does find a flag that was
removed. For pycuda: each name and parameter of the double is in its source.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.doubles.install import VERSIONS
from tests.doubles.pycuda_interface import pycuda_differences
from tests.doubles.real_bindings import BUILD, enumerations, has_wheel, tensorrt_stubs

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
CHECKED = ("edgecrack/engines", "edgecrack/segmenters/trt.py")
_CONFIG = """\
[mypy]
strict = True
explicit_package_bases = True
untyped_calls_exclude = tensorrt
[mypy-tensorrt.*]
ignore_errors = True
[mypy-cuda.*,pycuda.*,onnxruntime.*,openvino.*]
ignore_missing_imports = True
"""
# Progress and refits came with TensorRT 10: the program asks for them before it takes these in.
_NOT_IN_8 = """\
[mypy-edgecrack.engines.monitor,edgecrack.engines.refitting]
ignore_errors = True
"""
MISUSE = """\
import tensorrt as trt

def build(builder: trt.Builder, config: trt.IBuilderConfig) -> None:
    builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH))
    config.set_flag(trt.BuilderFlag.FP16)
"""
_REMOVED = ('has no attribute "EXPLICIT_BATCH"', 'has no attribute "FP16"')


def main() -> None:
    """Print what was compared; end with 1 if anything differs."""
    versions = [version for version in VERSIONS if has_wheel(version)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        told = [line for lines in pool.map(_check, versions) for line in lines]
        told += [f"pycuda: {line}" for line in pycuda_differences()]
    for line in told:
        print(line)  # noqa: T201
    if told:
        raise SystemExit(1)
    print(f"Doubles and types agree with TensorRT {', '.join(versions)} and pycuda.")  # noqa: T201


def _check(version: str) -> list[str]:
    """Compare one version; return what differs."""
    stubs = tensorrt_stubs(version)
    compared = subprocess.run(
        [sys.executable, "-m", "tests.doubles.check_interfaces", version],
        env=os.environ
        | {
            "TENSORRT_DOUBLE": version,
            "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'tests' / 'doubles'}",
        },
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = compared.stdout.splitlines() + compared.stderr.splitlines()
    lines += _types(version, stubs)
    return [f"TensorRT {version}: {line}" for line in lines]


def _types(version: str, stubs: Path) -> Iterator[str]:
    """Yield what mypy finds, and that it does not find what it should."""
    folder = stubs.parent
    config = folder / "mypy.ini"
    config.write_text(_CONFIG + (_NOT_IN_8 if version.startswith("8.") else ""))
    code, found = _mypy(folder, config, *CHECKED)
    if code:
        yield from found.splitlines()
    misuse = folder / "misuse.py"
    misuse.write_text(MISUSE)
    _, found = _mypy(folder, config, str(misuse))
    should = [words for words in _REMOVED if version.startswith("11.")]
    if [words for words in _REMOVED if words in found] != should:
        yield f"of flags that version 11 removed mypy must find {should}, but says: {found}"


def _mypy(folder: Path, config: Path, *files: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", folder / "cache",
         *files],
        env=os.environ | {"MYPYPATH": str(folder / "typings")},
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def tensorrt_differences(version: str) -> Iterator[str]:
    """Yield where the double of a version, which this process has, is not like the real one."""
    double = importlib.import_module("tensorrt")
    stub = tensorrt_stubs(version) / "tensorrt" / "__init__.pyi"
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    real = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    numbers = enumerations(version)
    for name, kind in _public(double):
        if not inspect.isclass(kind):
            continue
        if name not in real:
            yield f"there is no {name}"
        elif hasattr(kind, "__members__"):
            yield from _numbers(name, kind, numbers[name])
        else:
            yield from _members(kind, real[name])
    yield from _numbers("Severity", double.ILogger.Severity, numbers["Severity"])


def _public(holder: object) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in vars(holder).items() if not name.startswith("_")]


def _numbers(name: str, kind: Any, real: dict[str, int]) -> Iterator[str]:
    for member, number in kind.__members__.items():
        if real.get(member) != int(number):
            yield f"{name}.{member} is {real.get(member)}, not {int(number)}"


def _members(kind: type, real: ast.ClassDef) -> Iterator[str]:
    functions: dict[str, list[ast.FunctionDef]] = {}
    attributes = _own_attributes(kind)
    for node in real.body:
        if isinstance(node, ast.FunctionDef):
            functions.setdefault(node.name, []).append(node)
    for name, value in _public(kind):
        if not inspect.isfunction(value):
            attributes.add(name)
        elif name not in functions:
            yield f"{kind.__name__} has no {name}"
        elif all(problems := [_parameters(value, each) for each in functions[name]]):
            yield f"{kind.__name__}.{name} {problems[0]}"
    if unknown := attributes - set(functions) - _declared(real):
        yield f"{kind.__name__} has no attribute {', '.join(sorted(unknown))}"


def _declared(real: ast.ClassDef) -> set[str]:
    """Return the attributes and inner classes that a stub declares."""
    named = {node.name for node in real.body if isinstance(node, ast.ClassDef)}
    typed = (node.target for node in real.body if isinstance(node, ast.AnnAssign))
    return named | {ast.unparse(target) for target in typed}


def _own_attributes(kind: type) -> set[str]:
    """Return the public names that ``__init__`` sets."""
    source = ast.parse(inspect.getsource(kind))
    targets = (node for node in ast.walk(source) if isinstance(node, ast.Attribute))
    return {
        node.attr
        for node in targets
        if isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and not node.attr.startswith("_")
    }


def _parameters(double: Any, real: ast.FunctionDef) -> str:
    """Say how the parameters of a function differ; empty if a call of the double fits both."""
    known = [each.arg for each in real.args.args]
    if real.args.vararg is not None or any(each.annotation is None for each in real.args.args[1:]):
        return ""  # the binding does not say
    own = list(inspect.signature(double).parameters)
    required = len(known) - len(real.args.defaults)
    if known[: len(own)] == own and len(own) >= required:
        return ""
    return f"takes {known}, not {own}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        for difference in tensorrt_differences(sys.argv[1]):
            print(difference)  # noqa: T201
    else:
        main()
