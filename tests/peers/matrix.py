"""What must work between dhtui and any other implementation, in both directions.

`ASKING`: dhtui is the client of some peers that know each other. `SERVING`: a peer is the client of dhtui
nodes. The checks share long-lived nodes, so each uses targets of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha1

from dhtui.engine.items import Draft, ImmutableItem, MutableItem, mutable_target, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.node import Node
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.views.events import Event, Stored
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr

from .peer import DEADLINE, Found, Peer

VALUES = {
    "string": b"12:Hello World!",
    "integer": b"i-42e",
    "list": b"l4:spami7ee",
    "dict": b"d1:ad1:bi1ee1:cl3:xyzee",
    "binary": b"5:\x00\xff\x1b[2",
    "1000 bytes": b"996:" + b"m" * 996,
}
"""Bencoded values of every type, up to the largest that may be stored."""


def addresses(peers: Sequence[Peer]) -> list[Addr]:
    """Where the peers are."""
    return [peer.address for peer in peers]


def seed_of(name: str) -> bytes:
    """The 32-byte seed of the key that one check uses."""
    return sha1(name.encode()).digest() + bytes(12)


def key_of(name: str) -> PrivateKey:
    """The key that one check uses."""
    return PrivateKey.from_seed(seed_of(name))


def statuses(outcome: Outcome) -> list[Status]:
    """What happened at each node that was asked to store."""
    return [node.status for node in outcome.writes]


def codes(outcome: Outcome) -> list[int | None]:
    """The error code of each node that was asked to store."""
    return [node.code for node in outcome.writes]


# ---- dhtui asks ---------------------------------------------------------------------------------------


async def ping(node: Node, peers: Sequence[Peer]) -> None:
    """Each peer answers with its id, and sees us where we are."""
    outcome = await node.ping(addresses(peers))
    assert [(asked.addr, asked.status) for asked in outcome.asked] == [
        (addr, Status.ANSWERED) for addr in addresses(peers)
    ]
    assert len({asked.id for asked in outcome.asked}) == len(peers)
    assert all(asked.external in (None, node.address) for asked in outcome.asked)


async def find_node_at_one(node: Node, peers: Sequence[Peer]) -> None:
    """A peer names the others that it knows."""
    outcome = await node.find_node(b"\x5a" * 20, remotes=[peers[0].address])
    named = {info.addr for info in outcome.asked[0].nodes}
    assert named & {peer.address for peer in peers[1:]}


async def find_node_lookup(node: Node, peers: Sequence[Peer]) -> None:
    """A lookup meets all of them, nearest first."""
    target = b"\xa5" * 20
    outcome = await node.find_node(target)
    assert {found.addr for found in outcome.closest} >= set(addresses(peers))
    ids = [int.from_bytes(found.id or b"", "big") for found in outcome.closest]
    assert ids == sorted(ids, key=lambda number: number ^ int.from_bytes(target, "big"))


async def announce(node: Node, peers: Sequence[Peer]) -> None:
    """An announced port is stored by all and read back."""
    info_hash = b"announced by dhtui.."
    outcome = await node.announce_peer(info_hash, 4321, remotes=addresses(peers))
    assert statuses(outcome) == [Status.STORED] * len(peers)
    found = await node.get_peers(info_hash)
    assert (node.address[0], 4321) in dict(found.peers)
    assert Status.PEERS in [asked.status for asked in found.asked]


async def announce_implied(node: Node, peers: Sequence[Peer]) -> None:
    """With port 0 the peers store the port that our packets come from."""
    info_hash = b"the implied port...."
    assert (await node.announce_peer(info_hash, 0)).stored >= len(peers)
    found = await node.get_peers(info_hash, remotes=addresses(peers))
    assert dict(found.peers) == {node.address: len(peers)}


async def immutable(node: Node, peers: Sequence[Peer]) -> None:
    """Values of every type are stored, and read back both by us and by a peer."""
    for value in VALUES.values():
        item = ImmutableItem(value)
        outcome = await node.put(item, remotes=addresses(peers))
        assert statuses(outcome) == [Status.STORED] * len(peers)
        found = await node.get(item.target, remotes=[peers[-1].address])
        assert (found.item, found.asked[0].status) == (item, Status.VALUE)
        assert (await node.get(item.target)).item == item
        assert await peers[0].get_immutable(item.target) == Found(value)


async def mutable(node: Node, peers: Sequence[Peer]) -> None:
    """Signed values of every type, with and without salt, are stored and read back."""
    key = key_of("mutable")
    for name, value in VALUES.items():
        for salt in (b"", name.encode(), name.encode().ljust(64, b"s")):
            unsalted = key_of(name)  # without salt only another key makes another target
            item = sign(key if salt else unsalted, value, 1, salt)
            outcome = await node.put(item, remotes=addresses(peers))
            assert statuses(outcome) == [Status.STORED] * len(peers)
            assert (await node.get(item.target, salt=salt)).item == item


async def mutable_read_by_peer(node: Node, peers: Sequence[Peer]) -> None:
    """What we signed passes the verification of a peer."""
    key = key_of("read by a peer")
    for salt in (b"", b"salt"):
        assert (await node.put(sign(key, b"4:text", 1, salt))).stored >= len(peers)
        assert await peers[0].get_mutable(key.public, salt) == Found(b"4:text", 1)


async def update(node: Node, peers: Sequence[Peer]) -> None:
    """A draft takes seq 1, then 2; the newest value is found."""
    key = key_of("update")
    for seq, value in ((1, b"5:first"), (2, b"6:second")):
        outcome = await node.put(Draft(value, key, b"s"))
        assert isinstance(outcome.item, MutableItem)
        assert (outcome.item.seq, outcome.stored >= len(peers)) == (seq, True)
        found = await node.get(outcome.item.target, salt=b"s")
        assert (found.item, found.highest_seen) == (outcome.item, seq)


async def update_of_a_peers_item(node: Node, peers: Sequence[Peer]) -> None:
    """We read what a peer has signed and go on from there, and the peer reads ours."""
    seed, key = seed_of("shared key"), key_of("shared key")
    await peers[0].put_mutable(seed, b"5:peers", b"turns")
    found = await node.get(mutable_target(key.public, b"turns"), salt=b"turns")
    assert isinstance(found.item, MutableItem)
    assert (found.item.v, found.item.seq) == (b"5:peers", 1)
    outcome = await node.put(Draft(b"4:ours", key, b"turns"))
    assert outcome.stored >= len(peers)
    assert await peers[0].get_mutable(key.public, b"turns") == Found(b"4:ours", 2)


async def older_and_newer(node: Node, peers: Sequence[Peer]) -> None:
    """Where stores differ, the highest seq wins, and the others are called older."""
    key = key_of("stores differ")
    await node.put(sign(key, b"3:old", 1), remotes=addresses(peers))
    newest = sign(key, b"3:new", 2)
    await node.put(newest, remotes=[peers[0].address])
    found = await node.get(newest.target, remotes=addresses(peers))
    assert found.item == newest
    assert [asked.status for asked in found.asked] == [Status.VALUE] + [Status.OLDER] * (len(peers) - 1)


async def cas_matching(node: Node, peers: Sequence[Peer]) -> None:
    """A cas that names the stored seq is accepted."""
    key = key_of("cas matching")
    await node.put(sign(key, b"3:one", 1), remotes=addresses(peers))
    outcome = await node.put(sign(key, b"3:two", 2), cas=1, remotes=addresses(peers))
    assert statuses(outcome) == [Status.STORED] * len(peers)


async def cas_wrong(node: Node, peers: Sequence[Peer]) -> None:
    """Any other cas is refused with 301, and the item stays."""
    key = key_of("cas wrong")
    before = sign(key, b"3:one", 5)
    await node.put(before, remotes=addresses(peers))
    outcome = await node.put(sign(key, b"3:two", 6), cas=4, remotes=addresses(peers))
    assert statuses(outcome) == [Status.REFUSED] * len(peers)
    assert codes(outcome) == [301] * len(peers)
    assert (await node.get(before.target)).item == before


async def lower_seq(node: Node, peers: Sequence[Peer]) -> None:
    """A lower seq is refused with 302."""
    key = key_of("lower seq")
    await node.put(sign(key, b"3:two", 2), remotes=addresses(peers))
    outcome = await node.put(sign(key, b"3:one", 1), remotes=addresses(peers))
    assert codes(outcome) == [302] * len(peers)


async def republish(node: Node, peers: Sequence[Peer]) -> None:
    """Publishing the same item again succeeds, whether a store accepts it or says that it has it."""
    item = sign(key_of("republish"), b"5:again", 3)
    for _ in range(2):
        outcome = await node.put(item, remotes=addresses(peers))
        assert statuses(outcome) == [Status.STORED] * len(peers)


ASKING: tuple[Callable[[Node, Sequence[Peer]], Awaitable[None]], ...] = (
    ping,
    find_node_at_one,
    find_node_lookup,
    announce,
    announce_implied,
    immutable,
    mutable,
    mutable_read_by_peer,
    update,
    update_of_a_peers_item,
    older_and_newer,
    cas_matching,
    cas_wrong,
    lower_seq,
    republish,
)


# ---- dhtui serves -------------------------------------------------------------------------------------


class Stores:
    """The `Stored` events of some dhtui nodes, to be awaited."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._seen: asyncio.Queue[tuple[Addr, Stored]] = asyncio.Queue()
        self._stop = [node.subscribe(self._listener(node)) for node in nodes]

    def _listener(self, node: Node) -> Callable[[Event], None]:
        def heard(event: Event) -> None:
            if isinstance(event, Stored):
                self._seen.put_nowait((node.address, event))

        return heard

    async def until(self, target: bytes, count: int) -> None:
        """Return once `count` nodes have stored under a target."""
        where: set[Addr] = set()
        async with asyncio.timeout(DEADLINE):
            while len(where) < count:
                addr, event = await self._seen.get()
                if event.target == target:
                    where.add(addr)
        for stop in self._stop:
            stop()


async def held(nodes: Sequence[Node], target: bytes, salt: bytes = b"") -> list[Found | None]:
    """What each dhtui node serves under a target, asked by another one."""
    found: list[Found | None] = []
    for node in nodes:
        asker = next(other for other in nodes if other is not node)
        item = (await asker.get(target, salt=salt, remotes=[node.address])).item
        seq = item.seq if isinstance(item, MutableItem) else None
        found.append(Found(item.v, seq) if item else None)
    return found


async def served_announce(nodes: Sequence[Node], peer: Peer) -> None:
    """A peer announces to us and reads it back."""
    info_hash = b"announced by a peer."
    stores = Stores(nodes)
    await peer.announce(info_hash, 8765)
    await stores.until(info_hash, len(nodes))
    found = await nodes[0].get_peers(info_hash, remotes=[node.address for node in nodes[1:]])
    assert dict(found.peers) == {(peer.address[0], 8765): len(nodes) - 1}
    assert await peer.get_peers(info_hash) == {(peer.address[0], 8765)}


async def served_get_peers(nodes: Sequence[Node], peer: Peer) -> None:
    """A peer finds the peers that we keep."""
    info_hash = b"announced to dhtui.."
    # Of each node of an address the last announce counts; and some peers take the first answer that has any.
    for node, port in zip(nodes, (1001, 1002), strict=False):
        await node.announce_peer(info_hash, port, remotes=[each.address for each in nodes[2:]])
    assert await peer.get_peers(info_hash) == {(nodes[0].address[0], port) for port in (1001, 1002)}


async def served_immutable_put(nodes: Sequence[Node], peer: Peer) -> None:
    """A peer stores values of every type with us."""
    for value in VALUES.values():
        if value == VALUES["1000 bytes"]:
            continue
        changed = bencode.encode([bencode.decode(value), b"by a peer"])
        assert await peer.put_immutable(changed) >= len(nodes)
        assert await held(nodes, ImmutableItem(changed).target) == [Found(changed)] * len(nodes)


async def served_largest_put(nodes: Sequence[Node], peer: Peer) -> None:
    """A peer stores a value of 1000 bencoded bytes with us."""
    value = b"996:" + b"p" * 996
    assert await peer.put_immutable(value) >= len(nodes)
    assert await held(nodes, ImmutableItem(value).target) == [Found(value)] * len(nodes)


async def served_immutable_get(nodes: Sequence[Node], peer: Peer) -> None:
    """A peer reads values of every type from us."""
    for value in VALUES.values():
        item = ImmutableItem(value)
        await nodes[0].put(item, remotes=[nodes[1].address])
        assert await peer.get_immutable(item.target) == Found(value)


async def served_nothing(nodes: Sequence[Node], peer: Peer) -> None:
    """What nobody stored is not found."""
    assert await peer.get_immutable(b"\x11" * 20) is None
    assert await peer.get_mutable(key_of("nobody").public) is None


async def served_mutable(nodes: Sequence[Node], peer: Peer) -> None:
    """A peer stores a signed string with us, with and without salt, and reads it back."""
    for salt in (b"", b"salt", b"s" * 64):
        seed, key = seed_of("by a peer"), key_of("by a peer")
        assert await peer.put_mutable(seed, b"6:signed", salt) >= len(nodes)
        target = mutable_target(key.public, salt)
        assert await held(nodes, target, salt) == [Found(b"6:signed", 1)] * len(nodes)
        assert await peer.get_mutable(key.public, salt) == Found(b"6:signed", 1)


async def served_update(nodes: Sequence[Node], peer: Peer) -> None:
    """A peer goes on from seq 1 to 2."""
    seed, key = seed_of("updated"), key_of("updated")
    for seq, value in ((1, b"5:first"), (2, b"6:second")):
        assert await peer.put_mutable(seed, value, seq=seq) >= len(nodes)
        assert await held(nodes, mutable_target(key.public)) == [Found(value, seq)] * len(nodes)


async def served_mutable_get(nodes: Sequence[Node], peer: Peer) -> None:
    """A peer reads and verifies signed values of every type that we keep, and takes the newest."""
    for name, value in VALUES.items():
        key, salt = key_of("kept by dhtui"), name.encode()
        for seq, node in ((1, nodes[1]), (2, nodes[2])):
            await nodes[0].put(sign(key, value, seq, salt), remotes=[node.address])
        assert await peer.get_mutable(key.public, salt) == Found(value, 2)


SERVING: tuple[Callable[[Sequence[Node], Peer], Awaitable[None]], ...] = (
    served_announce,
    served_get_peers,
    served_immutable_put,
    served_largest_put,
    served_immutable_get,
    served_nothing,
    served_mutable,
    served_update,
    served_mutable_get,
)
