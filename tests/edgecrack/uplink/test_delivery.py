"""What is sent when, through a link in memory."""

import pytest

from edgecrack.backoff import Backoff
from edgecrack.storage.disk import LocalDisk
from edgecrack.uplink.budget import DayBudget
from edgecrack.uplink.delivery import Delivery, Timing
from edgecrack.uplink.link import MemoryLink
from edgecrack.uplink.message import Kind
from edgecrack.uplink.outbox import Outbox
from tests.edgecrack.uplink.conftest import messages

SIZE_BYTES = messages(1)[0].size_bytes
TODAY_NS = 20_000 * 86_400 * 10**9


class Bench:
    """A delivery with everything that it needs, and what it said."""

    def __init__(self, folder, most_bytes=None, *, is_metered=False):
        self.said, self.link, self.utc_ns, self.now_s = [], MemoryLink(), TODAY_NS, 0.0
        self.is_metered = is_metered
        self.outbox = Outbox(folder / "outbox.db")
        budget = DayBudget(most_bytes, folder / "budget", LocalDisk(), lambda: self.utc_ns)
        timing = Timing(Backoff(1.0, 8.0, 0.0), lambda: self.now_s)
        self.delivery = Delivery(
            self.outbox, self.link, budget, lambda: self.is_metered, self.note, timing
        )

    def note(self, state, reason):
        """Remember news."""
        if not self.said or self.said[-1] != (state, reason):
            self.said.append((state, reason))

    def turn(self, times=10):
        """Let it work, without any wait."""
        for _ in range(times):
            self.delivery.turn(0.0)

    def sent(self, kind=Kind.CRACK):
        """Return the ids of what was sent of a kind."""
        return [message.id for message in self.link.sent if message.kind is kind]


@pytest.fixture
def bench(tmp_path):
    """Return a function that makes a bench, and closes its outbox."""
    made = []

    def make(*args, **more):
        made.append(Bench(tmp_path, *args, **more))
        return made[-1]

    yield make
    for one in made:
        one.outbox.close()


def test_what_has_a_receipt_is_sent_once_and_forgotten(bench):
    """A hundred messages, twenty at a time, each of them once."""
    here = bench()
    here.outbox.put(messages(100))
    here.turn()
    assert here.sent() == [message.id for message in messages(100)]
    assert here.outbox.waiting() == {}
    assert here.said == [("connected", "")]


class SlowLink(MemoryLink):
    """A link to a broker that sends one receipt at a time."""

    def turn(self, wait_s):
        """Return the oldest receipt."""
        rest = dict(self._flying)
        self._flying = {id_: rest.pop(id_) for id_ in [*rest][:1]}
        receipts = super().turn(wait_s)
        self._flying = rest
        return receipts


def test_what_has_a_receipt_is_not_sent_again_before_it_is_forgotten(bench):
    """Receipts are written down many at a time, and none of them is taken anew meanwhile."""
    here = bench()
    here.link.__class__ = SlowLink
    here.outbox.put(messages(120))
    here.turn(60)
    assert len(here.sent()) == len({*here.sent()}) > 70
    here.turn(100)
    assert here.sent() == [message.id for message in messages(120)]
    assert here.outbox.waiting() == {}


def test_a_link_that_fails_is_opened_again_ever_later(bench):
    """1, 2, 4, 8 s after another; a receipt makes the waits short again."""
    here, opened = bench(), []
    here.link.problem = "no route"
    for second in range(40):
        here.now_s, before = second, here.delivery.connections
        here.turn(2)
        opened += [second] * (here.delivery.connections - before)
    assert opened[:6] == [0, 1, 3, 7, 15, 23]
    assert here.said == [("reconnecting", "no route")]
    here.link.problem, here.now_s = "", 60.0
    here.outbox.put(messages(1))
    here.turn()
    here.link.problem = "gone"
    here.turn(1)
    here.link.problem = ""
    here.now_s += 1.0
    here.turn(1)
    assert here.link.is_open


def test_status_pauses_before_the_bytes_of_a_day_are_used_up(bench):
    """From four fifths on, only cracks go; beyond the budget they wait, and nothing is lost."""
    here = bench(10 * SIZE_BYTES)
    here.outbox.put(messages(8))
    here.turn()
    assert not here.delivery.has_room_for_status
    here.outbox.put(messages(3, Kind.STATUS) + messages(4, first=8))
    here.turn()
    assert (len(here.sent()), here.sent(Kind.STATUS)) == (10, [])
    assert here.said[-1][0] == "waiting"
    assert "today" in here.said[-1][1]
    assert here.outbox.waiting()[Kind.CRACK][0] == 2


def test_the_next_day_what_waited_is_sent(bench):
    """In its order, with no message twice."""
    here = bench(10 * SIZE_BYTES)
    here.outbox.put(messages(15))
    here.turn()
    here.utc_ns += 86_400 * 10**9
    here.turn()
    assert here.sent() == [message.id for message in messages(15)]
    assert here.said[-1] == ("connected", "")


def test_pictures_wait_for_a_link_that_is_not_metered(bench):
    """And hold up nothing else meanwhile."""
    here = bench(is_metered=True)
    here.outbox.put(messages(3, Kind.PICTURE) + messages(3))
    here.turn()
    assert (len(here.sent()), here.sent(Kind.PICTURE)) == (3, [])
    here.is_metered = False
    here.turn()
    assert len(here.sent(Kind.PICTURE)) == 3


def test_what_the_broker_refuses_for_now_is_tried_again_later(bench):
    """After a wait, not in a circle; it stays in the outbox."""
    here = bench()
    here.outbox.put(messages(1))
    here.link.refusal = "Quota exceeded"
    here.turn()
    assert (len(here.sent()), here.outbox.waiting()[Kind.CRACK][0]) == (1, 1)
    assert "Quota exceeded" in here.said[-1][1]
    here.link.refusal, here.now_s = "", 5.0
    here.turn()
    assert here.outbox.waiting() == {}


def test_what_it_refuses_for_good_is_given_up(bench):
    """Counted, and the next one is sent."""
    here = bench()
    here.outbox.put(messages(1))
    here.link.refusal, here.link.is_final = "Topic name invalid", True
    here.turn(2)
    assert here.outbox.counts()["dropped_crack"] == 1
    assert here.outbox.waiting() == {}


def test_an_outbox_that_fails_is_a_condition_and_no_end(bench, tmp_path):
    """While its disk is away nothing is raised; afterwards it goes on."""
    here = bench()
    here.outbox.put(messages(2))
    here.outbox.close()
    folder, away = tmp_path, tmp_path.with_name("away")
    folder.rename(away)
    folder.write_text("")
    here.turn(3)
    assert here.said[-1][0] == "degraded"
    folder.unlink()
    away.rename(folder)
    here.turn()
    assert len(here.sent()) == 2
    assert here.said[-1] == ("connected", "")


def test_leaving_sends_what_waits(bench):
    """And not longer than it may take."""
    here = bench()
    here.turn(1)
    here.outbox.put(messages(50))
    here.delivery.close(5.0)
    assert len(here.sent()) == 50
    assert here.outbox.waiting() == {}
    assert not here.link.is_open
