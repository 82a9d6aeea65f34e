"""The committed bundle of the runtime's tests is what its program makes today."""

from dataclasses import asdict

import numpy as np
import pytest

from edgecrack.bundle import load_bundle
from edgecrack.models.golden_files import decode_picture
from edgecrack.models.selftest import selftest
from edgecrack.segmenters import load_segmenter


@pytest.fixture(scope="module")
def committed(maker):
    """Return the bundle in the repository."""
    return load_bundle(maker["TINY"])


def test_the_committed_manifest_is_up_to_date(committed, tiny):
    """All but the digests, which other versions of torch may change, is what is made today."""
    old, new = asdict(committed.manifest), asdict(tiny.manifest)
    assert set(old.pop("files")) == set(new.pop("files"))
    assert old == new


def test_the_committed_network_is_up_to_date(committed, tiny):
    """It passes its own test, and answers today's golden frames as today's export does."""
    assert selftest(committed).passed
    old, new = load_segmenter(committed), load_segmenter(tiny)
    for golden in tiny.manifest.golden:
        frame = decode_picture(tiny.read(golden.frame), golden.frame)
        kept = decode_picture(committed.read(golden.frame), golden.frame)
        assert np.array_equal(frame, kept)
        answers = [net.answer(frame).probability.astype(int) for net in (old, new)]
        levels = np.abs(answers[0] - answers[1])
        assert levels.max() <= 1
