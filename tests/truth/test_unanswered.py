"""Who gets no answer is told so, once and with the cause: in the counts, with the packet, and in the log."""

from __future__ import annotations

from collections import Counter

import pytest
from engine.network import events_of, into
from engine.stranger import LOCAL, NOW, PUBLIC, new_core

from dhtui.engine.core import Core
from dhtui.engine.lookup.questions import PingNode
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.views.events import PacketReceived, PacketSent, QueryFinished
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.faults import Note, NoteKind
from dhtui.text.faults import problem_words

from .wire import bencode, read

ASKER = b"a" * 20
METHODS = {
    "ping": {},
    "find_node": {b"target": ASKER},
    "get_peers": {b"info_hash": ASKER},
    "vote": {},
}


def ask(core: Core, method: str, addr: Addr, now: float = NOW) -> list[bytes]:
    """What goes out on account of a query."""
    query = {b"t": b"aa", b"y": b"q", b"q": method.encode(), b"a": {b"id": ASKER, **METHODS[method]}}
    core.receive_datagram(bencode(query), addr, now)
    return [data for data, _ in core.datagrams_to_send(now)]


def answers(sent: list[bytes]) -> int:
    """How many of these are answers."""
    return sum(read(data)[b"y"] in (b"r", b"e") for data in sent)


@pytest.mark.parametrize("method", METHODS)
def test_a_read_only_node_counts_its_silence(method: str) -> None:
    core = new_core(read_only=True)
    heard = events_of(core)
    assert answers(ask(core, method, LOCAL)) == 0
    snapshot = core.snapshot(NOW)
    counts = snapshot.methods.get(method) or snapshot.methods["other"]
    assert (counts.received, counts.replied, counts.refused) == (1, 0, 0)
    assert snapshot.drops == {"read-only": 1}
    (told,) = (event for event in heard if isinstance(event, PacketReceived))
    assert "read-only" in problem_words(told.problem)


@pytest.mark.parametrize("method", METHODS)
def test_what_the_reply_quota_swallows_counts_as_nothing_sent(method: str) -> None:
    """Each query once: answered, refused, or over the quota."""
    core = new_core(reply_quota=1000, rate_limit=0.0, read_only=False)
    heard = events_of(core)
    many = 60
    sent = [data for _ in range(many) for data in ask(core, method, PUBLIC)]
    assert core.datagrams_to_send(NOW) == []
    snapshot = core.snapshot(NOW)
    counts = snapshot.methods.get(method) or snapshot.methods["other"]
    assert counts.received == many
    assert counts.replied + counts.refused == answers(sent) < many
    assert snapshot.drops["reply quota"] == many - answers(sent)
    assert sum(snapshot.drops.values()) == many - answers(sent) + counts.refused
    problems = Counter(bool(event.problem) for event in heard if isinstance(event, PacketReceived))
    assert problems.total() == many and problems[True] == sum(snapshot.drops.values())
    went = [event.data for event in heard if isinstance(event, PacketSent)]
    assert went == sent


def test_who_is_banned_while_it_is_waited_for_was_not_silent() -> None:
    """Its answer is not read: nobody knows whether there was one."""
    core, done = new_core(), list[Outcome]()
    heard = events_of(core)
    core.start(Ask(PingNode(), remotes=(PUBLIC,)), into(done), NOW)
    core.datagrams_to_send(NOW)
    core.ban(PUBLIC[0], 60.0, NOW)
    core.handle_timer(NOW + 30.0)
    (node,) = done[0].asked
    assert (node.status, node.note) == (Status.CANCELLED, Note(NoteKind.BANNED_MEANWHILE))
    assert core.snapshot(NOW + 30.0).methods["ping"].timed_out == 0
    assert [event.result for event in heard if isinstance(event, QueryFinished)] == ["cancelled"]


@pytest.mark.parametrize("asleep", [False, True])
def test_who_was_not_sent_a_query_was_not_silent(asleep: bool) -> None:
    """Also where there was no room to send: nothing is counted, and the end is no time-out."""
    core, done = new_core(), list[Outcome]()
    heard = events_of(core)
    core.start(Ask(PingNode(), remotes=(PUBLIC,)), into(done), NOW)
    ((data, addr),) = core.datagrams_to_send(NOW)
    core.send_dropped(data, addr)
    if asleep:
        core.woke(3600.0, NOW + 3600.0)
    core.handle_timer(NOW + 3700.0)
    snapshot = core.snapshot(NOW + 3700.0)
    assert done[0].asked[0].status is Status.SEND_FAILED
    assert (snapshot.methods["ping"].sent, snapshot.methods["ping"].timed_out) == (0, 0)
    assert snapshot.traffic.send_failures == 1 and snapshot.noted == 1
    assert [event.result for event in heard if isinstance(event, QueryFinished)] == ["cancelled"]
    assert not [event for event in heard if isinstance(event, PacketSent)]
