"""Messages through a real Mosquitto that is stopped, killed and locked."""

import json
import logging
import subprocess

import pytest

from edgecrack.errors import ConfigError
from edgecrack.uplink import MqttSpec
from edgecrack.uplink.addresses import BrokerAddress
from edgecrack.uplink.message import Kind, Message
from edgecrack.uplink.mqtt import Broker, MqttLink
from edgecrack.uplink.opening import open_uplink
from edgecrack.uplink.outbox import Outbox
from tests.edgecrack.real_mosquitto import PASSWORDS, until
from tests.edgecrack.uplink.conftest import UNIT, messages


def put(unit, count, first=0, **more):
    """Put messages into a unit's outbox, as its sink does."""
    unit._outbox.put(messages(count, first=first, **more))  # noqa: SLF001


def state(conditions):
    """Return what the uplink says of itself."""
    return conditions.now()["mqtt"].state if "mqtt" in conditions.now() else ""


@pytest.mark.slow
def test_while_the_broker_is_down_messages_wait_and_each_arrives_once(
    broker, listener, messenger, tmp_path
):
    """300 messages while it is stopped: none is lost, none is left, and the file stays small."""
    mosquitto = broker()
    office = listener(mosquitto.port)
    unit, conditions = messenger(mosquitto.port)
    until(lambda: state(conditions) == "connected")
    mosquitto.stop()
    until(lambda: state(conditions) == "reconnecting")
    for first in range(0, 300, 30):
        put(unit, 30, first)
    assert unit.counts()["waiting"]["crack"] == 300
    mosquitto.start()
    until(lambda: len(office.ids("cracks")) == 300)
    until(lambda: not unit.counts()["waiting"])
    assert {*office.ids("cracks")} == {message.id for message in messages(300)}
    assert (tmp_path / "unit" / "outbox.db").stat().st_size < 1 << 20
    counts = unit.counts()
    assert not [name for name in counts if name.startswith("dropped")]
    assert counts["acknowledged"] == counts["put"]
    assert state(conditions) == "connected"


@pytest.mark.slow
def test_a_broker_that_is_killed_in_the_middle_costs_no_message(broker, listener, messenger):
    """Killed three times while messages stream: after de-duplication each is there."""
    mosquitto = broker()
    office = listener(mosquitto.port)
    unit, conditions = messenger(mosquitto.port)
    until(lambda: state(conditions) == "connected")
    for part in range(3):
        put(unit, 150, 150 * part)
        until(lambda part=part: len(office.ids("cracks")) > 150 * part + 30)
        mosquitto.kill()
        mosquitto.start()
    until(lambda: len(office.ids("cracks")) == 450)
    until(lambda: not unit.counts()["waiting"])
    assert unit.counts()["connections"] > 3


def test_availability_is_retained_and_the_will_of_a_unit_that_dies_is_seen(broker, listener):
    """Online, also to who comes later; offline when it leaves, and when it is cut off."""
    mosquitto = broker()
    early = listener(mosquitto.port)
    said = lambda: [payload for payload, *_ in early.of("availability")]  # noqa: E731
    link = MqttLink(Broker(BrokerAddress("127.0.0.1", mosquitto.port), UNIT))
    link.open()
    until(lambda: link.turn(0.05) == [] and said() == [b"online"])
    late = listener(mosquitto.port, "late")
    until(lambda: late.of("availability") == [(b"online", True, "")])
    link._client.socket().close()  # noqa: SLF001  as when the power goes
    until(lambda: said() == [b"online", b"offline"])
    again = MqttLink(Broker(BrokerAddress("127.0.0.1", mosquitto.port), UNIT))
    again.open()
    until(lambda: again.turn(0.05) == [] and said()[-1] == b"online")
    again.close()
    until(lambda: said()[-2:] == [b"online", b"offline"])
    assert not again.is_open
    again.close()


def test_a_wrong_password_is_told_without_it_and_a_new_one_needs_no_restart(
    broker, messenger, tmp_path, caplog
):
    """The broker's reason is a condition; the file is read again at the next connection."""
    passwords = tmp_path / "passwords"
    subprocess.run([PASSWORDS, "-c", "-b", passwords, UNIT, "right:word"], check=True)
    passwords.chmod(0o644)
    mosquitto = broker(f"password_file {passwords}")
    file = tmp_path / "credentials"
    file.write_text(f"{UNIT}:wr0ng\n")
    caplog.set_level(logging.DEBUG)
    unit, conditions = messenger(mosquitto.port, credentials_file=file)
    until(lambda: "authorized" in conditions.now().get("mqtt", "").__str__())
    until(lambda: unit.counts()["connections"] > 2)
    file.write_text(f"{UNIT}:right:word\n")
    until(lambda: state(conditions) == "connected")
    assert "wr0ng" not in caplog.text + str(conditions.now())
    assert "right:word" not in caplog.text + str(conditions.now())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Return a folder with an authority and what it signed for 127.0.0.1, made by openssl."""
    folder = tmp_path_factory.mktemp("tls")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj"]
    sign = ["x509", "-req", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
    for arguments in (
        [*new, "/CN=authority", "-x509", "-keyout", "ca.key", "-out", "ca.pem"],
        [*new, "/CN=broker", "-keyout", "broker.key", "-out", "broker.csr"],
        [*sign, "-in", "broker.csr", "-out", "broker.pem", "-extfile", "names"],
    ):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    for file in folder.iterdir():
        file.chmod(0o644)
    return folder


def test_tls_is_spoken_with_a_broker_whose_certificate_is_signed(broker, messenger, certificates):
    """By the authority that is named it is connected to; by one that nobody knows, it is not."""
    mosquitto = broker(f"certfile {certificates}/broker.pem\nkeyfile {certificates}/broker.key\n")
    unit, conditions = messenger(mosquitto.port, is_tls=True, ca_file=certificates / "ca.pem")
    put(unit, 3)
    until(lambda: unit.counts().get("acknowledged", 0) >= 3)
    assert state(conditions) == "connected"
    stranger = MqttLink(Broker(BrokerAddress("127.0.0.1", mosquitto.port, is_tls=True), "other"))
    with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.open()


def test_status_and_health_are_json_with_ids_and_are_retained(broker, listener, messenger):
    """Who comes later sees the last of each, with the parts and their reasons, without secrets."""
    mosquitto = broker()
    unit, conditions = messenger(mosquitto.port, status_s=1)
    conditions.note("capture", "reconnecting", "rtsp://me:secret@cam/1 stopped")
    until(lambda: unit.counts()["acknowledged"] >= 3)
    office = listener(mosquitto.port)
    until(lambda: office.of("status") and office.of("health"))
    payload, is_retained, id_ = office.of("status")[0]
    status = json.loads(payload)
    assert (status["id"], status["unit"], is_retained) == (id_, UNIT, True)
    assert status["parts"]["capture"]["state"] == "reconnecting"
    assert "secret" not in payload.decode()
    health = json.loads(office.of("health")[0][0])
    assert health["parts"]["capture"]["reason"] == "rtsp://***@cam/1 stopped"


def test_a_broker_that_forbids_a_topic_keeps_the_message_waiting(broker, messenger, tmp_path):
    """Refused because of who asks where: told, tried again, and delivered once it is allowed."""
    rules = tmp_path / "rules"
    rules.write_text("topic readwrite edgecrack/+/availability\n")
    rules.chmod(0o644)
    mosquitto = broker(f"acl_file {rules}")
    unit, conditions = messenger(mosquitto.port)
    put(unit, 2)
    until(lambda: "refused edgecrack/" in conditions.now().get("mqtt", "").__str__())
    assert unit.counts()["waiting"]["crack"] == 2
    rules.write_text("topic readwrite edgecrack/#\n")
    mosquitto.kill()
    mosquitto.start()
    until(lambda: not unit.counts()["waiting"])


def test_a_message_that_can_never_be_taken_is_given_up_and_counted(broker, messenger):
    """Larger than the broker says it takes: the next ones are not held up by it."""
    mosquitto = broker("max_packet_size 20000")
    unit, conditions = messenger(mosquitto.port)
    put(unit, 1, size_bytes=50_000)
    put(unit, 5, first=1)
    until(lambda: not unit.counts()["waiting"])
    assert unit.counts()["dropped_crack"] == 1
    assert state(conditions) == "connected"


def test_a_topic_that_is_none_is_given_up(broker, messenger):
    """A wildcard in a topic is refused before it is sent, and counted."""
    mosquitto = broker()
    unit, _ = messenger(mosquitto.port)
    bad = Message("bad", "edgecrack/+/x", b"{}", Kind.EVENT)
    unit._outbox.put([bad])  # noqa: SLF001
    until(lambda: unit.counts().get("dropped_event") == 1)


def test_the_end_delivers_what_it_can_and_keeps_the_rest(broker, listener, messenger, tmp_path):
    """What was put just before the end is sent or still there; then the unit is offline."""
    mosquitto = broker()
    office = listener(mosquitto.port)
    unit, conditions = messenger(mosquitto.port)
    until(lambda: state(conditions) == "connected")
    put(unit, 200)
    unit.close()
    outbox = Outbox(tmp_path / "unit" / "outbox.db")
    left = {message.id for message in outbox.take(1000, [Kind.CRACK])}
    outbox.close()
    until(lambda: left | {*office.ids("cracks")} == {message.id for message in messages(200)})
    until(lambda: office.of("availability")[-1][0] == b"offline")
    unit.close()


def test_a_file_that_is_no_certificate_is_refused_at_the_start(tmp_path):
    """A person must mend it: it is said before anything runs."""
    wrong = tmp_path / "ca.pem"
    wrong.write_text("no certificate")
    for more in ({"ca_file": wrong}, {"cert_file": wrong}, {"ca_file": tmp_path / "none"}):
        spec = MqttSpec(address="mqtts://localhost", outbox_file=tmp_path / "o.db", **more)
        with pytest.raises(ConfigError, match="PEM"):
            open_uplink(spec, None, tmp_path, None)
    spec = MqttSpec(address="mqtt://localhost", credentials_file=tmp_path / "none")
    with pytest.raises(ConfigError, match="user:password"):
        open_uplink(spec, None, tmp_path, None)
