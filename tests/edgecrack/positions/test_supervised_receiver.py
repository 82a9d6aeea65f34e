"""A receiver comes back however it went away, and nothing is raised meanwhile."""

import os
import pty
import threading
from concurrent.futures import Future
from queue import SimpleQueue

import pytest

from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.positions import open_receiver
from edgecrack.positions.geotag import Geotagger
from edgecrack.positions.reception import HEARD, ReceiverChange, ReceiverState
from edgecrack.positions.supervised import SupervisedReceiver, Supervision, open_in_thread
from edgecrack.positions.track import Track
from edgecrack.records import Fix
from edgecrack.synthetic.position_log import nmea
from tests.edgecrack.real_gpsd import PlayedReceiver, drive, epochs, gpsd_with

OPENING, CONNECTED, AWAY = ReceiverState.OPENING, ReceiverState.CONNECTED, ReceiverState.AWAY
FIX = Fix(0, 50.0, 8.0)


class Scripted:
    """A receiver that does what a test wrote down: fixes, or an error that is raised."""

    def __init__(self, *polls):
        self._polls, self.closed, self.counts = list(polls), 0, {"fixes": 0}
        self.reception = None

    def poll(self):
        """Return the next fixes, then none."""
        next_one = self._polls.pop(0) if self._polls else []
        if isinstance(next_one, Exception):
            raise next_one
        self.counts["fixes"] += len(next_one)
        return next_one

    def close(self):
        """Count it."""
        self.closed += 1


class Bench:
    """A clock that a test turns, a list of what opening comes to, and what was told."""

    def __init__(self, *openings):
        self._openings, self.now_s, self.told = list(openings), 100.0, []

    def receiver(self):
        """Return a supervised receiver of these openings, without jitter or threads."""
        how = Supervision(self.told.append, begin=self._begin, clock=lambda: self.now_s,
                          random=lambda: 0.5)  # fmt: skip
        return SupervisedReceiver(self._open, how)

    @property
    def states(self):
        """What it became, one after the other."""
        return [change.state for change in self.told]

    def wait(self, receiver, seconds):
        """Let time pass in steps of 0.25 s, polling; return after how long there was a fix."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += 0.25
            if receiver.poll():
                return self.now_s - end_s + seconds
        return None

    def _open(self):
        next_one = self._openings.pop(0) if self._openings else SourceError("not there")
        if isinstance(next_one, Exception):
            raise next_one
        return next_one

    @staticmethod
    def _begin(open_it):
        done = Future()
        try:
            done.set_result(open_it())
        except Exception as error:  # noqa: BLE001  as a thread does
            done.set_exception(error)
        return done


def test_while_it_is_there_it_is_a_receiver_like_any_other():
    """Its fixes are passed on, and it is closed once."""
    inner = Scripted([FIX], [], [FIX, FIX])
    bench = Bench(inner)
    receiver = bench.receiver()
    assert [receiver.poll() for _ in range(3)] == [[FIX], [], [FIX, FIX]]
    assert receiver.counts == {"fixes": 3, "openings": 1, "lost": 0, "away_s": 0}
    receiver.close()
    receiver.close()
    assert (inner.closed, bench.states) == (1, [CONNECTED])
    assert receiver.poll() == []
    assert receiver.counts["fixes"] == 3


def test_what_went_away_is_closed_and_opened_again_half_a_second_later():
    """Both changes are told once, with the reason, and counted with the time it was away."""
    first, second = Scripted([FIX], SourceError("the cable was pulled")), Scripted([FIX])
    bench = Bench(first, second)
    receiver = bench.receiver()
    receiver.poll()
    assert receiver.poll() == []
    assert first.closed == 1
    assert bench.wait(receiver, 10) == 0.5
    assert bench.states == [CONNECTED, AWAY, CONNECTED]
    assert bench.told[1].reason == "the cable was pulled"
    bench.now_s += 60
    assert receiver.counts == {"fixes": 2, "openings": 2, "lost": 1, "away_s": 0}


def test_openings_are_tried_ever_more_rarely_and_for_ever():
    """Half a second doubling to 30 s; what they fail of is not told again."""
    errors = [SourceError("no"), InputError("its group is not set yet"), *[SourceError("no")] * 200]
    bench = Bench(Scripted(SourceError("gone")), *errors, Scripted([FIX]))
    receiver = bench.receiver()
    receiver.poll()
    after_s = bench.wait(receiver, 10_000)
    # 0.5 + 1 + 2 + 4 + 8 + 16, and 30 for each of those that follow.
    assert after_s == 31.5 + 30 * (203 - 6)
    assert bench.states == [CONNECTED, AWAY, CONNECTED]
    counts = receiver.counts
    assert (counts["openings"], counts["lost"], counts["away_s"]) == (204, 1, round(after_s))


def test_after_a_fix_the_waits_begin_anew():
    """One that comes and goes without a fix is opened ever more rarely."""
    lost = SourceError("gone")
    bench = Bench(*(Scripted(lost) for _ in range(4)), Scripted([FIX], lost), Scripted([FIX]))
    receiver = bench.receiver()
    receiver.poll()
    assert bench.wait(receiver, 30) == pytest.approx(0.5 + 1 + 2 + 4, abs=1)
    receiver.poll()
    assert bench.wait(receiver, 30) == 0.5


@pytest.mark.parametrize("kind", [SourceError, InputError])
def test_one_that_is_not_there_at_first_is_waited_for(kind):
    """Also one whose port has no group yet: the reason is told at once, its coming later."""
    bench = Bench(kind("plug it in"), kind("plug it in"), Scripted([FIX]))
    receiver = bench.receiver()
    assert (bench.states, bench.told[0].reason) == ([OPENING], "plug it in")
    assert receiver.poll() == []
    assert receiver.counts["away_s"] == 0
    assert bench.wait(receiver, 10) == 1.5
    assert bench.states == [OPENING, CONNECTED]
    assert receiver.counts == {"fixes": 1, "openings": 3, "lost": 0, "away_s": 2}


def test_an_address_that_can_never_work_is_refused_at_first():
    """And not waited for."""
    with pytest.raises(UsageError):
        Bench(UsageError("no such rate")).receiver()


def test_one_that_is_silent_is_opened_again_ever_more_rarely_and_told_once():
    """An open port proves nothing: it counts as there once it is heard."""
    silence = ReceiverChange(ReceiverState.SILENT, "nothing comes at 4800 baud")
    mute, heard = [Scripted() for _ in range(3)], Scripted([], [FIX])
    for inner in mute:
        inner.reception = silence
    bench = Bench(*mute, heard)
    receiver = bench.receiver()
    assert receiver.poll() == []
    assert mute[0].closed == 1
    assert bench.wait(receiver, 20) == pytest.approx(0.5 + 1 + 2, abs=1)
    assert bench.told == [ReceiverChange(CONNECTED), silence]
    heard.reception = HEARD
    receiver.poll()
    assert (bench.states[-1], len(bench.told)) == (CONNECTED, 3)
    assert (receiver.counts["lost"], receiver.counts["openings"]) == (3, 4)


def test_what_it_hears_is_told_when_it_becomes_another():
    """The numbers of satellites change each second, and are told once a minute."""
    inner = Scripted()
    bench = Bench(inner)
    receiver = bench.receiver()
    for second in range(130):
        inner.reception = ReceiverChange(ReceiverState.NO_FIX, f"{second} of 200")
        bench.now_s += 1
        receiver.poll()
    assert [change.reason for change in bench.told] == ["", "0 of 200", "60 of 200", "120 of 200"]
    assert receiver.reception == bench.told[-1]


def test_one_that_is_closed_while_away_stays_closed():
    """No opening is begun any more, and the time it was away does not grow."""
    bench = Bench(Scripted(SourceError("gone")), Scripted([FIX]))
    receiver = bench.receiver()
    receiver.poll()
    bench.now_s += 3
    receiver.close()
    assert bench.wait(receiver, 100) is None
    assert receiver.counts == {"fixes": 0, "openings": 1, "lost": 1, "away_s": 3}


def test_an_opening_that_hangs_keeps_nobody_waiting():
    """Polls return at once; what comes of it after the end is closed again."""
    inner, go = Scripted(), threading.Event()
    bench = Bench(SourceError("no"))
    openings = iter([SourceError("no"), inner])

    def hang():
        next_one = next(openings)
        if isinstance(next_one, Exception):
            raise next_one
        go.wait()
        return next_one

    receiver = SupervisedReceiver(hang, Supervision(clock=lambda: bench.now_s))
    assert bench.wait(receiver, 100) is None
    assert receiver.counts["openings"] == 2
    receiver.close()
    assert inner.closed == 0
    go.set()
    while not inner.closed:
        threading.Event().wait(0.01)


def test_an_opening_that_breaks_off_has_an_end(monkeypatch):
    """A fault of the program is shown by its thread, and the receiver is tried again."""
    shown = SimpleQueue()
    monkeypatch.setattr("threading.excepthook", shown.put)
    opening = open_in_thread(lambda: Scripted(1 / 0))
    with pytest.raises(SourceError, match="broke off"):
        opening.result(timeout=30)
    assert shown.get(timeout=30).exc_type is ZeroDivisionError


def quick(told):
    """Return a supervision that tries again at once: this number takes all of a wait off."""
    return Supervision(told.append, random=lambda: -2.0)


@pytest.mark.timeout(60)
def test_a_serial_port_that_is_unplugged_and_plugged_in_again_goes_on(tmp_path):
    """Of a real terminal: three times in a row its fixes come, and no descriptor is left over."""
    port, told = tmp_path / "ttyUSB0", []
    receiver = None
    descriptors = []
    for turn in range(3):
        sender, slave = pty.openpty()
        port.symlink_to(os.ttyname(slave))
        if receiver is None:
            receiver = SupervisedReceiver(lambda: open_receiver(f"serial://{port}"), quick(told))
        while len(told) < 2 * turn + 1:
            assert receiver.poll() == []
        os.write(sender, b"noise\xff\r\n" + nmea(drive(5)[turn : turn + 1]).encode())
        fixes: list[Fix] = []
        while not fixes:
            fixes = receiver.poll()
        assert [fix.lat_deg for fix in fixes] == [pytest.approx(50 + turn * 1e-4)]
        descriptors.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
        port.unlink()
        os.close(slave)
        os.close(sender)
        while len(told) < 2 * turn + 2:
            assert receiver.poll() == []
    assert [change.state for change in told] == [CONNECTED, AWAY] * 3
    assert str(port) in told[1].reason
    assert len(set(descriptors)) == 1
    assert (receiver.counts["fixes"], receiver.counts["lost"]) == (3, 3)
    receiver.close()


@pytest.mark.slow
@pytest.mark.timeout(100)
def test_a_gpsd_that_is_killed_and_started_again_goes_on(tmp_path):
    """The real one, twice: its fixes fill the track, and while it is away nothing has a place."""
    told, track = [], Track(keep_s=1e9)
    with gpsd_with(tmp_path, PlayedReceiver(epochs(drive(5000)))) as gpsd:
        receiver = SupervisedReceiver(lambda: open_receiver(str(gpsd.address)), quick(told))
        geotagger = Geotagger(track, receiver)
        outside = []
        for turn in range(3):
            before = len(track)
            while len(track) < before + 5:
                assert list(geotagger.settled()) == []
            gpsd.kill()
            while told[-1].state is not AWAY:
                assert list(geotagger.settled()) == []
            outside.append(track.at(track.last_ns + 1).quality.value)
            if turn < 2:
                gpsd.restart()
        receiver.close()
    states = [change.state for change in told if change.state is not OPENING]
    assert states == [CONNECTED, AWAY] * 3
    assert "closed the connection" in told[-1].reason or "reset" in told[-1].reason
    assert outside == ["outside"] * 3
    assert receiver.counts["lost"] == 3
    assert receiver.counts["fixes"] >= 15
