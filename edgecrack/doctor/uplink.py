"""What leaves a unit by itself: files, folders and servers of ``[mqtt]`` and ``[upload]``.

Nothing is sent, and nobody is told who this is.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail, ok, together
from edgecrack.doctor.named_file import unreadable, unwritable
from edgecrack.doctor.server import silent
from edgecrack.errors import ConfigError
from edgecrack.installation import to_install
from edgecrack.uplink import unit_name
from edgecrack.uplink.addresses import parse_broker, parse_store
from edgecrack.uplink.credentials import MQTT_VARIABLE, UPLOAD_VARIABLE, read_credentials

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit
    from edgecrack.uplink import MqttSpec


def check_mqtt(machine: Machine, unit: Unit) -> Finding:
    """Say whether the broker can be told what there is to tell."""
    spec = unit.settings.mqtt if unit.settings else None
    if spec is None or spec.address is None:
        return ok("no broker is told anything: there is no mqtt.address")
    address = parse_broker(spec.address)
    return together(
        f"{address} answers on its port; this unit is {unit_name(spec)} there",
        None if machine.has_module("paho") else _no_paho(),
        _credentials("mqtt", spec.credentials_file, MQTT_VARIABLE),
        _certificates(spec),
        unwritable("mqtt.outbox_file", spec.outbox_file.parent),
        unwritable("mqtt.spool_folder", spec.spool_folder),
        silent("the broker", "mqtt.address", address.host, address.port),
    )


def check_upload(_machine: Machine, unit: Unit) -> Finding:
    """Say whether finished segments can be uploaded."""
    spec = unit.settings.upload if unit.settings else None
    if spec is None or spec.address is None:
        return ok("nothing is uploaded: there is no upload.address")
    address = parse_store(spec.address)
    return together(
        f"the store at port {address.port} of {address.host} answers",
        _credentials("upload", spec.credentials_file, UPLOAD_VARIABLE),
        silent("the store", "upload.address", address.host, address.port),
    )


def _no_paho() -> Finding:
    return fail("the library paho-mqtt is not installed", to_install("mqtt"))


def _credentials(table: str, file: Path | None, variable: str) -> Finding | None:
    key = f"{table}.credentials_file"
    closed = unreadable(key, file)
    if closed is not None:
        return closed
    try:
        read_credentials(file, variable)
    except ConfigError as error:
        return fail(str(error).rstrip("."), f"correct what {key} names, or ${variable}")
    return None


def _certificates(spec: MqttSpec) -> Finding | None:
    files = {"ca_file": spec.ca_file, "cert_file": spec.cert_file, "key_file": spec.key_file}
    for key, file in files.items():
        closed = unreadable(f"mqtt.{key}", file)
        if closed is not None:
            return closed
    try:
        context = ssl.create_default_context(cafile=spec.ca_file)
        if spec.cert_file is not None:
            # An empty password: a key that has one fails here, where OpenSSL would ask a person.
            context.load_cert_chain(spec.cert_file, spec.key_file, password="")
    except (OSError, ssl.SSLError) as error:
        named = ", ".join(f"mqtt.{key}" for key, file in files.items() if file is not None)
        return fail(
            f"the certificates cannot be used: {error.strerror or error}",
            f"write {named} as PEM, the key without a password",
        )
    return None
