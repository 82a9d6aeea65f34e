"""The report: JSON however short the run, and processor time shared out without rest."""

import json
from dataclasses import replace

import pytest

from edgecrack.device import describe_device
from edgecrack.meter import STAGES
from edgecrack.records import ModelIdentity
from edgecrack.report import InputSize, Setup, Totals, make_report
from tests.edgecrack.test_meter import measured

SETUP = Setup(
    backend="fake",
    backend_choice="asked for",
    decoder="software",
    precision="none",
    input=InputSize(12, 8),
    model_macs=5,
    frames_at_once=2,
    device=describe_device(),
    bundle=ModelIdentity("tiny", "1", "0" * 64),
)


def report(frames):
    """Return the report of a run of frames with known times."""
    totals = Totals(
        frames_in=frames + 3,
        dropped={"source": 3},
        wall_s=1.5,
        process_cpu_s=0.020 * max(frames, 1),
        infer_cpu_s=0.001 * frames,
        peak_memory_bytes=123_456,
    )
    return make_report(measured(frames).snapshot(), totals, SETUP)


@pytest.mark.parametrize("frames", [0, 1, 2, 5, 6, 7, 100])
def test_a_report_is_json_however_short_the_run(frames):
    """No run makes a report with a number that JSON does not have."""
    values = report(frames).as_json()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["frames_in"] == values["frames_inferred"] + values["frames_dropped"]["source"]
    assert (values["fps_out"] is None) == (frames < 7)
    assert values["peak_memory_bytes"] == 123_456
    assert values["input"] == {"width_px": 12, "height_px": 8}


def test_figures_are_rounded_to_a_thousandth():
    """No figure pretends to more than it can hold."""
    totals = Totals(3, {}, 1.23456, 0.1234567, 0.0001234567, 1)
    figures = make_report(measured(7).snapshot(), totals, SETUP)
    assert figures.wall_s == 1.235
    assert figures.core_ms_per_frame == 17.637
    assert figures.overhead_core_ms == 11.619
    assert figures.stages["infer"].core_ms == 6.018
    odd = replace(measured(9).snapshot(), fps_in=33.33333, fps_out=12.34567)
    assert make_report(odd, totals, SETUP).fps_in == 33.333
    assert make_report(odd, totals, SETUP).fps_out == 12.346


def test_processor_time_is_shared_out_without_rest():
    """What no other stage took is the decoder's, and everything but inference is overhead."""
    figures = report(100)
    core_ms = {stage: figures.stages[stage].core_ms for stage in STAGES}
    assert core_ms == pytest.approx(
        {"decode": 9.5, "infer": 7.0, "mask": 1.0, "measure": 0.5, "emit": 2.0}
    )
    assert figures.core_ms_per_frame == pytest.approx(sum(core_ms.values())) == 20.0
    assert figures.overhead_core_ms == 13.0
