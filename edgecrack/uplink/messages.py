"""What the unit tells, and where: topics and JSON of status, health, cracks and events.

====================================  ====================================  ==================
topic                                 what                                  retained
====================================  ====================================  ==================
``edgecrack/UNIT/availability``       ``online`` or ``offline`` (the Will)  yes
``edgecrack/UNIT/status``             figures and parts, each N seconds     yes
``edgecrack/UNIT/health``             the parts, whenever one changes       yes
``edgecrack/UNIT/cracks``             the GeoJSON Feature of a record       no
``edgecrack/UNIT/pictures/RUN/N.png`` the mask of a crack                   no
``edgecrack/UNIT/events/NAME``        what other programs left in the spool no
====================================  ====================================  ==================

Each carries its ``id``, in the JSON and as the MQTT user property ``id``: it is the same when the
message comes a second time, which QoS 1 allows.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.sinks.geojson import to_feature
from edgecrack.sinks.png import png_bytes
from edgecrack.uplink.message import Kind, Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.conditions import Condition
    from edgecrack.records import Observation

ONLINE, OFFLINE = b"online", b"offline"
_NAMESPACE = uuid.UUID("6f9c3a52-6f0e-5a53-9a0f-3d8f6b1c7e44")


@dataclass(frozen=True, slots=True)
class Figures:
    """How far a run is.

    Attributes:
        run_id: What ties its records together.
        frames: Frames processed.
        frames_with_crack: Those with a crack.
        fps: Rate of results; None until it is known.
        model_sha256: Digest of the model's bundle.
    """

    run_id: str
    frames: int
    frames_with_crack: int
    fps: float | None
    model_sha256: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of cracks.

    Attributes:
        unit: The unit's name.
        run_id: What ties the records of a run together.
        folder: Name of the folder that holds them.
        frames: Whether evidence pictures are kept, so that a message may name them.
        pictures: Whether masks are sent, too.
    """

    unit: str
    run_id: str
    folder: str
    frames: bool = True
    pictures: bool = False


def topic_of(unit: str, *levels: str) -> str:
    """Return a topic of a unit.

    Example:
        >>> topic_of("van-7", "availability")
        'edgecrack/van-7/availability'
    """
    return "/".join(("edgecrack", unit, *levels))


def message_id(*what: object) -> str:
    """Return an id that is the same for the same thing (UUID version 5, RFC 9562).

    Example:
        >>> message_id("run", "crack", 7) == message_id("run", "crack", 7)
        True
        >>> message_id("run", "crack", 7) == message_id("run", "crack", 8)
        False
    """
    return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, what))))


def crack_message(told: Told, observation: Observation) -> Message:
    """Return the record of an observation: its Feature, with id, unit, folder and model beside.

    Args:
        told: Of which unit, run and folder.
        observation: With a crack.
    """
    feature = to_feature(observation, frames=told.frames, run_id=told.run_id)
    id_ = message_id(told.run_id, "crack", observation.frame.index)
    model_sha256 = observation.detection.model_sha256
    more = {"unit": told.unit, "folder": told.folder, "model_sha256": model_sha256}
    payload = _json({"id": id_, **feature, **more})
    return Message(id_, topic_of(told.unit, "cracks"), payload, Kind.CRACK)


def picture_message(told: Told, observation: Observation) -> Message:
    """Return the mask of an observation as PNG, under a topic that says of which frame."""
    index = observation.frame.index
    id_ = message_id(told.run_id, "picture", index)
    topic = topic_of(told.unit, "pictures", told.run_id, f"{index:08d}.png")
    return Message(id_, topic, png_bytes(observation.mask, b""), Kind.PICTURE)


def status_message(
    unit: str, id_: str, figures: Figures | None, more: Mapping[str, object]
) -> Message:
    """Return the status of a unit.

    Args:
        unit: The unit's name.
        id_: The message's.
        figures: How far the run is; None while there is none.
        more: What else there is to tell, such as the parts.
    """
    run = {
        "run_id": figures and figures.run_id,
        "frames": figures.frames if figures else 0,
        "frames_with_crack": figures.frames_with_crack if figures else 0,
        "fps": round(figures.fps, 2) if figures and figures.fps is not None else None,
        "model_sha256": figures and figures.model_sha256,
    }
    payload = _json({"id": id_, "unit": unit, **run, **more})
    return Message(id_, topic_of(unit, "status"), payload, Kind.STATUS)


def health_message(unit: str, id_: str, more: Mapping[str, object]) -> Message:
    """Return what each part does, because one of them does something else than before."""
    payload = _json({"id": id_, "unit": unit, **more})
    return Message(id_, topic_of(unit, "health"), payload, Kind.STATUS)


def parts_of(
    conditions: Mapping[str, Condition], now_s: float | None = None
) -> dict[str, dict[str, object]]:
    """Return part -> state, reason and, where the time is given, for how many seconds."""
    now_s = time.monotonic() if now_s is None else now_s
    return {
        part: {
            "state": condition.state,
            "reason": condition.reason,
            "for_s": max(0, round(now_s - condition.since_s)),
        }
        for part, condition in sorted(conditions.items())
    }


def event_message(unit: str, id_: str, name: str, content: Mapping[str, object]) -> Message:
    """Return an event of another program: what it left, with its id and the unit's name."""
    payload = _json({**content, "id": id_, "unit": unit})
    return Message(id_, topic_of(unit, "events", name), payload, Kind.EVENT)


def _json(content: Mapping[str, object]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
