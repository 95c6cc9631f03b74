"""A hostile network: whatever comes in, the core neither raises nor hangs, and says no more than it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dhtui.engine.defence.guard import MAX_PROVED, MAX_TRACKED
from dhtui.engine.items import Draft, ImmutableItem, mutable_target, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.candidates import MAX_CANDIDATES
from dhtui.engine.lookup.questions import FindClosest, FindPeers, GetItem, PingNode, Question
from dhtui.engine.operations.requests import Announce, Ask, Request, Store
from dhtui.engine.outcome import Outcome
from dhtui.engine.queries import MAX_LIVE, MAX_STALLED
from dhtui.engine.table import MAX_KNOWN
from dhtui.engine.upkeep.identity import MAX_CONTACTED
from dhtui.engine.upkeep.pings import MAX_CHECKS, MAX_NEWCOMERS
from dhtui.engine.views.counters import MAX_ERRORS
from dhtui.engine.wire import bencode, krpc
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.krpc import AnnouncePeer, FindNode, Get, GetPeers, Ping, Put

from ..network import into
from ..stranger import LOCAL, NOW, PUBLIC, Stranger, message, new_core

ID, TARGET = b"s" * 20, b"t" * 20
KEY = BEP44_TEST_KEY.public

# ---- the packets that killed, silenced or confused others --------------------------------------------------

ARGS = {b"id": ID}
PUT = ARGS | {b"token": b"x", b"v": b"x", b"k": KEY, b"sig": bytes(64), b"seq": 1}
QUERY_KILLERS: list[tuple[str, bytes]] = [
    ("bencode.py loops", b"d0:0:-5:"),
    ("bencode.py loops, nested", b"d1:ad0:0:-5:"),
    ("no a: kills the original", b"d1:q4:ping1:t2:aa1:y1:qe"),
    *[(f"k of {n} bytes: kills the original", message(b"put", PUT | {b"k": bytes(n)})) for n in (0, 31, 33, 64)],
    ("k is a number", message(b"put", PUT | {b"k": 5})),
    ("no id", message(b"ping", {})),
    ("an id of 5 bytes: kills the original when it comes from afar", message(b"ping", {b"id": b"short"})),
    ("an empty id", message(b"ping", {b"id": b""})),
    ("a is a list", message(b"ping", [ID])),
    ("a is a number", message(b"ping", 3)),
    ("no t", b"d1:ad2:id20:" + ID + b"e1:q4:ping1:y1:qe"),
    ("t is a number", b"d1:ad2:id20:" + ID + b"e1:q4:ping1:ti1e1:y1:qe"),
    ("no q", b"d1:ad2:id20:" + ID + b"e1:t2:aa1:y1:qe"),
    ("no y", b"d1:ad2:id20:" + ID + b"e1:q4:ping1:t2:aae"),
    ("an unknown method", message(b"vote", ARGS)),
    ("a method that clears the screen", message(b"\x1b[2J", ARGS)),
    *[(f"{m.decode()} without a target", message(m, ARGS)) for m in (b"find_node", b"get_peers", b"get", b"put")],
    ("a short target", message(b"find_node", ARGS | {b"target": b"t" * 10})),
    ("a short info_hash", message(b"get_peers", ARGS | {b"info_hash": b"t" * 10})),
    ("no token", message(b"announce_peer", ARGS | {b"info_hash": TARGET, b"port": 1})),
    ("a bad token", message(b"announce_peer", ARGS | {b"info_hash": TARGET, b"port": 1, b"token": b"x"})),
    ("a port that wraps", message(b"announce_peer", ARGS | {b"info_hash": TARGET, b"port": 70000, b"token": b"x"})),
    ("a port below zero", message(b"announce_peer", ARGS | {b"info_hash": TARGET, b"port": -1, b"token": b"x"})),
    ("a signature of 63 bytes", message(b"put", PUT | {b"sig": bytes(63)})),
    ("a signature of zeros", message(b"put", PUT)),
    ("a cas of text", message(b"put", PUT | {b"cas": b"1"})),
    ("v is a list", message(b"put", PUT | {b"v": [1, [2]]})),
    ("want and ro", message(b"ping", ARGS | {b"want": [b"n4", 3]}, ro=1)),
    ("bytes after the end", message(b"ping", ARGS) + b"xx"),
    ("a list 3000 deep", b"d1:a" + b"l" * 3000 + b"e" * 3000 + b"e"),
    ("16 KiB of openings", b"d" + b"1:al" * 4095),
    ("a negative length", b"d1:ad2:id-20:" + ID),
    ("a huge length", b"d1:ad2:id999999999:" + ID),
    ("a huge integer", b"d1:ai" + b"9" * 2000 + b"ee"),
    ("nonsense", b"d1:q4:pi"),
    ("not bencode at all", b"\x00\x01\x00\x00!\x12\xa4B"),
]


@pytest.mark.parametrize("addr", [LOCAL, PUBLIC], ids=["local", "public"])
@pytest.mark.parametrize("data", [data for _, data in QUERY_KILLERS], ids=[name for name, _ in QUERY_KILLERS])
def test_killer_queries(data: bytes, addr: Addr) -> None:
    """Each of these killed, silenced or hung some implementation. Here at most an answer, and life goes on."""
    stranger = Stranger(new_core(bound=("0.0.0.0", 6881), read_only=False), addr)
    assert len(stranger.raw(data)) <= 1
    assert len(stranger.asked) <= 1
    assert stranger.core.statistics().mutable.used == stranger.core.statistics().swarms.used == 0
    assert stranger.ask("ping") == {b"id": stranger.core.id}


BODY = {b"id": ID}
GENUINE = {b"v": b"x", b"k": KEY, b"sig": sign(BEP44_TEST_KEY, b"1:x", 1).sig, b"seq": 1}
ANSWER_KILLERS: list[tuple[str, dict[bytes, Any] | bytes]] = [
    ("no r: kills the original", {b"y": b"r"}),
    ("r is a string", {b"y": b"r", b"r": b"x"}),
    ("r is a list", {b"y": b"r", b"r": [ID]}),
    ("no id", {b"y": b"r", b"r": {}}),
    ("an id of 5 bytes", {b"y": b"r", b"r": {b"id": b"short"}}),
    ("nodes that are no multiple of 26", {b"y": b"r", b"r": BODY | {b"nodes": b"x" * 27}}),
    ("nodes as a list of 26 numbers", {b"y": b"r", b"r": BODY | {b"nodes": [1] * 26}}),
    ("nodes as a list of 26 large numbers", {b"y": b"r", b"r": BODY | {b"nodes": [999] * 26}}),
    ("nodes as a dictionary of 26", {b"y": b"r", b"r": BODY | {b"nodes": {bytes([i]): 1 for i in range(26)}}}),
    ("nodes: 201 of them", {b"y": b"r", b"r": BODY | {b"nodes": bytes(range(1, 27)) * 201}}),
    ("nodes: ourselves, and nowhere", {b"y": b"r", b"r": BODY | {b"nodes": bytes(range(20)) + bytes(6) + bytes(26)}}),
    ("an ip of odd size", {b"y": b"r", b"r": BODY, b"ip": b"12345"}),
    ("an ip that is none", {b"y": b"r", b"r": BODY, b"ip": bytes(6)}),
    ("a peer of odd size", {b"y": b"r", b"r": BODY | {b"values": [b"12345", b"1234567", 6, [b"123456"]]}}),
    ("values as a string", {b"y": b"r", b"r": BODY | {b"values": b"123456"}}),
    ("a token that is a list", {b"y": b"r", b"r": BODY | {b"token": [b"x"]}}),
    ("a value signed by nobody", {b"y": b"r", b"r": BODY | {b"v": b"x", b"k": KEY, b"sig": bytes(64), b"seq": 1}}),
    ("a genuine item of another target", {b"y": b"r", b"r": BODY | GENUINE}),
    ("k and sig of odd sizes", {b"y": b"r", b"r": BODY | {b"v": b"x", b"k": b"k", b"sig": b"s", b"seq": -5}}),
    ("a value of 15 kB", {b"y": b"r", b"r": BODY | {b"v": b"x" * 15000}}),
    ("an empty error", {b"y": b"e", b"e": []}),
    ("an error of one part", {b"y": b"e", b"e": [201]}),
    ("an error as a string", {b"y": b"e", b"e": b"oops"}),
    ("no e", {b"y": b"e"}),
    ("an error of 10 kB", {b"y": b"e", b"e": [201, b"\x1b[2J" * 2500]}),
    ("both r and e", {b"y": b"e", b"r": BODY, b"e": [203, b"x"]}),
]


KINDS: dict[str, Callable[[bytes], Question]] = {
    kind.kind: kind for kind in (PingNode, FindClosest, FindPeers, GetItem)
}


@pytest.mark.parametrize("addr", [LOCAL, PUBLIC], ids=["local", "public"])
@pytest.mark.parametrize("said", [said for _, said in ANSWER_KILLERS], ids=[name for name, _ in ANSWER_KILLERS])
@pytest.mark.parametrize("kind", KINDS)
def test_killer_answers(kind: str, said: dict[bytes, Any], addr: Addr) -> None:
    """From the right address, with the right transaction id, and hostile: the operation ends all the same."""
    core = new_core(bound=("0.0.0.0", 6881), read_only=False)
    done: list[Outcome] = []
    core.start(Ask(KINDS[kind](TARGET), remotes=[addr]), into(done), NOW)
    ((query, _),) = core.datagrams_to_send()
    core.receive_datagram(bencode.encode({b"t": bencode.decode(query)[b"t"]} | said), addr, NOW + 0.1)
    assert all(bencode.decode(out)[b"y"] == b"q" for out, _ in core.datagrams_to_send())
    core.handle_timer(NOW + 5)
    (outcome,) = done
    assert len(outcome.asked) == 1 and outcome.item is None
    core.snapshot(NOW + 5)


@pytest.mark.parametrize("tamper", ["tid", "port", "ip"])
def test_an_answer_counts_only_with_its_tid_from_the_address_and_port_that_was_asked(tamper: str) -> None:
    """Defence: neither a guessed transaction id nor another port of the same host will do."""
    core = new_core()
    done: list[Outcome] = []
    core.start(Ask(PingNode(), remotes=[LOCAL]), into(done), NOW)
    ((query, _),) = core.datagrams_to_send()
    tid = bencode.decode(query)[b"t"]
    assert len(tid) >= 2
    forged_tid = bytes([tid[0] ^ 1]) + tid[1:] if tamper == "tid" else tid
    forged_addr = {"tid": LOCAL, "port": (LOCAL[0], LOCAL[1] + 1), "ip": ("127.0.0.9", LOCAL[1])}[tamper]
    core.receive_datagram(krpc.encode_response(forged_tid, {b"id": ID}, PUBLIC), forged_addr, NOW + 0.1)
    assert not done and len(core.nodes()) == 0 and core.identity.voters == 0
    assert core.snapshot(NOW).drops == {"unexpected answer": 1}
    core.receive_datagram(krpc.encode_response(tid, {b"id": ID}, PUBLIC), LOCAL, NOW + 0.1)
    assert done[0].answered == 1 and len(core.nodes()) == 1


# ---- floods: memory and bytes have bounds ------------------------------------------------------------------


def public_ip(i: int) -> str:
    """One of 2^24 public addresses."""
    return f"{20 + (i >> 16)}.{i >> 8 & 255}.{i & 255}.1"


def test_a_flood_of_forged_queriers_has_128_pings_in_flight() -> None:
    """Whoever forges queriers can make us send each of them one ping at most, and wait for 128 of them."""
    core = new_core(bound=("0.0.0.0", 6881), read_only=False)
    pings = 0
    for i in range(1000):
        asked = message(b"vote%d" % i, {b"id": i.to_bytes(20, "little"), b"target": TARGET})
        core.receive_datagram(asked, (public_ip(i), 7000), NOW)
        sent = core.datagrams_to_send()
        assert len(sent) <= 2
        pings += sum(b"4:ping" in data for data, _ in sent)
    assert pings <= 1000 and core.statistics().queries.used == MAX_NEWCOMERS == 128
    snapshot = core.snapshot(NOW)
    assert set(snapshot.methods) == {*krpc.METHODS, "other", "probe"}
    assert snapshot.methods["other"].received == 1000


def test_a_flood_of_noise_grows_nothing_without_bound() -> None:
    """What is remembered of addresses, errors and drops is bounded."""
    core = new_core(bound=("0.0.0.0", 6881), read_only=False)
    for i in range(MAX_TRACKED + 500):
        core.receive_datagram(b"x", (public_ip(i), 7000), NOW)
    assert core.statistics().limited.used == 0, "it counts against nobody"
    snapshot = core.snapshot(NOW)
    assert len(snapshot.errors) == MAX_ERRORS
    assert snapshot.drops == {"malformed": MAX_TRACKED + 500}


def test_replies_to_the_public_keep_within_their_quota() -> None:
    """Defence, outgoing bytes a second: however many ask, forged victims get no more than the quota."""
    core = new_core(bound=("0.0.0.0", 6881), read_only=False, reply_quota=10_000)
    sent = 0
    for i in range(2000):
        core.receive_datagram(message(b"ping", {b"id": ID}, ro=1), (public_ip(i), 7000), NOW + i * 0.001)
        sent += sum(len(data) for data, _ in core.datagrams_to_send())
    assert 20_000 < sent <= 10_000 + 2 * 10_000, "half of the bucket is kept for the proved"
    assert core.snapshot(NOW + 2).drops["reply quota"] > 0
    assert Stranger(core).ask("ping")  # our own network is not bound by it


# ---- hypothesis: anything at all ---------------------------------------------------------------------------

NEAR = NodeInfo(b"n" * 20, ("127.0.0.9", 7009))
FAR = NodeInfo(b"f" * 20, ("198.51.100.9", 7009))
SOURCES: list[Addr] = [LOCAL, PUBLIC, NEAR.addr, FAR.addr, ("127.0.0.2", 0), ("255.255.255.255", 9), ("0.0.0.0", 9)]

edgy_bytes = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([0, 5, 6, 19, 20, 21, 26, 31, 32, 33, 52, 63, 64, 65, 208, 997, 1000]).map(lambda n: b"x" * n),
    st.sampled_from([ID, TARGET, KEY, NEAR.id, FAR.id, bytes(range(20)), b"axje.u", b"\xff" * 26, b"\x1b[2J\n\x00"]),
)
edgy_ints = st.sampled_from([0, 1, -1, 2, 26, 65535, 65536, 2**31, 2**63 - 1, -(2**63)])
edgy = st.recursive(
    edgy_bytes | edgy_ints,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        inner.map(lambda value: [value] * 26),
        st.dictionaries(edgy_bytes, inner, max_size=3),
        inner.map(lambda value: {bytes([i]): value for i in range(26)}),
    ),
    max_leaves=4,
)


def some(*names: bytes) -> st.SearchStrategy[dict[bytes, Any]]:
    """A dictionary of some of these names, with any values."""
    return st.dictionaries(st.sampled_from(names), edgy, max_size=5)


ITEM = (b"id", b"token", b"v", b"k", b"sig", b"seq")
args_of = some(*ITEM, b"target", b"info_hash", b"port", b"implied_port", b"salt", b"cas")
top_of = some(b"a", b"q", b"t", b"y", b"v", b"ro", b"ip", b"r", b"e", b"x")
body_of = some(*ITEM, b"nodes", b"nodes6", b"values", b"samples", b"num", b"interval")
edits_of = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(b"0123456789:ilde-x\x00\xff")), max_size=4)

GOOD_QUERIES = [
    krpc.encode_query(b"good", args, False)[1]
    for args in (
        Ping(ID),
        FindNode(ID, TARGET),
        GetPeers(ID, TARGET),
        AnnouncePeer(ID, TARGET, 0, b"token"),
        Get(ID, mutable_target(KEY), 0),
        Put(ID, b"token", b"li1ed1:a1:bee"),
        Put(ID, b"token", b"1:x", KEY, bytes(64), 1, b"salt", 0),
    )
]
GOOD_BODIES: list[dict[bytes, Any]] = [
    {},
    {b"nodes": NEAR.id + b"\x7f\0\0\x09\x1b\x61" + FAR.id + b"\xc6\x33\x64\x09\x1b\x61", b"token": b"tok"},
    {b"nodes": b"".join(bytes([i]) * 20 + bytes([127, 1, i, i, 1, i]) for i in range(30)), b"token": b"tok"},
    {b"values": [b"axje.u", b"idhtnm"], b"token": b"tok"},
    {b"v": b"Hello World!", b"token": b"tok"},
    {b"v": b"x", b"k": KEY, b"sig": bytes(64), b"seq": 5, b"token": b"tok"},
]


@dataclass(frozen=True)
class Raw:
    """Any bytes, or a good query with some bytes changed, from somewhere."""

    source: int
    data: bytes
    edits: list[tuple[int, int]]


@dataclass(frozen=True)
class Reply:
    """An answer to a query in flight, from where it went, with its transaction id, edited at every level."""

    which: int
    body: dict[bytes, Any]
    hostile: dict[bytes, Any]
    top: dict[bytes, Any]
    error: Any
    edits: list[tuple[int, int]]


noise = st.binary(max_size=60)
queries = st.builds(
    lambda method, args, top: bencode.encode(
        {b"a": {b"id": ID, b"target": TARGET, b"info_hash": TARGET} | args, b"q": method, b"t": b"aa", b"y": b"q"} | top
    ),
    st.sampled_from([*(m.encode() for m in krpc.METHODS), b"vote"]),
    args_of,
    st.just({}) | top_of,
)
steps = st.one_of(
    st.builds(Raw, st.integers(0, 6), noise | noise.map(lambda data: b"d" + data), st.just([])),
    st.builds(Raw, st.integers(0, 6), st.sampled_from(GOOD_QUERIES), edits_of),
    st.builds(Raw, st.integers(0, 6), queries, st.just([])),
    *2
    * (
        st.builds(
            Reply,
            st.integers(0, 50),
            st.sampled_from(GOOD_BODIES),
            st.just({}) | body_of,
            st.just({}) | top_of,
            st.none() | edgy,
            st.just([]) | edits_of,
        ),
    ),
    st.sampled_from([0.01, 0.2, 1.0, 5.0, 61.0]),
)


def edited(data: bytes, edits: list[tuple[int, int]]) -> bytes:
    """The bytes with some of them replaced."""
    out = bytearray(data)
    for place, byte in edits:
        if out:
            out[place % len(out)] = byte
    return bytes(out)


BOUNDS = {
    "checks": MAX_CHECKS,
    "newcomers": MAX_NEWCOMERS,
    "proved": MAX_PROVED,
    "known": MAX_KNOWN,
    "contacted": MAX_CONTACTED,
    "voters": 64,
}


@dataclass
class Arena:
    """A core with operations of every kind under way, and the rules that hold whatever comes in."""

    now: float = NOW
    pending: list[tuple[bytes, bytes, Addr]] = field(default_factory=list)
    done: list[Outcome] = field(default_factory=list)
    started: int = 0

    def __post_init__(self) -> None:
        self.core = new_core(bound=("0.0.0.0", 6881), read_only=False, rate_limit=0.0)
        for node in (NEAR, FAR):
            self.core._table.answered(node, 0.05, None, NOW)
        both = [NEAR.addr, FAR.addr]
        self.ask(Ask(PingNode(), remotes=both))
        self.ask(Ask(FindClosest(TARGET)))
        self.ask(Ask(FindPeers(TARGET)))
        self.ask(Ask(GetItem(mutable_target(KEY)), remotes=both))
        self.ask(Ask(GetItem(mutable_target(KEY))))
        self.ask(Announce(TARGET))
        self.ask(Store(ImmutableItem(b"1:x")))
        self.ask(Store(Draft(b"1:x", BEP44_TEST_KEY), cas=3))
        self.collect()

    def ask(self, request: Request) -> None:
        """Start an operation, whose outcome will be in `done`."""
        self.core.start(request, into(self.done), NOW)
        self.started += 1

    def collect(self) -> list[tuple[bytes, Addr]]:
        """What the core wants to say. Queries are noted, so that they can be answered; answers are returned."""
        answers = []
        for data, addr in self.core.datagrams_to_send():
            decoded = bencode.decode(data)
            assert len(data) <= krpc.MAX_QUERY and addr[1] > 0
            if decoded[b"y"] == b"q":
                self.pending.append((decoded[b"t"], decoded[b"q"], addr))
            else:
                answers.append((data, addr))
        return answers

    def receive(self, data: bytes, addr: Addr, most_queries: int) -> None:
        """A datagram comes in: at most one answer goes back where it came from, and it is short."""
        before = len(self.pending)
        self.core.receive_datagram(data, addr, self.now)
        answers = self.collect()
        assert len(answers) <= 1
        for answer, to in answers:
            assert to == addr and len(answer) <= krpc.MAX_REPLY
        assert len(self.pending) - before <= most_queries
        self.check_bounds()

    def take(self, step: Raw | Reply | float) -> None:
        """One step of the attack."""
        if isinstance(step, float):
            self.pass_time(step)
        elif isinstance(step, Raw):
            self.receive(edited(step.data, step.edits), SOURCES[step.source], 1)
        elif self.pending:
            tid, _, addr = self.pending.pop(step.which % len(self.pending))
            node_id = NEAR.id if addr == NEAR.addr else FAR.id
            said: dict[bytes, Any] = {b"t": tid, b"y": b"r", b"r": {b"id": node_id} | step.body | step.hostile}
            if step.error is not None:
                said |= {b"y": b"e", b"e": step.error}
            # An answer moves a lookup on, or finishes one and starts its writes; and may have nodes checked.
            self.receive(edited(bencode.encode(said | step.top), step.edits), addr, 24)

    def pass_time(self, seconds: float) -> None:
        """Time passes, with all its timers."""
        until = self.now + seconds
        while (at := self.core.next_timer()) <= until:
            assert at >= self.now
            self.now = at
            self.core.handle_timer(at)
            assert self.collect() == []
        self.now = until
        self.check_bounds()

    def check_bounds(self) -> None:
        """Every structure that the network can fill stays within its bound."""
        core = self.core
        levels = core.statistics().levels()
        assert [name for name, level in levels.items() if not 0 <= level.used <= level.most] == []
        assert {name: levels[name].most for name in BOUNDS} == BOUNDS
        assert levels["queries"].used <= MAX_LIVE + 2 * MAX_STALLED
        assert all(len(bucket.nodes) <= 8 and len(bucket.replacements) <= 8 for bucket in core._table.buckets)
        assert all(len(find.lookup.candidates) <= MAX_CANDIDATES for find in core._operations._running.values())
        assert len(core.snapshot(self.now).drops) < 20

    def finish(self) -> None:
        """The attacker goes silent: every operation ends by its deadline, and there is a snapshot to be had."""
        self.pass_time(30.0)
        assert len(self.done) == self.started
        for outcome in self.done:
            assert outcome.item is None or outcome.action == "put"
        snapshot = self.core.snapshot(self.now)
        assert not any(lookup.running for lookup in snapshot.lookups if lookup.owner == "user")
        self.core.holdings(self.now)
        self.core.saved_state()


@pytest.mark.parametrize("listening", [False, True], ids=["nobody listens", "with a listener"])
def test_whatever_comes_in(listening: bool) -> None:
    """Never raises, never hangs, never grows, never answers with more than one short datagram."""

    @given(st.lists(steps, max_size=20))
    @settings(max_examples=80, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def attack(script: list[Raw | Reply | float]) -> None:
        arena = Arena()
        if listening:
            arena.core.listen(lambda event: None)
        for step in script:
            arena.take(step)
        arena.finish()

    attack()


@given(st.binary(max_size=200), st.sampled_from(SOURCES))
@settings(max_examples=100, derandomize=True, deadline=None, database=None)
def test_arbitrary_bytes(data: bytes, addr: Addr) -> None:
    """Noise is dropped and counted, whether or not it starts as a message would."""
    core = new_core()
    for noise in (data, b"d" + data, b"d1:y1:q" + data, b"d1:t2:aa" + data + b"1:y1:re"):
        core.receive_datagram(noise, addr, NOW)
    assert len(core.datagrams_to_send()) <= 8
    assert core.snapshot(NOW).traffic.packets_in == 4
