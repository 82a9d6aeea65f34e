"""The chain of sinks of a run."""

import json

import pytest

from edgecrack.errors import SinkError
from edgecrack.sinks import OutputSpec, open_previews, open_sinks
from edgecrack.sinks.writer import Writer


def test_records_come_last(directory):
    """A line is synced after the pictures it names."""
    sinks = open_sinks(directory, OutputSpec())
    assert [type(sink).__name__ for sink in sinks] == ["ImageSink", "GeoJsonSink"]
    for sink in sinks:
        sink.close()


def test_only_what_is_shown_is_a_preview(directory):
    """An overlay is no record, and none is made without being asked for."""
    assert open_previews(directory, OutputSpec(), fps=25.0) == []
    (overlay,) = open_previews(directory, OutputSpec(overlay=True), fps=25.0)
    assert type(overlay).__name__ == "OverlaySink"


def test_a_line_is_written_after_its_pictures_are_in_place(directory, make_observation, names):
    """Syncing in the chain's order, no line exists before the files that it names."""
    pictures, lines = open_sinks(directory, OutputSpec())
    for sink in (pictures, lines):
        sink.write(make_observation(0))
    path = directory.path / "cracks.geojsonl"
    assert path.read_bytes() == b""

    pictures.sync()
    assert (path.read_bytes(), names(directory.frames)) == (b"", ["00000000.jpg"])

    lines.sync()
    assert path.read_bytes().count(b"\n") == 1
    for sink in (pictures, lines):
        sink.close()


def test_a_second_chain_in_one_folder_is_refused(directory):
    """Two writers never share a folder."""
    sinks = open_sinks(directory, OutputSpec())
    with pytest.raises(SinkError, match=str(directory.path)):
        open_sinks(directory, OutputSpec())
    for sink in sinks:
        sink.close()


def test_a_run_leaves_what_was_asked_for(directory, make_observation, names):
    """Overlay, masks of everything, no frames: exactly that, and lines only for cracks."""
    spec = OutputSpec(all_masks=True, frames=False, overlay=True)
    results, previews = open_sinks(directory, spec, "r"), open_previews(directory, spec, fps=25.0)
    most = {"most_bytes": 2**20}
    with Writer(results, **most) as kept, Writer(previews, **most) as shown:
        for index in range(6):
            observation = make_observation(index, has_crack=index == 2, size_px=(320, 240))
            for writer in (kept, shown):
                writer.put(observation, wait=True)

    assert names(directory.path) == ["cracks.geojsonl", "masks", "overlay.mp4"]
    assert len(names(directory.masks)) == 6
    [line] = (directory.path / "cracks.geojsonl").read_text().splitlines()
    properties = json.loads(line)["properties"]
    assert (properties["frame"], properties["run_id"], properties["picture"]) == (2, "r", None)
