"""Limits that change while a node runs."""

from __future__ import annotations

import pytest

from dhtui.engine.core import Core
from dhtui.engine.defence.blocklist import parse
from dhtui.engine.node import Node, NodeError
from dhtui.engine.settings import LiveSettings, NodeConfig
from dhtui.engine.wire.krpc import Ping, encode_query

from .network import Network, swarm


def replies(core: Core) -> int:
    return core.snapshot(0.0).methods["ping"].replied


def test_blocked_nodes_leave_the_table_and_are_not_heard_any_more() -> None:
    net = Network()
    core, other, *_ = swarm(net, 12, maintain=False)
    ip = other.identity.bound[0]
    assert any(contact.addr[0] == ip for contact in core.nodes())
    blocks, _ = parse([f"x:{ip}-{ip}"])
    core.adjust(LiveSettings(blocks=blocks), net.now)
    assert not any(contact.addr[0] == ip for contact in core.nodes())
    assert core.snapshot(net.now).blocked_ranges == 1
    before = replies(core)
    net.ping(other, core.identity.bound)
    assert replies(core) == before and core.snapshot(net.now).drops["blocklist"] >= 1
    core.adjust(LiveSettings(), net.now)
    net.ping(other, core.identity.bound)
    assert replies(core) == before + 1


def test_a_host_is_answered_as_often_as_the_limit_says_now() -> None:
    net = Network()
    core, stranger = net.core(maintain=False), net.puppet()

    def answered() -> int:
        before = replies(core)
        for _ in range(200):
            stranger.query(core, Ping(stranger.id))
        net.run(0.1)
        return replies(core) - before

    assert answered() == 50
    core.adjust(LiveSettings(rate_limit=1.0), net.now)
    assert answered() == 0, "what it has used lately counts on"
    net.run(20.0)
    assert answered() == 10
    core.adjust(LiveSettings(rate_limit=0.0), net.now)
    assert answered() > 50


def test_what_was_spent_of_the_bytes_of_replies_counts_on() -> None:
    net = Network()
    core, stranger = net.core(maintain=False), net.puppet()
    core.receive_datagram(encode_query(b"qq", Ping(stranger.id), True)[1], stranger.addr, net.now)
    spent = core.statistics().reply_bytes.used
    core.adjust(LiveSettings(reply_quota=1000), net.now)
    assert core.statistics().reply_bytes == (spent, 2000) and spent > 0
    core.adjust(LiveSettings(reply_quota=0), net.now)
    assert core.statistics().reply_bytes == (0, 0)


async def test_a_node_checks_limits_and_goes_on_with_those_that_it_has() -> None:
    async with Node(NodeConfig(listen=("127.0.0.1", 0))) as node:
        with pytest.raises(ValueError, match="rate_limit"):
            node.adjust(LiveSettings(rate_limit=-1.0))
        with pytest.raises(ValueError, match="limits"):
            node.adjust(None)  # type: ignore[arg-type]
        node.adjust(LiveSettings(blocks=frozenset({"192.0.2.1"}), reply_quota=5000))
        assert node.statistics().reply_bytes.most == 10_000 and node.snapshot().blocked_ranges == 1
    with pytest.raises(NodeError):
        node.adjust(LiveSettings())
