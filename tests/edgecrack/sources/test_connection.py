"""What the system says about a server: nothing while it answers, its reason otherwise."""

import errno
import os

from edgecrack.sources.connection import connection_problem


def test_a_server_that_answers_is_no_problem(serve_with):
    """Whatever it would answer with."""
    assert connection_problem(f"{serve_with(print)}/a") is None


def test_a_port_where_nobody_listens_is_refused():
    """The reason is the system's."""
    assert connection_problem("rtsp://127.0.0.1:9/a") == os.strerror(errno.ECONNREFUSED)


def test_a_port_that_cannot_be_is_a_problem():
    """It is told as one, and nothing is raised."""
    assert connection_problem("http://127.0.0.1:99999/a") is not None


def test_a_piece_of_a_password_is_never_the_reason():
    """A slash in a password ends the host early, and what stands before it is taken for a port."""
    assert "s3cret" not in connection_problem("rtsp://joe:s3cret/x@cam/1")
