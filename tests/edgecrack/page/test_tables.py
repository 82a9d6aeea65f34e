"""The figures as HTML."""

from edgecrack.page.tables import DASH, Score, accuracy, counts, speed_table, what_ran


def test_unknown_figures_are_dashes():
    """Empty reports and text in place of numbers give dashes, not exceptions."""
    text = {"stages": {"infer": "fast"}, "frames_dropped": 3, "fps_out": "12"}
    for report in ({}, text):
        assert DASH in counts(report)
        assert speed_table(report).count(f"<td>{DASH}</td>") == 6 * 5
    assert what_ran({}, {}).count(DASH) == 16


def test_frames_left_out_at_a_standstill_are_no_drops():
    """They have a row of their own, and none where there are none."""
    html = counts({"frames_dropped": {"source": 3, "standstill": 40}})
    assert "<dt>Frames dropped</dt><dd>3 <small>of which source 3</small></dd>" in html
    assert "<dt>Frames left out at a standstill</dt><dd>40</dd>" in html
    assert "standstill" not in counts({"frames_dropped": {"source": 3, "standstill": 0}})


def test_dropped_frames_of_all_stages_are_added_up():
    """Two stages' drops show as their sum, with what each of them dropped."""
    html = counts({"frames_dropped": {"capture": 3, "overlay": 4, "source": 0}})
    dropped = "<dd>7 <small>of which capture 3, overlay 4</small></dd>"
    assert f"<dt>Frames dropped</dt>{dropped}" in html


def test_a_part_of_a_total_stands_with_its_total():
    """The CPU time that is not inference is in the same row as the CPU time it is part of."""
    html = counts({"core_ms_per_frame": 7.5, "overhead_core_ms": 6.0})
    (row,) = [row for row in html.split("<div>") if "CPU time" in row]
    assert row.index("7.5 ms") < row.index("of which not inference: 6.0 ms")


def test_the_values_of_a_run_are_escaped():
    """Markup in a name stays text."""
    html = what_ran({"model": {"name": "<script>", "data_terms": ["a & b"]}}, {})
    assert "&lt;script&gt;" in html
    assert "a &amp; b" in html
    assert "<script" not in html


def test_the_scaling_of_a_picture_is_said():
    """The network's input, and how many pixels of it one pixel of the picture became."""
    size = {"width_px": 960, "height_px": 540, "scale": 0.75}
    assert "960 x 540 px, picture scaled by 0.75" in what_ran({"input": size}, {})


def test_a_score_is_followed_by_its_protocol():
    """The protocol is below the figures; without scores there is no section."""
    html = accuracy([Score("F1, 5 px", 0.5, None, 0.25, "all frames, 5 px")])
    assert html.index("50.0") < html.index("all frames, 5 px")
    assert f"<td>{DASH}</td><td>25.0</td>" in html
    assert accuracy([]) == ""


def test_the_road_stands_where_it_is_known():
    """Frames without road and both shares in percent; nothing of a network without that answer."""
    road = {"frames_without_road": 2, "mean_road_share": 0.25, "mean_crack_share_of_road": 0.125}
    html = counts({"road": road})
    for figure in ("<dd>2</dd>", "<dd>25.00 %</dd>", "<dd>12.50 %</dd>"):
        assert figure in html
    assert "road" not in counts({"road": None})
