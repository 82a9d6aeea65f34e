"""Sources played on a Jetson that is stood in for, and what was seen of them.

``python -m tests.edgecrack.gst.jetson.play RELEASE`` reads a `Job` a line, and writes what came of
it a line.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from edgecrack.errors import EdgecrackError
from edgecrack.sources import SourceSpec, open_source
from tests.edgecrack.gst.jetson.releases import install


@dataclass(frozen=True, slots=True)
class Job:
    """What to play.

    Attributes:
        address: The source.
        region_px: The region, or None.
        decoder: What is asked for.
        frames: How many frames to take; a file may have fewer.
        kept: Where to keep every tenth picture, as ``.npz``; empty keeps none.
        input_px: Width and height of the network's input.
    """

    address: str
    region_px: tuple[int, int, int, int] | None = None
    decoder: str = "auto"
    frames: int = 100
    kept: str = ""
    input_px: tuple[int, int] = (96, 64)


@dataclass(frozen=True, slots=True)
class Played:
    """What was seen.

    Attributes:
        frames: How many frames came.
        shapes: Shapes of the network's picture and of the evidence, over all frames.
        steps_ns: The least and the largest step from one frame's time to the next.
        likeness: The difference between the two sizes of a frame, over that to the next frame's,
            at its largest: below 1 they belong together.
        decoder: What decodes and scales, by the source's own account.
        why: And why.
        caps: Pad -> what went through it.
        decoder_values: What was set on the decoder.
        image_values: What was set on the network's converter.
    """

    frames: int
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]]
    steps_ns: tuple[int, int]
    likeness: float
    decoder: str
    why: str
    caps: dict[str, str]
    decoder_values: dict[str, int]
    image_values: dict[str, int]


def play(job: Job) -> Played:
    """Play a source."""
    spec = SourceSpec(address=job.address, region_px=job.region_px, decoder=job.decoder, live=False)
    with closing(open_source(spec, [job.input_px])) as source:
        frames = []
        for frame in source:
            frames += [] if frame is None else [frame]
            if len(frames) == job.frames:
                break
        if job.kept:
            some = frames[::10]
            image, evidence = ([getattr(f, name) for f in some] for name in ("image", "evidence"))
            np.savez(job.kept, image=image, evidence=evidence)
        pipeline = source._reader._pipeline  # type: ignore[attr-defined]  # noqa: SLF001
        steps_ns = np.diff([frame.pts_ns for frame in frames])
        return Played(
            frames=len(frames),
            shapes=sorted({(f.image.shape, f.evidence.shape) for f in frames}),
            steps_ns=(int(steps_ns.min()), int(steps_ns.max())),
            likeness=_likeness(frames),
            decoder=source.info.decoder,
            why=source.info.decoder_choice,
            caps=_caps(pipeline),
            decoder_values=_values(pipeline, "nvv4l2decoder"),
            image_values=_values(pipeline, "image-scale"),
        )


def _likeness(frames: list[Any]) -> float:
    small = []
    for frame in frames:
        region, across = frame.geometry.region, frame.evidence.shape[1] / frame.geometry.width_px
        edges = (region.x_px, region.y_px, region.width_px, region.height_px)
        x, y, width, height = (round(edge * across) for edge in edges)
        part = frame.evidence[y : y + height, x : x + width]
        size_px = frame.image.shape[1::-1]
        small.append(cv2.resize(part, size_px, interpolation=cv2.INTER_AREA).astype(int))
    images = [frame.image.astype(int) for frame in frames]
    return max(
        float(np.abs(part - mine).mean() / np.abs(part - next_one).mean())
        for part, mine, next_one in zip(small, images, images[1:], strict=False)
        if mine.shape == next_one.shape
    )


def _caps(pipeline: Any) -> dict[str, str]:
    pads = {
        "decoded": ("head", "sink"),
        "queued": ("latest", "src"),
        "image in": ("image-scale", "sink"),
        "image out": ("image-scale", "src"),
        "evidence out": ("evidence-scale", "src"),
    }
    found = {}
    for name, (element, pad) in pads.items():
        caps = pipeline.get_by_name(element).get_static_pad(pad).get_current_caps()
        if caps is not None:
            structure = caps.get_structure(0)
            size = "x".join(str(structure.get_value(side)) for side in ("width", "height"))
            found[name] = f"{caps.get_features(0).to_string()} {structure['format']} {size}"
    return found


def _values(pipeline: Any, name: str) -> dict[str, int]:
    for element in pipeline.iterate_recurse():
        kind = element.get_factory().get_name() if element.get_factory() else ""
        if name in (element.get_name(), kind):
            return {key: int(value) for key, value in getattr(element, "values", {}).items()}
    return {}


def main() -> None:
    """Play what is asked for on standard input."""
    install(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = asdict(play(Job(**json.loads(line))))
        except EdgecrackError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
