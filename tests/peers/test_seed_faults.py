"""Nodes like mh-cbon/dht: dhtui survives their faults and names them, and works with what they do right.

The store here answers as such a node does, one fault at a time, over a real socket.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

import pytest
from support.apart import PATIENCE

from dhtui.engine.items import ImmutableItem, MutableItem, mutable_target, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.node import Node
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.faults import Fault as MessageFault
from dhtui.text.faults import FAULT_WORDS

from .matrix import key_of
from .peer import DEADLINE
from .swarm import config

STORE_ID = b"the faulty store....."[:20]
VALUE = ImmutableItem(b"12:Hello World!")
KEY = BEP44_TEST_KEY

Body = dict[bytes, Any]
Fault = Callable[[Body], Body | None]
"""From a query to the members of the answer beside its ``t`` and ``y``. `None`: silence."""


class Store(asyncio.DatagramProtocol):
    """Answers every query as `fault` says. `asked` lists the methods that came."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self.asked: list[bytes] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))
        self._transport: asyncio.DatagramTransport = transport
        self.address: Addr = transport.get_extra_info("sockname")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()
        await asyncio.sleep(0)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer, but not what is no query."""
        query = bencode.decode(data)
        if query[b"y"] != b"q":
            return
        self.asked.append(query[b"q"])
        answer = self._fault(query)
        if answer is not None:
            kind = b"e" if b"e" in answer else b"r"
            self._transport.sendto(bencode.encode({b"t": query[b"t"], b"y": kind} | answer), addr)


def answers(**body: Any) -> Fault:
    """Always the same answer, with an id and a token."""
    named = {name.encode(): value for name, value in body.items()}
    return lambda _: {b"r": {b"id": STORE_ID, b"token": b"token"} | named}


def serves(item: MutableItem, **changed: Any) -> Fault:
    """A store of one item that leaves out its seq."""
    return answers(**{"k": item.k, "sig": item.sig, "v": bencode.decode(item.v)} | changed)


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """A node that waits as long as a busy machine may need."""
    async with Node(config(query_timeout=PATIENCE)) as node:
        yield node


@pytest.fixture
async def impatient() -> AsyncIterator[Node]:
    """A node that does not wait long for what does not come."""
    async with Node(config(query_timeout=0.1)) as node:
        yield node


async def ask(node: Node, fault: Fault, target: bytes, salt: bytes = b"", public: bytes | None = None) -> NodeOutcome:
    """What becomes of a get at a store with a fault."""
    async with Store(fault) as store:
        outcome = await node.get(target, salt=salt, public=public, remotes=[store.address])
    assert outcome.item == outcome.asked[0].item
    return outcome.asked[0]


# ---- as a store, it is wrong about mutable items -------------------------------------------------------


async def test_a_missing_seq_is_named_and_an_item_of_seq_0_is_read_all_the_same(node: Node) -> None:
    item = sign(KEY, VALUE.v, 0, b"foobar")
    got = await ask(node, serves(item), item.target, b"foobar")
    assert (got.status, got.item) == (Status.VALUE, item)
    assert got.faults == (MessageFault.NO_SEQ,)


async def test_without_its_seq_a_later_item_can_not_be_verified_and_the_reason_is_named(node: Node) -> None:
    item = sign(KEY, VALUE.v, 1)
    got = await ask(node, serves(item), item.target)
    assert (got.status, got.item) == (Status.BAD_SIGNATURE, None)
    assert MessageFault.NO_SEQ in got.faults


async def test_a_store_that_omits_seq_does_not_hide_the_value_of_one_that_is_right(node: Node) -> None:
    item = sign(KEY, VALUE.v, 1)
    async with Store(serves(item)) as wrong, Store(serves(item, seq=1)) as right:
        outcome = await node.get(item.target, remotes=[wrong.address, right.address])
    assert outcome.item == item
    assert [asked.status for asked in outcome.asked] == [Status.BAD_SIGNATURE, Status.VALUE]


async def test_an_update_that_kept_the_old_value_is_a_bad_signature(node: Node) -> None:
    newer = sign(KEY, b"6:second", 2)
    got = await ask(node, serves(newer, v=b"first", seq=2), newer.target)
    assert (got.status, got.item) == (Status.BAD_SIGNATURE, None)


async def test_an_item_valid_under_another_key_is_refused(node: Node) -> None:
    other = sign(key_of("somebody else"), VALUE.v, 3)
    got = await ask(node, serves(other, seq=3), mutable_target(KEY.public), public=KEY.public)
    assert (got.status, got.item) == (Status.BAD_VALUE, None)
    got = await ask(node, serves(other, seq=3), mutable_target(KEY.public))
    assert (got.status, got.item) == (Status.UNPROVED, None), "whose the target is was not said: it may need a salt"


async def test_the_last_answer_does_not_win_over_the_highest_seq(node: Node) -> None:
    old, new = sign(KEY, b"3:old", 1), sign(KEY, b"3:new", 2)
    async with Store(serves(new, seq=2)) as first, Store(serves(old, seq=1)) as last:
        outcome = await node.get(new.target, remotes=[first.address, last.address])
    assert (outcome.item, outcome.highest_seen) == (new, 2)


async def test_a_cas_compared_with_the_wrong_thing_is_reported_as_301(node: Node) -> None:
    stored, item = sign(KEY, b"3:one", 1), sign(KEY, b"3:two", 2)

    def compares_with_the_stored_cas(query: Body) -> Body | None:
        if query[b"q"] == b"put":
            return {b"e": [301, b"the CAS hash mismatched, re-read value and try again."]}
        return serves(stored, seq=1)(query)

    async with Store(compares_with_the_stored_cas) as store:
        outcome = await node.put(item, cas=1, remotes=[store.address])
    assert [(write.status, write.code) for write in outcome.writes] == [(Status.REFUSED, 301)]
    assert outcome.writes[0].error_words.startswith("cas mismatch")


# ---- it lies, stays silent, and writes nonsense --------------------------------------------------------


async def test_a_value_that_does_not_hash_to_the_target_is_refused(node: Node) -> None:
    got = await ask(node, answers(v=b"liar"), VALUE.target)
    assert (got.status, got.item) == (Status.BAD_VALUE, None)
    assert got.note


async def test_silence_ends_at_the_deadline_of_the_query(impatient: Node) -> None:
    got = await ask(impatient, lambda _: None, VALUE.target)
    assert (got.status, got.responded) == (Status.TIMED_OUT, False)


@pytest.mark.parametrize(
    "reply",
    [{}, {b"r": {}}, {b"r": b"text"}, {b"r": {b"id": b"short"}}, {b"r": {b"id": 7}}, {b"r": []}],
    ids=["no r", "no id", "r is text", "an id of 5 bytes", "id is a number", "r is a list"],
)
async def test_a_response_without_an_id_counts_as_malformed_and_as_no_answer(reply: Body) -> None:
    # One that can be read may still come: it is waited for until the end.
    async with Node(config(query_timeout=1.0)) as node:
        got = await ask(node, lambda _: reply, VALUE.target)
        assert got.status is Status.UNREADABLE
        assert node.snapshot().drops["malformed"] == 1


@pytest.mark.parametrize("ip", [b"", b"\x7f\0\0", b"\0" * 6, b"x" * 18, 5, []])
async def test_an_unusable_ip_costs_the_answer_nothing(node: Node, ip: object) -> None:
    got = await ask(node, lambda query: {b"ip": ip, **(answers(v=b"Hello World!")(query) or {})}, VALUE.target)
    assert (got.status, got.external) == (Status.VALUE, None)


@pytest.mark.parametrize(
    ("nodes", "peers", "fault"),
    [
        (b"x" * 25, [], "nodes"),
        (b"", [b"\x7f\0\0\1\x15\xb3"] * 2, "values"),
        (b"", [b"x" * 5], "values"),
        (b"", b"", "values"),
    ],
)
async def test_odd_nodes_and_peers_are_named(node: Node, nodes: bytes, peers: object, fault: str) -> None:
    async with Store(answers(nodes=nodes, values=peers)) as store:
        outcome = await node.get_peers(VALUE.target, remotes=[store.address])
    assert [FAULT_WORDS[one].split()[0] for one in outcome.asked[0].faults] == [fault]


@pytest.mark.parametrize(
    ("error", "code"), [(b"oops", 0), ([], 0), ([b"201", b"x"], 0), ([201], 0), ([204, b"no"], 204)]
)
async def test_an_error_of_any_shape_is_a_refusal(node: Node, error: object, code: int) -> None:
    got = await ask(node, lambda _: {b"e": error}, VALUE.target)
    assert (got.status, got.code) == (Status.REFUSED, code)


@pytest.mark.parametrize("action", ["put", "announce_peer"])
async def test_an_answer_without_token_is_no_success(node: Node, action: str) -> None:
    async with Store(lambda _: {b"r": {b"id": STORE_ID}}) as store:
        outcome: Outcome
        if action == "put":
            outcome = await node.put(VALUE, remotes=[store.address])
        else:
            outcome = await node.announce_peer(VALUE.target, 6881, remotes=[store.address])
    assert (outcome.stored, [write.status for write in outcome.writes]) == (0, [Status.NO_TOKEN])
    assert set(store.asked) <= {b"get", b"get_peers", b"ping"}


async def test_a_store_that_dies_between_get_and_put_is_reported() -> None:
    def answers_only_get(query: Body) -> Body | None:
        return answers()(query) if query[b"q"] == b"get" else None

    async with Node(config()) as node, Store(answers_only_get) as store:
        outcome = await node.put(VALUE, remotes=[store.address])
    assert (outcome.stored, [write.status for write in outcome.writes]) == (0, [Status.TIMED_OUT])


# ---- what it sends to us -------------------------------------------------------------------------------


class Client(asyncio.DatagramProtocol):
    """Sends raw queries to one node and awaits their answers."""

    def __init__(self, to: Addr) -> None:
        self._to = to
        self._answers: asyncio.Queue[Body] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0), family=socket.AF_INET)
        self._transport: asyncio.DatagramTransport = transport
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()
        await asyncio.sleep(0)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Keep answers; the node's own pings go unanswered."""
        message = bencode.decode(data)
        if message[b"y"] != b"q":
            self._answers.put_nowait(message)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._transport.sendto(data, self._to)

    async def query(self, method: bytes, **args: Any) -> Body:
        """The answer to a query."""
        named = {name.encode(): value for name, value in args.items()}
        message = {b"t": b"\0", b"y": b"q", b"q": method, b"a": {b"id": STORE_ID} | named}
        self.send(bencode.encode(message))
        async with asyncio.timeout(DEADLINE):
            return await self._answers.get()


async def test_its_first_mutable_put_is_stored_though_it_sends_an_empty_salt_and_cas_0(node: Node) -> None:
    item = sign(KEY, VALUE.v, 0)
    async with Client(node.address) as seed:
        token = (await seed.query(b"get", target=item.target))[b"r"][b"token"]
        put = {"v": b"Hello World!", "k": item.k, "sig": item.sig, "seq": 0, "salt": b"", "cas": 0}
        assert (await seed.query(b"put", token=token, **put))[b"y"] == b"r"
        got = (await seed.query(b"get", target=item.target))[b"r"]
    assert (got[b"v"], got[b"k"], got[b"sig"], got[b"seq"]) == (b"Hello World!", item.k, item.sig, 0)


async def test_its_update_is_refused_with_301_since_it_always_sends_cas_0(node: Node) -> None:
    async with Client(node.address) as seed:
        target = mutable_target(KEY.public)
        token = (await seed.query(b"get", target=target))[b"r"][b"token"]
        replies = []
        for seq, value in ((1, b"one"), (2, b"two")):
            item = sign(KEY, bencode.encode(value), seq)
            put = {"v": value, "k": item.k, "sig": item.sig, "seq": seq, "salt": b"", "cas": 0}
            replies.append(await seed.query(b"put", token=token, **put))
    assert replies[0][b"y"] == b"r"
    assert replies[1][b"e"][0] == 301


async def test_what_kills_it_is_answered_with_203(node: Node) -> None:
    async with Client(node.address) as seed:
        token = (await seed.query(b"get", target=VALUE.target))[b"r"][b"token"]
        seed.send(b"d1:q4:ping1:t2:aa1:y1:qe")
        async with asyncio.timeout(DEADLINE):
            no_arguments = await seed._answers.get()
        put = {"v": b"x", "k": b"k" * 31, "sig": b"s" * 64, "seq": 0}
        short_key = await seed.query(b"put", token=token, **put)
        assert no_arguments[b"e"][0] == short_key[b"e"][0] == 203
        assert (await seed.query(b"ping"))[b"r"][b"id"] == node.id


async def test_its_announce_with_a_port_beyond_64_bits_is_refused_and_the_next_one_stored(
    node: Node,
) -> None:
    async with Client(node.address) as seed:
        token = (await seed.query(b"get_peers", info_hash=VALUE.target))[b"r"][b"token"]
        arguments = b"d2:id20:%b9:info_hash20:%b4:porti18446744073709551615e5:token%d:%be"
        arguments %= (STORE_ID, VALUE.target, len(token), token)
        seed.send(b"d1:a%b1:q13:announce_peer1:t1:a1:y1:qe" % arguments)
        async with asyncio.timeout(DEADLINE):
            refused = await seed._answers.get()
        assert refused[b"e"][0] == 203
        announced = await seed.query(b"announce_peer", info_hash=VALUE.target, port=5555, token=token)
        assert announced[b"y"] == b"r"
        got = (await seed.query(b"get_peers", info_hash=VALUE.target))[b"r"]
    assert got[b"values"] == [b"\x7f\0\0\1" + (5555).to_bytes(2, "big")]
