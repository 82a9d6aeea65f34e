"""How a unit is, for whoever asks over HTTP, and for its journal."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  pydantic reads it

from edgecrack.loopback import is_loopback
from edgecrack.settings import setting

LOGS = ("text", "json")
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSpec:
    """How a unit tells how it is: the table ``[health]`` of ``unit.toml``.

    Attributes:
        address: ``host:port`` at which ``/healthz``, ``/readyz`` and ``/metrics`` are answered;
            None for nowhere.
        token_file: A file with the bearer token that each request must carry; None asks for none.
        log: How changes are written to stderr: one of ``LOGS``.
    """

    address: str | None = setting(
        None,
        flag="--health",
        help="Answer /healthz, /readyz and /metrics here, such as 127.0.0.1:9108.",
        default_text="nowhere",
    )
    token_file: Path | None = setting(
        None,
        flag="--health-token",
        help="File with the bearer token that a request must carry.",
        default_text="none is asked for",
    )
    log: str = setting(
        "text", flag="--log", help="How changes of state are written to stderr: text or json."
    )

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        if self.address is not None:
            host_and_port(self.address)
        if self.log not in LOGS:
            raise ValueError(f"log must be one of {', '.join(LOGS)}, not '{self.log}'")

    @property
    def open_to(self) -> str:
        """Who may ask though nobody meant it, and what to do; empty where that is guarded."""
        if self.address is None or self.token_file is not None:
            return ""
        if is_loopback(host_and_port(self.address)[0]):
            return ""
        return (
            f"whoever reaches {self.address} may ask, without a token; name health.token_file, or "
            "let health.address be on 127.0.0.1"
        )


def host_and_port(address: str) -> tuple[str, int]:
    """Split ``host:port``; an IPv6 address stands in brackets.

    Raises:
        ValueError: It is none.

    Example:
        >>> host_and_port("127.0.0.1:9108"), host_and_port("[::1]:80")
        (('127.0.0.1', 9108), ('::1', 80))
    """
    parts = _ADDRESS.fullmatch(address)
    if parts is None or int(parts["port"]) > 65535:
        raise ValueError(f"address must be host:port such as 127.0.0.1:9108, not '{address}'")
    if parts["six"] is not None:
        ipaddress.IPv6Address(parts["six"])  # its ValueError says what is wrong
    return parts["six"] or parts["host"], int(parts["port"])
