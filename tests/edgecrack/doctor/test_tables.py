"""What a unit sends, shows, keeps and guards against, as far as its file can be looked at."""

import socket
import stat
from contextlib import closing
from dataclasses import replace

import pytest

from edgecrack.doctor.line import FAIL, OK, WARN
from edgecrack.doctor.listeners import check_health, check_stream
from edgecrack.doctor.machine import Machine, Space
from edgecrack.doctor.segments import check_storage
from edgecrack.doctor.sparing import check_thermal
from edgecrack.doctor.unit import Unit, read_unit
from edgecrack.doctor.uplink import check_mqtt, check_upload
from tests.edgecrack.doctor.boards import ORIN, bare, board
from tests.edgecrack.doctor.test_unit import nobody

ALL = (check_mqtt, check_upload, check_stream, check_health, check_thermal, check_storage)
HERE = replace(Machine(), has_module=lambda _name: True)
ROLLS = "[storage]\nroll_minutes = 10.0\n"


@pytest.fixture
def looked(tmp_path):
    """Return a function that looks at a unit.toml; ``{}`` in it is a folder of the test's own."""

    def look(check, text, machine=HERE):
        file = tmp_path / "unit.toml"
        file.write_text("[source]\naddress = 'test:'\n" + text.replace("{}", str(tmp_path)))
        unit = read_unit(file)
        assert unit.problem == ""
        return check(machine, unit)

    return look


@pytest.fixture
def server():
    """Return the port of a server that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("check", ALL)
def test_what_is_not_asked_for_is_well(check, looked):
    """Neither without a file nor with one that says nothing of it."""
    assert check(HERE, Unit()).state == OK
    assert looked(check, "").state == OK


def test_a_broker_that_answers_is_well(looked, server):
    """Its port is all that is tried: nobody is told a password."""
    text = f"[mqtt]\naddress = 'mqtt://127.0.0.1:{server}'\noutbox_file = '{{}}/o.db'\n"
    found = looked(check_mqtt, f"{text}unit = 'van-7'\nspool_folder = '{{}}/a/b'\n")
    assert (found.state, found.what_to_do) == (OK, "")
    assert "this unit is van-7" in found.says


def test_what_a_broker_needs_and_lacks_is_told_in_one_line(looked, tmp_path):
    """The library and each file, with its key."""
    (tmp_path / "secret").write_text("no colon")
    head = "[mqtt]\naddress = 'mqtts://127.0.0.1:9'\noutbox_file = '{}/o.db'\n"
    found = looked(check_mqtt, head, bare(tmp_path))
    assert found.state == FAIL
    assert "paho-mqtt is not installed" in found.says
    assert "cannot be reached now: Connection refused" in found.says
    for key in ("credentials_file", "ca_file", "cert_file"):
        found = looked(check_mqtt, f"{head}{key} = '{{}}/none'\n")
        assert (found.state, f"correct mqtt.{key}" in found.what_to_do) == (FAIL, True)
        assert "none cannot be read: No such file" in found.says
        found = looked(check_mqtt, f"{head}{key} = '{{}}/secret'\n")
        assert (found.state, f"mqtt.{key}" in found.what_to_do) == (FAIL, True)


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (check_mqtt, "[mqtt]\naddress = 'mqtt://127.0.0.1:9'\noutbox_file = '{}/o.db'\n"),
        (check_upload, f"[upload]\naddress = 'https://127.0.0.1:9/a'\n{ROLLS}"),
    ],
)
def test_a_server_that_is_away_is_no_failure(check, text, looked):
    """Networks come and go, and the unit waits for them."""
    found = looked(check, text)
    assert (found.state, "cannot be reached now" in found.says) == (WARN, True)


def test_a_store_that_answers_is_well(looked, server):
    """Unless its credentials cannot be read."""
    text = f"[upload]\naddress = 'http://127.0.0.1:{server}/a'\n"
    assert looked(check_upload, text + ROLLS).state == OK
    found = looked(check_upload, f"{text}credentials_file = '{{}}/none'\n{ROLLS}")
    assert (found.state, "upload.credentials_file" in found.what_to_do) == (FAIL, True)


@pytest.mark.parametrize(
    ("check", "text", "key"),
    [
        (check_mqtt, "outbox_file = '{}/shut/o.db'\n", "mqtt.outbox_file"),
        (check_mqtt, "outbox_file = '{}/o.db'\nspool_folder = '{}/shut/a'\n", "mqtt.spool_folder"),
        (check_storage, "[output]\nruns_folder = '{}/shut/runs'\n", "output.runs_folder"),
        (check_stream, "[stream]\naddress = 'hls:{}/shut'\n", "stream.address"),
    ],
)
def test_a_folder_that_may_not_be_written_is_told_with_its_key(check, text, key, looked, tmp_path):
    """Looking makes no folder; who looks is the user that is asked about."""
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut").chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IXOTH)
    tmp_path.chmod(0o777)
    head = "[mqtt]\naddress = 'mqtt://127.0.0.1:9'\n" if check is check_mqtt else ""

    def as_nobody(machine, unit):
        with nobody():
            return check(machine, unit)

    found = looked(as_nobody, head + text)
    assert (found.state, f"correct {key}" in found.what_to_do) == (FAIL, True)
    assert list((tmp_path / "shut").iterdir()) == []


@pytest.mark.parametrize(
    ("check", "text", "cure"),
    [
        (check_health, "[health]\naddress = '0.0.0.0:9108'\n", "name health.token_file"),
        (check_stream, "[stream]\naddress = 'rtsp://0.0.0.0:8554/a'\n", "a user and a password"),
        (check_stream, "[stream]\naddress = 'srt://[::]:9000?mode=listener'\n", "a passphrase"),
    ],
)
def test_a_listener_open_to_other_machines_is_warned_of(check, text, cure, looked):
    """With how it is guarded."""
    found = looked(check, text)
    assert (found.state, cure in found.what_to_do) == (WARN, True)


def test_a_token_is_looked_at(looked, tmp_path):
    """One that is there guards all networks; one that is not, or is empty, ends the start."""
    text = "[health]\naddress = '0.0.0.0:9108'\ntoken_file = '{}/token'\n"
    assert "correct health.token_file" in looked(check_health, text).what_to_do
    (tmp_path / "token").write_text("\n")
    assert looked(check_health, text).state == FAIL
    (tmp_path / "token").write_text("a-token\n")
    assert looked(check_health, text).state == OK
    assert looked(check_health, "[health]\naddress = '127.0.0.1:9108'\n").state == OK


def test_a_threshold_without_a_sensor_is_warned_of(looked, tmp_path):
    """With the keys that do nothing; on a board its hottest place is told."""
    text = "[thermal]\nwarm_c = 85.0\nlow_v = 11.0\n"
    found = looked(check_thermal, text, bare(tmp_path))
    assert found.state == WARN
    assert "thermal.warm_c" in found.says
    assert "thermal.low_v" in found.says
    found = looked(check_thermal, "[thermal]\nwarm_c = 85.0\n", board(ORIN, tmp_path))
    assert (found.state, "°C at" in found.says) == (OK, True)


def test_a_bound_beyond_the_disk_is_warned_of(looked):
    """It would never be reached."""
    small = replace(HERE, space=lambda _folder: Space(10**9, 30 * 10**9))
    head = f"{ROLLS}most_gb = %s\n[output]\nruns_folder = '{{}}/runs'\n"
    found = looked(check_storage, head % 50.0, small)
    assert (found.state, found.what_to_do) == (WARN, "lower storage.most_gb")
    assert looked(check_storage, head % 20.0, small).says == (
        "a new folder after 10 minutes, 20 GB of them at most"
    )
