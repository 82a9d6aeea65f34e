"""Which faults the mutation test makes, and that it leaves alone what no test could see."""

import ast
import runpy
from pathlib import Path

import pytest

PROOF = Path(__file__).with_name("proof")


@pytest.fixture(scope="module")
def mutants():
    """Return the function that makes the mutants of a file."""
    return runpy.run_path(str(PROOF / "mutants.py"))["mutants"]


@pytest.fixture
def changes(mutants):
    """Return a function that lists what the touched lines of a snippet become."""
    return lambda text: [mutant.after for mutant in mutants("snippet.py", text.encode())]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a < b", ["a <= b"]),
        ("a not in b", ["a in b"]),
        ("a is not  b", ["a is b"]),
        ("(a) == (b) >= c", ["(a) != (b) >= c", "(a) == (b) > c"]),
        ("a and b", ["a or b"]),
        ("not a", ["a"]),
        ("a + b - c", ["a - b - c", "a + b + c"]),
        ("a //= b", ["a *= b"]),
        ("a / b", []),
        ("a = 0, 1, 7", ["a = 1, 1, 7", "a = 0, 0, 7", "a = 0, 1, 8"]),
        ("a = True, None, 0.5", ["a = False, None, 0.5"]),
        ("a = 'b', f'{c + 1}'", ["a = \"mutated\", f'{c + 1}'", "a = 'b', \"mutated\""]),
        ("a = max(b)", ["a = min(b)"]),
        ("a = f(b, c=d)", ["a = f(b, )"]),
        ("a = f(b=c, **d)", ["a = f(**d)"]),
        ("f(a)", ["pass"]),
        ("raise ValueError(f'{a + 1} is wrong') from error", ["pass"]),
        ("a = b if c else d", ["a = b if True else d", "a = b if not (c) else d"]),
    ],
)
def test_each_fault_of_a_line(changes, line, expected):
    """A line yields exactly these faults, in the order of its text."""
    assert changes(line + "\n") == expected


def test_each_fault_of_a_block(mutants):
    """Conditions, results, cleaning up and the order of calls are mutated where they stand."""
    text = (
        "def f(a):\n    if a:\n        return a\n    try:\n"
        "        sync(a)\n        rename(\n            a\n        )\n"
        "    finally:\n        a = b\n"
    )
    assert [(mutant.line, mutant.after) for mutant in mutants("snippet.py", text.encode())] == [
        (2, "if True:"),
        (2, "if not (a):"),
        (3, "return None"),
        (5, "pass"),
        (5, "rename( a ) sync(a)"),
        (6, "pass"),
        (10, "pass"),
    ]


def test_what_no_test_could_see_is_left_alone(changes):
    """Docstrings, annotations, imports for types, public names, protocols: no fault is made."""
    assert changes(
        '"""Text, 1 + 1."""\n'
        "from a import b\n"
        "if TYPE_CHECKING:\n    f(1)\n"
        "__all__ = ['b']\n"
        "Mode = Literal['file', 'live']\n"
        "@dataclass(frozen=True)\n"
        "class A(Protocol):\n    limit: int = 1\n"
        "@dataclass(frozen=True)\n"
        "class B:\n"
        '    limit: Literal["x"]\n'
        '    """More text."""\n'
        '    def f(self, a: "int") -> "int": ...\n'
        "if __name__ == '__main__':\n    f()\n"
        "T = TypeVar('T')\n"
        "problem = SinkError('a message', 1)\n"
    ) == []  # fmt: skip


def test_a_mutant_differs_in_its_own_lines(mutants):
    """Each mutant of a real file parses, means something else, and says which line it changes."""
    text = (PROOF / "mutation.py").read_bytes()
    lines = text.decode().splitlines()
    made = mutants("mutation.py", text)
    trees = [ast.dump(ast.parse(mutant.text)) for mutant in made]
    assert len(made) > 20
    assert len({*trees, ast.dump(ast.parse(text))}) == len(made) + 1
    for mutant in made:
        changed = mutant.text.decode().splitlines()
        assert changed[: mutant.line - 1] == lines[: mutant.line - 1]
        assert changed[mutant.line - 1 :] != lines[mutant.line - 1 :]
        assert mutant.before.startswith(" ".join(lines[mutant.line - 1].split()))
