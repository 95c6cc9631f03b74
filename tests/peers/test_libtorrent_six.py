"""libtorrent and dhtui ask, store and read at each other over IPv6 (BEP 32), on ::1."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.wire.address import address_text
from dhtui.engine.wire.family import IPV6

from .matrix import ASKING, SERVING
from .peer import Peer, unavailable
from .swarm import config, dhtui_nodes

try:
    import libtorrent  # noqa: F401
except ImportError as error:
    unavailable(f"libtorrent can't be imported: {error}")

from .libtorrent_peer import LibtorrentPeer

HOST = IPV6.loopback
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def peers() -> AsyncIterator[list[LibtorrentPeer]]:
    """Three sessions that know each other."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(LibtorrentPeer(HOST)) for _ in range(3)]
        for session in sessions:
            for other in sessions:
                if other is not session:
                    await session.meet(other.address)
        yield sessions


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def node(peers: list[LibtorrentPeer]) -> AsyncIterator[Node]:
    """A dhtui node that came in through one of the sessions."""
    async with Node(config([peers[0].address], host=HOST)) as node:
        assert (await node.bootstrapped()).state == "done"
        yield node


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def nodes() -> AsyncIterator[list[Node]]:
    """Three dhtui nodes that know each other."""
    async with dhtui_nodes(3, HOST) as nodes:
        yield nodes


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def peer(nodes: list[Node]) -> AsyncIterator[LibtorrentPeer]:
    """A session that knows nobody but the dhtui nodes."""
    async with LibtorrentPeer(HOST) as session:
        for node in nodes:
            await session.meet(node.address)
        yield session


@pytest.mark.parametrize("check", ASKING, ids=lambda check: check.__name__)
async def test_dhtui_asks_over_ipv6(
    check: Callable[[Node, Sequence[Peer]], Awaitable[None]], node: Node, peers: list[LibtorrentPeer]
) -> None:
    await check(node, peers)


@pytest.mark.parametrize("check", SERVING, ids=lambda check: check.__name__)
async def test_dhtui_serves_over_ipv6(
    check: Callable[[Sequence[Node], Peer], Awaitable[None]], nodes: list[Node], peer: LibtorrentPeer
) -> None:
    await check(nodes, peer)


async def test_bep42_libtorrent_tells_our_ipv6_address(node: Node, peers: list[LibtorrentPeer]) -> None:
    (asked,) = (await node.ping([peers[0].address])).asked
    assert asked.external == node.address and asked.faults == () and asked.id == peers[0].id


async def test_a_node_in_both_families_stores_in_both_at_libtorrent(peers: list[LibtorrentPeer]) -> None:
    """One wish, sessions of either family: each half meets its own."""
    async with LibtorrentPeer() as four:
        hosts = (address_text(peers[0].address), address_text(four.address))
        both = NodeConfig(
            listen=("127.0.0.1", 0), listen_also=(HOST, 0), bootstrap=hosts, settings=Settings(read_only=False)
        )
        async with Node(both) as node:
            assert (await node.bootstrapped()).state == "done"
            announced = await node.announce_peer(b"announced twice.....", 4321)
            assert {where.family for where in announced.writes if where.status == "stored"} == {"IPv4", "IPv6"}
            found = await node.get_peers(b"announced twice.....")
            assert {("127.0.0.1", 4321), (HOST, 4321)} <= set(dict(found.peers))
