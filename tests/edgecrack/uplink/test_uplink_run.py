"""A survey by the real program that tells a broker what it finds."""

import json
import signal
import sys
from contextlib import closing

import pytest

from edgecrack.conditions import Conditions
from edgecrack.config import configure
from edgecrack.errors import ConfigError, UsageError
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.segment import seal
from edgecrack.uplink import MqttSpec, UploadSpec
from edgecrack.uplink.credentials import read_credentials
from edgecrack.uplink.messages import Figures
from edgecrack.uplink.opening import open_uplink
from edgecrack.uplink.outbox import Outbox
from edgecrack.uplink.reporting import HEALTH_EACH_S, Reporter
from tests.edgecrack.put_server import PutServer
from tests.edgecrack.real_mosquitto import until as wait

SOURCE = "test:?width=320&height=240&fps=20&frames={}"


@pytest.mark.slow
def test_each_crack_of_a_unit_that_rolls_reaches_the_broker(
    command, tiny_bundle, broker, listener, tmp_path
):
    """Lines on the disk and messages are the same; an earlier segment is uploaded meanwhile."""
    mosquitto, runs = broker(), tmp_path / "runs"
    office = listener(mosquitto.port)
    (runs / "20260501T120000Z").mkdir(parents=True)
    (runs / "20260501T120000Z" / "run.json").write_text("{}")
    seal(LocalDisk(), runs / "20260501T120000Z")
    with closing(PutServer()) as server:
        ended = command(
            "run", SOURCE.format(80), "--model", tiny_bundle, "--live", "--json",
            "--runs-folder", runs, "--roll-mb", 0.02, "--keep-free-mb", 0,
            "--min-crack-share", 0, "--mqtt", f"mqtt://127.0.0.1:{mosquitto.port}",
            "--unit", "van-7", "--metered", "no", "--mqtt-pictures",
            "--outbox", tmp_path / "outbox.db", "--spool", tmp_path / "spool",
            "--upload", server.address, "--upload-metered", "no",
        )  # fmt: skip
        assert len(server.files) == 2
    assert ended.code == 0, ended.stderr
    lines = {
        (path.parent.name, line["properties"]["frame"])
        for path in runs.glob("*/cracks.geojsonl")
        for line in map(json.loads, path.read_text().splitlines())
    }
    told = {}

    def has_all():
        told.update({id_: json.loads(payload) for payload, _, id_ in office.of("cracks")})
        return len(told) >= len(lines) > 0

    wait(has_all)
    found = {(crack["folder"], crack["properties"]["frame"]) for crack in told.values()}
    assert found == lines
    assert len({folder for folder, _ in lines}) > 1
    wait(lambda: len(office.ids("pictures")) == len(lines))
    wait(lambda: office.of("availability")[-1][0] == b"offline")
    assert ended.json["uplink"]["mqtt"]["put"] >= 2 * len(lines)
    assert (ended.json["uplink"]["upload"]["segments"], ended.json["storage"]["repaired"]) == (1, 0)
    last, (one, *_) = json.loads(office.of("status")[-1][0]), told.values()
    assert last["parts"]["mqtt"]["state"] == "connected"
    assert (last["frames_with_crack"], last["run_id"]) == (len(lines), one["properties"]["run_id"])
    assert last["model_sha256"] == one["model_sha256"] == ended.json["bundle"]["sha256"]


@pytest.mark.slow
def test_a_survey_without_its_broker_goes_on_and_keeps_what_it_found(begin, until, tmp_path):
    """Killed -9: every crack whose line was synced a while ago waits in the outbox."""
    out, database = tmp_path / "out", tmp_path / "outbox.db"
    child = begin(
        SOURCE.format(1_000_000), out, "--live", "--min-crack-share", 0,
        "--mqtt", "mqtt://127.0.0.1:1", "--outbox", database,
    )  # fmt: skip
    lines = out / "cracks.geojsonl"
    until(lambda: lines.exists() and lines.read_bytes().count(b"\n") > 20, child)
    known = {json.loads(line)["properties"]["frame"] for line in lines.read_bytes().splitlines()}
    until(lambda: lines.read_bytes().count(b"\n") > 3 * len(known), child)
    child.send_signal(signal.SIGKILL)
    _, stderr = child.communicate(timeout=60)
    assert "mqtt: reconnecting" in stderr
    outbox = Outbox(database)
    put = [json.loads(message.payload) for message in outbox.take(100_000)]
    outbox.close()
    assert known <= {told["properties"]["frame"] for told in put if "properties" in told}


def test_without_a_broker_and_a_store_nothing_is_opened(tmp_path):
    """A plain run has no uplink, no thread, and no file of one."""
    uplink = open_uplink(MqttSpec(), UploadSpec(), tmp_path, Conditions())
    assert uplink.counts() is None
    assert uplink.sinks(None, "run", frames=True) == []
    uplink.begin(lambda: Figures("run", 0, 0, None, "f" * 64))
    uplink.close()
    assert [*tmp_path.iterdir()] == []


def test_without_the_library_a_person_is_told_what_to_install(monkeypatch):
    """The extra is named; nothing else of a run needs it."""
    for module in [name for name in sys.modules if name.startswith("paho")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, "edgecrack.uplink.mqtt", raising=False)
    monkeypatch.setitem(sys.modules, "paho", None)
    with pytest.raises(ConfigError, match=r"\.\[mqtt\]"):
        open_uplink(MqttSpec(address="mqtt://localhost"), UploadSpec(), None, Conditions())


WRONG = [
    ("mqtt", "address", "http://broker", "--mqtt"),
    ("mqtt", "address", "mqtt://", "--mqtt"),
    ("mqtt", "address", "mqtt://host:99999", "--mqtt"),
    ("mqtt", "address", "mqtt://host/topic", "--mqtt"),
    ("mqtt", "address", "mqtt://joe:s3cret@host", "--mqtt"),
    ("mqtt", "unit", "a/b", "--unit"),
    ("mqtt", "status_s", 0, "--status-every"),
    ("mqtt", "metered", "maybe", "--metered"),
    ("mqtt", "budget_mb_day", 0, "--mqtt-budget"),
    ("mqtt", "key_file", "a.key", "--mqtt-key"),
    ("upload", "address", "ftp://host/a", "--upload"),
    ("upload", "address", "s3+https://host", "--upload"),
    ("upload", "address", "https://key:s3cret@host/a", "--upload"),
    ("upload", "region", "A B", "--upload-region"),
    ("upload", "metered", "maybe", "--upload-metered"),
]


@pytest.mark.parametrize(("table", "key", "value", "flag"), WRONG)
def test_what_no_broker_or_store_could_be_is_refused(table, key, value, flag):
    """By the name of the option, and without the password that someone put into an address."""
    with pytest.raises(UsageError) as refused:
        configure({"source": {"address": "a.mp4"}, table: {key: value}})
    assert str(refused.value).startswith(f"{flag} ")
    assert "s3cret" not in str(refused.value)


def test_credentials_are_in_no_dump_of_a_configuration(tmp_path):
    """run.json names the file, and holds nothing of what stands in it."""
    file = tmp_path / "credentials"
    file.write_text("joe:s3cret\n")
    config = configure({"source": {"address": "a"}, "mqtt": {"credentials_file": str(file)}})
    assert read_credentials(config.mqtt.credentials_file, "NONE").password == "s3cret"
    assert "s3cret" not in json.dumps(config.as_json()) + repr(
        read_credentials(config.mqtt.credentials_file, "NONE")
    )


@pytest.mark.parametrize("content", [b"", b"joe", b":x", b"a:b\nc:d", b"\xff:x"])
def test_a_file_that_holds_no_credentials_is_refused(tmp_path, content):
    """In one sentence that says what must stand there, and not what does."""
    file = tmp_path / "credentials"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="user:password"):
        read_credentials(file, "NONE")


def test_a_part_that_changes_all_the_time_is_told_of_now_and_then():
    """Health comes at most every five seconds, with the last word; status in its own time."""
    now, conditions = [0.0], Conditions(clock_s=lambda: now[0])
    reporter = Reporter("van-7", conditions, 60.0, lambda: None, lambda: now[0])
    told = []
    for tenth in range(1200):
        now[0] = tenth / 10
        conditions.note("capture", "capturing" if tenth % 2 else "reconnecting")
        told += reporter.due()
    assert [message.topic.rpartition("/")[2] for message in told].count("status") == 2
    assert 20 <= len(told) - 2 <= 120 / HEALTH_EACH_S
    assert len({message.id for message in told}) == len(told)
    assert json.loads(told[0].payload)["t_utc"] is None
