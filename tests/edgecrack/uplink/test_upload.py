"""Finished segments, uploaded to a server that fails in the ways that servers do."""

import json
import shutil
from contextlib import ExitStack, closing

import pytest

from edgecrack.conditions import Conditions
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.segment import seal
from edgecrack.uplink import MqttSpec, UploadSpec
from edgecrack.uplink.addresses import parse_store
from edgecrack.uplink.budget import DayBudget
from edgecrack.uplink.credentials import Credentials
from edgecrack.uplink.opening import open_uplink
from edgecrack.uplink.sealed import sealed_segments
from edgecrack.uplink.signing import Request, encoded_path, signed_headers
from edgecrack.uplink.store import HttpStore
from edgecrack.uplink.upload import Gate, Uploader
from tests.edgecrack.put_server import PutServer
from tests.edgecrack.real_mosquitto import until

NAMES = ["cracks.geojsonl", "masks/1.png", "masks/a b$.png", "run.json"]


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

    def make(*, is_metered=False, most_bytes=None, credentials_file=None):
        conditions = Conditions()
        budget = DayBudget(most_bytes, tmp_path / "budget.json", LocalDisk(), lambda: 10**18)
        store = HttpStore(parse_store(server.address), "us-east-1", credentials_file)

        def note(state, reason):
            conditions.note("upload", state, reason)

        gate = Gate(budget, lambda: is_metered)
        stores.enter_context(closing(store))
        made = Uploader(
            store, lambda: sealed_segments(LocalDisk(), runs), LocalDisk(), gate, note, "van-7"
        )
        return made, conditions

    with stores:
        yield make


def again(uploader):
    """Let an uploader try once more at once."""
    uploader._due_s = 0.0  # noqa: SLF001
    uploader.turn()


def arrived(server, runs):
    """Return whether each finished segment is in the store as it lies here."""
    here = {
        f"/surveys/van-7/{file.parent.name}{encoded_path(name)}": (file.parent / name).read_bytes()
        for file in runs.glob("*/seal.json")
        for name in [*NAMES, "seal.json"]
    }
    return server.files == here


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
    names = [segment.folder.name for segment in sealed_segments(LocalDisk(), runs)]
    assert names == ["20260501T121000Z", "20260501T120000Z"]


def test_a_segment_that_is_deleted_meanwhile_holds_up_no_other(runs, uploader):
    """Room was needed: what is gone is no failure."""
    upload, conditions = uploader()
    pending = sealed_segments(LocalDisk(), runs)
    upload._pending = lambda: pending  # noqa: SLF001
    shutil.rmtree(pending[0].folder)
    again(upload)
    assert (upload.counts()["segments"], upload.counts()["failures"]) == (1, 0)
    assert conditions.now()["upload"].state == "idle"


def test_a_seal_that_cannot_be_read_is_left_to_recovery(runs):
    """Half a seal, and one that leads elsewhere, stop no other segment."""
    (runs / "20260501T120000Z" / "seal.json").write_text('{"files": [{"path": "../x"')
    assert [segment.folder.name for segment in sealed_segments(LocalDisk(), runs)] == [
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
