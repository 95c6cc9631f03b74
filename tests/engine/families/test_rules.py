"""Rules of BEP 32 and 45 about a node that has both families. Tests name them (docs/rules.md)."""

from __future__ import annotations

import asyncio

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.simulation.both import Pair
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.views.events import PacketSent
from dhtui.engine.wire.bencode import decode
from dhtui.engine.wire.compact import Addr, NodeInfo, unpack_nodes
from dhtui.engine.wire.family import IPV6, family_of
from dhtui.engine.wire.krpc import FindNode, Ping, Query, encode_query, parse

from ..stranger import LOCAL, NOW, PUBLIC, Stranger, new_core

PATIENCE = 60.0


class Asker(asyncio.DatagramProtocol):
    """Pings an address, and notes what comes from where."""

    def __init__(self) -> None:
        self.came: asyncio.Future[tuple[bytes, Addr]] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        if decode(data)[b"y"] == b"r":
            self.came.set_result((decode(data)[b"r"][b"id"], (str(addr[0]), int(str(addr[1])))))


async def test_45_01_45_02_45_03_each_address_has_an_id_of_its_own_and_answers_itself() -> None:
    config = NodeConfig(listen=("127.0.0.1", 0), listen_also=("::1", 0), settings=Settings(read_only=False))
    ids = []
    async with asyncio.timeout(PATIENCE), Node(config) as node:
        for host, addr in zip(("127.0.0.1", "::1"), node.addresses, strict=True):
            loop = asyncio.get_running_loop()
            transport, asker = await loop.create_datagram_endpoint(Asker, local_addr=(host, 0))
            transport.sendto(encode_query(b"aa", Ping(b"i" * 20), True)[1], addr)
            own, source = await asker.came
            transport.close()
            assert source == addr
            ids.append(own)
    assert ids[0] != ids[1] and ids[0][:4] != ids[1][:4]


def test_5_35_a_public_asker_is_told_no_private_address() -> None:
    """Nodes of the own network are in the table, and told to those who are in it."""
    core = new_core(("0.0.0.0", 6881), read_only=False)
    private = [NodeInfo(bytes([i]) * 20, (f"192.168.0.{i}", 6881)) for i in range(1, 6)]
    public = [NodeInfo(bytes([i]) * 19 + b"p", (f"203.{i}.113.9", 6881)) for i in range(1, 9)]
    for node in (*private, *public):
        core._table.answered(node, 0.05, None, NOW)
    core.datagrams_to_send()
    for asker in (PUBLIC, LOCAL):
        stranger, told = Stranger(core, asker), list[bytes]()
        for more in ({}, {"want": [b"n4"]}):
            told.append(stranger.ask("find_node", target=bytes(20), **more)[b"nodes"])  # type: ignore[arg-type]
        told.append(stranger.ask("get_peers", info_hash=bytes(20))[b"nodes"])
        told.append(stranger.ask("get", target=bytes(20))[b"nodes"])
        for packed in told:
            nodes = set(unpack_nodes(packed, 8))
            assert len(nodes) >= 5
            assert nodes <= set(public) if asker == PUBLIC else nodes & set(private)
    core._table.drop(private[0].addr, NOW, "gone")
    assert core._table.locals == 4
    core._table.rebase(b"o" * 20, NOW)
    assert core._table.locals == 4


def test_45_11_the_lookup_of_an_own_id_goes_out_by_its_own_socket() -> None:
    """Each side looks its own id up among the nodes of its family, and neither that of the other."""
    conditions = Conditions(loss=0.0)
    four = Population(200, 5, conditions)
    six = Population(200, 5, conditions, beside=four, shared=0.5)
    simulation = Simulation(3, population=four, six=six)
    node = Pair(simulation, (*simulation.hosts(), *simulation.hosts(population=six)))
    targets: dict[str, set[bytes]] = {"IPv4": set(), "IPv6": set()}

    def hear(event: object) -> None:
        if isinstance(event, PacketSent) and event.kind == "query":
            family = family_of(event.addr[0])
            sent = parse(event.data, family)
            if isinstance(sent, Query) and isinstance(sent.args, FindNode):
                targets[family.name].add(sent.args.target)

    for core in (node.four, node.six):
        core.listen(hear)
    node.bootstrap()
    assert node.four.id != node.six.id and node.six.family is IPV6
    assert node.four.id in targets["IPv4"] and node.four.id not in targets["IPv6"]
    assert node.six.id in targets["IPv6"] and node.six.id not in targets["IPv4"]
