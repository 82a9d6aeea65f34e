"""The model that comes along keeps every promise a stranger's has to keep, and two more."""

from edgecrack.models import VEHICLE, default_bundle
from edgecrack.models.selftest import selftest

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
    assert all(each.licence and each.pictures > 0 for each in provenance.data)
    assert "validation" in manifest.threshold_origin
    assert any("test (" in each.protocol for each in manifest.metrics)


def test_the_default_model_proves_itself_here():
    """Its golden frames give the promised answers on this machine."""
    found = selftest(default_bundle())
    assert found.passed, found.results
