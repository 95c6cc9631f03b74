"""The node that the ten jobs are done on: the real engine in a town in virtual time, with the faults that the jobs are
about. No socket, no sleep."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1
from random import Random
from typing import Any

from engine.network import Network, naming, silent
from screens.wired import WiredNode

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem
from dhtui.engine.settings import PUBLIC_BOOTSTRAP
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.ids import bep42_id
from dhtui.engine.wire.krpc import FindNode, GetPeers, Query

HELLO = ImmutableItem(encode(b"Hello World!"))
DEBIAN = sha1(b"debian-13.iso", usedforsecurity=False).digest()
"""The infohash that the town's people look for."""
BACKWARDS = b"d1:t2:aa1:y1:q1:q4:ping1:ad2:id20:abcdefghij0123456789ee"
"""A ping of a program that does not sort its keys, and writes an id that does not fit its address."""
NODES = 40
LOST = 0.02
ASKERS = 6


def lonely() -> WiredNode:
    """A node whose bootstrap hosts have not answered."""
    net = Network()
    for name in PUBLIC_BOOTSTRAP:
        net.names[name] = (net.puppet(silent).addr,)
    core = net.core("198.51.100.7", hosts=PUBLIC_BOOTSTRAP, read_only=None)
    core.bootstrap(net.now)
    net.after(core)
    net.run(20.0)
    return WiredNode(net, core)


def refuses(*others: Any) -> Any:
    """The answers of a node that refers to others, and stores nothing: it refuses every put."""
    refer = naming(*others)

    def answer(query: Query) -> Mapping[bytes, Any] | bytes | None:
        if query.method == "put":
            return encode({b"e": [202, b"no room left"], b"t": query.tid, b"y": b"e"})
        return refer(query)

    return answer


def town(seed: int = 3) -> WiredNode:
    """A node that has been up for a minute among 40 others, of which a few are slow, gone, or refuse puts."""
    net, rng = Network(seed=seed, latency=0.004, spread=0.03), Random(seed)
    cores: list[Core] = []
    for _ in range(NODES):
        hosts = tuple("{}:{}".format(*core.identity.bound) for core in cores[:3])
        ip = f"{rng.randrange(36, 126)}.{rng.randrange(1, 255)}.{rng.randrange(1, 255)}.{rng.randrange(1, 255)}"
        cores.append(net.core(ip, hosts=hosts, id=bep42_id(ip, rng), external=(ip, 6881), maintain=False))
        if hosts:
            net.bootstrap(cores[-1])
    for core in cores:
        net.find_node(core, core.id)
        net.slow[core.identity.bound] = min(1.2, rng.lognormvariate(-2.6, 0.7))
    refusing = [net.puppet(node_id=HELLO.target[:1] + rng.randbytes(19)) for _ in range(2)]
    for puppet in refusing:
        puppet.answer = refuses(*(other.info for other in refusing))
        for core in cores:
            net.meet(core, puppet)
    for core in rng.sample(cores, 5):
        net.announce(core, DEBIAN, 6881)
    hosts = tuple("{}:{}".format(*core.identity.bound) for core in cores[:3])
    for core in rng.sample(cores[3:], 5):
        net.kill(core)
    us = net.core("203.0.113.7", hosts=hosts, read_only=None)
    net.loss = LOST
    net.bootstrap(us)
    return WiredNode(net, us)


async def live(node: WiredNode) -> None:
    """What happens while the explorer is open: lookups of ours, and others that ask us for this and that: six of them
    for one infohash, one of them much more than all others."""
    net, us = node.net, node._core
    await node.get_peers(DEBIAN)
    await node.get_peers(DEBIAN)
    strangers = [net.puppet() for _ in range(ASKERS)]
    net.send(BACKWARDS, strangers[1].addr, us.identity.bound)
    for stranger in strangers:
        stranger.query(us, GetPeers(stranger.id, DEBIAN))
    for target in (net.rng.randbytes(20) for _ in range(30)):
        strangers[0].query(us, FindNode(strangers[0].id, target))
        node.runs(0.3)
