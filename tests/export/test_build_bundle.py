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
    return BundleRequest(sizes_px=((96, 64),), release="2.1", root=made_data)


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
    """It was chosen on all sets, which its origin names; scores are taken at it."""
    metrics = {"threshold": 77, "scores": {"made": {}, "whole": {}}, "alarms": {"street": {}}}
    chosen = replace(checkpoint, metrics=metrics)
    net, made = chosen.network(), chosen.config.data[1]
    card = model_card(chosen, net, request_, made)
    assert card.threshold == 77
    for name in ("made", "whole", "street"):
        assert name in card.threshold_origin
    assert all("threshold 77 " in metric.protocol for metric in card.metrics)
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
    (network,) = selftest(bundle).networks
    assert len(network.golden) == 6


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
    monkeypatch.setattr(bundle_files, "to_onnx", lambda _net, *size_px: to_onnx(other, *size_px))
    with pytest.raises(NotHealthyError, match=r"model\.96x64\.fp32\.onnx"):
        build_bundle(checkpoint, request_, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_a_second_size_that_is_another_network_leaves_nothing(
    checkpoint, request_, tmp_path, monkeypatch
):
    """Every network is compared with torch, and the one that differs is named."""
    torch.manual_seed(8)
    nets = {96: checkpoint.network(), 128: UNet(checkpoint.config.model).eval()}
    monkeypatch.setattr(
        bundle_files, "to_onnx", lambda _net, *size_px: to_onnx(nets[size_px[0]], *size_px)
    )
    request = replace(request_, sizes_px=((96, 64), (128, 64)))
    with pytest.raises(NotHealthyError, match=r"model\.128x64\.fp32\.onnx"):
        build_bundle(checkpoint, request, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_fails_its_self_test_leaves_nothing(
    checkpoint, request_, tmp_path, monkeypatch
):
    """Parity with torch is not enough: a network without golden frames does not appear."""
    monkeypatch.setattr(bundle_files, "golden_frames", lambda *_size_px: {})
    with pytest.raises(NotHealthyError, match=r"model\.96x64\.fp32\.onnx"):
        build_bundle(checkpoint, request_, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


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
