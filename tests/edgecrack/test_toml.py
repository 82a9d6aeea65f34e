"""What is wrong with a file that a person wrote is said in one sentence."""

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from edgecrack.errors import ConfigError
from edgecrack.toml import config_error, read_toml


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


def said(values):
    """Return what is said about a document."""
    with pytest.raises(ValidationError) as caught:
        Camera.model_validate(values)
    return str(config_error("a.toml", caught.value.errors(), Camera.model_json_schema()))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "a", "widht_px": 1}, "there is no key 'widht_px'; did you mean 'width_px'?"),
        ({"name": "a", "lens": {"focal_m": 1}}, "no key 'lens.focal_m'; did you mean 'focal_mm'?"),
        ({"name": "a", "lenses": [{"foccal": 1}]}, "no key 'lenses.0.foccal'; did you mean 'focal"),
        ({"name": "a", "zzzz": 1}, "there is no key 'zzzz'; remove it."),
        ({}, "the key 'name' is needed and missing; add it."),
        ({"name": "a", "width_px": "wide"}, "width_px = 'wide' cannot be: "),
        ({"name": "a", "width_px": 2}, "a.toml: a camera is at least 16 px wide, not 2."),
    ],
)
def test_a_fault_names_the_file_the_place_and_the_way_out(values, sentence):
    """An unknown key names the nearest one; a wrong value says why."""
    message = said(values)
    assert message.startswith("a.toml: ")
    assert sentence in message
    assert "\n" not in message


def test_a_document_is_read(tmp_path):
    """UTF-8, nested, typed."""
    (tmp_path / "a.toml").write_text('name = "Straße"\n[lens]\nfocal_mm = 4.5\n', encoding="utf-8")
    assert read_toml(tmp_path / "a.toml") == {"name": "Straße", "lens": {"focal_mm": 4.5}}


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"[a]\n[a]\n", b"\x00"])
def test_what_is_no_toml_is_refused(tmp_path, content):
    """A file that is no TOML is the person's to mend, and named."""
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.toml must be a readable TOML file"):
        read_toml(tmp_path / "a.toml")


def test_a_missing_file_is_named(tmp_path):
    """So are a file that is not there and a folder in its place."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="must be a readable TOML file"):
            read_toml(path)
