"""A function in a process of its own: what either side sees when the other one goes."""

import math
import multiprocessing
import os
import subprocess

import pytest

from edgecrack.bench.apart import apart
from edgecrack.child_process import child_command
from edgecrack.errors import EdgecrackError, InputError


def refuse():
    """Refuse."""
    raise InputError("it cannot be")


def test_it_answers_as_it_would_here():
    """Its result, or its error."""
    assert apart("the sum", math.fsum, [1.0, 2.0]) == 3.0
    with pytest.raises(InputError, match="it cannot be"):
        apart("the refusal", refuse)


def test_a_process_that_ends_without_an_answer_is_told():
    """With its exit status."""
    with pytest.raises(EdgecrackError, match=r"the end must come to an end, but .* ended with 3"):
        apart("the end", os._exit, 3)


def test_a_process_that_is_asked_nothing_ends_without_a_word():
    """Whoever started it was ended at once, by Ctrl-C."""
    ours, theirs = multiprocessing.Pipe()
    command = child_command("edgecrack.bench.apart", str(theirs.fileno()))
    with subprocess.Popen(
        command, pass_fds=(theirs.fileno(),), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        theirs.close()
        ours.close()
        assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 0
