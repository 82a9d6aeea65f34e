"""What is known about an engine, beside its plan: a file of JSON.

It is never inside the plan, so that NVIDIA's own tools can read that.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

from edgecrack.engines.fingerprint import Fingerprint, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """An engine's own account.

    Attributes:
        fingerprint: What it was built from and for.
        architecture_sha256: Digest of the network without its weights: what a refit keeps.
        file: Name of the network file within its bundle.
        bundle: Name and release of the bundle.
        plan_bytes: Length of the plan.
        plan_sha256: Digest of the plan.
        precision: What its convolutions compute in, as inspected.
        convolutions: Precision as inspected -> how many convolutions.
        dla_fallback: Layers that were to run on the DLA and run on the GPU.
        refitted_from: Key of the engine whose weights were exchanged; empty if it was built.
        build_s: Seconds that took.
        built_utc: When, ISO 8601.
        edgecrack: Version of the program that built it.
    """

    fingerprint: Fingerprint
    architecture_sha256: str
    file: str
    bundle: str
    plan_bytes: int
    plan_sha256: str
    precision: str
    convolutions: dict[str, int]
    dla_fallback: tuple[str, ...]
    refitted_from: str
    build_s: float
    built_utc: str
    edgecrack: str

    @property
    def key(self) -> str:
        """The name of its files."""
        return self.fingerprint.key

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"key": self.key, **asdict(self)}


def parse_sidecar(text: bytes | str) -> Sidecar:
    """Return the sidecar in a file.

    Raises:
        ValueError: It is no JSON, or not exactly what a sidecar holds.
    """
    try:
        values = json.loads(text)
        key = values.pop("key")
        fingerprint = values.pop("fingerprint")
        target = Target(**_checked(Target, fingerprint.pop("target")))
        known = Fingerprint(target=target, **_checked(Fingerprint, fingerprint, "target"))
        sidecar = Sidecar(fingerprint=known, **_checked(Sidecar, values, "fingerprint"))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no sidecar of an engine: {error}") from error
    if sidecar.key != key:
        raise ValueError(f"its key is {key}, but its fingerprint gives {sidecar.key}")
    return sidecar


def _checked(record: type[Any], values: dict[str, Any], *elsewhere: str) -> dict[str, Any]:
    """Return the values of a record's fields if each is there and of its type."""
    kinds = get_type_hints(record)
    names = {field.name for field in fields(record)} - set(elsewhere)
    if set(values) != names:
        raise ValueError(f"the keys are {sorted(values)}, not {sorted(names)}")
    checked = {}
    for name, value in values.items():
        kind = getattr(kinds[name], "__origin__", kinds[name])
        given = tuple(value) if kind is tuple and isinstance(value, list) else value
        if type(given) is not kind:
            raise TypeError(f"{name} must be {kind.__name__}, not {value!r:.60}")
        checked[name] = given
    return checked
