"""A bundle is checked file by file and key by key before anything of it is used."""

import copy
import hashlib
import json
import os
import re
import tracemalloc
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecrack import bundle as module
from edgecrack.bundle import MANIFEST, MANIFEST_LIMIT_BYTES, file_entry, load_bundle
from edgecrack.errors import BundleError
from edgecrack.manifest import ModelEntry

NETWORK = "model.fp32.onnx"
EXTERNAL = b"\x3a\x04\x2a\x02\x70\x01"  # ONNX: graph { initializer { data_location: EXTERNAL } }


def steps(place):
    """Return the way to a place such as ``models.0.file``."""
    return tuple(int(step) if step.isdecimal() else step for step in place.split("."))


def test_what_is_written_is_what_is_read(tiny, tiny_bundle):
    """A manifest survives the way through its file, byte for byte."""
    text = (tiny_bundle / MANIFEST).read_text()
    assert tiny.manifest.as_json() == text
    assert tiny.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert tiny.manifest.models[0].file == NETWORK
    assert {golden.kind for golden in tiny.manifest.golden} == {"crack", "clean", "dark"}


@pytest.mark.parametrize(
    "way",
    [(), ("models", 0), ("golden", 0), ("metrics", 0), ("provenance",), ("provenance", "data", 0),
     ("files", NETWORK)],
)  # fmt: skip
def test_an_unknown_key_is_refused_at_any_depth(manifest, bundle_copy, way):
    """A key that this version does not know is refused by its name."""
    manifest.change((*way, "colour"), 1)
    with pytest.raises(BundleError, match="'colour'"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    "place",
    ["name", "threshold", "models", "golden", "files", "provenance", "schema_version",
     "models.0.file", "golden.1.width_px", "metrics.0.protocol", "provenance.data",
     "provenance.data.0.licence"],
)  # fmt: skip
def test_a_missing_key_is_refused_at_any_depth(manifest, bundle_copy, place):
    """No key has a default."""
    manifest.change(steps(place), ...)
    with pytest.raises(BundleError, match=place.rpartition(".")[2]):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    ("place", "values"),
    [
        ("schema_version", [0, 1, 3, "2", True, 2.0]),
        ("name", [1, None, []]),
        ("threshold", ["145", True, 1.5, 0, 256, -1, 2**70, None]),
        ("macs_per_pixel", ["1", float("nan"), float("inf"), 10**400, None]),
        ("models", [[], {}, "x", 1, [1], None]),
        ("models.0.precision", ["fp8", 32, ""]),
        ("models.0.width_px", [0, -96, 100_000, 96.0]),
        ("models.0.max_levels", [-1, 9, 255, 256, 0.5]),
        ("models.0.min_mask_iou", [-0.1, 0, 0.979, 1.1, float("nan")]),
        ("golden", [{}, "x", [[]], None]),
        ("metrics", [{}, "x", [[]], None]),
        ("files", [[], "x", {}, {NETWORK: 1}, {NETWORK: {"bytes": "1", "sha256": ""}}]),
        ("provenance", [[], "x", None]),
        ("provenance.config", [[], None]),
        ("provenance.data", [{}, "x", [1]]),
    ],
)
def test_a_value_of_another_kind_is_refused(manifest, bundle_copy, place, values):
    """Numbers are in range, lists are lists, and nothing is converted."""
    for value in values:
        manifest.change(steps(place), value)
        with pytest.raises(BundleError, match=MANIFEST):
            load_bundle(bundle_copy)


@pytest.mark.parametrize(
    "name",
    ["../outside.png", "/etc/hostname", "a/../../b", "a\\b", "nul\0", "\ud800", "", "golden"],
)
def test_a_name_that_no_file_in_the_folder_can_have_is_refused(bundle_copy, name):
    """A name out of the folder, of a folder, or of no file at all is a BundleError."""
    values = json.loads((bundle_copy / MANIFEST).read_text())
    values["files"][name] = {"bytes": 1, "sha256": "00"}
    (bundle_copy / MANIFEST).write_text(json.dumps(values))
    with pytest.raises(BundleError):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '"x"', "\0\0", "9" * 5000, "\udcff"]
)
def test_what_is_no_manifest_is_refused(bundle_copy, text):
    """Anything but a JSON object with the right keys ends in the same error."""
    (bundle_copy / MANIFEST).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BundleError, match=MANIFEST):
        load_bundle(bundle_copy)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_manifest_ends_in_another_error(tiny_bundle, tmp_path_factory, data):
    """Whatever value stands at whatever key, the loader raises a BundleError."""
    values = copy.deepcopy(json.loads((tiny_bundle / MANIFEST).read_text()))
    places = list(_places(values))
    inside, key = data.draw(st.sampled_from(places))
    inside[key] = data.draw(json_values)
    folder = tmp_path_factory.mktemp("made-up")
    for name in ("golden", NETWORK):
        (folder / name).symlink_to(tiny_bundle / name)
    (folder / MANIFEST).write_text(json.dumps(values))
    with pytest.raises(BundleError):  # at the latest because of the links
        load_bundle(folder)


def _places(values):
    keys = values if isinstance(values, dict) else range(len(values))
    for key in keys:
        yield values, key
        if isinstance(values[key], dict | list):
            yield from _places(values[key])


def test_every_file_that_is_named_must_be_there(manifest, bundle_copy):
    """A used name without a digest, and a digest without a file, are both refused."""
    manifest.change(("models", 0, "file"), "other.onnx")
    with pytest.raises(BundleError, match=r"'other\.onnx'"):
        load_bundle(bundle_copy)
    manifest.change(("models", 0, "file"), NETWORK)
    (bundle_copy / NETWORK).unlink()
    with pytest.raises(BundleError, match=NETWORK):
        load_bundle(bundle_copy)
    with pytest.raises(BundleError, match="nowhere"):
        load_bundle(bundle_copy / "nowhere")


@pytest.mark.parametrize("damage", [lambda d: d[:-1] + b"x", lambda d: d[:-1], lambda d: d + b" "])
def test_a_file_that_has_changed_is_refused(bundle_copy, damage):
    """One byte altered, lost or added is enough, in whatever file."""
    path = bundle_copy / "golden" / "dark.96x64.frame.webp"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BundleError, match=path.name):
        load_bundle(bundle_copy)


def test_what_is_read_later_is_checked_again(bundle_copy):
    """A file put in place of a checked one is never used; an unlisted one is never read."""
    loaded = load_bundle(bundle_copy)
    assert loaded.read(NETWORK) == (bundle_copy / NETWORK).read_bytes()
    (bundle_copy / NETWORK).write_bytes(b"another network")
    with pytest.raises(BundleError, match=NETWORK):
        loaded.read(NETWORK)
    with pytest.raises(BundleError, match=MANIFEST):
        loaded.read(MANIFEST)


def test_a_length_that_is_not_the_files_is_refused(bundle_copy, manifest):
    """The length is checked too, although the digest alone would fit."""
    manifest.change(("files", NETWORK, "bytes"), (bundle_copy / NETWORK).stat().st_size + 1)
    with pytest.raises(BundleError, match=NETWORK):
        load_bundle(bundle_copy)


def test_a_file_of_another_place_is_refused_although_its_digest_fits(bundle_copy, manifest):
    """A path upwards, an absolute one and a Windows one each exist, and are refused by name."""
    places = {
        "../outside.png": bundle_copy.parent / "outside.png",
        str(bundle_copy / "inside.png"): bundle_copy / "inside.png",
        "golden/../inside.png": bundle_copy / "inside.png",
        "a\\b.png": bundle_copy / "a\\b.png",
    }
    for name, path in places.items():
        path.write_bytes(b"content")
        manifest.change(("files", name), asdict(file_entry(b"content")))
        with pytest.raises(BundleError, match=re.escape(name)):
            load_bundle(bundle_copy)
        manifest.change(("files", name), ...)
    manifest.change(("files", "inside.png"), asdict(file_entry(b"content")))
    load_bundle(bundle_copy)  # the same file under a plain name


def test_nothing_immense_is_read(bundle_copy, monkeypatch):
    """A manifest and a file each have a largest size."""
    text = (bundle_copy / MANIFEST).read_text()
    (bundle_copy / MANIFEST).write_text(text + " " * MANIFEST_LIMIT_BYTES)
    with pytest.raises(BundleError, match=MANIFEST):
        load_bundle(bundle_copy)
    (bundle_copy / MANIFEST).write_text(text)
    monkeypatch.setattr(module, "FILE_LIMIT_BYTES", 100)
    with pytest.raises(BundleError, match="golden"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("name", [MANIFEST, NETWORK, "golden"])
def test_a_link_inside_is_refused_whatever_it_leads_to(bundle_copy, tmp_path, name):
    """Neither a file nor a folder of a bundle may lie elsewhere, even if the bytes are right."""
    (bundle_copy / name).rename(tmp_path / "elsewhere")
    (bundle_copy / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match=name):
        load_bundle(bundle_copy)


def test_the_folder_itself_may_be_a_link(bundle_copy, tmp_path):
    """A slot such as ``current`` is a link to a release."""
    (tmp_path / "current").symlink_to(bundle_copy)
    assert load_bundle(tmp_path / "current").manifest.name == "tiny"


def test_a_pipe_is_no_file_and_is_not_waited_for(bundle_copy):
    """A named pipe would block its reader forever."""
    (bundle_copy / NETWORK).unlink()
    os.mkfifo(bundle_copy / NETWORK)
    with pytest.raises(BundleError, match=NETWORK):
        load_bundle(bundle_copy)


def test_a_network_that_points_outside_is_refused(bundle_copy, manifest):
    """External data would be read from any path the network names, unchecked."""
    with (bundle_copy / NETWORK).open("ab") as network:
        network.write(EXTERNAL)  # protocol buffers merge what is appended
    manifest.seal()
    with pytest.raises(BundleError, match=NETWORK):
        load_bundle(bundle_copy)


def test_a_network_is_checked_for_external_data_whatever_its_name(bundle_copy, manifest):
    """A file that is listed as a network is one, also when it is not called .onnx."""
    whole = (bundle_copy / NETWORK).read_bytes()
    (bundle_copy / "network.bin").write_bytes(whole + EXTERNAL)
    values = json.loads((bundle_copy / MANIFEST).read_text())
    values["files"]["network.bin"] = {"bytes": 0, "sha256": ""}
    values["models"].append({**values["models"][0], "file": "network.bin", "precision": "int8"})
    (bundle_copy / MANIFEST).write_text(json.dumps(values))
    manifest.seal()
    with pytest.raises(BundleError, match=r"network\.bin"):
        load_bundle(bundle_copy)


def test_a_network_is_found_by_precision_and_size(tiny):
    """The first that fits is taken, and a wish that cannot be met lists what there is."""
    assert tiny.model() == tiny.model("fp32", (96, 64)) == tiny.manifest.models[0]
    for wish in (("int8", None), ("fp32", (960, 540))):
        with pytest.raises(BundleError, match="fp32 96x64"):
            tiny.model(*wish)


def test_two_networks_of_one_choice_are_refused(bundle_copy, manifest):
    """Precision and size say which network runs, so no two may share them."""
    values = json.loads((bundle_copy / MANIFEST).read_text())
    manifest.change(("models",), values["models"] * 2)
    with pytest.raises(BundleError, match="models"):
        load_bundle(bundle_copy)


def test_a_golden_frame_is_of_the_size_of_a_network(bundle_copy, manifest):
    """A golden frame that no network would be run on is refused."""
    manifest.change(("golden", 1, "width_px"), 64)
    with pytest.raises(BundleError, match="64x64"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("size_px", [(98, 64), (96, 66)])
def test_an_input_is_a_multiple_of_the_stride(tiny, size_px):
    """Nothing is padded in the graph, so another size could not be run."""
    width_px, height_px = size_px
    odd = replace(tiny.manifest.models[0], width_px=width_px, height_px=height_px)
    with pytest.raises(ValueError, match="multiple of 4 px"):
        replace(tiny.manifest, models=(*tiny.manifest.models, odd))


@pytest.mark.parametrize(
    ("precision", "levels", "iou"),
    [("fp32", 8, 0.98), ("bf16", 96, 0.95), ("fp16", 8, 0.98), ("int8", 255, 0.9)],
)
def test_tolerances_have_bounds_for_each_precision(precision, levels, iou):
    """The widest are taken, and what is one step beyond is refused by its key."""
    widest = ModelEntry("m.onnx", precision, 96, 64, levels, iou)
    assert replace(widest, max_levels=0, min_mask_iou=1.0)
    with pytest.raises(ValueError, match="max_levels"):
        replace(widest, max_levels=levels + 1)
    with pytest.raises(ValueError, match="min_mask_iou"):
        replace(widest, min_mask_iou=iou - 0.001)


def test_golden_frames_are_shared_by_all_networks_of_a_size(tiny):
    """A golden frame belongs to every network of its size, and to no other."""
    first = tiny.manifest.models[0]
    half = replace(first, file="half.onnx", precision="fp16")
    large = replace(first, file="large.onnx", width_px=192)
    files = {**tiny.manifest.files, half.file: file_entry(b""), large.file: file_entry(b"")}
    both = replace(tiny.manifest, models=(first, half, large), files=files)
    assert both.golden_of(half.size_px) == tiny.manifest.golden
    assert both.golden_of(large.size_px) == ()
    assert both.sizes_px == ((96, 64), (192, 64))
    assert both.precisions == ("fp32", "fp16")


def test_an_entry_is_length_and_digest():
    """The digest is SHA-256 of exactly the bytes."""
    assert file_entry(b"abc").bytes == 3
    assert file_entry(b"abc").sha256.startswith("ba7816bf")


def test_a_bundle_without_networks_is_none(bundle_copy, manifest):
    """With nothing to run and nothing to prove there is no model."""
    manifest.change(("models",), [])
    manifest.change(("golden",), [])
    with pytest.raises(BundleError, match="models"):
        load_bundle(bundle_copy)


def test_a_number_beyond_all_use_is_refused(bundle_copy, manifest):
    """From 2**62 on a number is no number of parameters; just below it is one."""
    manifest.change(("parameters",), 2**62 - 1)
    assert load_bundle(bundle_copy).manifest.parameters == 2**62 - 1
    manifest.change(("parameters",), 2**62)
    with pytest.raises(BundleError, match="parameters"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    ("threshold", "is_right"), [(0, False), (1, True), (255, True), (256, False)]
)
def test_a_threshold_is_1_to_255(bundle_copy, manifest, threshold, is_right):
    """0 would call every pixel crack, and no probability reaches 256."""
    manifest.change(("threshold",), threshold)
    if is_right:
        assert load_bundle(bundle_copy).manifest.threshold == threshold
        return
    with pytest.raises(BundleError, match="threshold"):
        load_bundle(bundle_copy)


def test_no_more_memory_is_asked_for_than_a_file_has_bytes(tiny_bundle):
    """The limit is compared with the file's size, not set aside for reading."""
    tracemalloc.start()
    try:
        load_bundle(tiny_bundle)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_surrogate_is_refused(manifest, bundle_copy):
    """Half of a UTF-16 pair cannot be written again, wherever it stands."""
    manifest.change(("provenance", "config"), {"loss": "\ud800"})
    with pytest.raises(BundleError, match=MANIFEST):
        load_bundle(bundle_copy)


def test_a_bundle_that_may_not_be_read_is_refused(forbidden):
    """So is one with a name longer than any may be."""
    for path in (forbidden, forbidden.parent / ("x" * 300)):
        with pytest.raises(BundleError, match=MANIFEST):
            load_bundle(path)


@pytest.mark.parametrize("threshold", [-1, 256, None])
def test_a_road_threshold_is_a_level(bundle_copy, manifest, threshold):
    """It lies within 0..255 where it stands at all."""
    manifest.change(("road_threshold",), threshold)
    with pytest.raises(BundleError, match="road_threshold"):
        load_bundle(bundle_copy)


def test_a_road_threshold_needs_golden_roads(bundle_copy, manifest):
    """A road that no golden frame proves is refused, as is a golden road without a threshold."""
    manifest.change(("road_threshold",), 128)
    with pytest.raises(BundleError, match="road_threshold"):
        load_bundle(bundle_copy)
    manifest.change(("road_threshold",), ...)
    manifest.change(("golden", 0, "road"), "golden/dark.96x64.probability.png")
    with pytest.raises(BundleError, match="road_threshold"):
        load_bundle(bundle_copy)
