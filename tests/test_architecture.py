"""What no linter says: light imports, short files, names that mean something.

Who may import whom is in pyproject.toml, under ``tool.importlinter``; ``make lint`` holds it.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGES = ("edgecrack", "training", "export", "deploy")
MODULES = sorted(path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py"))
TESTS = sorted((CHECKOUT / "tests").rglob("*.py"))
HEAVY = {
    *("cv2", "gi", "numpy", "onnx", "onnxruntime", "openvino", "paho", "PIL", "pydantic"),
    *("rich", "scipy", "tensorrt", "torch", "typer"),
}


def name(path: Path) -> str:
    """Say which file a failure is about."""
    return str(path.relative_to(CHECKOUT))


def nodes(path: Path) -> Iterator[ast.AST]:
    """Walk over everything a file says."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_loads_nothing_heavy_by_its_name(package):
    """Importing a package costs nothing but the standard library."""
    program = f"import sys, {package}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_no_file_is_longer_than_a_sitting():
    """No module has more than 350 lines, and no test file more than 400."""
    limits = {**dict.fromkeys(MODULES, 350), **dict.fromkeys(TESTS, 400)}
    lengths = {path: len(path.read_bytes().splitlines()) for path in limits}
    assert {name(path) for path, lines in lengths.items() if lines > limits[path]} == set()


def test_no_function_is_longer_than_a_page():
    """No function of a module has more than 50 lines."""
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 50
    ]
    assert long == []


def test_every_file_is_named_after_what_it_holds():
    """Nothing is called after having had no better place."""
    homeless = {"base", "common", "helpers", "misc", "tools", "util", "utils"}
    places = {part for path in MODULES for part in path.relative_to(CHECKOUT).with_suffix("").parts}
    assert places & homeless == set()


def test_no_file_hides_a_library():
    """No module has the name of the standard library's or of one it stands on."""
    taken = (HEAVY | set(sys.stdlib_module_names)) - {"__future__"}
    hiding = [name(path) for path in MODULES if path.stem in taken]
    assert hiding == []


def test_public_names_are_sorted():
    """Where a file lists what is public, the list is literal, sorted and without repetition."""
    lists = {}
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                lists[name(path)] = ast.literal_eval(node.value)
    assert {path: names for path, names in lists.items() if list(names) != sorted(set(names))} == {}


def swallows(node: ast.ExceptHandler) -> bool:
    """Whether a handler takes every error and does not end in an error of its own."""
    caught = ast.unparse(node.type) if node.type else "BaseException"
    return caught in {"Exception", "BaseException"} and not isinstance(node.body[-1], ast.Raise)


def test_only_main_speaks_and_exits():
    """But for what ``__main__`` calls nothing prints, exits, or swallows every error."""
    speaking = {"print", "exit", "sys.exit", "os._exit"}
    forbidden = [
        f"{name(path)}:{node.lineno}"
        for path in MODULES
        if path != CHECKOUT / "edgecrack" / "program" / "__init__.py"
        for node in nodes(path)
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in speaking)
        or (isinstance(node, ast.ExceptHandler) and swallows(node))
    ]
    assert forbidden == []


def test_every_test_says_what_it_claims():
    """Each test's docstring is its claim, and the claims of a file differ."""
    wrong = []
    for path in TESTS:
        claims = [
            ast.get_docstring(node)
            for node in nodes(path)
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]
        if None in claims or len(set(claims)) < len(claims):
            wrong.append(name(path))
    assert wrong == []


def test_no_test_is_skipped_or_sleeps():
    """A test that cannot run fails; one that waits waits for something."""
    banned = {"pytest.skip", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.skipif"}
    banned |= {"pytest.mark.xfail", "time.sleep"}
    found = [
        f"{name(path)}:{node.lineno}"
        for path in TESTS
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in banned
    ]
    assert found == []
