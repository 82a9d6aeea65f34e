"""A bundle appears only when it is proved, and then with its scores and its terms."""

from dataclasses import replace

import pytest
import torch

from edgecrack.bundle import load_bundle
from edgecrack.errors import InputError, NotHealthyError, SinkError, UsageError
from edgecrack.models.selftest import selftest
from export import bundle_files
from export.build_bundle import build_bundle
from export.model_card import TERMS, BundleRequest, model_card
from export.to_onnx import to_onnx
from training.unet import UNet


@pytest.fixture
def request_(made_data):
    """Return a request for one size, with scores on the set that has a split."""
    return BundleRequest(
        sizes_px=((96, 64),), release="2.1", root=made_data, fp16=False, int8_precisions=()
    )


@pytest.fixture(scope="module")
def dark(checkpoint, dark_net):
    """Return a checkpoint of a network that finds dark cracks."""
    return replace(checkpoint, weights=dark_net.state_dict(), metrics={"threshold": 145})


def test_a_bundle_says_how_good_it_is_and_where_it_is_from(checkpoint, request_, tmp_path):
    """Threshold from validation, scores with protocol, terms of all data, epochs and config."""
    (parity,) = build_bundle(checkpoint, request_, tmp_path / "deep" / "bundle")
    assert (parity.pictures, parity.worst_levels <= 1) == (3, True)
    manifest = load_bundle(tmp_path / "deep" / "bundle").manifest
    assert (manifest.name, manifest.release) == ("tiny", "2.1")
    assert manifest.threshold_origin == "ODS on made validation, many-to-one, 10 px"
    protocols = [metric.protocol for metric in manifest.metrics]
    for words in ("validation (3)", "test (2)", "5 px", "10 px", "many-to-one"):
        assert any(words in protocol for protocol in protocols)
    assert all("from validation" in protocol for protocol in protocols)
    assert all(0 <= metric.value <= 1 for metric in manifest.metrics)
    ten = next(p for p in protocols if "10 px" in p and "validation (" in p)
    assert f"threshold {manifest.threshold} " in ten
    provenance = manifest.provenance
    assert provenance.licence == "made: free; whole: none at all"
    assert [entry.name for entry in provenance.data] == ["made", "whole"]
    assert provenance.data[1].licence == "none at all"
    assert provenance.trained_epochs == 3
    assert provenance.config == checkpoint.config.model_dump(mode="json")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["bundle"]


@pytest.mark.parametrize("licence", ["", "not stated", "none stated; pictures of a road"])
def test_weights_of_a_set_without_licence_are_for_research_only(checkpoint, request_, licence):
    """Where an owner has given no licence, only the general terms can be told."""
    data = [{**entry, "licence": licence} for entry in checkpoint.data]
    silent = replace(checkpoint, data=data)
    made = silent.config.data[1]
    assert model_card(silent, silent.network(), request_, made).provenance.licence == TERMS
    given = replace(request_, licence="mine")
    assert model_card(silent, silent.network(), given, made).provenance.licence == "mine"


def test_a_model_may_get_a_name_of_its_own(checkpoint, request_):
    """Else it has that of its configuration."""
    net, made = checkpoint.network(), checkpoint.config.data[1]
    cards = [
        model_card(checkpoint, net, replace(request_, name=name), made)
        for name in (None, "vehicle")
    ]
    assert [card.name for card in cards] == [checkpoint.config.name, "vehicle"]


def test_the_threshold_of_training_is_taken_unless_a_set_is_named(checkpoint, request_):
    """It was chosen on all sets, which its origin names."""
    metrics = {"threshold": 77, "scores": {"made": {}, "whole": {}}, "alarms": {"street": {}}}
    chosen = replace(checkpoint, metrics=metrics)
    net, made = chosen.network(), chosen.config.data[1]
    card = model_card(chosen, net, request_, made)
    assert card.threshold == 77
    for name in ("made", "whole", "street"):
        assert name in card.threshold_origin
    named = model_card(chosen, net, replace(request_, set_name="made"), made)
    assert named.threshold_origin == "ODS on made validation, many-to-one, 10 px"


def test_a_network_with_road_becomes_a_bundle_that_answers_road(checkpoint, request_, tmp_path):
    """Manifest, golden frames, parity and self-test hold both answers."""
    torch.manual_seed(0)
    spec = replace(checkpoint.config.model, road=True)
    config = checkpoint.config.model_copy(update={"model": spec})
    seeing = replace(checkpoint, config=config, weights=UNet(spec).state_dict())
    parities = build_bundle(seeing, replace(request_, road_threshold=100), tmp_path / "bundle")
    assert [parity.answer for parity in parities] == ["probability", "road"]
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.manifest.road_threshold == 100
    assert all((bundle.path / golden.road).is_file() for golden in bundle.manifest.golden)
    networks = selftest(bundle).networks
    assert {len(network.golden) for network in networks} == {6}


def test_a_bundle_without_road_says_nothing_of_it(tiny):
    """Programs of earlier versions refuse keys that they do not know."""
    assert "road" not in (tiny.path / "manifest.json").read_text()


def test_a_bundle_is_durable_before_it_appears(checkpoint, request_, tmp_path, recorded_disk):
    """Each file and folder is synced, then renamed into place, then the name itself is synced."""
    out = tmp_path / "deep" / "bundle"
    build_bundle(checkpoint, request_, out, recorded_disk)
    calls = recorded_disk.calls
    renamed = calls.index(("rename", out))
    synced = {path.name for kind, path in calls[:renamed] if kind == "sync"}

    assert synced >= {"bundle", *(path.name for path in out.rglob("*"))}
    assert calls[:1] == [("sync", tmp_path)]
    assert calls[renamed + 1 :] == [("sync", out.parent)]


def test_an_export_that_is_another_network_leaves_nothing(
    checkpoint, request_, tmp_path, monkeypatch
):
    """When what was exported does not answer as torch does, there is no folder at all."""
    torch.manual_seed(8)
    other = UNet(checkpoint.config.model).eval()
    monkeypatch.setattr(bundle_files, "to_onnx", lambda _net, *on: to_onnx(other, *on))
    with pytest.raises(NotHealthyError, match=r"model\.fp32\.onnx at 96x64"):
        build_bundle(checkpoint, request_, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_every_size_is_compared_with_torch(checkpoint, request_, tmp_path):
    """One file is run at each size, and what each differs by is told."""
    request = replace(request_, sizes_px=((96, 64), (128, 64)))
    parities = build_bundle(checkpoint, request, tmp_path / "bundle")
    assert [parity.network for parity in parities] == [
        "model.fp32.onnx at 96x64",
        "model.fp32.onnx at 128x64",
    ]
    models = load_bundle(tmp_path / "bundle").manifest.models
    assert {model.file for model in models} == {"model.fp32.onnx"}


def test_a_size_that_would_be_padded_is_refused(checkpoint, request_, tmp_path):
    """It says which stride, and which size would do."""
    request = replace(request_, sizes_px=((96, 64), (98, 61)))
    with pytest.raises(UsageError, match=r"4 px.*not 98x61; 100x64 is"):
        build_bundle(checkpoint, request, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_int8_comes_along_with_scores_of_its_own(dark, request_, tmp_path):
    """It is scored beside FP32 on the same pictures, proved by the same golden frames."""
    request = replace(request_, int8_precisions=("int8", "int8-trt"), sizes_px=((96, 64), (64, 64)))
    build_bundle(dark, request, tmp_path / "bundle")
    bundle = load_bundle(tmp_path / "bundle")
    manifest = bundle.manifest
    assert manifest.precisions == ("fp32", "bf16", "int8", "int8-trt")
    assert manifest.sizes_px == ((96, 64), (64, 64))
    scored = {metric.precision: metric for metric in manifest.metrics if "test (" in metric.protocol
              and metric.name == "F1 made" and " 10 px" in metric.protocol
              and "at 96x64" in metric.protocol}  # fmt: skip
    assert {"fp32", "int8", "int8-trt"} <= set(scored)
    assert scored["fp32"].value > 0.5
    assert abs(scored["int8"].value - scored["fp32"].value) <= 0.01
    assert any("predicted at 64x64" in metric.protocol for metric in manifest.metrics)
    assert {net.precision for net in selftest(bundle).networks} >= {"fp32", "int8"}


@pytest.fixture(scope="module")
def dark_network(dark_net):
    """Return the ONNX file of that network: exporting takes seconds, and gives the same bytes."""
    return to_onnx(dark_net)


@pytest.fixture
def half_request(request_, dark_network, monkeypatch):
    """Return a request with FP16, of a network that is exported already."""
    monkeypatch.setattr(bundle_files, "to_onnx", lambda *_: dark_network)
    return replace(request_, fp16=True)


def test_fp16_comes_along_proved_and_scored(dark, half_request, tmp_path):
    """Against FP32 at each size, on validation pictures and golden frames, before it is scored."""
    notes = []
    request = replace(half_request, sizes_px=((96, 64), (64, 64)))
    parities = build_bundle(dark, request, tmp_path / "bundle", on_note=notes.append)
    halves = [parity for parity in parities if parity.reference == "fp32"]
    assert [parity.network for parity in halves] == [
        "model.fp16.onnx at 96x64",
        "model.fp16.onnx at 64x64",
    ]
    assert [parity.pictures for parity in halves] == [3 + 3, 3 + 2]
    assert all(parity.mask_iou >= 0.995 for parity in halves)
    (note,) = notes
    assert note.startswith("activations reach ")
    manifest = load_bundle(tmp_path / "bundle").manifest
    assert manifest.precisions == ("fp32", "bf16", "fp16")
    assert manifest.agreement("fp16") >= 0.995
    of_half = {metric.name: metric for metric in manifest.metrics if metric.precision == "fp16"}
    used = "share of FP16's range that is used"
    assert set(of_half) == {"F1 made", "mask IoU with fp32", used}
    assert f"{of_half[used].protocol}." == note
    assert {entry.max_levels for entry in manifest.models if entry.precision == "fp16"} == {8}


def test_fp16_that_marks_other_pixels_leaves_nothing(
    dark, half_request, tiny, tmp_path, monkeypatch
):
    """A mask IoU below 0.995 ends the export, whatever else may be left out."""
    other = tiny.read("model.fp16.onnx")
    monkeypatch.setattr(bundle_files, "halved", lambda _whole: other)
    request = replace(half_request, int8_precisions=("int8",), int8_may_lack=True)
    notes = []
    with pytest.raises(NotHealthyError, match=r"model\.fp16\.onnx at 96x64 must give FP32's masks"):
        build_bundle(dark, request, tmp_path / "bundle", on_note=notes.append)
    assert list(tmp_path.iterdir()) == []
    assert not any("INT8" in note for note in notes)


def test_fp16_that_could_overflow_leaves_nothing(dark, request_, tmp_path):
    """Its answers may still be right: the next picture's need not be."""
    weights = {name: values.clone() for name, values in dark.weights.items()}
    weights["down.1.2.bias"] += 3e4  # the layers above do not look at it
    hot = replace(dark, weights=weights)
    with pytest.raises(NotHealthyError, match=r"must stay below 8188.*but reach 30000"):
        build_bundle(hot, replace(request_, fp16=True), tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_int8_that_finds_fewer_cracks_leaves_nothing(dark, request_, tmp_path, monkeypatch):
    """More than half a point of F1 lost to FP32 and there is no bundle."""
    monkeypatch.setattr(
        bundle_files, "quantised", lambda *_: to_onnx(UNet(dark.config.model).eval())
    )
    request = replace(request_, int8_precisions=("int8",))
    with pytest.raises(NotHealthyError, match=r"int8 must keep F1"):
        build_bundle(dark, request, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_fails_its_self_test_leaves_nothing(
    checkpoint, request_, tmp_path, monkeypatch
):
    """Parity with torch is not enough: a network without golden frames does not appear."""
    monkeypatch.setattr(bundle_files, "KINDS", ())
    with pytest.raises(NotHealthyError, match=r"model\.fp32\.onnx at 96x64"):
        build_bundle(checkpoint, request_, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_int8_may_be_left_out_where_it_is_no_good(dark, request_, tmp_path, monkeypatch):
    """Nobody asked for it by name: the bundle is made without, and that is said."""
    monkeypatch.setattr(
        bundle_files, "quantised", lambda *_: to_onnx(UNet(dark.config.model).eval())
    )
    request = replace(request_, int8_precisions=("int8",), int8_may_lack=True)
    notes = []
    build_bundle(dark, request, tmp_path / "bundle", on_note=notes.append)
    assert load_bundle(tmp_path / "bundle").manifest.precisions == ("fp32", "bf16")
    (note,) = notes
    assert note.startswith("INT8 is left out: int8 must keep F1")


def test_nothing_is_overwritten(checkpoint, request_, tmp_path):
    """A folder or file that exists stays as it is."""
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path, tmp_path / "file", tmp_path / "file" / "bundle"):
        with pytest.raises(SinkError):
            build_bundle(checkpoint, request_, place)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_set_that_can_prove_nothing_is_refused(checkpoint, request_, tmp_path):
    """Only a set with a split has pictures that the network did not learn from."""
    for name in ("whole", "elsewhere"):
        with pytest.raises(UsageError, match=rf"\['made'\], not '{name}'"):
            build_bundle(checkpoint, replace(request_, set_name=name), tmp_path / "out")
    unsplit = checkpoint.config.model_copy(update={"data": checkpoint.config.data[:1]})
    with pytest.raises(UsageError, match="--set"):
        build_bundle(replace(checkpoint, config=unsplit), request_, tmp_path / "out")
    with pytest.raises(InputError):
        build_bundle(checkpoint, replace(request_, root=tmp_path / "none"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_set_without_validation_pictures_here_is_refused(
    checkpoint, request_, made_data, tmp_path
):
    """Without a picture to compare on, nothing would be proved."""
    for folder in ("pictures", "masks"):
        (tmp_path / folder).mkdir()
        source = made_data / folder / "APFD_01.png"
        (tmp_path / folder / "APFD_01.png").write_bytes(source.read_bytes())
    with pytest.raises(UsageError, match="'made'"):
        build_bundle(checkpoint, replace(request_, root=tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()
