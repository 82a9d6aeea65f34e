"""A server that is asked by all kinds of clients, over real sockets."""

import json
import socket
import threading
from contextlib import ExitStack, closing, suppress
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgecrack.errors import ConfigError
from edgecrack.health import server as server_module
from edgecrack.health.server import MOST_CLIENTS, MOST_REQUEST_BYTES, HealthServer, read_token
from tests.edgecrack.health.health_parts import WELL, ask, get, noting


@pytest.fixture
def serve():
    """Return a function that serves a snapshot, and gives the port."""
    with ExitStack() as stack:

        def _serve(snapshot=WELL, token=None, host="127.0.0.1"):
            server = HealthServer((host, 0), lambda: snapshot, token)
            stack.enter_context(closing(server))
            return server.port

        yield _serve


def test_each_path_has_its_answer(serve):
    """Verdicts are JSON, metrics what Prometheus parses."""
    port = serve()
    for path in ("/healthz", "/readyz", "/healthz?from=probe"):
        status, body = get(port, path)
        assert (status, json.loads(body)) == (200, {"status": "ok", "reasons": {}})
    status, body = get(port, "/metrics")
    assert status == 200
    assert len(list(text_string_to_metric_families(body))) > 20


def test_what_is_wrong_is_answered_with_503_and_its_reason(serve):
    """Alive but not ready: one says 200, the other why not."""
    port = serve(noting("capture", "reconnecting", "rtsp://me:secret@cam/1 stopped"))
    assert get(port, "/healthz")[0] == 200
    status, body = get(port, "/readyz")
    reasons = {"capture": "reconnecting: rtsp://***@cam/1 stopped"}
    assert (status, json.loads(body)["reasons"]) == (503, reasons)
    assert get(serve(replace(WELL, turn_age_s=99.0)), "/healthz")[0] == 503


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /", 404),
        ("GET /metrics/..", 404),
        ("POST /metrics", 405),
        ("DELETE /healthz", 405),
        ("HEAD /metrics", 200),
        ("GET http://elsewhere/metrics", 404),
    ],
)
def test_nothing_else_is_answered(serve, request_line, status):
    """No other path and no other method; HEAD has no body."""
    answered, body, head = ask(serve(), f"{request_line} HTTP/1.1\r\n\r\n".encode())
    assert int(answered.split()[1]) == status
    assert bool(body) is not request_line.startswith("HEAD")
    assert "Python" not in head


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # somebody speaks TLS
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /metrics HTTP/9.9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nbroken header\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 500 + b"\r\n",
        b"GET /" + b"a" * 2 * MOST_REQUEST_BYTES,
        b"",
    ],
)
def test_no_request_ends_the_server(serve, garbage, capfd):
    """Whatever is said, the next one is answered, and the journal is left alone."""
    port = serve()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(garbage)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
    assert get(port, "/healthz")[0] == 200
    assert capfd.readouterr().err == ""


def test_a_long_request_is_hung_up_on(serve, monkeypatch):
    """It need not be over for that, nor its time."""
    monkeypatch.setattr(server_module, "ASK_WITHIN_S", 300.0)
    with socket.create_connection(("127.0.0.1", serve()), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + b"x" * (MOST_REQUEST_BYTES + 4096))
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""


def test_slow_clients_keep_nobody_waiting_for_long(serve, monkeypatch):
    """As many as are served at once say nothing: one more is hung up on, a later one served."""
    monkeypatch.setattr(server_module, "ASK_WITHIN_S", 0.5)
    port = serve()
    before = threading.active_count()
    with ExitStack() as stack:
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            for _ in range(MOST_CLIENTS)
        ]
        for client in slow:
            client.sendall(b"GET /hea")
        status, _, _ = ask(port, b"GET /healthz HTTP/1.1\r\n\r\n")
        assert status == ""
        assert threading.active_count() <= before + MOST_CLIENTS
        assert all(client.recv(1) == b"" for client in slow)  # each after its time
    assert get(port, "/healthz")[0] == 200


def test_a_drop_at_a_time_is_too_slow(serve, monkeypatch):
    """The whole request has its time, not each part of it."""
    monkeypatch.setattr(server_module, "ASK_WITHIN_S", 0.3)
    with socket.create_connection(("127.0.0.1", serve()), timeout=0.05) as client:
        sent = 0
        for _ in range(1000):
            try:
                client.sendall(b"x")
                sent += 1
                if client.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert sent < 100


def test_a_client_that_does_not_listen_is_left(serve, monkeypatch, capfd):
    """It asks and reads nothing, of an answer larger than any buffer on the way."""
    monkeypatch.setattr(server_module, "LISTEN_WITHIN_S", 0.3)
    monkeypatch.setattr(server_module, "metrics_text", lambda _: "x" * 64 * 2**20)
    port = serve()
    with ExitStack() as stack:
        for _ in range(MOST_CLIENTS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        served = threading.Event()
        for _ in range(300):
            if ask(port, b"GET /healthz HTTP/1.1\r\n\r\n")[0].endswith("OK"):
                break
            served.wait(0.02)
        else:
            raise AssertionError("nobody is served any more")
    assert capfd.readouterr().err == ""


def test_only_who_has_the_token_is_answered(serve, tmp_path):
    """Neither without, nor with another, nor with part of it; the path does not matter."""
    (tmp_path / "token").write_text("s3cret\n")
    port = serve(token=read_token(tmp_path / "token"))
    for said in ((), ("Authorization: Bearer s3cre",), ("Authorization: Basic s3cret",),
                 ("Authorization: Bearer s\xe9cret",)):  # fmt: skip
        assert get(port, "/metrics", *said)[0] == 401
        assert get(port, "/none", *said)[0] == 401
    assert get(port, "/metrics", "Authorization: Bearer s3cret")[0] == 200


@pytest.mark.parametrize("content", [None, b"", b"\n", "schlüssel".encode(), b"a\x00b"])
def test_a_token_that_is_none_is_refused(tmp_path, content):
    """A unit that was to be guarded does not start unguarded."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        read_token(file)
    assert str(file) in str(error.value)


def test_it_listens_at_ipv6_and_lets_go_of_its_port(serve):
    """An address with colons is one of IPv6; after the end the port is free at once."""
    port = serve(host="::1")
    assert ask(port, b"GET /healthz HTTP/1.1\r\n\r\n", host="::1")[0].endswith("OK")
    first = HealthServer(("127.0.0.1", 0), lambda: WELL)
    first.close()
    first.close()
    with closing(HealthServer(("127.0.0.1", first.port), lambda: WELL)) as second:
        assert get(second.port, "/healthz")[0] == 200
