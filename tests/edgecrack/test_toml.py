"""A mistake in a TOML file becomes one sentence that names the file and the key."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from edgecrack.errors import ConfigError
from edgecrack.toml import LIMIT_BYTES, LIMIT_LINE_BYTES, config_error, read_toml


class Lens(BaseModel):
    """A part of a configuration."""

    model_config = ConfigDict(extra="forbid")
    focal_mm: float = 4.0


class Camera(BaseModel):
    """A configuration as every package writes them."""

    model_config = ConfigDict(extra="forbid")
    name: str
    width_px: int = 1920
    lens: Lens = Lens()
    lenses: tuple[Lens, ...] = ()

    @model_validator(mode="after")
    def _sensible(self) -> "Camera":
        if self.width_px < 16:
            raise ValueError(f"a camera is at least 16 px wide, not {self.width_px}")
        return self


def message_about(values):
    """Return the message about a document with a mistake."""
    with pytest.raises(ValidationError) as caught:
        Camera.model_validate(values)
    return str(config_error("a.toml", caught.value.errors(), Camera.model_json_schema()))


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"name": "a", "widht_px": 1}, "'widht_px'; did you mean 'width_px'?"),
        ({"name": "a", "lens": {"focal_m": 1}}, "'lens.focal_m'; did you mean 'focal_mm'?"),
        ({"name": "a", "lenses": [{"foccal": 1}]}, "'lenses.0.foccal'; did you mean 'focal_mm'?"),
        ({"name": "a", "zzzz": 1}, "'zzzz'; remove it"),
        ({}, "'name'"),
        ({"name": "a", "width_px": "wide"}, "width_px = 'wide'"),
        ({"name": "a", "width_px": 2}, "a.toml: a camera is at least 16 px wide, not 2."),
    ],
)
def test_a_mistake_is_named_by_file_and_key(values, part):
    """For an unknown key the nearest known one is named; a wrong value says why."""
    message = message_about(values)
    assert message.startswith("a.toml: ")
    assert part in message
    assert "\n" not in message


def test_a_document_is_read(tmp_path):
    """Text in UTF-8, tables and numbers."""
    (tmp_path / "a.toml").write_text('name = "Straße"\n[lens]\nfocal_mm = 4.5\n', encoding="utf-8")
    assert read_toml(tmp_path / "a.toml") == {"name": "Straße", "lens": {"focal_mm": 4.5}}


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"[a]\n[a]\n", b"\x00"])
def test_what_is_no_toml_is_refused(tmp_path, content):
    """It is named; exit code 78, so that a person corrects the file."""
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"/a\.toml\b") as caught:
        read_toml(tmp_path / "a.toml")
    assert caught.value.exit_code == 78


def test_a_missing_file_is_named(tmp_path):
    """So is a folder in its place."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match=path.name):
            read_toml(path)


def test_what_may_not_be_read_or_never_ends_is_refused(forbidden):
    """A device, a folder, a file of somebody else, and too long a name: each is named."""
    for path in (Path("/dev/zero"), Path("/dev"), forbidden / "file", Path("x" * 300)):
        with pytest.raises(ConfigError, match=path.name):
            read_toml(path)


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 1500, "9223372036854775808"])
def test_a_number_beyond_64_bits_is_refused(tmp_path, number):
    """Python's integers have no end, but cannot all be shown: no message could name them."""
    path = tmp_path / "unit.toml"
    for text in (f"a = {number}", f"a.b = [{{c = {number}}}]"):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"/unit\.toml\b"):
            read_toml(path)
    path.write_text("a = -9223372036854775808")
    assert read_toml(path) == {"a": -(2**63)}


def test_a_line_has_a_limit(tmp_path):
    """The parser would take minutes for a key of ten thousand dots, and hours for more."""
    path = tmp_path / "unit.toml"
    path.write_text("a." * LIMIT_LINE_BYTES + "a = 1")
    with pytest.raises(ConfigError, match="lines of at most 2,000 bytes"):
        read_toml(path)


def test_a_file_has_a_limit_and_a_depth(tmp_path):
    """A megabyte, or a thousand brackets, is nothing that anybody wrote."""
    path = tmp_path / "unit.toml"
    for text in ("#" * LIMIT_BYTES + "\n", f"a = {'[' * 5000}"):
        path.write_text(text)
        with pytest.raises(ConfigError, match=path.name):
            read_toml(path)
