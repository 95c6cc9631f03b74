"""The socket of a node: when datagrams came, however late they are read, and which ones nobody can read any more."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator

import pytest

from dhtui.engine import clock, endpoint
from dhtui.engine.endpoint import BATCH, Endpoint, Take
from dhtui.engine.wire.compact import Addr

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
HOUR = 3600.0


class Clocks:
    """Both clocks, which a test moves on without waiting. The system's stamps are of the real one."""

    def __init__(self) -> None:
        self.late, self.set_by = 0.0, 0.0

    def now(self) -> float:
        return clock.now() + self.late

    def wall(self) -> float:
        return time.time() + self.late + self.set_by


class Read(list[tuple[bytes, float, float]]):
    """What was read: the bytes, when, and when it came."""

    def take(self, data: bytes, addr: Addr, now: float, at: float) -> None:
        self.append((data, now, at))


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def ours(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """It asks the system about all datagrams whose times matter, however soon they come."""
    monkeypatch.setattr(endpoint, "PROMPT_SECONDS", 0.0)
    made = Endpoint(("127.0.0.1", 0), clocks.now, clocks.wall)
    yield made
    made.close()


@pytest.fixture
def theirs() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


def read(ours: Endpoint, clocks: Clocks, take: Take, turns: int = 1) -> float:
    return max(ours.receive(take, clocks.now(), True) for _ in range(turns))


@linux
def test_a_datagram_came_when_the_system_received_it(ours: Endpoint, theirs: socket.socket, clocks: Clocks) -> None:
    """Read five seconds late, it came five seconds ago; and that it waited so long is told."""
    got = Read()
    before = clocks.now()
    theirs.sendto(b"hello", ours.addr)
    after = clocks.now()
    clocks.late = 5.0
    waited = read(ours, clocks, got.take)
    ((data, now, at),) = got
    assert data == b"hello" and now >= before + 5.0
    assert before - 0.001 <= at <= after + 0.001
    assert waited == pytest.approx(now - at) and waited >= 4.99
    assert ours.stamped


@linux
def test_datagrams_keep_their_order_and_distance(ours: Endpoint, theirs: socket.socket, clocks: Clocks) -> None:
    """More than one turn reads: each has its own time, and what has been heard goes as far as the last one read."""
    got = Read()
    for number in range(2 * BATCH):
        theirs.sendto(b"%d" % number, ours.addr)
    sent = clocks.now()
    clocks.late = 5.0
    read(ours, clocks, got.take)
    assert len(got) == BATCH and ours.heard == got[-1][2] <= sent + 0.001
    read(ours, clocks, got.take, turns=2)
    times = [at for _, _, at in got]
    assert [data for data, _, _ in got] == [b"%d" % number for number in range(2 * BATCH)]
    assert times == sorted(times) and times[-1] <= sent + 0.001
    assert ours.heard >= sent + 5.0, "nothing is left: all that came by now was heard"


@pytest.mark.parametrize("set_by", [-HOUR, -0.5, 0.5, HOUR, 1e9])
def test_a_wall_clock_that_is_set_spoils_no_time(
    ours: Endpoint, theirs: socket.socket, clocks: Clocks, set_by: float
) -> None:
    """What came before it was set counts as having come when it was read; from then on the stamps are good again."""
    got = Read()
    for _ in range(BATCH + 1):
        theirs.sendto(b"before", ours.addr)
    clocks.late, clocks.set_by = 5.0, set_by
    read(ours, clocks, got.take, turns=2)
    assert [at for _, _, at in got] == [now for _, now, _ in got]
    if ours.stamped:
        # The system stamps with the clock as it is now; here it can't be set, so the test sets its own back.
        clocks.set_by = 0.0
        read(ours, clocks, got.take)
        theirs.sendto(b"after", ours.addr)
        clocks.late = 10.0
        read(ours, clocks, got.take)
        assert got[-1][0] == b"after" and got[-1][1] - got[-1][2] >= 4.99


@pytest.mark.parametrize("set_by", [-0.0009, 0.0009])
def test_no_datagram_came_before_the_socket_was_empty_or_later_than_now(
    ours: Endpoint, theirs: socket.socket, clocks: Clocks, set_by: float
) -> None:
    """Whatever the stamp says: a wall clock that is off by less than can be noticed among others."""
    got = Read()
    for _ in range(20):
        clocks.set_by = 0.0
        read(ours, clocks, got.take)
        empty = ours.heard
        theirs.sendto(b"x", ours.addr)
        clocks.set_by = set_by
        read(ours, clocks, got.take)
        _, now, at = got[-1]
        assert empty <= at <= now


def test_without_stamps_a_datagram_came_when_it_was_read(
    monkeypatch: pytest.MonkeyPatch, theirs: socket.socket, clocks: Clocks
) -> None:
    """On a system that tells nothing; timers wait a second for the rest, and no longer."""
    monkeypatch.setattr(endpoint, "_STAMPS", {})
    ours, got = Endpoint(("127.0.0.1", 0), clocks.now, clocks.wall), Read()
    try:
        assert not ours.stamped
        for _ in range(BATCH + 1):
            theirs.sendto(b"x", ours.addr)
        start = ours.heard
        clocks.late = 0.5
        read(ours, clocks, got.take)
        assert got[-1][1] == got[-1][2] >= start + 0.5 and ours.heard == start
        clocks.late = 5.0
        for _ in range(BATCH):
            theirs.sendto(b"x", ours.addr)
        read(ours, clocks, got.take)
        assert ours.heard == pytest.approx(got[-1][1] - endpoint.PATIENCE)
        read(ours, clocks, got.take)
        assert len(got) == 2 * BATCH + 1 and ours.heard >= start + 5.0
    finally:
        ours.close()


@linux
def test_what_had_no_room_is_counted_to_the_last_datagram(monkeypatch: pytest.MonkeyPatch, clocks: Clocks) -> None:
    """A flood while nobody reads: what is read and what is lost are all that was sent."""
    monkeypatch.setattr(endpoint, "RECEIVE_BUFFER", 16_384)
    ours, got = Endpoint(("127.0.0.1", 0), clocks.now, clocks.wall), Read()
    try:
        assert ours.lost() == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
            for flood in (1, 2):
                for _ in range(1000):
                    theirs.sendto(bytes(300), ours.addr)
                read(ours, clocks, got.take, turns=1000 // BATCH + 1)
                assert len(got) < 1000 * flood and ours.lost() == 1000 * flood - len(got)
    finally:
        ours.close()


@linux
def test_the_largest_datagram_is_read_whole(ours: Endpoint, theirs: socket.socket, clocks: Clocks) -> None:
    """65,507 bytes are the most that UDP carries; with or without its time."""
    got = Read()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    for exactly in (True, False):
        theirs.sendto(b"d" * 65_507, ours.addr)
        ours.receive(got.take, clocks.now(), exactly)
    assert [len(data) for data, _, _ in got] == [65_507] * 2


def test_where_no_time_matters_one_is_asked_about_now_and_then(
    monkeypatch: pytest.MonkeyPatch, ours: Endpoint, theirs: socket.socket, clocks: Clocks
) -> None:
    """A server need not know when queries came, but how long they wait."""
    if not ours.stamped:
        pytest.skip("the system does not tell")
    got = Read()
    read(ours, clocks, got.take)
    monkeypatch.setattr(endpoint, "SAMPLE_SECONDS", HOUR)
    theirs.sendto(b"x", ours.addr)
    clocks.late = 5.0
    assert ours.receive(got.take, clocks.now(), False) == 0.0 and got[-1][1] == got[-1][2]
    theirs.sendto(b"x", ours.addr)
    clocks.late = 2 * HOUR
    assert ours.receive(got.take, clocks.now(), False) >= HOUR


def test_what_comes_soon_after_the_socket_was_empty_came_now(
    monkeypatch: pytest.MonkeyPatch, ours: Endpoint, theirs: socket.socket, clocks: Clocks
) -> None:
    """A busy server need not ask the system; but what the first datagrams of a turn leave has to be asked about."""
    if not ours.stamped:
        pytest.skip("the system does not tell")
    assert endpoint.PROMPT_SECONDS <= 0.0002, "so wrong may a time be"
    monkeypatch.setattr(endpoint, "SAMPLE_SECONDS", HOUR)
    monkeypatch.setattr(endpoint, "PROMPT_SECONDS", 5 * HOUR)
    got = Read()
    for _ in range(endpoint.PROMPT_BATCH + 1):
        theirs.sendto(b"x", ours.addr)
    clocks.late = 5.0
    assert read(ours, clocks, got.take) == 0.0
    assert len(got) == endpoint.PROMPT_BATCH and all(at == now for _, now, at in got)
    assert ours.heard < clocks.now() - 4.99, "one is left"
    monkeypatch.setattr(endpoint, "PROMPT_SECONDS", 4.99)
    clocks.late = 10.0
    assert read(ours, clocks, got.take) >= 9.99
    assert len(got) == endpoint.PROMPT_BATCH + 1 and got[-1][2] == got[0][2], "their order is kept"


def test_a_stamp_in_microseconds_is_read_as_one() -> None:
    """As macOS has it: 8 bytes of seconds, 4 of microseconds, 4 that mean nothing."""
    stamps = endpoint._STAMPS["darwin"]
    seconds, units = stamps.form.unpack((7).to_bytes(8, sys.byteorder) + (250_000).to_bytes(4, sys.byteorder) + b"junk")
    assert seconds + units * stamps.unit == 7.25
