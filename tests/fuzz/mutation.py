"""Changes bytes a little, as damage and malice do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

_BYTES = (0x00, 0x01, 0x0A, 0x0D, 0x20, 0x22, 0x24, 0x2A, 0x2E, 0x5C, 0x7F, 0x80, 0xC3, 0xED, 0xFF)
_NUMBERS = (
    *(b"0", b"-0", b"-1", b"1e308", b"1e309", b"-1e309", b"nan", b"inf", b"NaN", b"Infinity"),
    *(b"0.5", b"59.9999", b"60", b"90.0001", b"180", b"360", b"361", b"4294967296", b"2147483648"),
    *(b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"9" * 400),
    *(b"9" * 5000, b"0x" + b"f" * 4500, b"true", b"null", b'""', b"[]", b"{}", b"1979-05-27"),
)
_FIELD = re.compile(rb"""[^,"<>{}=:\s]+""")
_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?")


class Mutator:
    """Makes new inputs of known ones.

    Args:
        random: Decides; the same seed makes the same inputs.
        tokens: Pieces of the format.
        most_bytes: Longest input to make.
    """

    def __init__(self, random: Random, tokens: Sequence[bytes], most_bytes: int) -> None:
        self._random, self._tokens, self._most_bytes = random, tokens, most_bytes
        often = (self._number, self._field, self._token)
        seldom = (self._lines, self._copy_over, self._insert, self._delete, self._repeat)
        self._changes: tuple[Callable[[bytes], bytes], ...] = (
            *(often * 2),
            *seldom,
            *(self._flip, self._set, self._truncate),
        )

    def mutate(self, data: bytes, other: bytes) -> bytes:
        """Return the input with one to a few changes; ``other`` is one to splice with."""
        if self._random.random() < 0.1:
            data = self._splice(data, other)
        changes = 1
        while changes < 8 and self._random.random() < 0.5:
            changes += 1
        for change in self._random.choices(self._changes, k=changes):
            data = change(data)[: self._most_bytes]
        return data

    def _place(self, data: bytes) -> int:
        return self._random.randint(0, len(data))

    def _stretch(self, data: bytes) -> tuple[int, int]:
        """Return where a piece of the input begins and ends, mostly a short one."""
        begin = self._place(data)
        most = self._random.choice((1, 4, 32, 1024, len(data)))
        return begin, min(len(data), begin + self._random.randint(0, most))

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return data
        changed = bytearray(data)
        changed[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)
        return bytes(changed)

    def _set(self, data: bytes) -> bytes:
        at = self._place(data)
        value = self._random.choice((self._random.choice(_BYTES), self._random.randrange(256)))
        return data[:at] + bytes([value]) + data[at + 1 :]

    def _insert(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + self._random.randbytes(self._random.choice((1, 2, 4, 16))) + data[at:]

    def _delete(self, data: bytes) -> bytes:
        begin, end = self._stretch(data)
        return data[:begin] + data[end:]

    def _repeat(self, data: bytes) -> bytes:
        begin, end = self._stretch(data)
        times = self._random.choice((1, 1, 2, 16, 200, 2000))
        return data[:end] + data[begin:end] * min(times, self._most_bytes) + data[end:]

    def _truncate(self, data: bytes) -> bytes:
        return data[: self._place(data)] if self._random.random() < 0.3 else data

    def _number(self, data: bytes) -> bytes:
        """Put another number in place of one."""
        found = list(_NUMBER.finditer(data[: 1 << 16]))
        if not found:
            return data
        match = self._random.choice(found)
        number = self._random.choice(_NUMBERS)
        if self._random.random() < 0.3:
            number = b"%d" % (int(match[0].split(b".")[0][:18]) + self._random.choice((-1, 1)))
        return data[: match.start()] + number + data[match.end() :]

    def _field(self, data: bytes) -> bytes:
        """Put a token, or another field, in place of what stands between two separators."""
        found = list(_FIELD.finditer(data[: 1 << 14]))
        if not found:
            return data
        match, other = self._random.choice(found), self._random.choice(found)[0]
        token = self._random.choice(self._tokens) if self._tokens else other
        piece = self._random.choice((token.strip(b'",'), token.strip(b'",'), other))
        return data[: match.start()] + piece + data[match.end() :]

    def _lines(self, data: bytes) -> bytes:
        """Lose, repeat or move a line."""
        lines = data.split(b"\n")
        if len(lines) < 2:
            return data
        line = lines.pop(self._random.randrange(len(lines)))
        for _ in range(self._random.choice((0, 1, 1, 2))):
            lines.insert(self._random.randint(0, len(lines)), line)
        return b"\n".join(lines)

    def _copy_over(self, data: bytes) -> bytes:
        """Write a piece of the input over another."""
        begin, end = self._stretch(data)
        at = self._place(data)
        return data[:at] + data[begin:end] + data[at + end - begin :]

    def _token(self, data: bytes) -> bytes:
        if not self._tokens:
            return data
        at, token = self._place(data), self._random.choice(self._tokens)
        behind = at + self._random.choice((0, 0, 1, len(token)))
        return data[:at] + token + data[behind:]

    def _splice(self, data: bytes, other: bytes) -> bytes:
        """Join the begin of one input and the end of another."""
        return data[: self._place(data)] + other[self._place(other) :]
