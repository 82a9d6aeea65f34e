"""What Prometheus reads, by its own parser."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from edgecrack.conditions import Condition
from edgecrack.health import metrics as metrics_module
from edgecrack.health.metrics import metrics_text
from edgecrack.health.snapshot import HealthSnapshot, Vitals
from edgecrack.rates import BUCKETS_MS, Distribution
from edgecrack.records import ModelIdentity
from tests.edgecrack.health.health_parts import LOOP, WELL


def parsed(snapshot):
    """Return (name, labels) -> value."""
    return {
        (sample.name.removeprefix("edgecrack_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics_text(snapshot))
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("build_info", {"version": "0.1.0"}, 1),
        ("frames_in_total", {}, 100),
        ("frames_inferred_total", {}, 60),
        ("frames_out_total", {}, 58),
        ("frames_with_crack_total", {}, 7),
        ("frames_dropped_total", {"stage": "stale"}, 2),
        ("fixes_total", {"quality": "interpolated"}, 50),
        ("last_frame_age_seconds", {}, 0.5),
        ("loop_turn_age_seconds", {}, 0.1),
        ("condition_info", {"part": "capture", "state": "capturing"}, 1),
        ("condition_seconds", {"part": "survey", "state": "surveying"}, 980),
        ("outbox_messages", {}, 12),
        ("written_bytes_total", {}, 8000),
        ("written_bytes_per_frame", {}, 100),
        ("temperature_celsius", {}, 61.5),
        ("disk_free_bytes", {}, 10**9),
        ("resident_bytes", {}, 50 * 2**20),
        ("open_descriptors", {}, 33),
        ("threads", {}, 14),
        ("cpu_seconds_total", {}, 12.25),
        (
            "model_info",
            {"name": "vehicle", "release": "1.2", "sha256": "ab" * 32,
             "backend": "TensorRT", "precision": "fp16"},
            1,
        ),
    ],
)  # fmt: skip
def test_each_figure_is_there_under_its_name(name, labels, value):
    """In base units, with labels where there is one figure for each of several things."""
    assert parsed(WELL)[name, tuple(sorted(labels.items()))] == pytest.approx(value)


def test_a_histogram_is_cumulative_and_in_seconds():
    """Its buckets count everything up to their ends; the last one holds all."""
    told = parsed(WELL)

    def bucket(end):
        return told["stage_seconds_bucket", (("le", end), ("stage", "infer"))]

    assert [bucket(end) for end in ("0.001", "0.0025", "0.005", "0.01", "+Inf")] == [1, 3, 6, 6, 6]
    assert told["stage_seconds_count", (("stage", "infer"),)] == 6
    assert told["stage_seconds_sum", (("stage", "infer"),)] == pytest.approx(0.0125)
    assert told["capture_to_result_seconds_count", ()] == 6


def test_a_value_lies_in_the_bucket_that_ends_with_it():
    """An end belongs to its bucket; what is above all ends is counted too."""
    times = Distribution(skip=1)
    for value_ms in (7.0, 1.0, 1.1, 30_000.0, 30_000.1):
        times.add(value_ms)
    histogram = times.histogram()
    assert (histogram.counts[0], histogram.counts[1], sum(histogram.counts)) == (1, 1, 4)
    assert histogram.counts[-2:] == (1, 1)
    assert histogram.total_ms == pytest.approx(60_002.2)
    assert len(histogram.counts) == len(BUCKETS_MS) + 1


def test_what_is_not_known_is_absent():
    """Before the first frame, and where the system tells nothing, no figure is made up."""
    told = {name for name, _ in parsed(HealthSnapshot("0.1.0", 1.0, 0.0, False, 1.0))}  # noqa: FBT003
    assert told == {"build_info", "up_seconds", "loop_turn_age_seconds"}
    no_frame = replace(LOOP, last_frame_s=None, model=None, frames_seen=0)
    told = {name for name, _ in parsed(replace(WELL, loop=no_frame, vitals=Vitals()))}
    absent = {"last_frame_age_seconds", "model_info", "written_bytes_per_frame", "threads"}
    assert not absent & told


def test_the_page_of_the_metrics_names_each():
    """Whoever writes an alarm finds every metric in the table, with its type."""
    page = metrics_module.__doc__
    for family in text_string_to_metric_families(metrics_text(WELL)):
        name = family.name.removeprefix("edgecrack_")
        if name != "outbox_messages":  # of another room
            assert name in page, name
            assert family.type in page


@example('a"b\\c\nd\\n', "\r\t\u2028", float("inf"))
@settings(max_examples=25, deadline=None)
@given(st.text(), st.text(), st.floats())
def test_no_text_of_others_breaks_the_format(name, release, value):
    """Names of models and states, whatever is in them, come back as they were."""
    loop = replace(LOOP, model=ModelIdentity(name, release, ""), gauges={"depth": value})
    conditions = {"capture": Condition("capture", release)}
    families = list(
        text_string_to_metric_families(
            metrics_text(replace(WELL, loop=loop, conditions=conditions))
        )
    )
    (model,) = [f.samples[0] for f in families if f.name == "edgecrack_model_info"]
    assert (model.labels["name"], model.labels["release"]) == (name, release)
    (depth,) = [f.samples[0].value for f in families if f.name == "edgecrack_depth"]
    assert depth == value or (depth != depth and value != value)  # noqa: PLR0124  NaN
