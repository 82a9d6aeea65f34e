"""The figures as HTML."""

from edgecrack.page.tables import DASH, Score, counts, score_table, speed_table, what_ran


def test_unknown_figures_are_dashes():
    """Empty reports and text in place of numbers give dashes, not exceptions."""
    text = {"stages": {"infer": "fast"}, "frames_dropped": 3, "fps_out": "12"}
    for report in ({}, text):
        assert DASH in counts(report)
        assert speed_table(report).count(f"<td>{DASH}</td>") == 6 * 5
    assert what_ran({}, {}).count(DASH) == 12


def test_dropped_frames_of_all_stages_are_added_up():
    """Two stages' drops show as their sum."""
    html = counts({"frames_dropped": {"capture": 3, "overlay": 4}})
    assert "<dt>Dropped</dt><dd>7</dd>" in html


def test_the_values_of_a_run_are_escaped():
    """Markup in a name stays text."""
    html = what_ran({"model": {"name": "<script>", "data_terms": ["a & b"]}}, {})
    assert "&lt;script&gt;" in html
    assert "a &amp; b" in html
    assert "<script" not in html


def test_a_score_is_followed_by_its_protocol():
    """The protocol is below the figures; without scores there is no table."""
    html = score_table([Score("F1, 5 px", 0.5, None, 0.25, "all frames, 5 px")])
    assert html.index("50.0") < html.index("all frames, 5 px")
    assert f"<td>{DASH}</td><td>25.0</td>" in html
    assert "<table" not in score_table([])
