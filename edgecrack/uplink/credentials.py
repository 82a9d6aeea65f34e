"""A user and a password, from a file that only the unit may read, or from its environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgecrack.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MQTT_VARIABLE = "EDGECRACK_MQTT_CREDENTIALS"
UPLOAD_VARIABLE = "EDGECRACK_UPLOAD_CREDENTIALS"
LIMIT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who this unit is; the password is never shown.

    Example:
        >>> Credentials("van-7", "secret")
        Credentials(user='van-7')
    """

    user: str
    password: str = field(repr=False)


def read_credentials(
    file: Path | None, variable: str, environment: Mapping[str, str] = os.environ
) -> Credentials | None:
    """Read ``user:password``; None where neither a file nor the variable says any.

    Raises:
        ConfigError: The file cannot be read, or what is there has no colon.

    Example:
        >>> read_credentials(None, "SECRET", {"SECRET": "van-7:a:b"}).user
        'van-7'
    """
    where, text = f"${variable}", environment.get(variable)
    if file is not None:
        where = str(file)
        try:
            with file.open("rb") as opened:
                text = opened.read(LIMIT_BYTES).decode()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise ConfigError(
                f"{file} must hold user:password, but cannot be read: {reason}."
            ) from error
    if text is None:
        return None
    user, colon, password = text.strip().partition(":")
    if not user or not colon or "\n" in password:
        raise ConfigError(f"{where} must hold user:password on one line, and holds something else.")
    return Credentials(user, password)
