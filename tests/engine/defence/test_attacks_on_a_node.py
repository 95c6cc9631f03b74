"""Cheap attacks on a whole node, in virtual time: what forged sources, one host or one /24 can make of it.

Each test gives the attacker's price. Nothing here looks inside: a node is what it answers, asks and finds.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.policy import Policy
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.ids import distance
from dhtui.engine.wire.krpc import FindNode, Get, GetPeers, Ping, Query, encode_query, encode_response

from ..network import Network, Puppet, naming, polite, swarm


def true_closest(cores: list[Core], target: bytes, n: int = 8) -> set[Addr]:
    """The nodes that a lookup of `target` should find."""
    return {core.identity.bound for core in sorted(cores, key=lambda core: distance(core.id, target))[:n]}


def found(net: Network, core: Core, others: list[Core], lookups: int = 10) -> float:
    """The share of the true 8 closest nodes that lookups of random targets find."""
    rng, hits = Random(7), 0
    for _ in range(lookups):
        target = rng.randbytes(20)
        outcome = net.find_node(core, target)
        hits += len(true_closest(others, target) & {node.addr for node in outcome.closest})
    return hits / (8 * lookups)


def forge(net: Network, rng: Random, source: Addr, victim: Core, *, read_only: bool = False) -> None:
    """A find_node "from" somebody, under a random id."""
    net.send(
        encode_query(b"xx", FindNode(rng.randbytes(20), rng.randbytes(20)), read_only)[1], source, victim.identity.bound
    )


# ---- forged sources ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["one byte", "queries", "answers", "errors"])
def test_forged_sources_take_nobody_away(kind: str) -> None:
    """60 datagrams in the name of each node that we know, of any kind: lookups find what they found before."""
    net = Network()
    cores = swarm(net, 40)
    victim, others = cores[-1], cores[:-1]
    before = found(net, victim, others)
    net.recording = False
    data = {
        "one byte": b"x",
        "queries": encode_query(b"xx", Ping(bytes(20)), False)[1],
        "answers": b"d1:rd2:id20:" + bytes(20) + b"e1:t2:aa1:y1:re",
        "errors": b"d1:eli201e2:noe1:t2:aa1:y1:ee",
    }[kind]
    for other in others:
        for _ in range(60):
            net.send(data, other.identity.bound, victim.identity.bound)
    net.run(1.0)
    table = len(victim._table)
    assert before > 0.95 and found(net, victim, others) >= before
    assert len(victim._table) >= table
    assert victim.snapshot(net.now).banned == 0


def test_an_answer_passes_in_the_middle_of_a_flood_in_its_name() -> None:
    """A thousand forged queries a second from the address of whoever we wait for."""
    net = Network()
    core, friend = net.core(maintain=False), net.puppet()
    rng = Random(1)
    for _ in range(10):
        for _ in range(100):
            forge(net, rng, friend.addr, core, read_only=True)
        assert net.ping(core, friend.addr).answered == 1


def test_whoever_is_imitated_keeps_a_share() -> None:
    """Ten times the limit in its name for a minute: some of its own queries are answered in each ten seconds."""
    net = Network(spread=0.05)
    core, honest = net.core(maintain=False), net.puppet()
    rng = Random(1)
    tids = Counter[int]()
    for second in range(60):
        for part in range(50):
            forge(net, rng, honest.addr, core, read_only=True)
            if part % 10 == 0:
                honest.query(core, Ping(honest.id), read_only=True, tid=b"own%d" % second)
            net.run(0.02)
    for reply in honest.replies:
        if reply.tid.startswith(b"own"):
            tids[int(reply.tid[3:]) // 10] += 1
    assert set(tids) == set(range(6))


# ---- our replies as a weapon ------------------------------------------------------------------------------


def storing(net: Network) -> tuple[Core, list[bytes]]:
    """A node with a full table that stores large items and swarms, and their targets."""
    core = net.core(maintain=False)
    net.meet(core, *(net.puppet() for _ in range(60)))
    targets = []
    for i in range(20):
        item = ImmutableItem(b"900:" + b"%d" % i + b"x" * (900 - len(str(i))))
        core._items.put_immutable(item.target, item, "203.0.113.1", net.now)
        targets.append(item.target)
    return core, targets


def traffic_to(net: Network, core: Core, prefix: str) -> int:
    """Bytes that a node sent to addresses that begin so."""
    source = core.identity.bound
    return sum(
        len(packet.data) for packet in net.packets if packet.source == source and packet.dest[0].startswith(prefix)
    )


def test_an_imitated_host_gets_one_full_reply_in_10_s_and_little_besides() -> None:
    """Forged gets of 94 bytes for a stored item, at the rate limit for a minute."""
    net = Network()
    core, targets = storing(net)
    forged = 0
    for i in range(300):
        data = encode_query(b"xx", Get(net.rng.randbytes(20), targets[i % 20]), False)[1]
        forged += len(data)
        net.send(data, ("9.9.9.9", 6881), core.identity.bound)
        net.run(0.2)
    assert traffic_to(net, core, "9.9.9.9") <= 3 * forged + 6 * 1200


def test_a_24_gets_64_kb_in_10_s() -> None:
    """Forged gets from all hosts of a /24, 500 a second for 20 s."""
    net = Network()
    core, targets = storing(net)
    for i in range(10_000):
        data = encode_query(b"xx", Get(net.rng.randbytes(20), targets[i % 20]), False)[1]
        net.send(data, (f"9.9.9.{i % 254 + 1}", 6881), core.identity.bound)
        net.run(0.002)
    sent = [(p.at, len(p.data)) for p in net.packets if p.source == core.identity.bound and p.dest[0][:6] == "9.9.9."]
    assert sent
    for start, _ in sent:
        assert sum(size for at, size in sent if start <= at < start + 10.0) <= 64 * 1024


@pytest.mark.parametrize("flood", ["from anywhere", "from one /24", "from the /24 of the honest"])
def test_honest_queriers_are_served_under_500_forged_queries_a_second(flood: str) -> None:
    """Ten hosts and five behind one address, one query in two seconds each, among forged gets for what is stored:
    all of their queries are answered. In the forger's own /24 that holds for hosts that have proved that they
    receive; the others share what is left with it."""
    net = Network()
    core, targets = storing(net)
    net.recording = False
    net.run(20.0)
    rng = Random(5)
    hosts = [net.puppet(ip=f"77.{i}.1.1") for i in range(10)] + [
        net.puppet(ip="78.1.1.1", port=7000 + i) for i in range(5)
    ]
    if flood == "from the /24 of the honest":
        hosts = [net.puppet(ip=f"77.1.1.{i}") for i in range(5)]
        net.meet(core, *hosts)  # they have proved that they receive
    asked = 0
    for step in range(20 * 500):
        if flood == "from anywhere":
            source = f"{rng.randrange(100, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.9"
        else:
            source = f"77.1.1.{rng.randrange(100, 250)}" if "honest" in flood else f"99.1.1.{rng.randrange(1, 250)}"
        forged = GetPeers if step % 2 else Get
        net.send(
            encode_query(b"xx", forged(rng.randbytes(20), targets[step % 20]), True)[1],
            (source, 9),
            core.identity.bound,
        )
        if step % 1000 < len(hosts):
            host = hosts[step % 1000]
            host.query(core, Get(host.id, targets[step % 20]), read_only=True)
            asked += 1
        net.run(0.002)
    net.run(1.0)
    served = sum(len(host.replies) for host in hosts)
    assert asked >= 50 and served == asked


def test_a_smaller_reply_says_what_fits() -> None:
    """The second get in 10 s of a host that has proved nothing: no value, but a token and some nodes."""
    net = Network()
    core, targets = storing(net)
    asker = net.puppet()
    for _ in range(2):
        asker.query(core, Get(asker.id, targets[0]), read_only=True)
    net.run(1.0)
    whole, smaller = asker.replies
    assert whole.item.v is not None and len(whole.nodes) < 8  # type: ignore[union-attr]
    assert smaller.item.v is None and smaller.token and smaller.nodes  # type: ignore[union-attr]


# ---- newcomers ---------------------------------------------------------------------------------------------


def test_forged_queries_do_not_keep_newcomers_out() -> None:
    """40 forged queries a second from anywhere, whose addresses are silent: newcomers are met all the same."""
    net = Network()
    core = net.core(maintain=False)
    rng = Random(3)
    newcomers: list[Puppet] = []
    for step in range(40 * 40):
        forge(net, rng, (f"{rng.randrange(100, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.9", 9), core)
        if step % 80 == 79:
            newcomers.append(net.puppet())
            newcomers[-1].query(core, Ping(newcomers[-1].id))
        net.run(0.025)
    net.run(3.0)
    assert len(newcomers) == 20 and sum("ping" in puppet.methods() for puppet in newcomers) == 20
    assert sum(core._table.find(puppet.addr) is not None for puppet in newcomers) >= 16


def test_forged_queries_do_not_wear_out_what_is_remembered() -> None:
    """Queries in the name of remembered nodes, under any ids, over a network that loses every third packet: they
    lead to pings, and a ping that is lost must not cost a node what it earned."""
    net = Network()
    victim, rng = swarm(net, 12, maintain=False)[-1], Random(2)
    net.loss = 0.3
    for _ in range(60):
        victim._table.restore(net.puppet().info, 0.1, net.now)
    kept = {node.addr for node in victim.saved_state().nodes}
    for _ in range(40):
        for addr in kept:
            forge(net, rng, addr, victim)
        net.run(0.5)
    assert kept <= {node.addr for node in victim.saved_state().nodes}


def test_who_asks_us_does_not_decide_how_long_we_wait() -> None:
    """100 queriers that answer our pings late: the stall time of lookups follows from those whom we chose to ask."""
    net = Network()
    core = net.core(maintain=False)
    net.meet(core, *(net.puppet() for _ in range(10)))
    before = core.snapshot(net.now).rtt
    for _ in range(100):
        slow = net.puppet()
        net.slow[slow.addr] = 1.5
        slow.query(core, Ping(slow.id))
    net.run(10.0)
    assert core.snapshot(net.now).rtt == before


# ---- one host, one network -----------------------------------------------------------------------------------


def test_one_host_with_40_ports_does_not_own_a_target() -> None:
    """40 ports of one address ask as our neighbours, whom we always ping, and answer as neighbours of a target: a
    lookup of it finds the true 8."""
    net = Network()
    cores = swarm(net, 40)
    victim, others = cores[-1], cores[:-1]
    target = Random(9).randbytes(20)
    sybils = [
        net.puppet(naming(), ip="9.9.9.9", port=1000 + i, node_id=target[:18] + i.to_bytes(2, "big")) for i in range(40)
    ]
    for i, sybil in enumerate(sybils):
        sybil.query(victim, Ping(victim.id[:18] + i.to_bytes(2, "big")))
        net.run(0.5)
    outcome = net.find_node(victim, target)
    hits = true_closest(others, target) & {node.addr for node in outcome.closest}
    assert len(hits) >= 7


def test_one_host_does_not_own_what_is_remembered_nor_saved() -> None:
    """1500 ports of one address, two a second, each answering our ping."""
    net = Network()
    cores = swarm(net, 20)
    victim = cores[-1]
    net.recording = False
    for port in range(1500):
        sybil = net.puppet(polite, ip="9.9.9.9", port=1000 + port)
        sybil.query(victim, Ping(sybil.id))
        net.run(0.5)
    assert sum(node.addr[0] == "9.9.9.9" for node in victim.saved_state().nodes) <= 1
    assert victim.snapshot(net.now).table.known < 50


def test_one_24_does_not_move_our_id() -> None:
    """250 addresses of a /24 answer all that they are asked, and see us elsewhere: queriers, and nodes of lookups."""
    net = Network()
    core = net.core("20.200.7.1", maintain=False)
    elsewhere: Addr = ("66.66.66.66", 6881)

    def lie(query: Query) -> bytes:
        return encode_response(query.tid, {b"id": query.args.id[::-1], b"nodes": b"", b"token": b"t"}, elsewhere)

    before = core.id
    sybils = [net.puppet(lie, ip=f"9.9.9.{i}") for i in range(1, 251)]
    for sybil in sybils:
        sybil.query(core, Ping(core.id[::-1]))
    net.ping(core, *(sybil.addr for sybil in sybils))
    net.run(60.0)
    assert core.id == before and core.identity.external is None


@pytest.mark.parametrize("bits", [1, 160])
def test_a_liar_throws_nobody_out_of_our_table(bits: int) -> None:
    """One node that a lookup starts from names 8 nodes of our table under false ids: they are asked, and stay."""
    net = Network()
    core = net.core(maintain=False, policy=Policy(start=1))
    honest = [net.puppet() for _ in range(8)]
    net.meet(core, *honest)
    false = [NodeInfo((int.from_bytes(p.id, "big") ^ (2**bits - 1)).to_bytes(20, "big"), p.addr) for p in honest]
    liar = net.puppet(naming(*false))
    net.meet(core, liar)
    net.find_node(core, liar.id)
    assert [puppet.methods() for puppet in honest] == [["ping", "find_node"]] * 8
    assert {contact.id for contact in core.nodes()} == {liar.id, *(puppet.id for puppet in honest)}


def test_whoever_claims_one_id_and_answers_under_another_is_not_remembered() -> None:
    """A querier that picks the id next to a target only when it is pinged."""
    net = Network()
    core = net.core(maintain=False)
    late = net.puppet()
    late.query(core, Ping(late.id))
    late.id = b"t" * 20
    net.run(5.0)
    assert late.methods() == ["ping"]
    assert core.saved_state().nodes == () and len(core.nodes()) == 0


def test_noise_does_not_hide_what_went_wrong() -> None:
    """1000 datagrams of one byte: the query of ours that timed out is still told."""
    net = Network()
    core = net.core(maintain=False)
    net.ping(core, ("30.1.1.1", 1))
    for i in range(1000):
        core.receive_datagram(b"x", (f"9.9.{i % 250}.9", 9), net.now)
    causes = {error.cause for error in core.snapshot(net.now).errors}
    assert causes == {"timed out", "malformed"}
