"""``want`` and the other family's nodes (BEP 32): how it is read, answered, bounded, and when it is said."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dhtui.engine.core import Core
from dhtui.engine.settings import Settings
from dhtui.engine.views.events import LinkState
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_node
from dhtui.engine.wire.family import FAMILIES, IPV4, IPV6, Family
from dhtui.engine.wire.krpc import FindNode, Get, GetPeers, Query, Response, SampleInfohashes, encode_query, parse

from ..network import Network, naming

NOW = 1000.0
FOUR, SIX = ("198.51.100.7", 6881), ("2001:db8::7", 6881)
OWN = bytes(20)
TARGET = bytes([0x80]) + bytes(19)


def core_at(addr: Addr, common: Any = None) -> Core:
    """A core with full buckets of nodes of its family."""
    core = Core(Settings(id=OWN, read_only=False, rate_limit=0.0, reply_quota=0), addr, Random(1), NOW, common=common)
    rng = Random(2)
    for nth in range(120):
        ip = f"2001:db8:{nth + 1:x}::1" if ":" in addr[0] else f"203.{nth}.113.1"
        node = NodeInfo(rng.randbytes(20), (ip, 1000 + nth))
        core._table.answered(node, 0.1, None, NOW)
    return core


def dual() -> tuple[Core, Core]:
    """A node in both families."""
    four = core_at(FOUR)
    six = core_at(SIX, four.common)
    four.beside(six)
    six.beside(four)
    return four, six


def ask(core: Core, method: str, **args: Any) -> dict[bytes, Any]:
    """The body of the answer of a core, which has at most 1024 bytes."""
    source = ("192.0.2.9", 5000) if core.family is IPV4 else ("2001:db8:ffff::9", 5000)
    a = {b"id": b"q" * 20} | {name.encode(): value for name, value in args.items()}
    core.receive_datagram(bencode.encode({b"a": a, b"q": method.encode(), b"t": b"t" * 20, b"y": b"q"}), source, NOW)
    ((reply, to),) = [sent for sent in core.datagrams_to_send() if b"1:y1:r" in sent[0]]
    assert to == source and len(reply) <= 1024, len(reply)
    body = bencode.decode(reply)[b"r"]
    assert isinstance(body, dict)
    return body


def named(body: dict[bytes, Any]) -> dict[bytes, int]:
    """How many nodes of each family an answer has."""
    lengths = {family.nodes_key: family.node_length for family in FAMILIES}
    return {key: len(body[key]) // length for key, length in lengths.items() if key in body}


@pytest.mark.parametrize("method", ["find_node", "get_peers", "get", "sample_infohashes"])
def test_bep32_11_nodes_are_of_the_families_that_are_wanted(method: str) -> None:
    """BEP 32: n4 gives ``nodes``, n6 ``nodes6``, both both; without ``want`` the family of the packet counts."""
    four, six = dual()
    for core, own in ((four, b"nodes"), (six, b"nodes6")):

        def nodes(*want: bytes, core: Core = core, **other: Any) -> dict[bytes, int]:
            more = {"want": list(want)} if want else other
            return named(ask(core, method, target=TARGET, info_hash=TARGET, **more))

        assert nodes() == nodes(b"zz") == nodes(want=b"n6") == {own: 8}
        assert nodes(b"n4") == {b"nodes": 8}
        assert nodes(b"n6") == {b"nodes6": 8}
        assert nodes(b"n6", b"zz", b"n4") == {b"nodes": 8, b"nodes6": 8}


def test_bep32_01_nodes_of_one_family_never_stand_among_those_of_the_other() -> None:
    """BEP 32: two tables. A node with one family names none of the other."""
    four, six = dual()
    body = ask(four, "find_node", target=TARGET, want=[b"n4", b"n6"])
    assert body[b"nodes"] == b"".join(contact.packed for contact in four._table.closest(TARGET, 8))
    assert body[b"nodes6"] == b"".join(contact.packed for contact in six._table.closest(TARGET, 8))
    assert named(ask(core_at(FOUR), "find_node", target=TARGET, want=[b"n6"])) == {}


def test_bep32_03_no_answer_has_more_than_1024_bytes() -> None:
    """BEP 32: with 500 peers, both families, filters and samples; `ask` measures each."""
    four, six = dual()
    for nth in range(500):
        four._peers.announce(TARGET, (f"198.{nth % 250}.{nth // 250}.1", 1), NOW, seed=nth % 2 == 0)
        six._peers.announce(TARGET, (f"2001:{nth + 1:x}::1", 1), NOW, seed=nth % 2 == 0)
    for nth in range(30):
        four._peers.announce(bytes([nth]) * 20, ("192.0.2.1", 1), NOW)
        six._peers.announce(bytes([nth]) * 20, ("2001:db8::1", 1), NOW)
    for core, length in ((four, 6), (six, 18)):
        plain = ask(core, "get_peers", info_hash=TARGET)[b"values"]
        both = ask(core, "get_peers", info_hash=TARGET, want=[b"n4", b"n6"])[b"values"]
        assert {len(peer) for peer in (*plain, *both)} == {length}
        assert len(plain) > len(both) > 10
        ask(core, "get_peers", info_hash=TARGET, scrape=1)
        ask(core, "get_peers", info_hash=TARGET, scrape=1, want=[b"n4", b"n6"])
        assert len(ask(core, "sample_infohashes", target=TARGET, want=[b"n4", b"n6"])[b"samples"]) == 400


def test_bep32_15_want_does_not_govern_values() -> None:
    """BEP 32: peers are of the family of the packet, whatever is wanted; announces are stored by family."""
    four, six = dual()
    four._peers.announce(TARGET, ("192.0.2.1", 1), NOW)
    six._peers.announce(TARGET, ("2001:db8::1", 1), NOW)
    for want in ([b"n4"], [b"n6"], [b"n4", b"n6"]):
        assert [len(peer) for peer in ask(four, "get_peers", info_hash=TARGET, want=want)[b"values"]] == [6]
        assert [len(peer) for peer in ask(six, "get_peers", info_hash=TARGET, want=want)[b"values"]] == [18]


def test_want_is_written_as_it_is_read() -> None:
    for args in (
        FindNode(OWN, TARGET, FAMILIES),
        GetPeers(OWN, TARGET, want=(IPV6,)),
        Get(OWN, TARGET, want=(IPV4,)),
        Get(OWN, TARGET, 3, FAMILIES),
        SampleInfohashes(OWN, TARGET, FAMILIES),
        FindNode(OWN, TARGET),
    ):
        read = parse(encode_query(b"tt", args, False)[1])
        assert isinstance(read, Query) and read.args == args and read.canonical


@pytest.mark.parametrize("family", FAMILIES)
def test_a_response_has_the_nodes_of_each_family(family: Family) -> None:
    nodes = {IPV4: NodeInfo(b"4" * 20, FOUR), IPV6: NodeInfo(b"6" * 20, SIX)}
    body = {b"id": OWN} | {each.nodes_key: pack_node(node) for each, node in nodes.items()}
    read = parse(bencode.encode({b"r": body, b"t": b"tt", b"y": b"r"}), family)
    assert isinstance(read, Response) and not read.faults
    assert (read.nodes, read.others) == ((nodes[family],), tuple(nodes[f] for f in FAMILIES if f is not family))


# ---- when we want them ---------------------------------------------------------------------------------


def wants(net: Network, core: Core) -> list[tuple[Family, ...]]:
    """What a core has wanted in each of its find_nodes so far."""
    found = []
    for packet in net.queries(source=core.identity.bound, method="find_node"):
        message = packet.message
        assert isinstance(message, Query) and isinstance(message.args, FindNode)
        found.append(message.args.want)
    return found


def test_bep32_18_both_families_are_wanted_while_bootstrapping_and_the_own_one_later() -> None:
    """BEP 32, bootstrapping and steady state. An IPv4 node without IPv6 never says ``want``."""
    net = Network()
    host4, host6 = net.core(), net.core(net.fresh_six()[0])
    alone = net.core(hosts=("{}:{}".format(*host4.identity.bound),))
    four = net.core(hosts=("{}:{}".format(*host4.identity.bound),))
    six = net.core(net.fresh_six()[0], hosts=("[{}]:{}".format(*host6.identity.bound),), beside=four)
    for core in (alone, four, six):
        net.bootstrap(core)
    assert set(wants(net, alone)) == {()}
    assert FAMILIES in wants(net, four) and FAMILIES in wants(net, six)
    net.run(60.0)
    before = len(wants(net, four)), len(wants(net, six))
    net.find_node(four, TARGET)
    net.find_node(six, TARGET)
    assert wants(net, four)[before[0] :] == [()] * (len(wants(net, four)) - before[0])
    assert set(wants(net, six)[before[1] :]) == {(IPV6,)}


def test_a_family_without_a_host_joins_through_the_other() -> None:
    """The only host has IPv4; it names IPv6 nodes, from which the IPv6 core bootstraps."""
    net = Network()
    four = net.core()
    six = net.core(net.fresh_six()[0], beside=four)
    friend = net.core(net.fresh_six()[0])
    net.meet(six, friend)
    new4 = net.core(hosts=("{}:{}".format(*four.identity.bound),))
    new6 = net.core(net.fresh_six()[0], beside=new4)
    net.bootstrap(new4)
    net.run_until(lambda: bool(new6.nodes()))
    assert friend.identity.bound in {node.addr for node in new6.nodes()}
    assert new6.bootstrap_view(net.now).sources[0].family == "IPv6"


def test_nodes_of_the_other_family_that_nobody_asked_for_do_nothing() -> None:
    """A hostile answer names IPv6 nodes though ``want`` did not say so; or local ones from afar."""
    net = Network()
    four = net.core()
    six = net.core(net.fresh_six()[0], beside=four)
    liar = net.puppet(lambda query: {b"nodes": b"", b"nodes6": pack_node(NodeInfo(b"6" * 20, ("fd00::1", 1)))})
    net.meet(four, liar)
    net.find_node(four, TARGET)
    net.run(30.0)
    assert net.queries(source=six.identity.bound) == []
    other = net.puppet(lambda query: {b"nodes": b"", b"nodes6": pack_node(NodeInfo(b"6" * 20, ("2001:db8::66", 1)))})
    six.link_changed(LinkState.LOST, None, net.now)
    net.meet(four, other)
    net.find_node(four, TARGET)
    net.run(30.0)
    assert net.queries(source=six.identity.bound) == []


def test_an_answer_in_one_family_only_serves_lookups_of_that_family() -> None:
    net = Network()
    core = net.core(net.fresh_six()[0])
    node = net.puppet(naming(NodeInfo(b"4" * 20, FOUR)), ip=net.fresh_six()[0])
    net.meet(core, node)
    outcome = net.find_node(core, TARGET)
    assert [one.nodes for one in outcome.asked] == [()]
