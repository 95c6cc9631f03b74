"""The node's side: what clients are told, and that none of them can harm the node, however it behaves."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import pytest

from dhtui.attach import session as sessions
from dhtui.attach.hub import MOST_TASKS, TICK
from dhtui.attach.messages import (
    LONGEST_CALL,
    LONGEST_HELLO,
    MOST_CALLS,
    MOST_CLIENTS,
    PROTOCOL,
    PROTOCOL_KEY,
    TO_CLIENT,
    TO_NODE,
    Answer,
    BansAt,
    Bye,
    ByeReason,
    Call,
    Cancel,
    Done,
    Findings,
    FindNode,
    Get,
    GetPeers,
    GiveUp,
    Hello,
    Refused,
    SetBan,
    Step,
    Watch,
    shape,
    write_hello,
)
from dhtui.attach.session import BURST, LIVE_SECONDS, LOOKUPS_AT_ONCE, MOST_EVENTS, Session
from dhtui.engine.items import ImmutableItem, ItemError
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.node import NodeError
from dhtui.engine.operations.limit import limit_here
from dhtui.engine.outcome import Outcome
from dhtui.engine.views.events import BootstrapProgress, Event, LookupFinished, LookupStarted, Missed, PacketSent
from dhtui.engine.views.snapshot import Ban, Holdings, LookupDetail, Snapshot, StoredItemView
from dhtui.sources.lines import LookupAt

from .paper import ADDR, PEER, TARGET, Meeting, Transport, lookup_view, outcome, say, settle

FIND = FindNode(TARGET, None)
GARBAGE = (b"{}", b"null", b"[" * 5000, b"\xff\x00\x1b[2J", b'["Call",{"call":1}]', b'["Node",{}]', b"1e999")


def packet(at: float, size: int = 30) -> PacketSent:
    return PacketSent(at, ADDR, b"x" * size, "query", "ping", b"tt")


def stored(number: int) -> StoredItemView:
    return StoredItemView(number.to_bytes(20, "big"), b"v" * 1000, None, b"", None, 60.0)


def byes(transport: Transport) -> list[ByeReason]:
    return [bye.why for bye in transport.of(Bye)]


# ---- the beginning --------------------------------------------------------------------------------------


async def test_who_comes_is_greeted_with_what_the_node_is() -> None:
    transport = Meeting().client(greets=False)
    hello = json.loads(transport.written)
    assert hello[PROTOCOL_KEY] == PROTOCOL and hello["shape"] == shape() and hello["k"] == 8 and hello["clock"] == 1000


@pytest.mark.parametrize("first", [*GARBAGE, b'{"dhtui-attach":"1"}', b"GET / HTTP/1.1"])
async def test_who_does_not_greet_is_sent_away(first: bytes) -> None:
    transport = Meeting().client(greets=False)
    transport.protocol.data_received(first + b"\n")
    assert byes(transport) == [ByeReason.TOO_LONG if len(first) > LONGEST_HELLO else ByeReason.NOT_UNDERSTOOD]
    assert transport.ended


@pytest.mark.parametrize(
    "hello",
    [
        {PROTOCOL_KEY: PROTOCOL + 1, "version": "9.0", "something": "new"},
        {PROTOCOL_KEY: PROTOCOL, "version": "0.2.0", "shape": "0" * 32},
    ],
)
async def test_another_version_is_told_so(hello: dict[str, Any]) -> None:
    transport = Meeting().client(greets=False)
    transport.protocol.data_received(json.dumps(hello).encode() + b"\n")
    assert byes(transport) == [ByeReason.VERSION] and transport.ended


async def test_no_more_are_let_in_than_there_is_room_for_and_one_that_left_makes_room() -> None:
    meeting = Meeting()
    clients = [meeting.client() for _ in range(MOST_CLIENTS)]
    late = meeting.client(greets=False)
    assert byes(late) == [ByeReason.FULL] and late.ended and len(meeting.hub) == MOST_CLIENTS
    clients[3].protocol.connection_lost(None)
    assert not meeting.client().ended


async def test_of_another_user_nobody_takes_notice() -> None:
    meeting = Meeting()
    meeting.hub.admits = lambda transport: False
    session = Session(meeting.hub)
    transport = Transport(session)
    session.connection_made(transport)
    assert transport.ended == "aborted" and not transport.written and len(meeting.hub) == 0


# ---- what it says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [*GARBAGE, TARGET * 3])
async def test_what_makes_no_sense_ends_the_connection_and_nothing_else(line: bytes) -> None:
    meeting = Meeting()
    bad, good = meeting.client(), meeting.client()
    bad.protocol.data_received(line + b"\n")
    assert byes(bad) == [ByeReason.NOT_UNDERSTOOD] and bad.ended and len(meeting.hub) == 1
    bad.protocol.data_received(line + b"\n")  # what was under way still comes
    say(good, Call(1, False, FIND))
    await settle()
    assert good.of(Answer) == [Answer(1, False, outcome())]


@pytest.mark.parametrize("greets", [False, True])
async def test_a_line_without_end_is_not_kept(greets: bool) -> None:
    transport = Meeting().client(greets=greets)
    longest = LONGEST_CALL if greets else LONGEST_HELLO
    for _ in range(0, longest + 1, 1024):
        transport.protocol.data_received(b" " * 1024)
    transport.protocol.data_received(b" ")
    assert byes(transport) == [ByeReason.TOO_LONG] and transport.ended


async def test_lines_come_in_any_pieces() -> None:
    meeting = Meeting()
    session = Session(meeting.hub)
    transport = Transport(session)
    session.connection_made(transport)
    transport.written.clear()
    for byte in write_hello(Hello("0.0", shape())) + b'\n["Call",{"call":7,"tell":false,"what":["SetBan",':
        session.data_received(bytes((byte,)))
    session.data_received(b'{"ip":"203.0.113.7","seconds":60}]}]\n["Watch",{"level"')
    await settle()
    assert meeting.node.calls == [("203.0.113.7", 60.0)] and transport.of(Answer) == [Answer(7, False, Done())]


async def test_too_many_calls_at_once_end_the_connection() -> None:
    meeting = Meeting()
    meeting.node.answer = lambda: asyncio.Event().wait()  # type: ignore[assignment]
    transport = meeting.client()
    say(transport, *(Call(number, False, FIND) for number in range(MOST_CALLS)))
    assert not transport.ended
    say(transport, Call(MOST_CALLS, False, FIND))
    assert byes(transport) == [ByeReason.TOO_MANY_CALLS]
    await meeting.hub.close()


async def test_answers_that_nobody_reads_count_as_calls() -> None:
    meeting = Meeting()
    transport = meeting.client()
    transport.stop()
    for number in range(3 * MOST_CALLS):
        say(transport, Call(number, False, FIND))
        await settle()
    assert transport.ended == "aborted" and len(meeting.node.calls) <= MOST_CALLS + 2


async def test_a_number_in_use_is_not_given_twice() -> None:
    meeting = Meeting()
    transport = meeting.client()
    say(transport, Call(1, False, FIND), Call(1, False, FIND))
    assert byes(transport) == [ByeReason.TOO_MANY_CALLS]
    await meeting.hub.close()


async def test_beyond_its_rate_a_client_is_read_no_further() -> None:
    meeting = Meeting()
    transport = meeting.client()
    say(transport, *(Watch("status") for _ in range(BURST + 50)))
    assert not transport.reading and not transport.ended
    say(transport, Call(1, False, FIND))
    await settle()
    assert not meeting.node.calls
    meeting.timers.pass_by(1.0)
    await settle()
    assert transport.reading and len(meeting.node.calls) == 1


async def test_clients_that_come_and_go_leave_a_bounded_number_of_calls_behind() -> None:
    meeting = Meeting()
    meeting.node.answer = lambda: asyncio.Event().wait()  # type: ignore[assignment]
    for _ in range(10):
        transport = meeting.client()
        say(transport, *(Call(number, False, FIND) for number in range(MOST_CALLS)))
        await settle()
        transport.protocol.connection_lost(ConnectionResetError())
    assert MOST_TASKS - MOST_CALLS <= len(meeting.node.calls) <= MOST_TASKS
    await meeting.hub.close()


# ---- calls ----------------------------------------------------------------------------------------------


async def test_an_answer_comes_after_a_snapshot_of_the_same_time() -> None:
    meeting = Meeting()
    transport = meeting.client()
    say(transport, Call(1, False, FindNode(TARGET, (ADDR,))))
    await settle()
    assert meeting.node.calls == [(TARGET, (ADDR,))]
    snapshot, answer = transport.lines()
    assert isinstance(snapshot, Snapshot) and snapshot.at == 1000.0 and answer == Answer(1, False, outcome())
    say(transport, Call(1, False, FindNode(TARGET, (ADDR,))))
    await settle()
    assert transport.lines() == [answer], "that snapshot will do"
    meeting.timers.now += 0.02
    say(transport, Call(1, False, FIND))
    await settle()
    assert [type(line) for line in transport.lines()] == [Snapshot, Answer], "a lookup is in the snapshot"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no id"), Refused("value", "no id")),
        (ItemError(205, "too big"), Refused("item", "too big", 205)),
        (NodeError("the node was closed"), Refused("node", "NodeError: the node was closed (at ")),
        (RuntimeError("\x1b[2J"), Refused("node", "RuntimeError: ")),
    ],
)
async def test_what_the_node_raises_is_the_answer(error: Exception, said: Refused) -> None:
    meeting = Meeting()
    meeting.node.result = error
    transport = meeting.client()
    say(transport, Call(1, False, FIND))
    await settle()
    (answer,) = transport.of(Answer)
    assert isinstance(answer.result, Refused) and answer.result.kind == said.kind and answer.result.code == said.code
    assert answer.result.text.startswith(said.text) and "\x1b" not in answer.result.text


async def test_a_call_that_is_given_up_ends_with_what_is_known() -> None:
    meeting = Meeting()

    async def until_the_limit() -> Outcome:
        limit, over = limit_here(), asyncio.Event()
        assert limit is not None
        with limit.ending(over.set):
            await over.wait()
        limit.cut = True
        return outcome(complete=False)

    meeting.node.answer = until_the_limit
    transport = meeting.client()
    say(transport, Call(1, False, FIND), Call(2, False, FIND))
    await settle()
    assert not transport.of(Answer)
    say(transport, GiveUp(2), GiveUp(99))
    await settle()
    assert transport.of(Answer) == [Answer(2, True, outcome(complete=False))]
    say(transport, Cancel(1), Cancel(99))
    await settle()
    assert not transport.of(Answer) and not transport.ended


async def test_who_leaves_ends_nothing_that_was_started() -> None:
    meeting = Meeting()
    go_on, done = asyncio.Event(), list[str]()

    async def slowly() -> Outcome:
        await go_on.wait()
        done.append("stored")
        return outcome()

    meeting.node.answer = slowly
    leaving, staying = meeting.client(), meeting.client()
    say(leaving, Call(1, False, FIND))
    await settle()
    leaving.protocol.connection_lost(ConnectionResetError())
    go_on.set()
    await settle()
    assert done == ["stored"] and not staying.ended and len(meeting.hub) == 1


async def test_a_closing_node_says_so() -> None:
    meeting = Meeting()
    meeting.node.answer = lambda: asyncio.Event().wait()  # type: ignore[assignment]
    transport, stuck = meeting.client(), meeting.client()
    say(transport, Call(1, False, FIND), Watch("all"))
    await settle()
    stuck.stop()
    stuck.held = 1
    await meeting.hub.close()
    assert byes(transport) == [ByeReason.CLOSED] and transport.ended == "closed"
    assert stuck.ended == "aborted" and not meeting.node.listeners
    await meeting.hub.close()


async def test_steps_and_findings_are_told_on_the_way_while_there_is_room() -> None:
    meeting = Meeting()
    meeting.node.answer = lambda: asyncio.Event().wait()  # type: ignore[assignment]
    transport = meeting.client()
    say(transport, Call(1, True, GetPeers(TARGET, None)))
    await settle()
    on = meeting.node.on_the_way
    for _ in range(100):
        on["progress"](lookup_view(4))
        meeting.timers.pass_by(sessions.STEP_SECONDS / 10)
    assert 8 <= len(transport.of(Step)) <= 12
    on["on_peers"]((PEER,))
    assert transport.of(Findings) == [Findings(1, (PEER,), None)]
    transport.stop()
    for _ in range(10_000):
        on["on_peers"]((PEER,) * 50)
    assert len(transport.written) < 20_000
    await meeting.hub.close()


async def test_who_wants_no_steps_gets_none() -> None:
    meeting = Meeting()
    transport = meeting.client()
    say(
        transport,
        Call(1, False, Get(TARGET, b"", None, None, None, None)),
        Call(2, True, Get(TARGET, b"s", None, 3, 4, None)),
    )
    await settle()
    on = meeting.node.on_the_way
    assert len(transport.of(Answer)) == 2 and (on["salt"], on["newer_than"], on["at_least"]) == (b"s", 3, 4)
    on["on_item"](ImmutableItem(b"1:x"))
    assert transport.of(Findings) == [Findings(2, (), ImmutableItem(b"1:x"))]


# ---- what it is told unasked ----------------------------------------------------------------------------


async def test_who_asks_for_the_status_gets_a_snapshot_a_second_and_no_events() -> None:
    meeting = Meeting()
    transport = meeting.client()
    meeting.timers.pass_by(5.0)
    assert not transport.lines() and not meeting.node.snapshots, "nobody watches: nothing is done"
    say(transport, Watch("status"))
    meeting.timers.pass_by(10.0)
    assert 10 <= len(transport.of(Snapshot)) <= 11 and not meeting.node.listeners


async def test_who_asks_for_all_gets_events_and_states() -> None:
    meeting = Meeting()
    transport = meeting.client()
    say(transport, Watch("all"))
    transport.lines()
    happened: list[Event] = [packet(1000.01), BootstrapProgress(1000.02, "12 nodes answered")]
    meeting.node.tell(*happened)
    meeting.timers.pass_by(TICK)
    assert transport.lines() == happened
    meeting.timers.pass_by(10 * LIVE_SECONDS)
    assert 8 <= len(transport.of(Snapshot)) <= 11


async def test_lookups_are_told_a_few_at_a_time_and_those_that_run_again_and_again() -> None:
    meeting = Meeting()
    views = tuple(lookup_view(number, running=number > 30) for number in range(32))
    meeting.node.view = meeting.node.view._replace(lookups=views)
    meeting.node.details = {view.number: LookupDetail(view, 8, 8, (), ()) for view in views}
    transport = meeting.client()
    say(transport, Watch("all"))
    first = [line.detail.view.number for line in transport.of(LookupAt)]
    assert first == list(range(32))[-LOOKUPS_AT_ONCE:]
    meeting.timers.pass_by(1.0)
    rest = [line.detail.view.number for line in transport.of(LookupAt)]
    assert {*first, *rest} == set(range(32)) and rest.count(31) >= 3 and rest.count(4) == 1
    meeting.node.tell(LookupStarted(1001.0, 4, "get", TARGET, "user"))
    meeting.timers.pass_by(TICK)
    assert 4 in [line.detail.view.number for line in transport.of(LookupAt)]


async def test_bans_are_told_when_they_change() -> None:
    meeting = Meeting()
    transport = meeting.client()
    say(transport, Watch("all"))
    meeting.node.banned = (Ban("203.0.113.7", 60.0),)
    meeting.timers.pass_by(1.0)
    meeting.node.banned = (Ban("203.0.113.7", 59.0),)
    meeting.timers.pass_by(1.0)
    (told,) = transport.of(BansAt)
    assert told.bans == (Ban("203.0.113.7", 60.0),)


async def test_who_wants_less_again_is_told_less() -> None:
    meeting = Meeting()
    transport = meeting.client()
    say(transport, Watch("all"), Watch("status"))
    assert not meeting.node.listeners
    transport.lines()
    meeting.timers.pass_by(5.0)
    assert {type(line) for line in transport.lines()} == {Snapshot}


async def test_a_stuck_reader_costs_nothing_and_is_told_what_it_missed() -> None:
    meeting = Meeting()
    stuck, quick = meeting.client(), meeting.client()
    say(stuck, Watch("all"))
    stuck.stop()
    for number in range(3 * MOST_EVENTS):
        meeting.node.tell(packet(1000.0 + number / 1000))
        if number % 50 == 0:
            meeting.timers.pass_by(TICK)
    assert not meeting.node.listeners, "the node does not even make events for it any more"
    states, written = meeting.node.snapshots, len(stuck.written)
    meeting.timers.pass_by(100.0)
    assert meeting.node.snapshots == states and len(stuck.written) == written
    say(quick, Watch("all"))
    meeting.timers.pass_by(1.0)
    assert quick.of(Snapshot)

    stuck.go_on()
    meeting.timers.pass_by(1.0)
    told = stuck.lines()
    gap = next(line for line in told if isinstance(line, Missed))
    before, after = told[: told.index(gap)], told[told.index(gap) :]
    packets = [line for line in before if isinstance(line, PacketSent)]
    assert [line.at for line in packets] == sorted(line.at for line in packets)
    assert len(packets) + gap.packets == pytest.approx(3 * MOST_EVENTS, abs=1)
    assert gap.since == pytest.approx(packets[-1].at, abs=0.002) and gap.at > gap.since
    assert any(isinstance(line, Snapshot) for line in after)
    meeting.node.tell(packet(2000.0))
    meeting.timers.pass_by(TICK)
    assert packet(2000.0) in stuck.lines(), "from here on it hears all again"


async def test_large_datagrams_fill_a_queue_sooner() -> None:
    meeting = Meeting()
    stuck = meeting.client()
    say(stuck, Watch("all"))
    stuck.stop()
    for _ in range(200):
        meeting.node.tell(packet(1000.0, 60_000))
    assert not meeting.node.listeners


async def test_a_stuck_reader_gets_no_states_either_until_it_has_read_the_last() -> None:
    meeting = Meeting()
    transport = meeting.client()
    transport.stop()
    say(transport, Watch("all"))
    meeting.timers.pass_by(100.0)
    assert meeting.node.snapshots <= 2
    transport.go_on()
    meeting.timers.pass_by(1.0)
    assert len(transport.of(Snapshot)) >= 3


async def test_one_event_is_encoded_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Meeting()
    clients = [meeting.client() for _ in range(5)]
    for client in clients:
        say(client, Watch("all"))
        client.lines()
    encoded: list[Any] = []
    real = TO_CLIENT

    class Counting:
        @staticmethod
        def dumps(line: Any) -> bytes:
            encoded.append(line)
            return real.dumps(line)

    monkeypatch.setattr(sessions, "TO_CLIENT", Counting)
    event = LookupFinished(1000.0, 3, "get", TARGET, 8, 8, 8, StopReason.CLOSEST_ANSWERED)
    meeting.node.tell(event)
    meeting.timers.pass_by(TICK)
    assert all(event in client.lines() for client in clients) and encoded.count(event) == 1


async def test_a_ban_of_a_client_is_carried_out() -> None:
    meeting = Meeting()
    transport = meeting.client()
    say(transport, Call(1, False, SetBan("203.0.113.7", 60.0)))
    await settle()
    assert meeting.node.calls == [("203.0.113.7", 60.0)] and transport.of(Answer) == [Answer(1, False, Done())]


async def test_many_readers_share_a_snapshot() -> None:
    meeting = Meeting()
    clients = [meeting.client() for _ in range(6)]
    for number, client in enumerate(clients):
        say(client, Watch("all" if number % 2 else "status"))
        meeting.timers.pass_by(0.03)
    before = meeting.node.snapshots
    meeting.timers.pass_by(4.0)
    assert meeting.node.snapshots - before <= 24, "six clients cost as much as one"
    assert all(client.written.count(b'["Snapshot"') >= 4 for client in clients)


async def test_large_stores_are_told_seldom() -> None:
    meeting = Meeting()
    meeting.node.held = Holdings((), tuple(stored(number) for number in range(1400)), ())
    transport = meeting.client()
    say(transport, Watch("all"))
    meeting.timers.pass_by(10.0)
    assert 1 <= transport.written.count(b'["HoldingsAt"') <= 2


async def test_damaged_lines_raise_nothing() -> None:
    rng, meeting = Random(1), Meeting()
    good = [
        TO_NODE.dumps(line)
        for line in (
            Call(1, True, Get(TARGET, b"salt", b"k" * 32, 1, 2, (ADDR, PEER))),
            Call(2, False, SetBan("203.0.113.7", 60.0)),
            Watch("all"),
            GiveUp(1),
        )
    ]
    for _ in range(400):
        transport = meeting.client(greets=rng.random() < 0.9)
        line = bytearray(rng.choice(good))
        for _ in range(rng.randint(1, 4)):
            line[rng.randrange(len(line))] = rng.choice(b'0123456789"[]{},:-aeE\\ \x00\xff\n')
        transport.protocol.data_received(bytes(line) + b"\n")
        await settle()
        transport.protocol.connection_lost(None)
    assert len(meeting.hub) == 0 and not meeting.node.listeners


async def test_the_last_step_is_told_whenever_it_came() -> None:
    meeting, go_on = Meeting(), asyncio.Event()

    async def when_told() -> Outcome:
        await go_on.wait()
        return outcome()

    meeting.node.answer = when_told
    transport = meeting.client()
    say(transport, Call(1, True, GetPeers(TARGET, None)))
    await settle()
    for number in range(5):
        meeting.node.on_the_way["progress"](lookup_view(number))
    go_on.set()
    await settle()
    told = [line for line in transport.lines() if isinstance(line, Step | Answer)]
    assert told == [Step(1, lookup_view(0)), Step(1, lookup_view(4)), Answer(1, False, outcome())]
