"""libtorrent and dhtui ask, store and read at each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from dhtui.engine.items import ImmutableItem, MutableItem, sign
from dhtui.engine.node import Node
from dhtui.engine.outcome import Status
from dhtui.engine.wire.methods import GivenSamples

from .matrix import ASKING, SERVING, addresses, key_of
from .peer import Peer, unavailable
from .swarm import config, dhtui_nodes

try:
    import libtorrent  # noqa: F401
except ImportError as error:
    unavailable(f"libtorrent can't be imported: {error}")

from .libtorrent_peer import LibtorrentPeer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def peers() -> AsyncIterator[list[LibtorrentPeer]]:
    """Three sessions that know each other."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(LibtorrentPeer()) for _ in range(3)]
        for session in sessions:
            for other in sessions:
                if other is not session:
                    await session.meet(other.address)
        yield sessions


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def node(peers: list[LibtorrentPeer]) -> AsyncIterator[Node]:
    """A dhtui node that came in through one of the sessions."""
    async with Node(config([peers[0].address])) as node:
        assert (await node.bootstrapped()).state == "done"
        yield node


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def nodes() -> AsyncIterator[list[Node]]:
    """Three dhtui nodes that know each other."""
    async with dhtui_nodes(3) as nodes:
        yield nodes


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def peer(nodes: list[Node]) -> AsyncIterator[LibtorrentPeer]:
    """A session that knows nobody but the dhtui nodes."""
    async with LibtorrentPeer() as session:
        for node in nodes:
            await session.meet(node.address)
        yield session


@pytest.mark.parametrize("check", ASKING, ids=lambda check: check.__name__)
async def test_dhtui_asks(
    check: Callable[[Node, Sequence[Peer]], Awaitable[None]], node: Node, peers: list[LibtorrentPeer]
) -> None:
    await check(node, peers)


@pytest.mark.parametrize("check", SERVING, ids=lambda check: check.__name__)
async def test_dhtui_serves(
    check: Callable[[Sequence[Node], Peer], Awaitable[None]], nodes: list[Node], peer: LibtorrentPeer
) -> None:
    await check(nodes, peer)


async def test_a_get_with_newer_than_brings_seq_alone(node: Node, peers: list[LibtorrentPeer]) -> None:
    item = sign(key_of("newer than"), b"5:value", 7)
    await node.put(item, remotes=addresses(peers))
    found = await node.get(item.target, newer_than=7, remotes=addresses(peers))
    assert (found.item, [asked.seq for asked in found.asked]) == (None, [7, 7, 7])
    assert (await node.get(item.target, newer_than=6, remotes=addresses(peers))).item == item


async def test_an_item_without_value_costs_libtorrent_no_token(node: Node, peers: list[LibtorrentPeer]) -> None:
    found = await node.get(b"\x77" * 20, remotes=addresses(peers))
    assert [asked.status for asked in found.asked] == [Status.ANSWERED] * len(peers)
    assert all(asked.token and asked.nodes for asked in found.asked)


async def test_libtorrent_says_who_it_is(node: Node, peers: list[LibtorrentPeer]) -> None:
    (asked,) = (await node.ping([peers[0].address])).asked
    assert asked.id == peers[0].id
    assert asked.version is not None
    assert asked.version.startswith(b"LT")
    assert asked.external == node.address
    assert asked.faults == ()


async def test_libtorrent_enters_the_table_of_a_node_that_it_asks(nodes: list[Node], peer: LibtorrentPeer) -> None:
    await peer.get_immutable(ImmutableItem(b"9:any value").target)
    for node in nodes:
        contacts = [contact for bucket in node.snapshot().table.buckets for contact in bucket.nodes]
        assert peer.address in [contact.addr for contact in contacts]


async def test_the_published_vector_is_stored_by_libtorrent(node: Node, peers: list[LibtorrentPeer]) -> None:
    item = MutableItem(
        b"12:Hello World!",
        bytes.fromhex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548"),
        bytes.fromhex(
            "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
            "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"
        ),
        1,
        b"foobar",
    )
    assert item.target.hex() == "411eba73b6f087ca51a3795d9c8c938d365e32c1"
    assert (await node.put(item)).stored >= len(peers)


async def test_libtorrent_counts_seeds_and_downloaders(node: Node, peers: list[LibtorrentPeer]) -> None:
    """BEP 33, both directions of what it calls a seed; it sends filters in place of values (its issue 8005)."""
    torrent = b"\x33" * 20
    assert (await node.announce_peer(torrent, 6881, seed=True, remotes=addresses(peers))).stored == len(peers)
    found = await node.scrape(torrent, remotes=addresses(peers))
    assert found.scrape is not None and found.scrape.nodes == len(peers)
    assert (round(found.scrape.seeds.value), round(found.scrape.downloaders.value)) == (1, 0)
    assert (await node.announce_peer(torrent, 6881, remotes=addresses(peers))).stored == len(peers)
    found = await node.scrape(torrent, remotes=addresses(peers))
    assert found.scrape is not None
    assert (round(found.scrape.seeds.value), round(found.scrape.downloaders.value)) == (0, 1)
    assert all(one.faults == () for one in found.asked)


async def test_libtorrent_gives_samples(node: Node, peers: list[LibtorrentPeer]) -> None:
    """BEP 51."""
    torrent = b"\x51" * 20
    await node.announce_peer(torrent, 6881, remotes=addresses(peers))
    found = await node.sample_infohashes(torrent, remotes=[peers[0].address])
    (given,) = [part for part in found.asked[0].given if isinstance(part, GivenSamples)]
    assert torrent in given.samples and given.num == len(given.samples) and 0 <= given.interval <= 21600
    assert found.asked[0].faults == () and found.asked[0].nodes


async def test_libtorrent_takes_our_samples(nodes: list[Node], peer: LibtorrentPeer) -> None:
    """BEP 51."""
    torrent = b"\x15" * 20
    await nodes[1].announce_peer(torrent, 6881, remotes=[nodes[0].address])
    given = await peer.sample_infohashes(nodes[0].address, torrent)
    assert torrent in [each.to_bytes() for each in given.samples]
    assert given.num_infohashes == given.num_samples and given.num_nodes > 0
