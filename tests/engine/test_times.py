"""Round trips and times of packets are the network's, however late this program reads; and what waited is told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from functools import partial

import pytest
from support.apart import PATIENCE

from dhtui.engine import clock, endpoint
from dhtui.engine.core import Core
from dhtui.engine.families import sides
from dhtui.engine.lookup.questions import FindClosest, PingNode
from dhtui.engine.node import Node
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.views import events
from dhtui.engine.views.busy import KEPT_SECONDS, Busy
from dhtui.engine.views.snapshot import BusyView
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.krpc import encode_error, encode_response

from .network import events_of, into
from .stranger import LOCAL, NOW, PUBLIC, Stranger, new_core
from .test_endpoint import Clocks, linux

ID = b"s" * 20
BUSY = 0.5
"""Seconds that an answer lies in the socket: longer than any round trip here."""


def ping(core: Core, addr: Addr, sent: float | None = None) -> tuple[bytes, list[Outcome]]:
    """Ask; the transaction id, and where the outcome will be."""
    done: list[Outcome] = []
    core.start(Ask(PingNode(), remotes=(addr,)), into(done), NOW)
    ((data, _),) = core.datagrams_to_send(sent)
    assert core.datagrams_to_send() == [], "that none is left also says that the others were sent"
    tid = bencode.decode(data)[b"t"]
    assert isinstance(tid, bytes)
    return tid, done


# ---- the core: the time of receipt is handed in ------------------------------------------------------------


def test_a_round_trip_ends_when_the_answer_came() -> None:
    """In the outcome, the statistics, the node's own round trip, and whatever is told of it."""
    core = new_core()
    heard = events_of(core)
    tid, done = ping(core, LOCAL)
    core.receive_datagram(encode_response(tid, {b"id": ID}, LOCAL), LOCAL, NOW + BUSY, NOW + 0.02)
    assert done[0].asked[0].rtt == pytest.approx(0.02)
    assert core.snapshot(NOW + BUSY).rtt.recent == pytest.approx((0.02,))
    assert core._table.rtt(LOCAL) == pytest.approx(0.02)
    received = next(event for event in heard if isinstance(event, events.PacketReceived))
    finished = next(event for event in heard if isinstance(event, events.QueryFinished))
    assert received.at == finished.at == NOW + 0.02 and finished.rtt == pytest.approx(0.02)


def test_a_lookup_shows_when_its_answers_came() -> None:
    """The course of a lookup has the network's times, too."""
    core = new_core()
    core._table.answered(Stranger(core).info, 0.05, None, NOW)
    core.start(Ask(FindClosest(ID)), lambda outcome, now: None, NOW)
    ((data, addr),) = core.datagrams_to_send(NOW + 0.003)
    answer = encode_response(bencode.decode(data)[b"t"], {b"id": ID, b"nodes": b""}, addr)
    core.receive_datagram(answer, addr, NOW + BUSY, NOW + 0.02)
    detail = core.lookup(1, NOW + BUSY)
    assert detail is not None
    (step,) = detail.steps
    assert step.sent == pytest.approx(0.003) and step.ended == pytest.approx(0.02)
    assert detail.candidates[0].rtt == pytest.approx(0.017)


def test_a_query_was_sent_when_the_system_took_it() -> None:
    """Not when it was thought of: other work may lie between."""
    core = new_core()
    heard = events_of(core)
    tid, done = ping(core, LOCAL, sent=NOW + 0.3)
    core.receive_datagram(encode_response(tid, {b"id": ID}, LOCAL), LOCAL, NOW + BUSY, NOW + 0.31)
    assert done[0].asked[0].rtt == pytest.approx(0.01)
    assert [event.at for event in heard if isinstance(event, events.PacketSent)] == [NOW + 0.3]


def test_no_answer_came_before_it_was_asked_for() -> None:
    """Whatever a stamp says, a round trip is not negative, and the answer is not listed before its query."""
    core = new_core()
    heard = events_of(core)
    tid, done = ping(core, LOCAL)
    core.receive_datagram(encode_response(tid, {b"id": ID}, LOCAL), LOCAL, NOW + BUSY, NOW - 60.0)
    assert done[0].asked[0].rtt == 0.0
    assert all(event.at >= NOW for event in heard)


def test_an_error_in_the_log_has_the_time_of_its_packet() -> None:
    """So it leads to it: of errors and of drops."""
    core = new_core()
    heard = events_of(core)
    tid, _ = ping(core, LOCAL)
    core.receive_datagram(encode_error(tid, 201, "no", LOCAL), LOCAL, NOW + BUSY, NOW + 0.02)
    core.receive_datagram(b"garbage", PUBLIC, NOW + BUSY, NOW + 0.03)
    told = {event.at for event in heard if isinstance(event, events.PacketReceived)}
    assert {error.at for error in core.snapshot(NOW + BUSY).errors} == told == {NOW + 0.02, NOW + 0.03}


def test_who_answered_in_time_has_not_timed_out() -> None:
    """A deadline strikes once all that came before it has been read, and not before."""
    core = new_core(query_timeout=1.0)
    tid, done = ping(core, LOCAL)
    core.handle_timer(NOW + 5.0, NOW + 0.9)
    assert not done and core.snapshot(NOW + 5.0).methods["ping"].timed_out == 0
    assert core.next_timer() <= NOW + 5.0, "the timer comes again at once"
    core.receive_datagram(encode_response(tid, {b"id": ID}, LOCAL), LOCAL, NOW + 5.0, NOW + 0.95)
    assert done[0].answered == 1
    _, late = ping(core, PUBLIC)
    core.handle_timer(NOW + 10.0, NOW + 10.0)
    assert late[0].timed_out == 1


# ---- what waited --------------------------------------------------------------------------------------------


def test_busy_is_the_longest_wait_of_each_second() -> None:
    """Of the last two minutes: half of the seconds, nearly all, and the worst."""
    busy = Busy()
    assert busy.view(NOW) == BusyView()
    for second in range(100):
        busy.add(NOW + second, 0.002)
        busy.add(NOW + second + 0.5, 0.2 if second % 10 == 0 else 0.004)
    assert busy.view(NOW + 100) == BusyView(100, 0.004, 0.2, 0.2)
    busy.add(NOW + 100, -0.001)
    assert busy.view(NOW + 98 + KEPT_SECONDS) == BusyView(2, 0.004, 0.004, 0.004)
    assert busy.view(NOW + 1000) == BusyView()


def test_busy_is_bounded() -> None:
    """However long it runs."""
    busy = Busy()
    for second in range(10 * KEPT_SECONDS):
        busy.add(NOW + second, 0.1)
    assert busy.view(NOW + 10 * KEPT_SECONDS).seconds <= KEPT_SECONDS


# ---- a node whose loop is busy --------------------------------------------------------------------------------


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    made = Clocks()
    monkeypatch.setattr(clock, "now", partial(_now, made, clock.now))
    monkeypatch.setattr(sides, "Endpoint", lambda listen, now: endpoint.Endpoint(listen, now, made.wall))
    return made


def _now(clocks: Clocks, real: object) -> float:
    assert callable(real)
    now = real()
    assert isinstance(now, float)
    return now + clocks.late


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


async def asked(peer: socket.socket) -> tuple[bytes, Addr]:
    data, addr = await asyncio.get_running_loop().sock_recvfrom(peer, 2048)
    tid = bencode.decode_lenient(data)[b"t"]
    assert isinstance(tid, bytes)
    return tid, addr


def config(**settings: object) -> NodeConfig:
    return NodeConfig(listen=("127.0.0.1", 0), settings=Settings(**settings))  # type: ignore[arg-type]


@linux
async def test_what_lies_in_the_socket_while_the_loop_is_busy_was_answered_in_time(
    clocks: Clocks, peer: socket.socket
) -> None:
    """The loop does not run for ten seconds, with more in the socket than one turn reads: no time-out, a true round
    trip, and the wait is told."""
    async with asyncio.timeout(PATIENCE), Node(config(query_timeout=5.0)) as node:
        pending = asyncio.ensure_future(node.ping([peer.getsockname()]))
        tid, addr = await asked(peer)
        for _ in range(3 * endpoint.BATCH):
            peer.sendto(b"something else", addr)
        peer.sendto(encode_response(tid, {b"id": ID}, addr), addr)
        clocks.late = 10.0
        node._sides.first.tick()
        assert node.snapshot().methods["ping"].timed_out == 0
        outcome = await pending
        assert outcome.answered == 1
        assert outcome.asked[0].rtt is not None and 0.0 < outcome.asked[0].rtt < 10.0
        busy = node.snapshot().busy
        assert busy.longest >= 9.0 and busy.stamped


async def test_a_datagram_of_any_size_is_counted_and_told_whole(peer: socket.socket) -> None:
    """Up to 65,507 bytes, the most that UDP carries, though what is over 16,384 is not read."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    async with asyncio.timeout(PATIENCE), Node(config()) as node:
        heard: asyncio.Queue[events.Event] = asyncio.Queue()
        await node.bootstrapped()
        node.subscribe(heard.put_nowait)
        for size in (16_384, 16_385, 16_386, 65_507):
            before = node.snapshot().traffic.bytes_in
            peer.sendto(b"d" * size, node.address)
            event = await heard.get()
            assert isinstance(event, events.PacketReceived)
            assert len(event.data) == node.snapshot().traffic.bytes_in - before == size
            assert event.problem


@linux
async def test_datagrams_lost_in_the_socket_are_told(
    monkeypatch: pytest.MonkeyPatch, clocks: Clocks, peer: socket.socket
) -> None:
    """A flood while the loop does not run: the figure is what was lost, and one event tells of it; the next one comes
    a minute later."""
    monkeypatch.setattr(endpoint, "RECEIVE_BUFFER", 16_384)
    async with asyncio.timeout(PATIENCE), Node(config()) as node:
        heard: list[events.Event] = []
        node.subscribe(heard.append)
        assert node.snapshot().traffic.overflowed == 0

        def lost_of(flood: int) -> int:
            before = node.snapshot().traffic
            for _ in range(flood):
                peer.sendto(b"x" * 300, node.address)
            for _ in range(flood // endpoint.BATCH + 1):
                node._sides.first.readable()
            now = node.snapshot().traffic
            assert now.overflowed is not None and before.overflowed is not None
            lost = now.overflowed - before.overflowed
            assert now.packets_in - before.packets_in == flood - lost
            return lost

        def told() -> list[events.DatagramsLost]:
            return [event for event in heard if isinstance(event, events.DatagramsLost)]

        first, second = lost_of(1000), lost_of(1000)
        assert first > 0 and second > 0
        node._sides.after()
        assert [(event.lost, event.total) for event in told()] == [(first, first)]
        for _ in range(7):  # a minute, with something to do every ten seconds
            clocks.late += 9.0
            node._sides.first.tick()
        assert [(event.lost, event.total) for event in told()[1:]] == [(second, first + second)]
