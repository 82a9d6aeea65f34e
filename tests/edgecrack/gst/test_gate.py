"""One picture for each time that one is asked for, with real threads."""

import threading

from edgecrack.gst.gate import Gate

PATIENCE_S = 30


def offered(gate, count):
    """Offer pictures in a thread of their own; return it, and what became of them."""
    became = []

    def offer():
        for _ in range(count):
            became.append(gate.admits())  # noqa: PERF401  one by one

    thread = threading.Thread(target=offer, daemon=True)
    thread.start()
    return thread, became


def test_nothing_passes_that_nobody_asked_for():
    """Each request lets one through; two requests at once are one."""
    gate = Gate(lambda: False)
    thread, became = offered(gate, 2)
    assert became == []
    gate.ask()
    gate.ask()
    while not became:
        thread.join(0.01)
    thread.join(0.05)
    assert became == [True]
    gate.ask()
    thread.join(PATIENCE_S)
    assert became == [True, True]


def test_an_older_picture_makes_way_for_a_newer_one():
    """It is dropped, and the request stays."""
    newer = iter([True, True, False, False])
    gate = Gate(lambda: next(newer))
    gate.ask()
    thread, became = offered(gate, 3)
    thread.join(PATIENCE_S)
    assert became == [False, False, True]


def test_at_the_end_nobody_waits():
    """A pipeline can be stopped while a picture is held."""
    gate = Gate(lambda: False)
    thread, became = offered(gate, 3)
    gate.open()
    thread.join(PATIENCE_S)
    assert became == [True, True, True]
