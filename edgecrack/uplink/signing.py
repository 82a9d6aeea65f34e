"""AWS Signature Version 4, with which S3-compatible stores know who asks.

From the "Signature Version 4 signing process" of the S3 API reference: a request is written in a
canonical way, and an HMAC of that goes into its ``Authorization`` header. The body need not be read
again: its SHA-256 is known, and the store refuses a body that has another.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.uplink.credentials import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed of a request.

    Attributes:
        method: ``PUT`` and the like.
        path: Percent-encoded, beginning with a slash; there is no query.
        headers: All that are signed, ``Host`` among them.
        body_sha256: Of the body, in hexadecimal.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body_sha256: str = EMPTY_SHA256


def signed_headers(
    request: Request, known: Credentials, region: str, time_utc: str
) -> dict[str, str]:
    """Return the headers of a request with those that sign it.

    Args:
        request: What is asked.
        known: Key and secret.
        region: Of the store.
        time_utc: Such as ``20130524T000000Z``; a store wants it right within 15 minutes.
    """
    more = {"x-amz-content-sha256": request.body_sha256, "x-amz-date": time_utc}
    headers = {**request.headers, **more}
    scope = f"{time_utc[:8]}/{region}/s3/aws4_request"
    lines = {name.lower(): value.strip() for name, value in sorted(headers.items(), key=_lower)}
    names = ";".join(lines)
    canonical = "\n".join(
        (
            *(request.method, request.path, ""),
            *(f"{name}:{value}" for name, value in lines.items()),
            *("", names, request.body_sha256),
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{_ALGORITHM}\n{time_utc}\n{scope}\n{digest}"
    signature = _hmac(_key(known.password, scope), to_sign).hex()
    who = f"Credential={known.user}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": f"{_ALGORITHM} {who}"}


def encoded_path(*levels: str) -> str:
    """Return levels of a path, each percent-encoded as S3 wants it.

    Example:
        >>> encoded_path("a b", "masks/1.png")
        '/a%20b/masks/1.png'
    """
    return "".join(f"/{quote(level, safe='/-_.~', errors='surrogateescape')}" for level in levels)


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _lower(item: tuple[str, str]) -> str:
    return item[0].lower()
