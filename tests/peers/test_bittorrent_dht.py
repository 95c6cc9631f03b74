"""npm's bittorrent-dht and dhtui ask, store and read at each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
import pytest_asyncio

from dhtui.engine.items import mutable_target, sign
from dhtui.engine.node import Node

from .bittorrent_dht_peer import BittorrentDht, BittorrentDhtPeer, missing
from .matrix import ASKING, SERVING, VALUES, addresses, held, key_of, seed_of
from .peer import Found, Peer, Refused, unavailable
from .swarm import config, dhtui_nodes

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def process() -> AsyncIterator[BittorrentDht]:
    """Four nodes: three for dhtui to ask, one that asks dhtui nodes."""
    if reason := missing():
        unavailable(reason)
    async with BittorrentDht(4) as process:
        yield process


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def peers(process: BittorrentDht) -> list[BittorrentDhtPeer]:
    """Three nodes that know each other."""
    peers = process.nodes[:3]
    for peer in peers:
        for other in peers:
            if other is not peer:
                await peer.meet(other.address)
    return peers


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def node(peers: list[BittorrentDhtPeer]) -> AsyncIterator[Node]:
    """A dhtui node that came in through one of them."""
    async with Node(config([peers[0].address])) as node:
        assert (await node.bootstrapped()).state == "done"
        yield node


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def nodes() -> AsyncIterator[list[Node]]:
    """Three dhtui nodes that know each other."""
    async with dhtui_nodes(3) as nodes:
        yield nodes


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def peer(process: BittorrentDht, nodes: list[Node]) -> BittorrentDhtPeer:
    """A node that knows nobody but the dhtui nodes."""
    peer = process.nodes[3]
    for node in nodes:
        await peer.meet(node.address)
    return peer


@pytest.mark.parametrize("check", ASKING, ids=lambda check: check.__name__)
async def test_dhtui_asks(
    check: Callable[[Node, Sequence[Peer]], Awaitable[None]], node: Node, peers: list[BittorrentDhtPeer]
) -> None:
    await check(node, peers)


@pytest.mark.parametrize("check", SERVING, ids=lambda check: check.__name__)
async def test_dhtui_serves(
    check: Callable[[Sequence[Node], Peer], Awaitable[None]], nodes: list[Node], peer: BittorrentDhtPeer
) -> None:
    await check(nodes, peer)


async def test_single_queries_are_answered(nodes: list[Node], peer: BittorrentDhtPeer) -> None:
    node = nodes[0]
    assert await peer.query(node.address, "ping") == {b"id": node.id}
    for method, argument in (("find_node", "target"), ("get_peers", "info_hash"), ("get", "target")):
        answer = await peer.query(node.address, method, **{argument: nodes[1].id})
        assert answer[b"id"] == node.id
        assert answer[b"nodes"].startswith(nodes[1].id)
        assert (b"token" in answer) == (method != "find_node")


async def test_bittorrent_dht_signs_values_of_every_type(nodes: list[Node], peer: BittorrentDhtPeer) -> None:
    seed, key = seed_of("every type"), key_of("every type")
    for name, value in VALUES.items():
        salt = name.encode()
        assert await peer.put_mutable(seed, value, salt) == len(nodes)
        assert await held(nodes, mutable_target(key.public, salt), salt) == [Found(value, 1)] * len(nodes)


async def test_a_matching_cas_is_accepted(nodes: list[Node], peer: BittorrentDhtPeer) -> None:
    seed, key = seed_of("npm cas"), key_of("npm cas")
    await peer.put_mutable(seed, b"3:one", seq=4)
    assert await peer.put_mutable(seed, b"3:two", seq=5, cas=4) == len(nodes)
    assert await held(nodes, mutable_target(key.public)) == [Found(b"3:two", 5)] * len(nodes)


@pytest.mark.parametrize(("seq", "cas", "code"), [(5, 3, 301), (3, None, 302), (4, None, 302)])
async def test_a_wrong_cas_and_a_seq_too_low_are_refused(
    seq: int, cas: int | None, code: int, nodes: list[Node], peer: BittorrentDhtPeer
) -> None:
    seed, key, salt = seed_of("npm refused"), key_of("npm refused"), b"%d" % seq
    await peer.put_mutable(seed, b"3:one", salt, seq=4)
    with pytest.raises(Refused) as refused:
        await peer.put_mutable(seed, b"3:two", salt, seq=seq, cas=cas)
    assert refused.value.code == code
    assert await held(nodes, mutable_target(key.public, salt), salt) == [Found(b"3:one", 4)] * len(nodes)


async def test_a_whole_table_in_one_answer_is_read(node: Node, peers: list[BittorrentDhtPeer]) -> None:
    # It answers with all that it knows rather than 8 nodes: 26 bytes each, surplus ignored.
    (asked,) = (await node.find_node(b"\0" * 20, remotes=[peers[0].address])).asked
    assert {info.addr for info in asked.nodes} >= set(addresses(peers[1:]))


async def test_a_get_with_newer_than_survives_a_store_that_ignores_it(
    node: Node, peers: list[BittorrentDhtPeer]
) -> None:
    item = sign(key_of("npm newer than"), b"5:value", 7)
    await node.put(item, remotes=addresses(peers))
    found = await node.get(item.target, newer_than=7, remotes=addresses(peers))
    assert [asked.seq for asked in found.asked] == [7, 7, 7]
