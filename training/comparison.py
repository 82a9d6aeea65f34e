"""How a run's best epoch compares with the weights it started from, on the same pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """One figure before and after, in percent.

    Attributes:
        label: What was measured.
        start_percent: That of the weights the run started from.
        best_percent: That of the run's best epoch.
    """

    label: str
    start_percent: float
    best_percent: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run's best epoch beside its start.

    Attributes:
        best_epoch: The number of the best epoch; 0 if none was better than the start.
        rows: F1 of each set with crack labels, the false alarms of each set without, the quality.
    """

    best_epoch: int
    rows: tuple[Row, ...]


def compare(entries: Sequence[Mapping[str, Any]]) -> Comparison | None:
    """Compare the best epoch in metrics.jsonl with epoch 0; None for a run from random weights.

    Args:
        entries: What metrics.jsonl says of each epoch.

    Example:
        >>> def entry(number, f1):
        ...     scores = {"road": {"ods": {"f1": f1}, "protocol": {"tolerance_px": 2.0}}}
        ...     validation = {"scores": scores, "alarms": {}, "quality": f1}
        ...     return {"number": number, "is_best": True, "validation": validation}
        >>> compare([entry(0, 0.5), entry(1, 0.75)]).rows[0]
        Row(label='road, F1 within 2 px', start_percent=50.0, best_percent=75.0)
        >>> compare([entry(1, 0.75)]) is None
        True
    """
    validations = {entry["number"]: entry["validation"] for entry in entries}
    best_epoch = max((entry["number"] for entry in entries if entry.get("is_best")), default=None)
    if 0 not in validations or best_epoch is None:
        return None
    start, best = dict(_figures(validations[0])), dict(_figures(validations[best_epoch]))
    rows = [Row(label, 100 * start[label], 100 * value) for label, value in best.items()]
    return Comparison(best_epoch, tuple(rows))


def _figures(validation: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield each figure of a validation, 0 to 1, with what it is."""
    for name, score in validation["scores"].items():
        yield f"{name}, F1 within {score['protocol']['tolerance_px']:g} px", score["ods"]["f1"]
    for name, alarms in validation["alarms"].items():
        for area, share in (("not road", alarms["not_road"]), ("paint", alarms["paint"])):
            if share is not None:
                yield f"{name}, marked of {area}", share
    yield "quality", validation["quality"]
