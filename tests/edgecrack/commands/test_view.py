"""``edgecrack view``, as a person types it."""

import pytest


@pytest.mark.slow
def test_view_says_where_the_page_of_a_run_lies(command, surveyed, tmp_path):
    """A page is written in the run's folder or where --out says, and its place is printed."""
    _, run = surveyed
    page = tmp_path / "new" / "page.html"
    ended = command("view", run, "--out", page)
    assert (ended.code, ended.stdout, ended.stderr) == (0, f"Look at {page}\n", "")
    assert page.read_text().endswith("</html>\n")

    (tmp_path / "run.json").write_text("{}")
    ended = command("view", tmp_path)
    assert (ended.code, ended.stdout) == (0, f"Look at {tmp_path / 'index.html'}\n")


@pytest.mark.slow
def test_view_refuses_what_is_no_run_and_what_is_no_page(command, surveyed, tmp_path):
    """A folder without a run is 66; a file that is no page is 74 and stays as it is."""
    _, run = surveyed
    command("view", tmp_path).refused(66, str(tmp_path), "run.json")
    notes = tmp_path / "notes.html"
    notes.write_text("mine")
    command("view", run, "--out", notes).refused(74, str(notes))
    assert notes.read_text() == "mine"
