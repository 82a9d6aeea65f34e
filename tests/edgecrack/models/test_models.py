"""The model that comes with edgecrack, and which bundle a choice means."""

import pytest

from edgecrack.errors import BundleError
from edgecrack.models import VEHICLE, default_bundle, open_bundle
from edgecrack.models.selftest import selftest
from edgecrack.segmenters import ModelSpec

MOST_BYTES = 10_000_000


def test_the_default_model_is_small():
    """All files of the bundle together are at most 10 MB, and nothing lies there unlisted."""
    files = {path for path in VEHICLE.rglob("*") if path.is_file()}
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    listed = {VEHICLE / name for name in default_bundle().manifest.files}
    assert files == listed | {VEHICLE / "manifest.json"}


def test_the_default_model_says_its_terms_and_scores():
    """Whoever uses the weights can read what they were trained on, whose terms hold, how good."""
    manifest = default_bundle().manifest
    provenance = manifest.provenance
    assert "research" in provenance.licence.lower()
    assert len(provenance.data) >= 3
    assert all(entry.licence and entry.pictures > 0 for entry in provenance.data)
    assert "validation" in manifest.threshold_origin
    assert any("test (" in metric.protocol for metric in manifest.metrics)


def test_the_default_model_proves_itself_here():
    """Its golden frames give the promised answers on this machine."""
    result = selftest(default_bundle())
    assert result.passed, result.networks


def test_a_choice_names_a_bundle_or_means_the_default_one(tiny_bundle, tiny, tmp_path):
    """A path is loaded, no path is the model that comes along, and what is no bundle is refused."""
    assert open_bundle(ModelSpec()).sha256 == default_bundle().sha256
    assert open_bundle(ModelSpec(bundle=tiny_bundle)).sha256 == tiny.sha256
    with pytest.raises(BundleError):
        open_bundle(ModelSpec(bundle=tmp_path))
