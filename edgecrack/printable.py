r"""Text that can be shown and stored: names from a file system need not be UTF-8, but JSON must be.

Python keeps the bytes of such a name as lone surrogates, which no encoder accepts. They are shown
as ``\xff``. This is the one form in messages and in files; the name itself is opened as it is.

What a message quotes may also hold line ends, or be a megabyte long: `one_line` is for that.
"""

from __future__ import annotations

import re

MOST_CHARACTERS = 1000
"""Longest message; the middle of a longer one is left out."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CUT = " ... "
_END_CHARACTERS = 300


def printable(text: str) -> str:
    r"""Return text that every encoder of UTF-8 accepts, with ``\xff`` for a byte of a name.

    Example:
        >>> printable(b"road_\xff.jpg".decode("utf-8", "surrogateescape"))
        'road_\\xff.jpg'
    """
    return _SURROGATE.sub(_escaped, text)


def one_line(text: str) -> str:
    r"""Return text as one line of bounded length, with ``\n`` for the end of a line in it.

    Example:
        >>> one_line("no such key 'a\nb'")
        "no such key 'a\\nb'"
        >>> len(one_line("x" * 10**6)) == MOST_CHARACTERS
        True
    """
    if len(text) > MOST_CHARACTERS:
        begin = MOST_CHARACTERS - _END_CHARACTERS - len(_CUT)
        text = f"{text[:begin]}{_CUT}{text[-_END_CHARACTERS:]}"
    line = _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
    return line if len(line) <= MOST_CHARACTERS else one_line(line)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    is_byte = 0xDC80 <= code <= 0xDCFF  # what surrogateescape makes of the bytes 80 to FF
    return f"\\x{code - 0xDC00:02x}" if is_byte else f"\\u{code:04x}"
