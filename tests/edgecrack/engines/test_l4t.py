"""The version of Jetson Linux."""

import pytest

from edgecrack.engines.l4t import l4t_version, parse_release


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64", "36.4.3"),
        (
            "# R39 (release), REVISION: 2.0, GCID: 1, BOARD: generic\n# KERNEL_VARIANT: oot",
            "39.2.0",
        ),
        ("# R35 (release), REVISION: 6.1", "35.6.1"),
        ("something else", ""),
        ("", ""),
    ],
)
def test_release_and_revision_make_the_version(text, version, tmp_path):
    """As NVIDIA counts: R36, revision 4.3, is 36.4.3."""
    assert parse_release(text) == version
    (tmp_path / "release").write_text(text)
    assert l4t_version(tmp_path / "release") == version


def test_elsewhere_there_is_none(tmp_path):
    """No file, a folder, and bytes that are no text."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("none", ".", "binary"):
        assert l4t_version(tmp_path / name) == ""
