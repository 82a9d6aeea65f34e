"""Where engines are kept: whole or not at all, found by fingerprint, never guessed."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from edgecrack.engines.store import EngineStore, engines_folder
from edgecrack.errors import EngineError, SinkError
from tests.edgecrack.engines.engine_parts import FINGERPRINT, PLAN, TARGET, on, sidecar


@pytest.fixture
def store(tmp_path, recorded_disk):
    """Return a store in a folder that is not there yet."""
    return EngineStore(tmp_path / "cache" / "engines", recorded_disk)


def keep(store, plan=PLAN, **changed):
    """Keep an engine and return its sidecar."""
    known = sidecar(plan, **changed)
    store.save(known, plan, '{"Layers": ["a layer"]}')
    return known


def test_the_folder_is_the_users_cache(monkeypatch):
    """It follows the XDG rules."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert engines_folder() == Path("/somewhere/edgecrack/engines")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert engines_folder() == Path.home() / ".cache" / "edgecrack" / "engines"


def test_an_engine_that_is_kept_is_found(store):
    """Its plan comes back byte for byte, with its account and what the inspector said."""
    assert store.engines() == []
    assert store.fitting(FINGERPRINT) is None
    known = keep(store)
    assert store.engines() == [known]
    assert store.fitting(FINGERPRINT) == known
    assert store.plan(known) == PLAN
    assert store.layers(known) == ["a layer"]


def test_the_sidecar_is_written_last_and_removed_first(store, recorded_disk):
    """At no instant does a sidecar stand beside a plan that is not its own."""
    known = keep(store)
    named = [path.name for call, path in recorded_disk.calls if call == "rename"]
    kinds = ("new.plan", "plan", "layers.json", "json")
    assert named == [f"{known.key}.{kind}" for kind in kinds]


def test_an_engine_that_could_not_be_kept_is_not_there(store, recorded_disk, monkeypatch):
    """A full disk after the plan leaves no sidecar, of the earlier engine neither."""
    known = keep(store)
    write = recorded_disk.write

    def full(path, data):
        if path.name.endswith(".json.part"):
            raise SinkError(f"{path} could not be written")
        write(path, data)

    monkeypatch.setattr(recorded_disk, "write", full)
    with pytest.raises(SinkError):
        keep(store, b"another plan")
    assert store.engines() == []
    assert known.key in {path.name.partition(".")[0] for path in store.folder.iterdir()}


def test_a_disk_without_room_for_another_leaves_the_earlier_one(store, recorded_disk, monkeypatch):
    """Whole, proved, and with nothing else that takes room."""
    known = keep(store)
    store.mark_proved(known)
    before = {path.name for path in store.folder.iterdir()}
    write = recorded_disk.write

    def full(path, data):
        if data == b"another plan":
            raise SinkError(f"{path} could not be written")
        write(path, data)

    monkeypatch.setattr(recorded_disk, "write", full)
    with pytest.raises(SinkError, match="engines must be kept in"):
        keep(store, b"another plan")
    assert (store.engines(), store.plan(known), store.is_proved(known)) == ([known], PLAN, True)
    assert {path.name for path in store.folder.iterdir()} == before


def test_the_last_one_built_that_is_proved_is_taken(store):
    """Engines that differ in the way of building only would all do, if their answers are right."""
    plain = keep(store)
    with_flags = replace(FINGERPRINT, flags=("dla0", "refit"))
    later = keep(store, fingerprint=with_flags, built_utc="2026-05-02T00:00:00.000+00:00")
    assert store.engines() == [plain, later]
    assert store.fitting(FINGERPRINT) == later
    store.mark_proved(plain)
    assert store.fitting(FINGERPRINT) == plain
    store.mark_proved(later)
    assert store.fitting(FINGERPRINT) == later


def test_a_foreign_engine_does_not_fit_and_is_named(store):
    """The message has both keys, both targets, and what sets them apart."""
    foreign = keep(store, fingerprint=on(device="Thor", compute_capability="11.0"))
    keep(store, fingerprint=replace(on(tensorrt="8.6.1"), width_px=128))
    assert store.fitting(FINGERPRINT) is None
    message = store.misfit(FINGERPRINT)
    for words in (foreign.key, FINGERPRINT.key, "device Thor, not Orin", str(TARGET)):
        assert words in message
    assert "8.6.1" not in message


def test_no_engine_at_all_is_said(store):
    """There is nothing to compare with."""
    assert store.misfit(FINGERPRINT).startswith("there is no engine for fp16 96x64")


def test_a_file_under_another_name_is_no_engine(store):
    """Renaming the files of another board does not make them fit."""
    foreign = keep(store, fingerprint=on(device="Thor"))
    for kind in ("plan", "json"):
        path = store.folder / f"{foreign.key}.{kind}"
        path.rename(store.folder / f"{FINGERPRINT.key}.{kind}")
    assert store.fitting(FINGERPRINT) is None
    assert store.engines() == []


@pytest.mark.parametrize("damage", [b"", PLAN[:-1], PLAN + b"!", b"a plam"])
def test_a_damaged_plan_is_never_returned(store, damage):
    """Neither shorter, nor longer, nor changed."""
    known = keep(store)
    (store.folder / f"{known.key}.plan").write_bytes(damage)
    with pytest.raises(EngineError, match=r"is damaged.*builds it anew"):
        store.plan(known)


def test_a_plan_that_is_gone_is_named(store):
    """The sidecar alone is no engine."""
    known = keep(store)
    (store.folder / f"{known.key}.plan").unlink()
    with pytest.raises(EngineError, match="cannot be read"):
        store.plan(known)


def test_only_what_turned_out_bad_is_discarded(store):
    """Another process may have built a whole one in its place meanwhile."""
    bad = keep(store)
    whole = keep(store, b"another plan")
    store.discard(bad)
    assert store.engines() == [whole]
    store.discard(whole)
    assert store.engines() == []


def test_what_is_no_sidecar_is_passed_over(store):
    """Files of others and of other versions do not stop the search."""
    known = keep(store)
    (store.folder / "notes.json").write_text("{}")
    newer = json.dumps({**known.as_json(), "more": 1})
    (store.folder / f"{'0' * 32}.json").write_text(newer)
    assert store.engines() == [known]


@pytest.mark.parametrize(
    "damage", [None, b"", b"{", b"\xff", b"[]", b"{}", b'{"Layers": 3}', b"[" * 10**6]
)
def test_layers_that_cannot_be_read_are_lost(store, damage):
    """The engine runs without them."""
    known = keep(store)
    path = store.folder / f"{known.key}.layers.json"
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    assert store.layers(known) == []


def test_engines_take_no_more_room_than_they_may(store):
    """Those that were built first go first; the one to keep stays whatever it takes."""
    first, second, third = (
        keep(store, b"x" * 10, fingerprint=on(device=f"{day}"), built_utc=f"2026-05-0{day}")
        for day in (1, 2, 3)
    )
    assert store.limit(30, third) == []
    assert store.limit(20, third) == [first]
    assert store.engines() == [second, third]
    assert store.limit(1, second) == [third]
    assert store.engines() == [second]
    assert not list(store.folder.glob(f"{first.key}*"))


def test_clearing_takes_all_that_is_ours(store):
    """Also timings, and what a killed build left; the files of others stay."""
    keep(store)
    store.save_timings(TARGET, b"timed")
    (store.folder / ".half.plan.part").write_bytes(b"ha")
    (store.folder / "notes.txt").write_text("mine")
    assert store.clear() == 1
    left = {path.name for path in store.folder.iterdir()}
    assert left == {"build.lock", "notes.txt"}
    assert EngineStore(store.folder / "none").clear() == 0


def test_nothing_is_cleared_under_a_build(store):
    """What it has just written would be gone before it is whole; the end is waited for."""
    known = keep(store)
    waits, cleared = threading.Event(), []
    clearing = threading.Thread(target=lambda: cleared.append(store.clear(waits.set)))
    with store.locked():
        clearing.start()
        assert waits.wait(60)
        assert store.engines() == [known]
    clearing.join()
    assert (cleared, store.engines()) == ([1], [])


def test_timings_are_those_of_a_target(store):
    """Another board's would mislead."""
    assert store.timings(TARGET) == b""
    store.save_timings(TARGET, b"timed")
    assert store.timings(TARGET) == b"timed"
    assert store.timings(replace(TARGET, device="Thor")) == b""


def test_timings_that_cannot_be_kept_are_no_error(tmp_path):
    """The next build is slower, that is all."""
    (tmp_path / "file").write_text("")
    EngineStore(tmp_path / "file" / "engines").save_timings(TARGET, b"timed")


def test_an_engine_is_proved_once_and_anew_when_it_is_another(store):
    """What was built over it has proved nothing."""
    known = keep(store)
    assert not store.is_proved(known)
    store.mark_proved(known)
    assert store.is_proved(known)
    keep(store)
    assert not store.is_proved(known)
    store.mark_proved(known)
    store.remove(known)
    assert not list(store.folder.iterdir())
