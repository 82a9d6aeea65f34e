"""A share of the build that never falls."""

from edgecrack.engines.build_progress import BuildProgress


def test_what_is_inside_a_step_is_a_part_of_it():
    """Two steps, the first of which holds four: each of those is an eighth of the whole."""
    progress = BuildProgress()
    progress.start("build", None, 2)
    progress.start("timing", "build", 4)
    shares = []
    for step in range(4):
        progress.step("timing", step)
        shares.append(progress.share)
    progress.finish("timing")
    progress.step("build", 0)
    shares.append(progress.share)
    progress.finish("build")
    assert shares == [0.125, 0.25, 0.375, 0.5, 0.5]
    assert progress.share == 1.0


def test_it_never_falls():
    """A phase that begins late, inside one that has gone on, takes nothing back."""
    progress = BuildProgress()
    progress.start("build", None, 4)
    progress.step("build", 1)
    progress.start("late", "build", 10)
    assert progress.share == 0.5
    progress.start("another build", None, 10)
    assert progress.share == 0.5


def test_what_makes_no_sense_is_passed_over():
    """TensorRT owes nobody an order: unknown phases, no steps, and more steps than there are."""
    progress = BuildProgress()
    progress.step("unknown", 3)
    progress.finish("unknown")
    assert progress.share == 0.0
    progress.start("build", "unknown", 0)
    progress.step("build", 7)
    assert progress.share == 1.0
