"""The levels of an engine: each is below its bound, and tells what it says."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.questions import PingNode
from dhtui.engine.node import Node
from dhtui.engine.operations.requests import Ask
from dhtui.engine.settings import NodeConfig
from dhtui.engine.store import MAX_ITEMS
from dhtui.engine.table import MAX_KNOWN, REPLACEMENTS
from dhtui.engine.views.statistics import Level, Statistics
from dhtui.engine.wire.ids import ID_BITS
from dhtui.engine.wire.krpc import FindNode, encode_query

from .network import Network, into, silent, swarm


def test_a_fresh_engine_is_empty() -> None:
    core = Network().core()
    statistics = core.statistics()
    assert {name for name, level in statistics.levels().items() if level.used} == set()
    assert (statistics.waiting, statistics.dropped, statistics.send_failures, statistics.overflowed) == (0, 0, 0, None)


def test_levels_tell_how_much_there_is() -> None:
    """Of the table, the stores, lookups, queries in flight and replies; and they agree with the snapshot."""
    net = Network()
    cores = swarm(net, 16, maintain=False)
    core, stranger = cores[0], net.puppet()
    assert net.put(cores[5], ImmutableItem(b"5:a day")).stored == 8
    net.announce(cores[6], core.id)
    stranger.query(core, FindNode(stranger.id, core.id))
    net.send(b"x", stranger.addr, core.identity.bound)
    net.run(0.05)
    core.start(Ask(PingNode(), remotes=(net.puppet(silent).addr,)), into([]), net.now)
    now, snapshot = core.statistics(), core.snapshot(net.now)
    assert now.nodes == (len(core.nodes()), 8 * ID_BITS)
    assert now.nodes.used == snapshot.table.good + snapshot.table.questionable + snapshot.table.bad >= 8
    assert now.replacements == (snapshot.table.replacements, REPLACEMENTS * ID_BITS)
    assert now.known == (snapshot.table.known, MAX_KNOWN)
    assert now.queries.used == len(snapshot.queries) >= 1
    assert now.operations.used == 1
    assert now.lookups.used == len(snapshot.lookups) >= 1
    assert (now.swarms.used, now.peers.used, now.immutable.used) == (1, 1, snapshot.store.immutable)
    assert now.mutable == (0, MAX_ITEMS)
    assert now.dropped == sum(snapshot.drops.values()) == 1
    assert now.voters.used == snapshot.identity.voters


def test_spent_bytes_of_replies_flow_off() -> None:
    """2 seconds fill the bucket again. Without a budget there is nothing to spend."""
    net = Network()
    core, stranger = net.core(maintain=False), net.puppet()
    core.receive_datagram(encode_query(b"qq", FindNode(stranger.id, core.id), True)[1], stranger.addr, net.now)
    ((reply, _),) = core.datagrams_to_send()
    assert core.statistics().reply_bytes == (len(reply), 2 * core.settings.reply_quota)
    core.handle_timer(net.now + 2.0)
    assert core.statistics().reply_bytes.used == 0
    assert net.core(reply_quota=0).statistics().reply_bytes == (0, 0)


def test_statistics_are_frozen_and_each_figure_is_documented() -> None:
    statistics = Network().core().statistics()
    with pytest.raises(FrozenInstanceError):
        statistics.waiting = 1  # type: ignore[misc]
    assert len(statistics.levels()) == len(fields(Statistics)) - 8
    assert str(Level(3, 16)) == "3 of 16"


async def test_a_node_has_them_too() -> None:
    async with Node(NodeConfig(listen=("127.0.0.1", 0))) as node:
        statistics = node.statistics()
    assert statistics.nodes.used == 0 < statistics.nodes.most
    assert node.statistics().queries.used == 0, "also of a closed one"
