"""Progress where there is no terminal: lines, now and then."""

from edgecrack.commands.progress import ProgressLines, progress_bars


def test_a_line_comes_every_ten_seconds():
    """With the total where it is known, and never two within ten seconds."""
    now_s, lines = [0.0], []
    show = ProgressLines(lines.append, lambda: now_s[0])
    for done in range(1, 31):
        now_s[0] += 1
        show("frames", done, 40 if done > 15 else None)
    assert lines == ["10 frames", "20 of 40 frames", "30 of 40 frames"]


def test_lines_go_to_stderr_where_it_is_no_terminal(capsys, monkeypatch):
    """Standard output stays with the results."""
    monkeypatch.setattr("edgecrack.commands.progress._LINE_EACH_S", 0.0)
    with progress_bars() as show:
        show("frames", 3, 9)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "3 of 9 frames\n")
