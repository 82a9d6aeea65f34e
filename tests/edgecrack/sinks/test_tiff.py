"""Tags in a TIFF structure, as Pillow reads them back."""

from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from edgecrack.sinks.tiff import fractions, octets, text, tiff_bytes, undefined

NUMBERS = st.integers(0, 2**32 - 1)


def read(block):
    """Return what Pillow reads of the first directory, and of that of GPS."""
    exif = Image.Exif()
    exif.load(block)
    return exif, exif.get_ifd(ExifTags.IFD.GPSInfo)


@given(
    words=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    pairs=st.lists(st.tuples(NUMBERS, NUMBERS.filter(bool)), min_size=1, max_size=4),
    raw=st.binary(min_size=2, max_size=9),
)
def test_every_value_comes_back(words, pairs, raw):
    """Texts, fractions and bytes, short enough for an entry or not, odd and even."""
    gps = {29: text(words[::-1]), 2: fractions(*pairs), 27: undefined(raw), 0: octets(raw[:4])}
    main, found = read(tiff_bytes({0x0131: text(words)}, {ExifTags.IFD.GPSInfo: gps}))

    assert main[0x0131] == words
    assert (found[29], found[27]) == (words[::-1], raw)
    got = found[2] if len(pairs) > 1 else (found[2],)
    assert [value.numerator * pair[1] for value, pair in zip(got, pairs, strict=True)] == [
        pair[0] * value.denominator for value, pair in zip(got, pairs, strict=True)
    ]
    assert found[0] == raw[:4]


def test_tags_stand_in_order_and_values_at_even_bytes():
    """As the standard wants it, whatever the order they are given in."""
    tags = {9: text("abcde"), 3: text("fghij"), 7: text("k")}
    block = tiff_bytes(tags, {})
    entries = [block[10 + 12 * n : 22 + 12 * n] for n in range(3)]

    assert [int.from_bytes(entry[:2], "big") for entry in entries] == [3, 7, 9]
    places = [int.from_bytes(entries[n][8:], "big") for n in (0, 2)]
    assert [place % 2 for place in places] == [0, 0]
    assert [block[place : place + 6] for place in places] == [b"fghij\0", b"abcde\0"]
