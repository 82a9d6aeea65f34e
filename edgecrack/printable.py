r"""Text that can be shown and stored: names from a file system need not be UTF-8, but JSON must be.

Python keeps the bytes of such a name as lone surrogates, which no encoder accepts. They are shown
as ``\xff``. This is the one form in messages and in files; the name itself is opened as it is.
"""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return text that every encoder of UTF-8 accepts, with ``\xff`` for a byte of a name.

    Example:
        >>> printable(b"road_\xff.jpg".decode("utf-8", "surrogateescape"))
        'road_\\xff.jpg'
    """
    return _SURROGATE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    is_byte = 0xDC80 <= code <= 0xDCFF  # what surrogateescape makes of the bytes 80 to FF
    return f"\\x{code - 0xDC00:02x}" if is_byte else f"\\u{code:04x}"
