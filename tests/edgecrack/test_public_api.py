"""What ``import edgecrack`` offers to programs."""

import ast
import inspect
import os
import pkgutil
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

import cv2
import numpy as np
import pytest

import edgecrack
from edgecrack import surveying
from edgecrack.config import SPECS
from edgecrack.errors import BundleError, InputError, UsageError
from edgecrack.synthetic.drive import DriveSpec, render_frames


def test_every_public_name_is_there_and_documented():
    """Each name of ``__all__`` loads, is documented, and no module's name hides it."""
    modules = {module.name for module in pkgutil.iter_modules(edgecrack.__path__)}
    assert dir(edgecrack) == sorted(edgecrack.__all__)
    assert set(edgecrack.__all__) & modules == set()
    for name in set(edgecrack.__all__) - {"__version__"}:
        assert inspect.getdoc(getattr(edgecrack, name))
    with pytest.raises(AttributeError, match="'survay'"):
        edgecrack.survay  # noqa: B018  the asking is what fails


def test_type_checkers_see_every_public_name():
    """The names that are loaded late are imported, too, for whoever only reads the types."""
    read = {
        alias.name: node.module
        for node in ast.walk(ast.parse(inspect.getsource(edgecrack)))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    late = set(edgecrack.__all__) - {"__version__"}
    assert {name: read.get(name) for name in late} == {
        name: getattr(edgecrack, name).__module__ for name in late
    }


def test_the_keywords_of_survey_are_the_options_of_run():
    """Every option of ``edgecrack run`` but SOURCE is a keyword, and takes its type."""
    places = surveying.keywords()
    assert places.pop("SOURCE") == ("source", "address")
    typed = get_type_hints(surveying.SurveySettings)
    assert set(typed) == set(places)
    for keyword, (table, key) in places.items():
        assert _alternatives(typed[keyword]) == _alternatives(get_type_hints(SPECS[table])[key])


def _alternatives(hint):
    """Return what a hint allows; a path counts as a text."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return {str if kind in (Path, os.PathLike[str]) else kind for kind in kinds}


def test_a_survey_is_a_run_read_back(tiny_bundle, tmp_path):
    """What ``survey`` returns is what ``read_run`` reads; a unit's file may give the rest."""
    unit = tmp_path / "unit.toml"
    unit.write_text(
        '[source]\naddress = "test:?width=96&height=64&frames=4"\n[model]\nsize_px = [96, 64]\n'
    )
    out = tmp_path / "out"
    done = edgecrack.survey(
        config=unit, out=out, model=tiny_bundle, all_masks=True, region=(0, 0, 48, 32), size=None
    )
    assert done == edgecrack.read_run(out)
    assert done.record["config"]["source"]["region_px"] == [0, 0, 48, 32]
    assert done.record["config"]["model"]["size_px"] == [96, 64]
    assert [path.name for path in done.masks] == [f"{n:08d}.png" for n in range(4)]


@pytest.mark.parametrize(
    ("word", "settings"),
    [
        ("did you mean 'overlay'", {"overlya": True}),
        ("'colour'", {"colour": "red"}),
        ("--rate", {"rate": 0}),
        ("--region", {"region": (0, 0, -1, 4)}),
    ],
)
def test_a_setting_that_cannot_be_is_a_usage_error(tmp_path, word, settings):
    """A keyword that nobody knows is named with the nearest one, and nothing is left behind."""
    out = tmp_path / "out"
    with pytest.raises(UsageError, match=word):
        edgecrack.survey("test:?width=96&height=64&frames=4", out=out, **settings)
    assert not out.exists()


def test_no_source_and_no_run_are_errors_of_the_tree(tmp_path):
    """A survey of nothing and a folder without a run raise what the command line ends with."""
    with pytest.raises(UsageError, match="SOURCE"):
        edgecrack.survey()
    with pytest.raises(InputError, match=r"run\.json"):
        edgecrack.read_run(tmp_path)
    with pytest.raises(BundleError, match=str(tmp_path)):
        edgecrack.load_model(tmp_path)
    assert issubclass(InputError, edgecrack.EdgecrackError)


@pytest.mark.slow
def test_one_picture_is_segmented_as_in_a_run(tmp_path):
    """Mask and probability have the picture's size, and the mask is that of a run on it."""
    first = next(render_frames(DriveSpec(seconds=1)))
    picture = first.picture[:, :900]  # another aspect than the network's
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "1.png"), picture[:, :, ::-1])
    done = edgecrack.survey(tmp_path / "pictures", out=tmp_path / "out", rate=1, all_masks=True)
    model = edgecrack.load_model()
    found = model.segment(picture)
    threshold = model.bundle.manifest.threshold
    assert found.mask.shape == found.probability.shape == (720, 900)
    assert np.array_equal(found.mask, np.where(found.probability >= threshold, 255, 0))
    in_run = cv2.imread(str(done.masks[0]), cv2.IMREAD_GRAYSCALE) > 0
    assert np.sum(in_run) > 500
    both, any_of_them = np.sum(in_run & (found.mask > 0)), np.sum(in_run | (found.mask > 0))
    assert both / any_of_them > 0.9


@pytest.mark.parametrize(
    "image",
    [
        [[0, 0, 0]],
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_picture_is_refused(tiny_bundle, image):
    """A list, grey, four channels, floats or nothing: a usage error, not a wrong mask."""
    with pytest.raises(UsageError, match="picture"):
        edgecrack.load_model(tiny_bundle).segment(image)


def test_a_reversed_view_is_as_good_as_its_copy(tiny_bundle):
    """BGR turned to RGB by a slice, as OpenCV's users do, gives what a copy of it gives."""
    model = edgecrack.load_model(tiny_bundle)
    bgr = np.random.default_rng(2).integers(0, 256, (64, 96, 3), np.uint8)
    found, copied = (model.segment(rgb) for rgb in (bgr[:, :, ::-1], bgr[:, :, ::-1].copy()))
    assert np.array_equal(found.probability, copied.probability)


def test_the_package_says_that_it_is_typed():
    """Type checkers of other programs read our types: the marker of PEP 561 is there."""
    (folder,) = edgecrack.__path__
    assert (Path(folder) / "py.typed").is_file()
