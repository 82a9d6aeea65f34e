"""What each sign on the map means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.page.tables import figure
from edgecrack.page.track_map import CLASSES, grade_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.run_reader import CrackFrame

_SIGNS = {
    "track": '<path class="road" d="M2 8H26"/><path class="track" d="M2 8H26"/>',
    "end": '<circle class="end" cx="14" cy="8" r="4"/>',
    "vehicle": '<path class="arrow" d="M14 1 19 14 14 11 9 14Z"/>',
    "across": '<path class="tick plain" d="M14 1V15"/>',
    "dot": '<circle class="dot plain" cx="14" cy="8" r="4"/>',
    "selected": '<path class="tick plain selected" d="M14 1V15"/>',
}


def map_key(shown: Sequence[CrackFrame], of_what: str, *, has_track: bool) -> str:
    """Return the key to the signs that ``draw_map`` draws, as an HTML list.

    Args:
        shown: The frames on the page.
        of_what: What a share of crack is a share of.
        has_track: Whether the map shows the driven track.
    """
    located = [frame for frame in shown if frame.place_deg is not None]
    signs = []
    if located:
        signs.append(_colours(shown, of_what))
    if any(frame.heading_deg is not None for frame in located):
        signs.append(_sign("across", "frame with cracks, drawn across the direction of travel"))
    if any(frame.heading_deg is None for frame in located):
        signs.append(_sign("dot", "frame with cracks, direction of travel not known"))
    if located:
        signs.append(_sign("selected", "the frame shown"))
    if has_track:
        signs.append(_sign("track", "driven track"))
        signs.append(_sign("end", "its start and end"))
        signs.append(_sign("vehicle", "the vehicle at the time of the video"))
    return f'<ul class="key">{"".join(signs)}</ul>' if signs else ""


def _colours(shown: Sequence[CrackFrame], of_what: str) -> str:
    """Return the classes of crack area with the colour of each."""
    edges = [figure(100 * bound, 2) for bound in grade_bounds(shown)]
    labels = [f"up to {edges[0]}", *(f"over {edge}" for edge in edges)]
    items = "".join(
        f'<span><i class="g{number}"></i>{label}</span>'
        for number, label in zip(range(CLASSES), labels, strict=True)
    )
    return f'<li class="colours">Crack in % of the {of_what}: {items}</li>'


def _sign(name: str, meaning: str) -> str:
    return f'<li><svg viewBox="0 0 28 16" aria-hidden="true">{_SIGNS[name]}</svg>{meaning}</li>'
