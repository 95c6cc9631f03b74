"""Events: each at its moment, one a happening, and none built while nobody listens."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import pytest

from dhtui.engine.core import Core
from dhtui.engine.defence.blocklist import parse as parse_blocklist
from dhtui.engine.items import ImmutableItem, immutable_target, mutable_target, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.lookup.questions import FindClosest, FindPeers, GetItem, PingNode, Question
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome
from dhtui.engine.views import events
from dhtui.engine.views.details import DetailKind
from dhtui.engine.views.events import Event, QueryResult
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_node
from dhtui.engine.wire.ids import bep42_valid, random_id_with_prefix
from dhtui.engine.wire.krpc import encode_error, encode_response
from dhtui.text.faults import problem_words
from dhtui.text.node.details import detail_words

from .network import into
from .stranger import LOCAL, NOW, OWN, PUBLIC, Stranger, fill_table, message, new_core

ID, TARGET = b"s" * 20, b"t" * 20
E = TypeVar("E")


def heard_of(core: Core) -> list[Event]:
    """A list that fills with the core's events from now on."""
    heard: list[Event] = []
    core.listen(heard.append)
    return heard


KINDS: dict[str, Callable[[bytes], Question]] = {
    kind.kind: kind for kind in (PingNode, FindClosest, FindPeers, GetItem)
}


def only(heard: list[Event], kind: type[E]) -> list[E]:
    """The events of one type."""
    return [event for event in heard if isinstance(event, kind)]


def ask(core: Core, kind: str, addr: Addr, now: float = NOW) -> tuple[bytes, list[Outcome]]:
    """Let the core ask a node something; the transaction id, and where the outcome will be."""
    done: list[Outcome] = []
    core.start(Ask(KINDS[kind](TARGET), remotes=[addr]), into(done), now)
    query = core.datagrams_to_send()[-1][0]
    tid = bencode.decode(query)[b"t"]
    assert isinstance(tid, bytes)
    return tid, done


def answer(core: Core, addr: Addr, node_id: bytes = ID, now: float = NOW, seen: Addr = LOCAL) -> None:
    """Let the core ping a node, and the node answer."""
    tid, _ = ask(core, "ping", addr, now)
    core.receive_datagram(encode_response(tid, {b"id": node_id}, seen), addr, now)


# ---- packets -------------------------------------------------------------------------------------------

PING = message(b"ping", {b"id": ID}, ro=1)
UNSORTED = b"d1:y1:q1:t2:aa1:q4:ping1:ad2:id20:" + ID + b"ee"
BAD_TOKEN = message(b"announce_peer", {b"id": ID, b"info_hash": TARGET, b"port": 1, b"token": b"x"})


@pytest.mark.parametrize(
    ("data", "problem", "read"),
    [
        (PING, "", True),
        (UNSORTED, "not canonical", True),
        (b"garbage", "not a dictionary of 2 to 16384 bytes", False),
        (b"d0:0:-5:", "not bencode", False),
        (PING + b"\r\n", "2 bytes behind the message", False),
        (PING + b"\n", "1 byte behind the message", False),
        (message(b"ping", {}), "id must be 20 bytes", False),
        (message(b"vote", {}), "method unknown", False),
        (BAD_TOKEN, "bad token", True),
        (message(b"ping", {b"id": OWN}), "a query under our own id", True),
        (b"d1:rd2:id20:" + ID + b"e1:t2:aa1:y1:re", "no query of ours waits for it", True),
    ],
    ids=[
        "good",
        "unsorted",
        "garbage",
        "killer",
        "line end",
        "one byte more",
        "no id",
        "unknown",
        "bad token",
        "own id",
        "unasked",
    ],
)
def test_packet_received_once_for_every_datagram(data: bytes, problem: str, read: bool) -> None:
    """`PacketReceived`: one a datagram, with its bytes, what it was read as, and what was wrong with it."""
    core = new_core()
    heard = heard_of(core)
    core.receive_datagram(data, LOCAL, NOW + 1)
    (event,) = only(heard, events.PacketReceived)
    assert (event.at, event.addr, event.data, problem_words(event.problem)) == (NOW + 1, LOCAL, data, problem)
    assert (event.message is not None) is read
    assert heard[0] is event  # before whatever follows from it


def test_packet_received_for_what_is_not_even_read() -> None:
    """`PacketReceived` with a cause for blocked, banned and impossible senders, and silence for each."""
    blocks, _ = parse_blocklist(["198.51.100.0/24"])
    core = new_core(blocks=blocks, rate_limit=1.0, read_only=True)
    heard = heard_of(core)
    core.receive_datagram(PING, ("198.51.100.1", 7000), NOW)
    core.receive_datagram(PING, ("203.0.113.9", 0), NOW)
    core.ban("192.0.2.1", 60.0, NOW)
    core.receive_datagram(PING, ("192.0.2.1", 7000), NOW)
    for _ in range(12):
        core.receive_datagram(PING, PUBLIC, NOW)
    assert [event.problem for event in only(heard, events.PacketReceived)] == [
        "blocklist",
        "no unicast source",
        "banned by the user",
        *["read-only"] * 10,
        *["rate limit"] * 2,
    ]
    assert only(heard, events.PacketSent) == [] == core.datagrams_to_send()


def test_packet_sent_for_responses_errors_and_queries() -> None:
    """`PacketSent`: each datagram as it is handed out, in order, with its kind, method and transaction id."""
    core = new_core()
    heard = heard_of(core)
    core.receive_datagram(message(b"find_node", {b"id": ID, b"target": TARGET}, tid=b"t1"), LOCAL, NOW)
    core.receive_datagram(message(b"vote", {b"id": ID}, tid=b"t2"), LOCAL, NOW)
    datagrams = core.datagrams_to_send()
    assert only(heard, events.PacketSent) == [] == core.datagrams_to_send(), "it is known now that none has failed"
    sent = only(heard, events.PacketSent)
    assert [(event.data, event.addr) for event in sent] == datagrams
    assert [(event.kind, event.method) for event in sent] == [
        ("response", "find_node"),
        ("query", "ping"),
        ("error", "vote"),
    ]
    assert (sent[0].tid, sent[2].tid) == (b"t1", b"t2")
    assert len(only(heard, events.PacketReceived)) == 2


# ---- queries -------------------------------------------------------------------------------------------


def test_query_finished_when_it_was_answered() -> None:
    """`QueryFinished` with the round trip, after the packet and before the outcome is handed over."""
    core = new_core()
    tid, done = ask(core, "ping", LOCAL)
    heard: list[Any] = []
    core.listen(lambda event: heard.append((event, len(done))))
    core.receive_datagram(encode_response(tid, {b"id": ID}, LOCAL), LOCAL, NOW + 0.25)
    finished, outcomes = next(pair for pair in heard if isinstance(pair[0], events.QueryFinished))
    soft = finished.soft
    assert finished == events.QueryFinished(
        NOW + 0.25, LOCAL, tid, "ping", "user", QueryResult.ANSWERED, 0.25, soft, 2.0
    )
    assert outcomes == 0 and len(done) == 1
    assert isinstance(heard[0][0], events.PacketReceived)


def test_query_finished_with_an_error() -> None:
    """`QueryFinished`: an error is an answer, too, with a round trip."""
    core = new_core()
    tid, _ = ask(core, "get", LOCAL)
    heard = heard_of(core)
    core.receive_datagram(encode_error(tid, 202, "no", LOCAL), LOCAL, NOW + 0.5)
    (finished,) = only(heard, events.QueryFinished)
    assert (finished.result, finished.rtt, finished.method) == ("error", 0.5, "get")


def test_query_finished_by_silence_and_only_at_the_hard_deadline() -> None:
    """`QueryFinished` with "timed out" and no round trip; a late answer is no second end."""
    core = new_core(query_timeout=2.0)
    tid, done = ask(core, "ping", LOCAL)
    heard = heard_of(core)
    core.handle_timer(NOW + 1.9)
    assert heard == []
    core.handle_timer(NOW + 2.0)
    (ended,) = only(heard, events.QueryFinished)
    assert heard == [ended]
    assert ended == events.QueryFinished(
        NOW + 2.0, LOCAL, tid, "ping", "user", QueryResult.TIMED_OUT, None, ended.soft, 2.0
    )
    core.receive_datagram(encode_response(tid, {b"id": ID}, LOCAL), LOCAL, NOW + 2.1)
    assert len(only(heard, events.QueryFinished)) == len(done) == 1


def test_query_finished_when_the_system_would_not_send_it() -> None:
    """`QueryFinished` with "cancelled"."""
    core = new_core()
    done: list[Outcome] = []
    core.start(Ask(PingNode(), remotes=[LOCAL]), into(done), NOW)
    heard = heard_of(core)
    core.send_failed(*core.datagrams_to_send()[-1], errno.EHOSTUNREACH, NOW)
    assert [event.result for event in only(heard, events.QueryFinished)] == ["cancelled"]
    assert len(done) == 1


# ---- the table -----------------------------------------------------------------------------------------


def test_node_added_when_a_node_has_answered_and_not_before() -> None:
    """`NodeAdded`: a querier is pinged, and enters with its answer."""
    core = new_core()
    heard = heard_of(core)
    stranger = Stranger(core)
    stranger.ask("ping")
    assert only(heard, events.NodeAdded) == []
    (ping,) = stranger.asked
    core.receive_datagram(encode_response(ping[b"t"], {b"id": ID}, LOCAL), LOCAL, NOW + 0.1)
    assert only(heard, events.NodeAdded) == [events.NodeAdded(NOW + 0.1, ID, LOCAL, 0)]
    answer(core, LOCAL, now=NOW + 1)
    assert len(only(heard, events.NodeAdded)) == 1  # it is there already


def test_node_removed_when_it_changes_its_id() -> None:
    """`NodeRemoved` with the reason; the new id is not added in its place."""
    core = new_core()
    answer(core, LOCAL)
    heard = heard_of(core)
    answer(core, LOCAL, node_id=b"u" * 20, now=NOW + 1)
    assert only(heard, events.NodeRemoved) == [events.NodeRemoved(NOW + 1, ID, LOCAL, DetailKind.NEW_ID)]
    assert only(heard, events.NodeAdded) == [] and len(core.nodes()) == 0


def test_node_removed_when_a_replacement_takes_its_place() -> None:
    """`NodeRemoved` and `NodeAdded` together, when a silent node gives way to one that waits."""
    core = new_core()
    far = [random_id_with_prefix(OWN, 0, core._rng) for _ in range(9)]
    near = random_id_with_prefix(OWN, 1, core._rng)
    for i, node_id in enumerate([near, *far]):
        answer(core, ("127.0.1.1", 7000 + i), node_id)
    assert len(core.nodes()) == 9
    silent: Addr = ("127.0.1.1", 7001)
    heard = heard_of(core)
    ask(core, "ping", silent, NOW + 1)
    core.handle_timer(NOW + 3.5)
    (removed,), (added,) = only(heard, events.NodeRemoved), only(heard, events.NodeAdded)
    assert (removed.id, removed.addr, detail_words(removed.why)) == (far[0], silent, "did not answer")
    assert (added.id, added.bucket) == (far[8], 0)


# ---- lookups and the bootstrap -------------------------------------------------------------------------


def test_lookup_started_and_finished() -> None:
    """`LookupStarted` before its first packet, `LookupFinished` after its last answer, by the same number."""
    core = new_core()
    answer(core, LOCAL)
    assert core.datagrams_to_send() == []
    heard = heard_of(core)
    done: list[Outcome] = []
    core.start(Ask(FindPeers(TARGET)), into(done), NOW + 1)
    assert len(core.datagrams_to_send()) == 1 and core.datagrams_to_send() == []
    assert heard[0] == events.LookupStarted(NOW + 1, 1, "get_peers", TARGET, "user")
    assert isinstance(heard[1], events.PacketSent) and len(heard) == 2
    core.receive_datagram(encode_response(heard[1].tid, {b"id": ID, b"nodes": b""}, LOCAL), LOCAL, NOW + 1.5)
    assert only(heard, events.LookupFinished) == [
        events.LookupFinished(NOW + 1.5, 1, "get_peers", TARGET, 1, 1, 1, StopReason.ALL_ANSWERED)
    ]
    assert only(heard, events.QueryFinished)[0].owner == "get_peers#1"


def test_lookup_finished_when_it_is_cancelled() -> None:
    """`LookupFinished`: also for a lookup that the user gave up."""
    core = new_core()
    answer(core, LOCAL)
    heard = heard_of(core)
    operation = core.start(Ask(FindClosest(TARGET)), lambda outcome, now: None, NOW + 1)
    core.cancel(operation, NOW + 2)
    (finished,) = only(heard, events.LookupFinished)
    assert (finished.at, finished.number, finished.answered) == (NOW + 2, 1, 0)
    assert finished.stopped is StopReason.CANCELLED


def test_bootstrap_progress_in_words() -> None:
    """`BootstrapProgress`: what is tried, and what came of it."""
    core = Core(new_core().settings, ("127.0.0.1", 6881), new_core()._rng, NOW, hosts=("127.0.0.2:7000",))
    heard = heard_of(core)
    core.bootstrap(NOW)
    core.host_resolved("127.0.0.2:7000", (LOCAL,), "", NOW)
    ((query, _),) = core.datagrams_to_send()
    body = {b"id": ID, b"nodes": pack_node(NodeInfo(OWN, ("127.0.0.1", 6881)))}
    core.receive_datagram(encode_response(bencode.decode(query)[b"t"], body, LOCAL), LOCAL, NOW + 0.1)
    asking, came, survey = [detail_words(event.text) for event in only(heard, events.BootstrapProgress)]
    assert "asking 1 " in asking and came.startswith("1 node")
    assert survey == "a survey: up to 512 queries to nodes all over the network"


def test_bootstrap_progress_without_any_node() -> None:
    """`BootstrapProgress`: nothing to start from is said, too."""
    core = new_core()
    heard = heard_of(core)
    core.bootstrap(NOW)
    assert heard == [events.BootstrapProgress(NOW, str(DetailKind.NO_HOSTS))]


# ---- what others do to us ------------------------------------------------------------------------------


def test_stored_when_something_was_stored_and_only_then() -> None:
    """`Stored`: peer, immutable and mutable, with target and source; a refused one is none."""
    core = new_core()
    stranger = Stranger(core)
    item = sign(BEP44_TEST_KEY, b"1:x", 1)
    heard = heard_of(core)
    mutable = {"v": b"x", "k": item.k, "sig": item.sig, "seq": 1}
    for target, method, args in (
        (TARGET, "announce_peer", {"info_hash": TARGET, "port": 1}),
        (immutable_target(b"1:x"), "put", {"v": b"x"}),
        (mutable_target(item.k), "put", mutable),
    ):
        assert stranger.refused(method, token=b"bad", **args) == 203
        assert only(heard, events.Stored) == []
        stranger.ask(method, token=stranger.token(target), **args)
        (stored,) = only(heard, events.Stored)
        assert (stored.target, stored.addr) == (target, LOCAL)
        assert stored.what == ("peer" if method == "announce_peer" else "mutable" if "k" in args else "immutable")
        heard.clear()


def test_nothing_is_stored_where_there_is_no_room() -> None:
    """`Stored` tells what is there, not what was asked for."""
    core = new_core(id=bytes(20))
    for i in range(700):
        core._items.put_immutable(i.to_bytes(20, "big"), ImmutableItem(b"1:x"), LOCAL[0], NOW)
    heard = heard_of(core)
    stranger = Stranger(core)
    assert stranger.refused("put", token=stranger.token(immutable_target(b"1:x")), v=b"x") == 202
    assert only(heard, events.Stored) == []


def test_address_and_id_changed_by_three_voters() -> None:
    """`AddressChanged`, then `IdChanged` (BEP 42): by a majority of three after a while, once, and not by less."""
    core = new_core(bound=("0.0.0.0", 6881), id=None)
    heard = heard_of(core)
    before, seen = core.id, ("203.0.113.77", 6881)
    for i in range(3):
        assert only(heard, events.AddressChanged) == []
        answer(core, (f"198.51.{i}.1", 7000), bytes([i]) * 20, seen=seen)
    core.handle_timer(NOW + 20)
    assert only(heard, events.AddressChanged) == [events.AddressChanged(NOW + 20, None, seen, 3)]
    (changed,) = only(heard, events.IdChanged)
    assert (changed.old, changed.new) == (before, core.id) and bep42_valid(core.id, seen[0]) and changed.why
    answer(core, ("198.51.9.1", 7000), b"\x09" * 20, seen=seen)
    assert len(only(heard, events.AddressChanged)) == len(only(heard, events.IdChanged)) == 1


def test_reachability_changed_by_the_first_stranger() -> None:
    """`ReachabilityChanged`: once, when somebody whom we never contacted asks us something (BEP 43)."""
    core = new_core(bound=("0.0.0.0", 6881))
    heard = heard_of(core)
    for i in range(3):
        Stranger(core, (f"203.0.{i}.5", 7000)).ask("ping", NOW + i)
    (changed,) = only(heard, events.ReachabilityChanged)
    assert (changed.at, changed.reachable) == (NOW, True) and changed.why


def test_banned_by_the_user_only() -> None:
    """`Banned`: when the user bans an address; one that asks too much is muted, which is a line in the log."""
    core = new_core(bound=("0.0.0.0", 6881), rate_limit=1.0)
    heard = heard_of(core)
    for _ in range(30):
        core.receive_datagram(PING, PUBLIC, NOW)
    assert only(heard, events.Banned) == []
    assert [(error.cause, error.addr) for error in core.snapshot(NOW).errors] == [("rate limit", PUBLIC)]
    core.ban(PUBLIC[0], 60.0, NOW)
    assert only(heard, events.Banned) == [events.Banned(NOW, PUBLIC[0], NOW + 60.0, DetailKind.BY_USER)]


# ---- listeners -----------------------------------------------------------------------------------------


def test_every_listener_hears_everything_until_it_leaves() -> None:
    """Two screens may listen at once; one that leaves is told nothing more."""
    core = new_core()
    first: list[Event] = []
    leave = core.listen(first.append)
    second = heard_of(core)
    core.receive_datagram(PING, LOCAL, NOW)
    assert first == second != []
    leave()
    core.receive_datagram(PING, LOCAL, NOW)
    assert len(second) == 2 * len(first)


def test_a_listener_may_leave_while_it_is_told() -> None:
    """The one that leaves keeps nobody else from hearing the same event."""
    core = new_core()
    leaves = [core.listen(lambda event: leaves.pop()() if leaves else None)]
    heard = heard_of(core)
    core.receive_datagram(PING, LOCAL, NOW)
    assert len(core.datagrams_to_send()) == 1 and core.datagrams_to_send() == []
    assert len(heard) == 2 and leaves == []


def traffic(core: Core) -> None:
    """Something of everything that events tell of."""
    core.bootstrap(NOW)
    fill_table(core, 30)
    stranger = Stranger(core)
    core.start(Ask(FindPeers(TARGET)), lambda outcome, now: None, NOW)
    core.datagrams_to_send()
    for data in (PING, UNSORTED, b"garbage", BAD_TOKEN, message(b"vote", {})):
        stranger.raw(data)
    stranger.ask("announce_peer", info_hash=TARGET, port=1, token=stranger.token(TARGET))
    stranger.ask("put", v=b"x", token=stranger.token(immutable_target(b"1:x")))
    for i in range(4):
        answer(core, (f"198.51.{i}.1", 7000), bytes([i]) * 20, seen=("203.0.113.77", 6881))
    for _ in range(60):
        core.receive_datagram(PING, PUBLIC, NOW)
    answer(core, ("198.51.0.1", 7000), b"x" * 20)  # under another id than before
    while core.next_timer() < NOW + 60:
        core.handle_timer(core.next_timer())
    core.send_failed(b"", LOCAL, None, NOW + 60)
    core.overflowed(3, NOW + 60)
    core.woke(3600.0, NOW + 60)
    core.link_changed(events.LinkState.LOST, None, NOW + 60)
    core.link_changed(events.LinkState.UP, core.identity.bound, NOW + 60)
    core.ban(PUBLIC[0], 60.0, NOW + 60)
    core.snapshot(NOW + 60)


EVENT_TYPES: tuple[type, ...] = tuple(set(get_args(events.Event)) - {events.Missed})
"""All that an engine builds: `Missed` is of those who are attached to a node."""


def test_with_nobody_listening_no_event_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events cost nothing then: each type is made to raise when it is built, and everything goes on."""
    assert len(EVENT_TYPES) == 16

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an event was built")

    for kind in EVENT_TYPES:
        monkeypatch.setattr(events, kind.__name__, refuse)
    traffic(new_core(bound=("0.0.0.0", 6881), id=None, read_only=False))
    listened = new_core()
    listened.listen(lambda event: None)
    with pytest.raises(AssertionError, match="an event was built"):
        listened.receive_datagram(PING, LOCAL, NOW)


def test_that_traffic_builds_every_event_when_somebody_listens() -> None:
    """So the test above is worth something."""
    core = new_core(bound=("0.0.0.0", 6881), id=None, read_only=False)
    heard = heard_of(core)
    traffic(core)
    assert {type(event) for event in heard} == set(EVENT_TYPES)
    assert all(event.at >= NOW for event in heard)
