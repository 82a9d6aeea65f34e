"""Addresses of brokers and stores. A password has no place in them: they are shown and logged."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_BROKERS = {"mqtt": 1883, "mqtts": 8883}
_STORES = {"http": 80, "https": 443, "s3+http": 80, "s3+https": 443}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where an MQTT broker listens.

    Example:
        >>> str(BrokerAddress("::1", 1883))
        'mqtt://[::1]:1883'
    """

    host: str
    port: int
    is_tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.is_tls else ''}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where files are put.

    Attributes:
        host: Name of the server.
        port: Its port.
        path: Begins with a slash and ends without one; percent-encoded as it was written.
        is_tls: Whether it speaks HTTPS.
        is_s3: Whether requests are signed as S3 wants it.
    """

    host: str
    port: int
    path: str
    is_tls: bool
    is_s3: bool


def parse_broker(address: str) -> BrokerAddress:
    """Read the address of a broker.

    Raises:
        ValueError: It is none; the message begins with the word ``address``.

    Example:
        >>> parse_broker("mqtts://broker.example")
        BrokerAddress(host='broker.example', port=8883, is_tls=True)
    """
    parts, host, port = _split(address, _BROKERS, "mqtt://host:1883 or mqtts://host:8883")
    if parts.path not in {"", "/"}:
        raise ValueError("address must be mqtt://host:1883 or mqtts://host:8883, without a path")
    return BrokerAddress(host, port, parts.scheme == "mqtts")


def parse_store(address: str) -> StoreAddress:
    """Read the address of a store.

    Raises:
        ValueError: It is none; the message begins with the word ``address``.

    Example:
        >>> parse_store("s3+https://s3.example/bucket/units/").path
        '/bucket/units'
    """
    parts, host, port = _split(
        address, _STORES, "https://host/path or s3+https://host/bucket/prefix"
    )
    scheme, is_s3 = parts.scheme.removeprefix("s3+"), parts.scheme.startswith("s3+")
    path = parts.path.rstrip("/")
    if is_s3 and not path:
        raise ValueError("address must name a bucket, as in s3+https://host/bucket/prefix")
    return StoreAddress(host, port, path, scheme == "https", is_s3)


def _split(address: str, schemes: dict[str, int], wanted: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
        if host:
            host.encode("idna")
    except ValueError:
        raise ValueError(f"address must be {wanted}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("address must hold no user or password: they go into credentials_file")
    if parts.scheme not in schemes or not host or port == 0 or parts.query or parts.fragment:
        raise ValueError(f"address must be {wanted}")
    return parts, host, port or schemes[parts.scheme]
