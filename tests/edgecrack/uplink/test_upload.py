"""Finished segments, uploaded to a server that fails in the ways that servers do."""

import hashlib
import json
import shutil
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from edgecrack.conditions import Conditions
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.segment import seal
from edgecrack.uplink import MqttSpec, UploadSpec
from edgecrack.uplink.addresses import parse_store
from edgecrack.uplink.budget import DayBudget
from edgecrack.uplink.credentials import Credentials
from edgecrack.uplink.opening import open_uplink
from edgecrack.uplink.put_off import MOST_S, PutOff
from edgecrack.uplink.sealed import SealedSegments
from edgecrack.uplink.signing import Request, encoded_path, signed_headers
from edgecrack.uplink.store import HttpStore
from edgecrack.uplink.upload import Gate, Uploader
from tests.edgecrack.put_server import PutServer
from tests.edgecrack.real_mosquitto import until

NAMES = ["cracks.geojsonl", "masks/1.png", "masks/a b$.png", "run.json"]


class DiskOfARace(LocalDisk):
    """A disk on which a segment is deleted just before its seal is read a second time."""

    def __init__(self, seal_file):
        super().__init__()
        self._seal_file, self._reads = seal_file, 0

    def read(self, path):
        """Read, and delete what must go."""
        self._reads += path == self._seal_file
        if self._reads == 2:
            shutil.rmtree(self._seal_file.parent, ignore_errors=True)
        return super().read(path)


class WatchedDisk(LocalDisk):
    """A disk that notes which seals were read."""

    def __init__(self):
        super().__init__()
        self.seals_read = []

    def read(self, path):
        """Read, and note it."""
        if path.name == "seal.json":
            self.seals_read.append(path.parent.name)
        return super().read(path)


@pytest.fixture
def server():
    """A server of plain PUT."""
    with closing(PutServer()) as put_server:
        yield put_server


@pytest.fixture
def runs(tmp_path):
    """Return a folder with two finished segments and one that is still written."""
    folder = tmp_path / "runs"
    for segment in ("20260501T120000Z", "20260501T121000Z"):
        (folder / segment / "masks").mkdir(parents=True)
        for name in NAMES:
            (folder / segment / name).write_bytes(f"{segment} {name}".encode() * 99)
        seal(LocalDisk(), folder / segment, order=int(segment[11:13]))
    (folder / "20260501T122000Z").mkdir()
    (folder / "20260501T122000Z" / "run.json").write_text("{}")
    return folder


@pytest.fixture
def uploader(server, runs, tmp_path):
    """Return a function that makes an uploader, and the conditions it notes."""
    stores = ExitStack()

    def make(*, is_metered=False, most_bytes=None, credentials_file=None, disk=None):
        disk = disk or LocalDisk()
        conditions = Conditions()
        budget = DayBudget(most_bytes, tmp_path / "budget.json", LocalDisk(), lambda: 10**18)
        store = HttpStore(parse_store(server.address), "us-east-1", credentials_file)

        def note(state, reason):
            conditions.note("upload", state, reason)

        gate = Gate(budget, lambda: is_metered)
        stores.enter_context(closing(store))
        segments = SealedSegments(disk, runs)
        made = Uploader(store, segments, disk, gate, note, "van-7")
        return made, conditions

    with stores:
        yield make


def again(uploader):
    """Let an uploader try once more at once."""
    uploader._due_s, uploader._put_off = 0.0, PutOff()  # noqa: SLF001
    uploader.turn()


def arrived(server, runs):
    """Return whether each finished segment is in the store as it lies here."""
    here = {
        f"/surveys/van-7/{name_in_store(file)}{encoded_path(name)}": (
            file.parent / name
        ).read_bytes()
        for file in runs.glob("*/seal.json")
        for name in [*NAMES, "seal.json"]
    }
    return server.files == here


def name_in_store(seal_file):
    """Return what the segment with this seal is called there: also a command line can tell."""
    return f"{seal_file.parent.name}-{hashlib.sha256(seal_file.read_bytes()).hexdigest()[:12]}"


@pytest.mark.parametrize("tells", [True, False])
def test_a_finished_segment_arrives_whole_and_is_marked_then(server, runs, uploader, tells):
    """The seal goes last; what is unfinished stays; a server without digests is read back."""
    server.tells = tells
    upload, conditions = uploader()
    again(upload)
    assert arrived(server, runs)
    assert [path.rpartition("/")[2] for path in server.of("PUT")].index("seal.json") == len(NAMES)
    assert bool(server.of("GET")) != tells
    for file in runs.glob("*/seal.json"):
        marked = json.loads((file.parent / "uploaded.json").read_text())
        assert marked["seal_sha256"] == LocalDisk().digest(file).sha256
        assert marked["files"] == len(NAMES) + 1
    assert upload.counts()["segments"] == 2
    assert conditions.now()["upload"].state == "idle"
    before = len(server.asked)
    again(upload)
    assert len(server.asked) == before


def test_an_upload_that_broke_off_goes_on_where_it_was(server, runs, uploader):
    """Cut in the middle of its third file: what is there is not sent again, the rest is."""
    server.cut_after = 2
    upload, conditions = uploader()
    again(upload)
    assert conditions.now()["upload"].state == "reconnecting"
    assert not [*runs.glob("*/uploaded.json")]
    server.cut_after, server.asked = None, []
    again(upload)
    assert arrived(server, runs)
    assert len(server.of("PUT")) == 2 * (len(NAMES) + 1) - 2
    assert upload.counts()["there_already"] == 2


def test_what_was_spoilt_on_its_way_is_sent_again_and_nothing_is_marked_before(
    server, runs, uploader
):
    """One byte turned in the store: found by its digest, told, and mended by the next try."""
    server.spoils = True
    upload, conditions = uploader()
    again(upload)
    assert "not in the store as it was sent" in conditions.now()["upload"].reason
    assert not [*runs.glob("*/uploaded.json")]
    again(upload)
    assert arrived(server, runs)


def test_a_name_that_comes_again_overwrites_nothing_in_the_store(server, runs, uploader):
    """A board without a battery begins each day at the same time: both drives are kept."""
    upload, _ = uploader()
    again(upload)
    before, folder = dict(server.files), runs / "20260501T120000Z"
    shutil.rmtree(folder)
    (folder / "masks").mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_bytes(b"tuesday")
    seal(LocalDisk(), folder, order=99)
    again(upload)
    assert before.items() <= server.files.items()
    assert len(server.files) == len(before) + len(NAMES) + 1
    assert json.loads((folder / "uploaded.json").read_text())["stored_as"] == (
        f"van-7/{name_in_store(folder / 'seal.json')}"
    )


def test_a_file_that_cannot_be_read_holds_up_no_other_segment(runs, uploader):
    """It is told and counted once, as damage is, and not tried for ever."""
    file = runs / "20260501T120000Z" / "masks" / "1.png"
    file.unlink()
    file.mkdir()  # opened, it fails as a bad block does
    upload, conditions = uploader()
    again(upload)
    again(upload)
    assert [path.parent.name for path in runs.glob("*/uploaded.json")] == ["20260501T121000Z"]
    assert (upload.counts()["damaged"], upload.counts()["failures"]) == (1, 0)
    assert conditions.now()["upload"].state == "degraded"
    assert "1.png could not be read back" in conditions.now()["upload"].reason


def test_a_seal_that_can_no_longer_be_read_holds_up_no_other_segment(server, runs, uploader):
    """One that broke after the segment was given its place in the order."""
    server.status = 500
    upload, conditions = uploader()
    again(upload)
    server.status = None
    (runs / "20260501T120000Z" / "seal.json").write_text("rotten")
    again(upload)
    assert [path.parent.name for path in runs.glob("*/uploaded.json")] == ["20260501T121000Z"]
    assert "no seal that can be read" in conditions.now()["upload"].reason


def test_a_file_that_the_store_refuses_holds_up_no_other_segment(server, runs, uploader):
    """413 of one file: the next turn begins with the next segment; the other comes back later."""
    folder = runs / "20260501T120000Z"
    (folder / "masks" / "1.png").write_bytes(bytes(50_000))
    seal(LocalDisk(), folder, order=1)
    server.most_bytes = 10_000
    upload, conditions = uploader()
    again(upload)
    upload._put_off._clock_s = lambda: 0.0  # noqa: SLF001  not due for long
    upload._due_s = 0.0  # noqa: SLF001
    upload.turn()
    assert [path.parent.name for path in runs.glob("*/uploaded.json")] == ["20260501T121000Z"]
    assert conditions.now()["upload"].state == "degraded"
    assert "413" in conditions.now()["upload"].reason
    assert len([path for path in server.of("PUT") if path.endswith("/masks/1.png")]) == 2
    server.most_bytes, upload._put_off._clock_s = None, lambda: 1e9  # noqa: SLF001  due
    upload._due_s = 0.0  # noqa: SLF001
    upload.turn()
    assert arrived(server, runs)
    assert conditions.now()["upload"].state == "idle"


def test_what_was_put_off_waits_longer_each_time_up_to_a_cap():
    """But shortly where some of it went; what is gone or uploaded waits no more."""
    now, bad, slow = [0.0], Path("bad"), Path("slow")
    put_off = PutOff(lambda: now[0])
    waits = []
    for _ in range(20):
        put_off.add(bad, "413", got_on=False)
        waits.append(put_off.next_s(1e9))
    assert waits[0] < 1
    assert waits[:11] == sorted(waits[:11])
    assert all(0.8 * MOST_S <= wait <= 1.2 * MOST_S for wait in waits[11:])
    for _ in range(20):
        put_off.add(slow, "cut", got_on=True)
    assert put_off.next_s(30.0) < 1
    now[0] = 2.0
    assert (put_off.holds(bad), put_off.holds(slow)) == (True, False)
    put_off.forget_all_but({bad})
    assert put_off.reasons() == ["413"]
    put_off.forget(bad)
    assert (put_off.reasons(), put_off.next_s(30.0)) == ([], 30.0)


def test_no_seal_is_read_while_nothing_may_be_sent(uploader):
    """On a metered link, or with the day's bytes used up, a look costs next to nothing."""
    for how in ({"is_metered": True}, {"most_bytes": 1}):
        disk = WatchedDisk()
        upload, conditions = uploader(disk=disk, **how)
        upload._gate.spend(1)  # noqa: SLF001
        again(upload)
        assert conditions.now()["upload"].state == "waiting"
        assert disk.seals_read == []


def test_a_seal_is_read_when_it_is_new_and_when_its_turn_comes(server, uploader):
    """And at no look in between: there may be hundreds, each of thousands of files."""
    disk, (first, second) = WatchedDisk(), ("20260501T120000Z", "20260501T121000Z")
    server.status = 500
    upload, _ = uploader(disk=disk)
    again(upload)
    assert disk.seals_read == [first, second, first]
    again(upload)
    assert disk.seals_read == [first, second, first, first]
    server.status = None
    again(upload)
    again(upload)
    assert disk.seals_read == [first, second, first, first, first, second]


def test_a_segment_that_is_damaged_here_is_not_uploaded_and_holds_up_no_other(runs, uploader):
    """It is told and counted once, and stays unmarked for whoever mends it."""
    (runs / "20260501T120000Z" / "masks" / "1.png").write_bytes(b"rotten")
    upload, conditions = uploader()
    again(upload)
    again(upload)
    assert [path.parent.name for path in runs.glob("*/uploaded.json")] == ["20260501T121000Z"]
    assert upload.counts()["damaged"] == 1
    assert conditions.now()["upload"].state == "degraded"


@pytest.mark.parametrize(
    ("how", "reason"), [({"is_metered": True}, "metered"), ({"most_bytes": 9_000}, "today")]
)
def test_on_a_metered_link_or_beyond_the_bytes_of_a_day_it_waits(server, uploader, how, reason):
    """And says why; what was sent before is not sent again."""
    upload, conditions = uploader(**how)
    again(upload)
    assert conditions.now()["upload"].state == "waiting"
    assert reason in conditions.now()["upload"].reason
    assert sum(map(len, server.files.values())) < 9_000


def test_a_server_that_refuses_is_asked_again_later(server, runs, uploader, tmp_path):
    """401 until the credentials are right; they are read anew for each request."""
    server.wanted = "Basic am9lOnJpZ2h0"
    file = tmp_path / "credentials"
    file.write_text("joe:wrong")
    upload, conditions = uploader(credentials_file=file)
    again(upload)
    assert "401" in conditions.now()["upload"].reason
    file.write_text("joe:right")
    again(upload)
    assert arrived(server, runs)
    file.unlink()
    (runs / "20260501T120000Z" / "uploaded.json").unlink()
    again(upload)
    assert "user:password" in conditions.now()["upload"].reason


def test_a_unit_uploads_beside_its_survey(server, runs):
    """Opened as a unit does, with a thread of its own; what it did is in its counts."""
    spec = UploadSpec(address=server.address, metered="no")
    conditions = Conditions()
    with closing(open_uplink(MqttSpec(unit="van-7"), spec, runs, conditions)) as uplink:
        until(lambda: uplink.counts()["upload"]["segments"] == 2)
    assert arrived(server, runs)
    uplink.close()


def test_the_oldest_goes_first_by_order_and_not_by_name(runs):
    """A clock that was wrong gives a segment a wrong name."""
    seal(LocalDisk(), runs / "20260501T120000Z", order=99)
    names = [folder.name for folder in SealedSegments(LocalDisk(), runs).pending()]
    assert names == ["20260501T121000Z", "20260501T120000Z"]


def test_a_segment_that_is_deleted_meanwhile_holds_up_no_other(runs, uploader):
    """Room was needed: what is gone is no failure."""
    upload, conditions = uploader(disk=DiskOfARace(runs / "20260501T120000Z" / "seal.json"))
    again(upload)
    assert (upload.counts()["segments"], upload.counts()["failures"]) == (1, 0)
    assert conditions.now()["upload"].state == "idle"


def test_a_seal_that_cannot_be_read_is_left_to_recovery(runs):
    """Half a seal, and one that leads elsewhere, stop no other segment."""
    (runs / "20260501T120000Z" / "seal.json").write_text('{"files": [{"path": "../x"')
    assert [folder.name for folder in SealedSegments(LocalDisk(), runs).pending()] == [
        "20260501T121000Z"
    ]


S3_KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
S3_HOST = "examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("request_", "signature"),
    [
        (
            Request("GET", "/test.txt", {"Host": S3_HOST, "Range": "bytes=0-9"}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            Request(
                "PUT",
                encoded_path("test$file.text"),
                {
                    "Host": S3_HOST,
                    "Date": "Fri, 24 May 2013 00:00:00 GMT",
                    "x-amz-storage-class": "REDUCED_REDUNDANCY",
                },
                "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            ),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
    ],
)
def test_requests_are_signed_as_in_the_examples_of_s3s_own_reference(request_, signature):
    """The GET and the PUT of an object, with the keys and the time that stand there."""
    headers = signed_headers(request_, S3_KEY, "us-east-1", "20130524T000000Z")
    assert headers["Authorization"].rpartition("Signature=")[2] == signature
