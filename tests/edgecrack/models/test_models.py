"""The models that come with edgecrack, and which bundle a choice means."""

from pathlib import Path

import pytest

from edgecrack.bundle import load_bundle
from edgecrack.errors import BundleError
from edgecrack.models import MODELS, default_bundle, model_names, open_bundle
from edgecrack.models.selftest import selftest
from edgecrack.segmenters import ModelSpec

MOST_BYTES = 20_000_000
NAMES = ["vehicle", "crack-n"]


def test_the_models_are_known_by_their_names():
    """The default one is the first."""
    assert model_names() == NAMES
    assert [load_bundle(MODELS / name).manifest.name for name in NAMES] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_small(name):
    """All files of the bundle together are at most 20 MB, and nothing lies there unlisted."""
    files = {path for path in (MODELS / name).rglob("*") if path.is_file()}
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    listed = {MODELS / name / file for file in load_bundle(MODELS / name).manifest.files}
    assert files == listed | {MODELS / name / "manifest.json"}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_says_its_terms_and_scores(name):
    """Whoever uses the weights can read what they were trained on, whose terms hold, how good."""
    manifest = load_bundle(MODELS / name).manifest
    provenance = manifest.provenance
    assert "research" in provenance.licence.lower()
    assert len(provenance.data) >= 3
    assert all(entry.licence and entry.pictures > 0 for entry in provenance.data)
    assert "validation" in manifest.threshold_origin
    assert any("test (" in metric.protocol for metric in manifest.metrics)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_model_proves_itself_here(name):
    """Its golden frames give the promised answers on this machine."""
    result = selftest(load_bundle(MODELS / name))
    assert result.passed, result.networks


def test_a_choice_names_a_bundle_or_means_the_default_one(tiny_bundle, tiny, tmp_path):
    """A path is loaded, no path is the model that comes along, and what is no bundle is refused."""
    assert open_bundle(ModelSpec()).sha256 == default_bundle().sha256
    assert open_bundle(ModelSpec(bundle=tiny_bundle)).sha256 == tiny.sha256
    with pytest.raises(BundleError):
        open_bundle(ModelSpec(bundle=tmp_path))


def test_a_model_that_comes_along_has_a_name(monkeypatch, tmp_path):
    """A folder of that name where the program is run comes first."""
    monkeypatch.chdir(tmp_path)
    named = ModelSpec(bundle=Path("crack-n"))
    assert open_bundle(named).path == MODELS / "crack-n"
    (tmp_path / "crack-n").mkdir()
    with pytest.raises(BundleError, match="crack-n"):
        open_bundle(named)
