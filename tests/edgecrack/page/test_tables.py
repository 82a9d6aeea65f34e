"""The figures as HTML."""

from edgecrack.page.tables import DASH, Score, counts, score_table, speed_table, what_ran


def test_unknown_figures_are_dashes():
    """Empty reports and nonsense in place of numbers make dashes, not exceptions."""
    nonsense = {"stages": {"infer": "fast"}, "frames_dropped": 3, "fps_out": "12"}
    for report in ({}, nonsense):
        assert DASH in counts(report)
        assert speed_table(report).count(f"<td>{DASH}</td>") == 6 * 5
    assert what_ran({}, {}).count(DASH) == 12


def test_drops_of_all_stages_are_added_up():
    """Two stages' drops show as their sum."""
    shown = counts({"frames_dropped": {"capture": 3, "overlay": 4}})
    assert "<dt>Dropped</dt><dd>7</dd>" in shown


def test_what_a_run_says_is_escaped():
    """Markup in a name stays text."""
    shown = what_ran({"model": {"name": "<script>", "data_terms": ["a & b"]}}, {})
    assert "&lt;script&gt;" in shown
    assert "a &amp; b" in shown
    assert "<script" not in shown


def test_a_score_never_stands_without_its_protocol():
    """The protocol follows the figures; without scores a sentence says so."""
    shown = score_table([Score("F1, 5 px", 0.5, None, 0.25, "all frames, 5 px")])
    assert shown.index("50.0") < shown.index("all frames, 5 px")
    assert f"<td>{DASH}</td><td>25.0</td>" in shown
    assert "nothing was scored" in score_table([])
