"""Small faults to put into a Python file, one at a time, by its syntax tree."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPARISONS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"),
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "//"), ast.FloorDiv: ("//", "*")
}  # fmt: skip
EXACT_OPPOSITES = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)

Located = ast.expr | ast.stmt | ast.keyword
Edit = tuple[int, int, bytes]
"""First byte, byte after the last, and what takes their place."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: the lines it touches before and after, and the whole file with it."""

    file: str
    line: int
    before: str
    after: str
    text: bytes

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before} -> {self.after}"

    @property
    def key(self) -> str:
        """What stands before the reason in ``mutation_equivalent.txt``."""
        return f"{self.file} | {self.before} | {self.after} | "

    @property
    def cells(self) -> str:
        """What stands between place and verdict in the table of survivors."""
        return " | ".join(f"`{line}`".replace("|", "\\|") for line in (self.before, self.after))


def mutants(file: str, text: bytes) -> list[Mutant]:
    """Return every mutant of one file, in the order of its text."""
    code = _Code(text)
    edits = {edit for node in _real_code(ast.parse(text)) for edit in code.edits(node)}
    return [_mutant(file, text, edit) for edit in sorted(edits)]


def _mutant(file: str, text: bytes, edit: Edit) -> Mutant:
    start, end, new = edit
    first, last = text.rfind(b"\n", 0, start) + 1, (text + b"\n").find(b"\n", end)
    before, after = text[first:last], text[first:start] + new + text[end:last]
    line = text.count(b"\n", 0, start) + 1
    return Mutant(file, line, _shown(before), _shown(after), text[:start] + new + text[end:])


def _shown(lines: bytes) -> str:
    return " ".join(lines.decode().split())[:160] or "(nothing)"


def _real_code(node: ast.AST) -> Iterator[ast.AST]:
    """Walk over what runs and what a test could see: no annotations, decorators or messages."""
    yield node
    if isinstance(node, ast.JoinedStr | ast.Raise):
        return
    for name, value in ast.iter_fields(node):
        if name not in {"annotation", "returns", "decorator_list"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_left_alone(child):
                    yield from _real_code(child)


def _is_left_alone(node: ast.AST) -> bool:
    match node:
        case (
            ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant())
            | ast.If(test=ast.Name("TYPE_CHECKING") | ast.Compare(left=ast.Name("__name__")))
            | ast.Assign(targets=[ast.Name("__all__")]) | ast.Subscript(value=ast.Name("Literal"))
        ):  # fmt: skip
            return True
        case ast.ClassDef(bases=bases):
            return any(ast.unparse(base).startswith("Protocol") for base in bases)
        case ast.Call(func=func):
            return ast.unparse(func).lower().endswith(("error", "typevar"))
    return False


class _Code:
    """The text of a file and the changes that make sense at a node of its syntax tree."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._lines = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]

    def edits(self, node: ast.AST) -> Iterator[Edit]:
        """Yield the changes of this node, none of which touches the nodes within it alone."""
        yield from self._statements(node)
        yield from self._operators(node)
        match node:
            case ast.Expr(value=ast.Call()) | ast.Raise():
                yield self._replace(node, "pass")
            case ast.Return(value=ast.expr() as value) if not _is_none(value):
                yield self._replace(node, "return None")
            case ast.If(test=test) | ast.IfExp(test=test):
                yield from self._condition(test)
            case ast.Call(keywords=keywords):
                yield from (self._without(keyword) for keyword in keywords if keyword.arg)
            case ast.Name(id=("max" | "min") as name):
                yield self._replace(node, "min" if name == "max" else "max")
            case ast.Constant(value=value):
                yield from (self._replace(node, new) for new in _other_constant(value))
            case ast.JoinedStr():
                yield self._replace(node, '"mutated"')

    def _statements(self, node: ast.AST) -> Iterator[Edit]:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, [])
            for one, two in pairwise(block if isinstance(block, list) else []):
                if _is_call(one) and _is_call(two):
                    (start, stop), (restart, end) = self._span(one), self._span(two)
                    text = self._text
                    swapped = text[restart:end] + text[stop:restart] + text[start:stop]
                    yield (start, end, swapped)
        for statement in getattr(node, "finalbody", []):
            yield self._replace(statement, "pass")

    def _operators(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.Compare(left=left, ops=ops, comparators=right):
                for operator, (one, two) in zip(ops, pairwise([left, *right]), strict=True):
                    yield self._between(one, two, *COMPARISONS[type(operator)])
            case ast.BoolOp(op=operator, values=values):
                names = ("and", "or") if isinstance(operator, ast.And) else ("or", "and")
                yield from (self._between(one, two, *names) for one, two in pairwise(values))
            case ast.UnaryOp(op=ast.Not()):
                start, _ = self._span(node)
                yield (start, start + len(re.match(rb"not\s*", self._text[start:])[0]), b"")
            case (
                ast.BinOp(left=one, op=operator, right=two)
                | ast.AugAssign(target=one, op=operator, value=two)
            ) if type(operator) in ARITHMETIC:
                yield self._between(one, two, *ARITHMETIC[type(operator)])

    def _condition(self, test: ast.expr) -> Iterator[Edit]:
        yield self._replace(test, "True")
        match test:
            case ast.UnaryOp(op=ast.Not()):
                return  # the same as without its `not`
            case ast.Compare(ops=[operator]) if isinstance(operator, EXACT_OPPOSITES):
                return  # the same as with the opposite operator
        start, end = self._span(test)
        yield (start, end, b"not (" + self._text[start:end] + b")")

    def _without(self, keyword: ast.keyword) -> Edit:
        start, end = self._span(keyword)
        return (start, end + len(re.match(rb"(\s*,[ ]?)?", self._text[end:])[0]), b"")

    def _between(self, one: ast.expr, two: ast.expr, old: str, new: str) -> Edit:
        (_, start), (end, _) = self._span(one), self._span(two)
        operator = re.escape(old).replace("\\ ", r"\s+").encode()
        place = re.search(rb"(?m)^[^#\n]*?(" + operator + rb")", self._text[start:end])
        return (start + place.start(1), start + place.end(1), new.encode())

    def _replace(self, node: Located, new: str) -> Edit:
        return (*self._span(node), new.encode())

    def _span(self, node: Located) -> tuple[int, int]:
        return (
            self._lines[node.lineno - 1] + node.col_offset,
            self._lines[node.end_lineno - 1] + node.end_col_offset,
        )


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and (value.value is None or value.value is False)


def _is_call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)


def _other_constant(value: object) -> list[str]:
    """Return what a constant becomes; nothing for None, ``...`` and fractions."""
    match value:
        case bool():
            return [str(not value)]
        case int():
            return [str(value + 1 if value not in {0, 1} else 1 - value)]
        case str():
            return ['"mutated"']
        case bytes():
            return ['b"mutated"']
    return []
