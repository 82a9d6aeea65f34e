"""Names that are not UTF-8, in messages and in JSON."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.errors import EdgecrackError
from edgecrack.printable import MOST_CHARACTERS, one_line, printable

ANY_NAME = st.binary(max_size=20).map(os.fsdecode)
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=20)


@given(ANY_NAME | ANY_TEXT)
def test_whatever_is_printable_can_be_encoded(text):
    """Bytes of a name and lone surrogates alike become text that UTF-8 and JSON hold."""
    shown = printable(text)
    assert json.loads(json.dumps(shown, ensure_ascii=False).encode()) == shown


@given(st.text(st.characters(codec="utf-8")))
def test_ordinary_text_is_kept(text):
    """What can be encoded is not touched."""
    assert printable(text) == text


@given(ANY_TEXT)
def test_a_short_line_keeps_all_but_its_ends(text):
    """What has neither controls nor line ends is not touched."""
    line = one_line(text)
    assert line.splitlines() in ([], [line])
    assert line.isprintable() or any(not (char.isprintable() or ord(char) < 32) for char in text)


@pytest.mark.parametrize("text", ["x" * 10**6, "\n" * 999, "\x9b" * 2000])
def test_a_message_has_a_limit(text):
    """Its begin says what is wrong, its end what to do; the middle of a long one is left out."""
    message = str(EdgecrackError(f"the key '{text}' is wrong: remove it"))
    assert len(message) <= MOST_CHARACTERS
    assert message.startswith("the key '")
    assert message.endswith("remove it")
    assert message.splitlines() == [message]
