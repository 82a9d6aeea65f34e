"""What a run opens, in which order, and that it is closed whatever happens."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from edgecrack import parts as parts_module
from edgecrack.bundle import load_bundle
from edgecrack.config import RunConfig
from edgecrack.errors import InputError, SinkError, UsageError
from edgecrack.models import loaded as loaded_module
from edgecrack.positions import PositionSpec
from edgecrack.positions.positioning import Positioning
from edgecrack.records import Frame, FrameGeometry, Region
from edgecrack.run import run
from edgecrack.segmenters import DarkSegmenter, ModelSpec
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec
from tests.edgecrack.survey_parts import SentFixes, source

WHOLE = FrameGeometry(96, 64, Region(0, 0, 96, 64))


def frames(count):
    """Return dark frames of the tiny network's size."""
    image = np.zeros((64, 96, 3), np.uint8)
    return [Frame(n, n * 40_000_000, None, 0, image, image, WHOLE) for n in range(count)]


class Opened:
    """What a run opened, in memory, and the arguments it was opened with."""

    def __init__(self, monkeypatch):
        self.source = source(frames(2), start_ns=5 * 10**9)
        self.segmenter = DarkSegmenter(96, 64)
        self.receiver = SentFixes()
        self.arguments = {}
        monkeypatch.setattr(parts_module, "open_returning", self._open_source)
        monkeypatch.setattr(loaded_module, "load_segmenter", self._load_segmenter)
        monkeypatch.setattr(parts_module, "open_positioning", self._open_positioning)

    def _open_source(self, spec, inputs_px, _on_change, _on_wait):
        self.arguments["source"] = (spec, inputs_px)
        return self.source

    def _load_segmenter(self, bundle, spec, *, live):
        self.arguments["segmenter"] = (bundle.sha256, spec, live)
        return self.segmenter

    def _open_positioning(self, spec, *, images, video_span_ns, live, **_told):
        self.arguments["positioning"] = (spec, images, video_span_ns, live)
        return Positioning(None, self.receiver)


@pytest.fixture
def opened(monkeypatch):
    """Replace what a run opens by parts in memory."""
    return Opened(monkeypatch)


@pytest.fixture
def config(tiny_bundle, tmp_path):
    """Return the configuration of a run with the tiny model into ``tmp_path / "out"``."""
    return RunConfig(
        source=SourceSpec(address="clip.mp4"),
        model=ModelSpec(bundle=tiny_bundle, backend="onnxruntime", precision="fp32"),
        output=OutputSpec(folder=tmp_path / "out"),
    )


def is_closed(opened):
    """Whether source, receiver and segmenter were all let go."""
    try:
        opened.segmenter.answer(np.zeros((64, 96, 3), np.uint8))
    except Exception:  # noqa: BLE001  whatever it raises, it answers no more
        return opened.source.closed and opened.receiver.closed
    return False


def test_all_that_was_opened_is_closed(opened, config):
    """After the last frame nothing is held open."""
    assert run(config).report.frames_inferred == 2
    assert is_closed(opened)


def test_all_is_closed_after_a_failure_too(opened, config):
    """A source that fails in mid-stream is closed like any other."""
    opened.source = source(frames(1), error=InputError("broken"))
    with pytest.raises(InputError):
        run(config)
    assert is_closed(opened)


def test_each_part_gets_its_own_settings(opened, config, tiny):
    """The source gets the network's size, the segmenter the choice and whether it is live."""
    opened.source = source(frames(1), live=True)
    run(config)
    assert opened.arguments["source"] == (config.source, ((96, 64),))
    assert opened.arguments["segmenter"] == (tiny.sha256, config.model, True)
    assert opened.arguments["positioning"] == (config.position, None, None, True)


def add_size(manifest, bundle, size_px):
    """Let a bundle's manifest promise its network for another size, too."""
    network, *_ = (asdict(entry) for entry in load_bundle(bundle).manifest.models)
    other = network | {"width_px": size_px[0], "height_px": size_px[1]}
    manifest.change(("models",), [network, other])


def test_the_network_is_of_the_size_that_the_source_chose(opened, config, bundle_copy, manifest):
    """The source may choose among all sizes of the bundle, unless a person asks for one."""
    add_size(manifest, bundle_copy, (64, 96))
    config = replace(config, model=replace(config.model, bundle=bundle_copy))
    opened.source.info = replace(opened.source.info, input_px=(64, 96))
    run(config)
    assert opened.arguments["source"][1] == ((96, 64), (64, 96))
    assert opened.arguments["segmenter"][1].size_px == (64, 96)


def test_a_size_that_is_asked_for_is_the_only_one(opened, config, bundle_copy, manifest):
    """Whatever the source would choose."""
    add_size(manifest, bundle_copy, (64, 96))
    asked = replace(config.model, bundle=bundle_copy, size_px=(64, 96))
    run(replace(config, model=asked))
    assert opened.arguments["source"][1] == ((64, 96),)
    assert opened.arguments["segmenter"][1].size_px == (64, 96)


def test_a_recording_tells_its_span(opened, config):
    """Start and duration of a file are what a track must overlap."""
    opened.source.info = replace(opened.source.info, duration_ns=2 * 10**9)
    run(config)
    assert opened.arguments["positioning"][2] == (5 * 10**9, 7 * 10**9)


def test_a_directory_may_bring_its_own_places(opened, config, tmp_path):
    """A directory of pictures is asked for its EXIF data."""
    run(replace(config, source=SourceSpec(address=str(tmp_path))))
    assert opened.arguments["positioning"][1] == tmp_path


def test_a_position_needs_a_time(opened, config):
    """A log cannot place frames without a time: refused, closed, and no folder is left."""
    opened.source = source(frames(1))
    with pytest.raises(UsageError):
        run(replace(config, position=PositionSpec(address="drive.gpx")))
    assert opened.source.closed
    assert not config.output.folder.exists()


def test_a_folder_in_use_leaves_nothing_open(opened, config):
    """The folder is opened last, so everything before it must be closed again."""
    config.output.folder.mkdir()
    (config.output.folder / "run.json").write_text("{}")
    with pytest.raises(SinkError):
        run(config)
    assert is_closed(opened)


@pytest.mark.usefixtures("opened")
def test_without_a_folder_one_is_named_after_the_time(config, tmp_path, monkeypatch):
    """It lies under ``runs`` in the current folder."""
    monkeypatch.chdir(tmp_path)
    outcome = run(replace(config, output=OutputSpec()))
    assert outcome.out.parent.name == "runs"
    assert (tmp_path / outcome.out / "report.json").exists()
    assert len(outcome.out.name) == len("20260501T120000Z")
