"""A unit that is well, and one request to it."""

from __future__ import annotations

import socket
from dataclasses import replace

from edgecrack.conditions import Condition
from edgecrack.health.snapshot import HealthSnapshot, LoopReading, Vitals
from edgecrack.rates import BUCKETS_MS, Histogram
from edgecrack.records import ModelIdentity

TIMES = Histogram((1, 2, 3, *[0] * (len(BUCKETS_MS) - 2)), 12.5)
LOOP = LoopReading(
    frames_in=100,
    frames_inferred=60,
    frames_out=58,
    frames_with_crack=7,
    frames_seen=80,
    dropped={"source": 18, "stale": 2, "standstill": 20},
    qualities={"fix": 3, "interpolated": 50, "none": 5},
    stages={"infer": TIMES, "emit": Histogram()},
    capture_to_result=TIMES,
    last_frame_s=999.5,
    gauges={"outbox_messages": 12.0},
    model=ModelIdentity("vehicle", "1.2", "ab" * 32),
    precision="fp16",
    backend="TensorRT",
)
VITALS = Vitals(50 * 2**20, 33, 14, 12.25, 8000, 0, 10**9, 2 * 10**9, 61.5)
WELL = HealthSnapshot(
    edgecrack="0.1.0",
    up_s=1000.0,
    turn_age_s=0.1,
    is_looping=True,
    now_s=1000.0,
    loop=LOOP,
    vitals=VITALS,
    conditions={
        "capture": Condition("capture", "capturing", since_s=10.0),
        "survey": Condition("survey", "surveying", since_s=20.0),
        "storage": Condition("storage", "recording", since_s=5.0),
    },
)


def noting(part, state, reason=""):
    """Return a unit that is well but for one condition."""
    changed = {**WELL.conditions, part: Condition(part, state, reason, 900.0)}
    return replace(WELL, conditions=changed)


def ask(port, request, host="127.0.0.1"):
    """Send bytes; return the status and what follows the head, both empty where it hangs up."""
    with socket.create_connection((host, port), timeout=30) as client:
        client.sendall(request)
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionError:
            pass
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode().partition("\r\n")[0], body.decode(), head.decode()


def get(port, path, *headers):
    """Ask for a path; return the status code and the body."""
    lines = [f"GET {path} HTTP/1.1", "Host: unit", *headers, "", ""]
    status, body, _ = ask(port, "\r\n".join(lines).encode())
    return int(status.split()[1]), body
