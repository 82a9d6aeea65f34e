"""Compare the double of pycuda with the C++ file that says what ``pycuda.driver`` has.

There is no wheel of pycuda, and its module cannot be built without CUDA: so names and parameters
are read from the calls of Boost.Python that declare them.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.doubles.real_bindings import pycuda_source

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOUBLE = Path(__file__).parent / "pycuda" / "driver.py"


def pycuda_differences() -> Iterator[str]:
    """Yield where the double is not like the real one."""
    source = pycuda_source()
    functions, classes = _functions(source), _classes(source)
    for node in ast.parse(_DOUBLE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            if node.name not in functions:
                yield f"there is no function {node.name}"
            elif functions[node.name] and _names(node) != functions[node.name]:
                yield f"{node.name} takes {functions[node.name]}, not {_names(node)}"
        elif isinstance(node, ast.ClassDef):
            if node.name not in classes:
                yield f"there is no class {node.name}"
            else:
                yield from _members(node, classes[node.name])


def _names(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in function.args.args if each.arg != "self"]


def _functions(source: str) -> dict[str, list[str]]:
    """Return function -> its parameters; empty where the source names none."""
    declared = re.findall(r'py::def\("(\w+)",(.*?)\);', source, re.DOTALL)
    found = {name: _quoted(rest) for name, rest in declared}
    simple = re.findall(r"DEF_SIMPLE_FUNCTION\((\w+)\)", source)
    return {**{name: [] for name in simple}, **found}


def _quoted(text: str) -> list[str]:
    """Return the names of parameters in ``py::args("a", "b"), py::arg("c")=0``."""
    calls = re.findall(r"py::args?\(([^()]*)\)", text)
    return [name for call in calls for name in re.findall(r'"(\w+)"', call)]


def _classes(source: str) -> dict[str, dict[str, list[str]]]:
    """Return class -> member -> parameters."""
    found: dict[str, dict[str, list[str]]] = {
        name: {} for name in re.findall(r"DECLARE_EXC\((\w+),", source)
    }
    starts = list(re.finditer(r'py::(?:class_|enum_)<[^;]*?\(\s*"(\w+)"', source))
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        block = source[start.start() : end.start() if end else None]
        simple = r'(?:DEF_SIMPLE_METHOD\(|\.value\("|add_property\(")(\w+)'
        members: dict[str, list[str]] = {name: [] for name in re.findall(simple, block)}
        for name, rest in re.findall(r'\.def\("(\w+)",(.*?)(?=\n\s*\.|;)', block, re.DOTALL):
            members[name] = [each for each in _quoted(rest) if each != "self"]
        made_with = re.search(r"py::init<.*?\)\)", block[:400], re.DOTALL)
        members["__init__"] = _quoted(made_with[0]) if made_with else []
        found[start[1]] = members
    return found


def _members(double: ast.ClassDef, real: dict[str, list[str]]) -> Iterator[str]:
    for node in double.body:
        if isinstance(node, ast.FunctionDef) and _is_compared(node.name):
            if node.name not in real:
                yield f"{double.name} has no {node.name}"
            elif real[node.name] and _names(node) != real[node.name]:
                yield f"{double.name}.{node.name} takes {real[node.name]}, not {_names(node)}"
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) not in real:
            yield f"{double.name} has no {ast.unparse(node.targets[0])}"


def _is_compared(name: str) -> bool:
    return name in {"__init__", "__int__"} or not name.startswith("_")
