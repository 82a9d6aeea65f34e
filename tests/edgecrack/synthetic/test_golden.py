"""The golden frames."""

import hashlib
import subprocess
import sys

import pytest

from edgecrack.synthetic.golden import golden_set

DIGESTS = (
    "import hashlib; from edgecrack.synthetic.golden import golden_frames;"
    "print(*(hashlib.sha256(p.tobytes()).hexdigest() for p in golden_frames(320, 192).values()))"
)


@pytest.fixture(scope="module")
def golden():
    """Return the golden set at a small size."""
    return golden_set(320, 192)


@pytest.mark.slow
def test_each_picture_is_what_its_name_says(golden):
    """One has cracks, one has none, one is dark and cracked; all have the asked size."""
    assert list(golden) == ["crack", "clean", "dark"]
    assert all(frame.picture.shape == (192, 320, 3) for frame in golden.values())
    assert golden["crack"].mask.mean() / 255 > 0.001
    assert not golden["clean"].mask.any()
    assert golden["dark"].mask.any()
    assert golden["dark"].picture.mean() < 0.6 * golden["crack"].picture.mean()


@pytest.mark.slow
def test_another_process_renders_the_same_pictures(golden):
    """Pictures are equal byte for byte across processes."""
    other = subprocess.run(
        [sys.executable, "-c", DIGESTS], capture_output=True, text=True, check=True
    )
    own = [hashlib.sha256(frame.picture.tobytes()).hexdigest() for frame in golden.values()]
    assert other.stdout.split() == own
