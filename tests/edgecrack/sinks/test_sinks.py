"""The chain of sinks of a run."""

import json

import pytest

from edgecrack.errors import SinkError
from edgecrack.sinks import SinkOptions, open_sinks
from edgecrack.sinks.writer import Writer


@pytest.mark.parametrize(
    ("options", "order"),
    [
        (SinkOptions(), ["ImageSink", "GeoJsonSink"]),
        (SinkOptions(overlay=True), ["OverlaySink", "ImageSink", "GeoJsonSink"]),
    ],
)
def test_records_come_last(directory, options, order):
    """A line is synced after everything that it, or a reader beside it, may refer to."""
    sinks = open_sinks(directory, options)
    assert [type(sink).__name__ for sink in sinks] == order
    for sink in sinks:
        sink.close()


def test_a_line_is_written_after_its_pictures_are_in_place(directory, make_observation, names):
    """Syncing in the chain's order, no line exists before the files that it names."""
    pictures, lines = open_sinks(directory, SinkOptions())
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
    sinks = open_sinks(directory, SinkOptions())
    with pytest.raises(SinkError, match="could not be written"):
        open_sinks(directory, SinkOptions())
    for sink in sinks:
        sink.close()


def test_a_run_leaves_what_was_asked_for(directory, make_observation, names):
    """Overlay, masks of everything, no frames: exactly that, and lines only for cracks."""
    options = SinkOptions(all_masks=True, frames=False, overlay=True, overlay_fps=25, run_id="r")
    with Writer(open_sinks(directory, options), depth=4) as writer:
        for index in range(6):
            observation = make_observation(index, has_crack=index == 2, size_px=(320, 240))
            writer.put(observation, wait=True)

    assert names(directory.path) == ["cracks.geojsonl", "masks", "overlay.mp4"]
    assert len(names(directory.masks)) == 6
    [line] = (directory.path / "cracks.geojsonl").read_text().splitlines()
    properties = json.loads(line)["properties"]
    assert (properties["frame"], properties["run_id"], properties["picture"]) == (2, "r", None)
