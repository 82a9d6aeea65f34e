"""A configuration may begin with another one, and say only what differs."""

import pytest

from edgecrack.errors import ConfigError
from training.config import load_config
from training.toml_text import toml_text

RECIPE = """
name = "recipe"
[model]
widths = [4, 8]
batch_norm = true
[fit]
batch = 4
epochs = 9
[[data]]
name = "d"
images = ["i"]
masks = ["m"]
split = "./parts.txt"
[[data]]
name = "e"
images = ["i"]
masks = ["m"]
"""


def write(path, text):
    """Write a file, its folder first, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def recipe(tmp_path):
    """Return a configuration to begin with, and the list of its split beside it."""
    write(tmp_path / "recipes" / "parts.txt", "train a b\ntest c\n")
    return write(tmp_path / "recipes" / "recipe.toml", RECIPE)


def test_a_key_replaces_that_of_the_base(tmp_path, recipe):
    """What a file does not give, in any table, it has from its base."""
    base = load_config(recipe)
    small = load_config(
        write(tmp_path / "s.toml", 'name = "s"\nbase = "recipes/recipe.toml"\n[fit]\nepochs = 2\n')
    )
    expected = {**base.model_dump(), "name": "s"}
    expected["fit"] = {**expected["fit"], "epochs": 2}
    assert small.model_dump() == expected


@pytest.mark.usefixtures("recipe")
def test_a_list_replaces_that_of_the_base(tmp_path):
    """Widths and data sets are not joined to those of the base."""
    text = (
        'name = "s"\nbase = "recipes/recipe.toml"\n[model]\nwidths = [2, 4, 8]\n'
        '[[data]]\nname = "f"\nimages = ["i"]\nmasks = ["m"]\n'
    )
    small = load_config(write(tmp_path / "s.toml", text))
    assert small.model.widths == (2, 4, 8)
    assert small.model.batch_norm
    assert [data.name for data in small.data] == ["f"]


def test_a_base_may_have_a_base(tmp_path, recipe):
    """Each path is relative to the file that it is in."""
    write(recipe.with_name("middle.toml"), 'base = "recipe.toml"\n[fit]\nbatch = 3\nepochs = 5\n')
    text = 'name = "top"\nbase = "recipes/middle.toml"\n[fit]\nepochs = 7\n'
    top = load_config(write(tmp_path / "top.toml", text))
    assert (top.name, top.fit.batch, top.fit.epochs) == ("top", 3, 7)
    assert top.model.widths == (4, 8)


def test_a_split_is_read_beside_the_file_that_lists_its_set(tmp_path, recipe):
    """The base's lists are beside the base, those of its own data sets beside itself."""
    inherited = load_config(
        write(tmp_path / "own" / "s.toml", f'name = "s"\nbase = "../recipes/{recipe.name}"\n')
    )
    assert inherited.data[0].split.ids == {"train": ("a", "b"), "validation": (), "test": ("c",)}
    write(tmp_path / "own" / "parts.txt", "train x\n")
    data = RECIPE[RECIPE.index("[[data]]") :]
    own = load_config(
        write(tmp_path / "own" / "s.toml", f'name = "s"\nbase = "../recipes/recipe.toml"\n{data}')
    )
    assert own.data[0].split.ids["train"] == ("x",)


def test_what_a_run_records_needs_no_base(tmp_path, recipe):
    """The resolved configuration holds every key, and names no other file."""
    small = load_config(write(tmp_path / "s.toml", f'name = "s"\nbase = "recipes/{recipe.name}"\n'))
    assert small.base is None
    resolved = toml_text(small.model_dump(mode="json"))
    assert load_config(write(tmp_path / "elsewhere" / "r.toml", resolved)) == small


@pytest.mark.parametrize("base", ["s.toml", "./s.toml", "other.toml"])
def test_a_file_that_leads_back_to_itself_is_refused(tmp_path, base):
    """Directly, or by way of another file; the key is named."""
    write(tmp_path / "other.toml", 'base = "s.toml"\n')
    path = write(tmp_path / "s.toml", f'name = "s"\nbase = "{base}"\n')
    with pytest.raises(ConfigError, match=r"\.toml: base\b"):
        load_config(path)


@pytest.mark.parametrize("base", ['"none.toml"', "3", '["a.toml"]', '""'])
def test_a_base_that_is_no_file_is_refused(tmp_path, base):
    """The file and the key are named, in one line."""
    path = write(tmp_path / "s.toml", f'name = "s"\nbase = {base}\n')
    with pytest.raises(ConfigError, match=r"\.toml: base\b") as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_key_of_the_base_is_refused(tmp_path, recipe):
    """What is inherited is checked like the rest."""
    recipe.write_text(RECIPE.replace("epochs", "epoch"))
    path = write(tmp_path / "s.toml", f'name = "s"\nbase = "recipes/{recipe.name}"\n')
    with pytest.raises(ConfigError, match=r"\bfit\.epoch\b"):
        load_config(path)
