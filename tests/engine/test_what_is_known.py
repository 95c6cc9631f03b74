"""What the program knows about a query stands in its outcome; a limit or an end of ours is no silence of the node."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from dhtui.engine.core import Core
from dhtui.engine.items import Draft, ImmutableItem, Item, sign
from dhtui.engine.keys import BEP44_TEST_KEY as KEY
from dhtui.engine.lookup.questions import GetItem, PingNode
from dhtui.engine.operations.requests import Ask, ReadBack, Republish
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.settings import SavedState
from dhtui.engine.views.events import PacketSent
from dhtui.engine.wire.bencode import Bencached
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.faults import Note, NoteKind
from dhtui.engine.wire.krpc import FindNode, Ping, Query, encode_query, encode_response
from dhtui.items.readback import Gives, read_back_of, to_ask
from dhtui.text.actions.items import read_back_words
from dhtui.text.outcomes import silence_words

from .network import Answer, Network, Puppet, events_of, into, naming, silent

TARGET = bytes(20)
OTHER_PORT = ("20.1.7.1", 7000)


def one_ping(answer: Callable[[Network, Puppet, Query], Answer]) -> NodeOutcome:
    """What comes of the ping of a node that answers like that."""
    net = Network()
    core = net.core(maintain=False)
    node = net.puppet()
    node.answer = lambda query: answer(net, node, query)
    (outcome,) = net.ping(core, node.addr).asked
    return outcome


def from_elsewhere(net: Network, node: Puppet, query: Query) -> Answer:
    net.send(encode_response(query.tid, {b"id": node.id}, node.addr), OTHER_PORT, next(iter(net.packets)).source)
    return None


def with_a_line_end(net: Network, node: Puppet, query: Query) -> Answer:
    return encode_response(query.tid, {b"id": node.id}, node.addr) + b"\r\n"


KNOWN = {
    "silence": (lambda net, node, query: None, Status.TIMED_OUT, None),
    "from another port": (from_elsewhere, Status.ELSEWHERE, OTHER_PORT),
    "a line end behind it": (with_a_line_end, Status.UNREADABLE, None),
    "nonsense": (lambda net, node, query: b"\x00what?", Status.UNREADABLE, None),
    "no id": (lambda net, node, query: b"d1:rde1:t4:" + query.tid + b"1:y1:re", Status.UNREADABLE, None),
    "another transaction": (
        lambda net, node, query: encode_response(query.tid[:2], {b"id": node.id}, node.addr),
        Status.UNMATCHED,
        None,
    ),
}


@pytest.mark.parametrize("case", KNOWN)
def test_what_came_in_place_of_an_answer_stands_in_the_outcome(case: str) -> None:
    answer, status, came_from = KNOWN[case]
    outcome = one_ping(answer)
    assert (outcome.status, outcome.came_from, outcome.responded) == (status, came_from, False)
    assert outcome.waited == pytest.approx(2.0, abs=0.1) and silence_words(outcome)
    assert bool(outcome.note) is (status is Status.UNREADABLE)


def test_what_came_in_place_of_an_answer_is_forgotten_once_the_answer_is_there() -> None:
    def both(net: Network, node: Puppet, query: Query) -> Answer:
        net.send(b"\x00", node.addr, net.packets[0].source)
        from_elsewhere(net, node, query)
        return {}

    assert one_ping(both).status is Status.ANSWERED


def test_noise_from_an_address_is_told_of_the_query_that_it_belongs_to() -> None:
    """Of two queries to one address, the datagram that names a transaction id is about that one."""
    net = Network()
    core, node = net.core(maintain=False), net.puppet(silent)
    done: list[Outcome] = []
    for _ in range(2):
        core.start(Ask(PingNode(), remotes=[node.addr]), into(done), net.now)
    net.after(core)
    net.run(0.1)
    net.send(b"\x00" + node.queries[1].tid, node.addr, core.identity.bound)
    net.run(5.0)
    assert [one.status for outcome in done for one in outcome.asked] == [Status.TIMED_OUT, Status.UNREADABLE]


# ---- a lookup that ends ---------------------------------------------------------------------------------


def test_who_was_not_waited_for_is_not_said_to_be_silent() -> None:
    """The lookup is over in well under the 4 s that an answer may take: it can't know who is dead."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    late, dead = net.puppet(node_id=bytes(19) + b"\x01"), net.puppet(silent, node_id=bytes(19) + b"\x02")
    net.slow[late.addr] = 3.0
    elsewhere = net.puppet(node_id=bytes(19) + b"\x03")
    elsewhere.answer = lambda query: from_elsewhere(net, elsewhere, query)
    knows = net.puppet(naming(late.info, dead.info, elsewhere.info))
    net.meet(core, knows)
    outcome = net.find_node(core, TARGET)
    found = {one.addr: one for one in outcome.asked}
    assert outcome.elapsed < 3.0
    assert found[late.addr].status is found[dead.addr].status is Status.CANCELLED
    assert found[elsewhere.addr].status is Status.ELSEWHERE
    assert (outcome.answered, outcome.timed_out, outcome.cancelled) == (1, 0, 2)
    assert 0.4 < (found[dead.addr].waited or 0.0) <= outcome.elapsed


def test_read_back_tells_silence_from_not_having_waited() -> None:
    item = sign(KEY, b"4:mine", 6)
    nodes = {place: (f"10.0.0.{place}", 1) for place in range(1, 5)}

    def one(place: int, status: Status) -> NodeOutcome:
        return NodeOutcome(addr=nodes[place], id=bytes(20), status=status)

    put = Outcome(
        action="put", target=item.target, asked=(), writes=tuple(one(p, Status.STORED) for p in (1, 2)), item=item
    )
    lookup = Outcome(
        action="get",
        target=item.target,
        asked=(one(1, Status.CANCELLED), one(2, Status.TIMED_OUT), one(3, Status.UNREADABLE), one(4, Status.BANNED)),
    )
    read = read_back_of(put, lookup, [])
    assert [(copy.gives, copy.found) for copy in read.copies] == [
        (Gives.CANCELLED, True),
        (Gives.SILENT, True),
        (Gives.UNUSABLE, True),
        (Gives.NOT_ASKED, True),
    ]
    assert "0 of the 2 that took it give it, 1 gave no answer, 1 cancelled" in read_back_words(read)
    answered = [NodeOutcome(addr=nodes[1], id=bytes(20), status=Status.VALUE, item=item, rtt=0.01)]
    assert [(c.gives, c.found) for c in read_back_of(put, lookup, answered).copies][:1] == [(Gives.IT, False)]


def test_read_back_asks_those_once_more_that_the_lookup_did_not_wait_for() -> None:
    item = sign(KEY, b"4:mine", 6)
    near = NodeInfo(item.target[:19] + b"\x00", ("10.0.0.1", 1))
    names = NodeOutcome(addr=("10.0.0.9", 1), id=bytes(20), status=Status.ANSWERED, rtt=0.1, nodes=(near,))
    put = Outcome(action="put", target=item.target, asked=(), item=item)
    for status, again in ((Status.CANCELLED, (near.addr,)), (Status.TIMED_OUT, ())):
        lookup = Outcome(
            action="get", target=item.target, asked=(names, NodeOutcome(addr=near.addr, id=near.id, status=status))
        )
        assert to_ask(put, lookup, b"\xff" * 20, 8) == again


# ---- what stands in the way -----------------------------------------------------------------------------

MINE = sign(KEY, b"4:mine", 7)


def hiding(item: Item | None = MINE, v: bytes = b"5:other", *, then: bool = True) -> Callable[[Query], Answer]:
    """A store that gives an unsigned value to a plain get, and what is signed to one with a seq."""

    def answer(query: Query) -> Answer:
        body: dict[bytes, object] = {b"nodes": b"", b"token": b"token"}
        if query.method == "put":
            return {}
        if query.method != "get":
            return body
        if getattr(query.args, "seq", None) is None:
            return body | {b"v": Bencached(v)}
        if not then:
            return None
        if item is None:
            return body
        assert item == MINE
        return body | {b"v": Bencached(MINE.v), b"k": MINE.k, b"sig": MINE.sig, b"seq": MINE.seq}

    return answer


def with_stores(*answers: Callable[[Query], Answer]) -> tuple[Network, Core, list[Puppet]]:
    net = Network()
    core = net.core(maintain=False, bep42="off")
    stores = [net.puppet(answer, node_id=MINE.target[:19] + bytes([place])) for place, answer in enumerate(answers, 1)]
    net.meet(core, *stores)
    return net, core, stores


QUESTION = GetItem(MINE.target, mutable=True)


def asked_by(how: str, net: Network, core: Core, stores: list[Puppet]) -> Outcome:
    if how == "the named nodes":
        return net.ask(core, QUESTION, remotes=[store.addr for store in stores])
    if how == "read back":
        return net.finish(core, ReadBack(QUESTION, ()))
    if how == "put":
        return net.put(core, Draft(b"4:next", KEY))
    if how == "republish":
        return net.finish(core, Republish(MINE, lambda found: (MINE, ())))
    if how == "only the target":
        return net.ask(core, GetItem(MINE.target, blind=True))
    return net.ask(core, QUESTION)


@pytest.mark.parametrize("how", ["get", "the named nodes", "read back", "put", "republish", "only the target"])
def test_a_signed_item_is_found_behind_an_unsigned_value(how: str) -> None:
    net, core, stores = with_stores(hiding())
    outcome = asked_by(how, net, core, stores)
    assert [(one.status, one.item, one.behind) for one in outcome.asked] == [(Status.VALUE, MINE, Status.BAD_VALUE)]
    assert [one.addr for one in outcome.closest] == [stores[0].addr]
    assert outcome.highest_seen == 7
    if how == "put":
        assert outcome.stored == 1 and isinstance(outcome.item, type(MINE)) and outcome.item.seq == 8


@pytest.mark.parametrize("how", ["get", "the named nodes"])
def test_who_has_nothing_else_behind_it_is_told_as_what_it_is(how: str) -> None:
    """Nothing signed: it answered, and it is no liar for what others put there. Silent the second time: not genuine."""
    net, core, stores = with_stores(hiding(None), hiding(then=False))
    by_addr = {one.addr: one for one in asked_by(how, net, core, stores).asked}
    first, second = (by_addr[store.addr] for store in stores)
    assert (first.status, first.behind, first.token) == (Status.ANSWERED, Status.BAD_VALUE, b"token")
    assert (second.status, second.behind) == (Status.BAD_VALUE, None)


def test_an_unsigned_value_never_counts_for_a_mutable_target() -> None:
    """Also one that hashes to it; and for an immutable one nobody is asked twice."""
    found = ImmutableItem(b"5:other")
    net, core, stores = with_stores(hiding())
    outcome = net.ask(core, GetItem(found.target, mutable=True), remotes=[stores[0].addr])
    assert [one.item for one in outcome.asked] != [found]
    net, core, stores = with_stores(hiding())
    outcome = net.ask(core, GetItem(bytes(20), mutable=False), remotes=[stores[0].addr])
    assert [one.status for one in outcome.asked] == [Status.BAD_VALUE]
    assert stores[0].methods().count("get") == 1


# ---- our own addresses ----------------------------------------------------------------------------------


def test_our_own_addresses_are_never_candidates() -> None:
    """Neither the bound one, nor the external one, under whatever id it is named; nor are they asked when named."""
    external = ("20.200.7.1", 6881)
    net = Network()
    core = net.core(maintain=False, bep42="off", external=external)
    bound = core.identity.bound
    named = [NodeInfo(bytes(19) + bytes([place]), addr) for place, addr in enumerate((bound, external), 1)]
    net.meet(core, net.puppet(naming(*named)))
    outcome = net.find_node(core, TARGET)
    assert len(outcome.asked) == 1
    assert not [packet for packet in net.packets if packet.dest in (bound, external) and packet.source == bound]
    assert [one.status for one in net.ping(core, bound, external).asked] == [Status.OURSELVES] * 2


def test_our_own_address_is_learnt_from_a_query_that_comes_back() -> None:
    """Through a NAT that sends our packets back to us, from another port of our own external address."""
    net = Network()
    core = net.core(maintain=False, bep42="off", external=("20.200.7.1", 6999))
    outside = net.puppet(ip="20.200.7.1")
    outside.answer = lambda query: encode_back(net, query, outside.addr, core.identity.bound)
    net.meet(core, net.puppet(naming(NodeInfo(bytes(20), outside.addr))))
    (first, *_) = [one for one in net.find_node(core, TARGET).asked if one.addr == outside.addr]
    assert first.status is Status.OURSELVES
    assert outside.addr not in [one.addr for one in net.find_node(core, TARGET).asked]
    assert len(outside.queries) == 1


def test_an_echo_is_told_as_what_it_is_and_not_as_this_node() -> None:
    """It sent our query back: its address is none of ours."""
    for external in (None, ("20.99.0.1", 6881)):
        net = Network()
        core = net.core(maintain=False, bep42="off", external=external)
        echo = net.puppet(ip="20.200.7.1")
        echo.answer = lambda query: encode_back(net, query, echo.addr, core.identity.bound)  # noqa: B023
        for _ in range(2):
            (told,) = net.ping(core, echo.addr).asked
            assert told.status is Status.ECHO
            assert silence_words(told) == "it sent our own query back, and no answer"
        assert len(echo.queries) == 2
        net.meet(core, net.puppet(naming(NodeInfo(bytes(20), echo.addr))))
        assert echo.addr not in [one.addr for one in net.find_node(core, TARGET).asked], "nothing comes of asking it"


def test_bytes_behind_an_answer_are_told_as_that() -> None:
    assert silence_words(one_ping(with_a_line_end)) == "what it answered can't be read: 2 bytes behind the message"


def encode_back(net: Network, query: Query, source: Addr, dest: Addr) -> Answer:
    net.send(next(p.data for p in reversed(net.packets) if p.dest == source), source, dest)
    return None


def test_nobody_can_pass_off_another_address_as_ours() -> None:
    net = Network()
    core, victim = net.core(maintain=False, bep42="off"), net.puppet()
    victim.query(core, FindNode(core.id, TARGET))
    net.run(1.0)
    assert net.ping(core, victim.addr).answered == 1


def test_saved_nodes_at_our_own_address_are_left_out() -> None:
    net = Network()
    external = ("20.200.7.1", 6881)
    saved = SavedState(bytes(20), external, (NodeInfo(b"\x01" * 20, external),))
    core = net.core(maintain=False, bep42="off", saved=saved)
    net.bootstrap(core)
    assert net.packets == [] and len(core.nodes()) == 0


def test_other_nodes_on_our_host_are_others() -> None:
    """A testnet lives on 127.0.0.0/8: an address of ours is an IP and a port."""
    net = Network()
    core = net.core("127.0.0.1", port=4000, maintain=False)
    others = [net.puppet(ip="127.0.0.1", port=4001), net.puppet(ip="127.0.0.2", port=4000)]
    assert net.ping(core, *(other.addr for other in others)).answered == 2


# ---- a figure is what was on the wire -------------------------------------------------------------------


def test_what_was_not_sent_is_in_no_figure_and_no_event() -> None:
    """Of two queries the system sends one: counters, traffic, events and outcome say so."""
    net = Network()
    core, nodes = net.core(maintain=False), [net.puppet(), net.puppet()]
    heard, done = events_of(core), list[Outcome]()
    core.start(Ask(PingNode(), remotes=[node.addr for node in nodes]), into(done), net.now)
    (failed, addr), sent = core.datagrams_to_send()
    core.send_failed(failed, addr, errno.EHOSTUNREACH, net.now)
    snapshot = core.snapshot(net.now)
    assert (snapshot.methods["ping"].sent, snapshot.traffic.packets_out, snapshot.traffic.bytes_out) == (
        1,
        1,
        len(sent[0]),
    )
    assert snapshot.traffic.send_failures == 1
    assert [(event.data, event.addr) for event in heard if isinstance(event, PacketSent)] == [sent]
    net.after(core)
    net.run(5.0)
    assert [(one.status, one.note) for one in done[0].asked] == [
        (Status.SEND_FAILED, Note(NoteKind.SEND_REFUSED, errno.EHOSTUNREACH)),
        (Status.TIMED_OUT, None),
    ]


def test_a_full_send_buffer_blames_no_node() -> None:
    net = Network()
    core, node = net.core(maintain=False), net.puppet()
    net.meet(core, node)
    sent = core.snapshot(net.now).methods["ping"].sent
    done: list[Outcome] = []
    core.start(Ask(PingNode(), remotes=[node.addr]), into(done), net.now)
    core.send_dropped(*core.datagrams_to_send()[0])
    net.after(core)
    net.run(5.0)
    (one,) = done[0].asked
    assert (one.status, one.note) == (Status.SEND_FAILED, Note(NoteKind.BUFFER_FULL))
    counts, contact = core.snapshot(net.now).methods["ping"], core._table.find(node.addr)
    assert (counts.sent, counts.timed_out) == (sent, 0)
    assert contact is not None and contact.failures == 0


def test_a_reply_that_was_not_sent_is_not_counted_as_one() -> None:
    """The system would not send it, or it had no room in what strangers may make us send."""
    net = Network()
    core, node = net.core(maintain=False), net.puppet()
    core.receive_datagram(encode_query(b"qq", Ping(node.id), False)[1], node.addr, net.now)
    ((data, addr), *_) = core.datagrams_to_send()
    core.send_failed(data, addr, errno.EHOSTUNREACH, net.now)
    assert core.snapshot(net.now).methods["ping"].replied == 0
    crowded = net.core(maintain=False, reply_quota=1)
    for _ in range(20):
        crowded.receive_datagram(b"d1:q4:ping1:t2:aa1:y1:qe", node.addr, net.now)
    refused = len(crowded.datagrams_to_send())
    snapshot = crowded.snapshot(net.now)
    assert refused < 20 and snapshot.drops["reply quota"] == 20 - refused
    assert snapshot.methods["ping"].refused == refused == snapshot.traffic.packets_out
