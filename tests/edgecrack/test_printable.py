"""Names that are not UTF-8, in messages and in JSON."""

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from edgecrack.printable import printable

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
