"""The run's figures as HTML tables and lists; an unknown figure is a dash."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from edgecrack.run_reader import look_up, number

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = Mapping[str, object]

DASH = "\N{EN DASH}"
STAGES = ("decode", "infer", "mask", "measure", "emit")
STAGE_COLUMNS = ("p50_ms", "p95_ms", "p99_ms", "core_ms")


@dataclass(frozen=True, slots=True)
class Score:
    """How well the run's masks agree with the true masks of the synthetic drive.

    Attributes:
        name: What was scored, such as "F1, 5 px".
        f1: 0 to 1.
        precision: 0 to 1, or None.
        recall: 0 to 1, or None.
        protocol: True masks, tolerance and number of frames, as text.
    """

    name: str
    f1: float
    precision: float | None
    recall: float | None
    protocol: str


def figure(value: object, digits: int = 1, unit: str = "") -> str:
    """Return a number as text, or a dash.

    >>> figure(1234.56), figure(0.5, 2, " MB"), figure(None) == figure(float("nan")) == DASH
    ('1,234.6', '0.50 MB', True)
    """
    known = number(value)
    if known is None or not math.isfinite(known):
        return DASH
    return f"{known:,.{digits}f}{escape(unit)}"


def words(value: object) -> str:
    """Return any JSON value as escaped text, or a dash for an empty one.

    >>> words("a<b"), words(None) == DASH, words(["x", {"name": "y", "terms": "z"}])
    ('a&lt;b', True, 'x; y, z')
    """
    if isinstance(value, Mapping):
        text = ", ".join(words(part) for part in value.values() if part is not None)
    elif isinstance(value, (list, tuple)):
        text = "; ".join(words(part) for part in value)
    else:
        text = "" if value is None else escape(str(value))
    return text or DASH


def speed_table(report: Json) -> str:
    """Return the table of time by stage, and from capture to result."""
    rows = [(name, look_up(report, "stages", name)) for name in STAGES]
    rows.append(("capture to result", look_up(report, "capture_to_result_ms")))
    body = "".join(
        f'<tr><th scope="row">{name}</th><td>{figure(look_up(times, "count"), 0)}</td>'
        + "".join(f"<td>{figure(look_up(times, key))}</td>" for key in STAGE_COLUMNS)
        + "</tr>"
        for name, times in rows
    )
    return (
        "<table><caption>Milliseconds a frame, stage by stage. p50: half of the frames took less. "
        'CPU: summed over all cores.</caption><thead><tr><th scope="col">Stage</th>'
        '<th scope="col">Frames</th><th scope="col">p50</th><th scope="col">p95</th>'
        '<th scope="col">p99</th><th scope="col">CPU</th>'
        f"</tr></thead><tbody>{body}</tbody></table>"
    )


def counts(report: Json) -> str:
    """Return how many frames went in, were inferred, were dropped and came out."""
    cpu_ms = figure(look_up(report, "core_ms_per_frame"), 1, " ms")
    beside_ms = figure(look_up(report, "overhead_core_ms"), 1, " ms")
    facts = (
        ("Frames in", figure(look_up(report, "frames_in"), 0)),
        ("Frames seen by the network", figure(look_up(report, "frames_inferred"), 0)),
        ("Frames dropped", _dropped(look_up(report, "frames_dropped"))),
        *_standing(look_up(report, "frames_dropped", "standstill")),
        ("Frames out", figure(look_up(report, "frames_out"), 0)),
        *_road(look_up(report, "road")),
        ("Frames a second in", figure(look_up(report, "fps_in"))),
        ("Frames a second out", figure(look_up(report, "fps_out"))),
        ("Duration of the run", figure(look_up(report, "wall_s"), 1, " s")),
        ("CPU time a frame", f"{cpu_ms} <small>of which not inference: {beside_ms}</small>"),
    )
    return definitions(facts)


def _road(totals: object) -> tuple[tuple[str, str], ...]:
    """Return what is known of the road; nothing where the network does not say what is road."""
    if not isinstance(totals, Mapping):
        return ()
    shares = {
        "Road in the picture": number(look_up(totals, "mean_road_share")),
        "Cracks on the road": number(look_up(totals, "mean_crack_share_of_road")),
    }
    return (
        ("Frames without road", figure(look_up(totals, "frames_without_road"), 0)),
        *(
            (name, figure(None if share is None else 100 * share, 2, " %"))
            for name, share in shares.items()
        ),
    )


def _standing(frames: object) -> tuple[tuple[str, str], ...]:
    """Return how many frames were left out on purpose; nothing where none was."""
    return (("Frames left out at a standstill", figure(frames, 0)),) if number(frames) else ()


def _dropped(by_stage: object) -> str:
    """Return the frames dropped, and of which stage they are."""
    if not isinstance(by_stage, Mapping):
        return DASH
    lost = {str(stage): number(count) or 0 for stage, count in by_stage.items()}
    lost.pop("standstill", None)
    stages = ", ".join(f"{escape(stage)} {figure(n, 0)}" for stage, n in lost.items() if n)
    return figure(sum(lost.values()), 0) + (f" <small>of which {stages}</small>" if stages else "")


def what_ran(run: Json, report: Json) -> str:
    """Return the model, the terms of its weights, and the device it ran on."""
    memory = number(look_up(report, "peak_memory_bytes"))
    digest = look_up(run, "model", "sha256") or look_up(report, "bundle", "sha256")
    ended = look_up(run, "exit_reason")
    facts = (
        ("Source", words(look_up(run, "source", "name"))),
        ("Positions from", words(look_up(run, "position"))),
        ("Region looked at, from the top left", _region(look_up(run, "region"))),
        ("Input of the network", _input(look_up(run, "input"))),
        ("Model", words(look_up(run, "model", "name") or look_up(report, "bundle", "name"))),
        (
            "Release",
            words(look_up(run, "model", "release") or look_up(report, "bundle", "release")),
        ),
        ("SHA-256", f"<code>{words(str(digest)[:16] if digest else None)}</code>"),
        ("Licence of the weights", words(look_up(run, "model", "licence"))),
        ("Terms of the training data", words(look_up(run, "model", "data_terms"))),
        ("Backend", words(look_up(report, "backend"))),
        ("Precision", words(look_up(report, "precision"))),
        ("Device", _device(look_up(report, "device"))),
        ("Peak memory", figure(None if memory is None else memory / 1e6, 0, " MB")),
        ("edgecrack version", words(look_up(run, "edgecrack"))),
        ("Run", f"<code>{words(look_up(run, 'run_id'))}</code>"),
        ("Ended by", "not ended, or cut off" if ended == "running" else words(ended)),
    )
    return definitions(facts)


def _region(region: object) -> str:
    keys = ("width_px", "height_px", "x_px", "y_px")
    sides = [words(look_up(region, key)) for key in keys]
    return DASH if DASH in sides else "{} x {} px at {}, {}".format(*sides)


def _input(size: object) -> str:
    sides = [words(look_up(size, key)) for key in ("width_px", "height_px", "scale")]
    return DASH if DASH in sides else "{} x {} px, picture scaled by {}".format(*sides)


def _device(device: object) -> str:
    """Return the machine, each figure with what it counts."""
    if not isinstance(device, Mapping):
        return words(device)
    known = {key: value for key, value in device.items() if value is not None}
    return "; ".join(f"{words(key)} {words(value)}" for key, value in known.items()) or DASH


def accuracy(scores: Sequence[Score]) -> str:
    """Return the section of scores, each with its protocol; nothing where there is no score."""
    if not scores:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(score.name)}</th>'
        f"<td>{figure(100 * score.f1)}</td><td>{_percent(score.precision)}</td>"
        f'<td>{_percent(score.recall)}</td></tr><tr class="protocol"><td colspan="4">'
        f"{escape(score.protocol)}</td></tr>"
        for score in scores
    )
    return (
        '<section class="accuracy" aria-labelledby="score-title"><h2 id="score-title">Accuracy</h2>'
        "<table><caption>Against the drive&rsquo;s true masks, in percent</caption><thead><tr>"
        '<th scope="col">Score</th><th scope="col">F1</th><th scope="col">Precision</th>'
        f'<th scope="col">Recall</th></tr></thead><tbody>{rows}</tbody></table>'
        '<p class="note">The road is rendered, not filmed: this score shows that all steps work '
        "together. The scores on real pictures are in the model&rsquo;s manifest.</p></section>"
    )


def definitions(facts: Sequence[tuple[str, str]]) -> str:
    """Return (name, value) pairs as an HTML definition list; both must be HTML already."""
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f"<dl>{items}</dl>"


def _percent(share: float | None) -> str:
    return figure(None if share is None else 100 * share)
