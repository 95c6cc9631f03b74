"""Answers to incoming queries: the body of a response, or a refusal with its code."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Final, Protocol

from .items import MAX_SALT, MAX_VALUE, ImmutableItem, MutableItem, immutable_target, mutable_target
from .store import ItemStore, PeerStore, Tokens
from .wire.bencode import Bencached
from .wire.compact import Addr, is_local
from .wire.family import IPV4, Family
from .wire.krpc import (
    BAD_SIGNATURE,
    PROTOCOL,
    SALT_TOO_BIG,
    SERVER,
    TOO_BIG,
    AnnouncePeer,
    FindNode,
    Get,
    GetPeers,
    Ping,
    Put,
    Query,
    RefusedQuery,
    SampleInfohashes,
)
from .wire.methods import Want

MAX_NODES: Final = 8
MAX_VALUES: Final = 80
"""Most peers in one reply, 8 bytes each, of IPv6 fewer: with 8 nodes the reply stays below 1024 bytes."""
LIMIT: Final = 1024
"""Most bytes of a reply (BEP 32), but for an item of IPv4 with its nodes."""
ROUND_IT: Final = 170
"""Most bytes of such a reply besides nodes, peers, samples and filters."""
NODES_HEAD: Final = len("6:nodes6304:")
BLOOM: Final = 2 * (len("4:BFsd256:") + 256)
"""Bytes of two bloom filters (BEP 33)."""
ROUND_VALUE: Final = 290
"""Most bytes of a reply besides a value and its nodes."""
VALUES_BESIDE_FILTERS: Final = 12
"""Most peers beside two bloom filters: with 8 nodes such a reply stays below the 1024 bytes of BEP 32 and 33."""
CONFLICT_WORDS: Final = {
    301: "cas mismatch, re-read and try again",
    302: "seq not higher than the stored one",
}


class Entry(Protocol):
    """A node in a table."""

    @property
    def packed(self) -> bytes:
        """Its bytes in a ``nodes`` string: 26, or 38 of IPv6."""

    @property
    def addr(self) -> Addr:
        """Its address."""


class Known(Protocol):
    """The part of a table that the server reads."""

    @property
    def own(self) -> bytes:
        """Own id."""

    @property
    def locals(self) -> int:
        """How many entries have addresses of this host or of a private network."""

    def closest(self, target: bytes, n: int) -> Sequence[Entry]:
        """The up to `n` entries nearest to a target, nearest first."""


class Server:
    """Answers queries from the table and the stores, and writes to the stores."""

    def __init__(
        self,
        table: Known,
        tokens: Tokens,
        peers: PeerStore,
        items: ItemStore,
        rng: Random,
        family: Family = IPV4,
    ) -> None:
        """`family` is that of the table, and of all who ask."""
        self._family, self._nodes_key = family, family.nodes_key
        self._tables: dict[Family, Known] = {family: table}
        self._most_peers = self._peers_beside(MAX_NODES * family.node_length)
        self._table, self._tokens, self._peers, self._items, self._rng = table, tokens, peers, items, rng
        self._handlers = {
            Ping: self._ping,
            FindNode: self._find_node,
            GetPeers: self._get_peers,
            AnnouncePeer: self._announce_peer,
            Get: self._get,
            Put: self._put,
            SampleInfohashes: self._sample_infohashes,
        }

    def beside(self, family: Family, table: Known) -> None:
        """Answer from the table of the other family too, where a query wants that (BEP 32)."""
        self._tables[family] = table

    def answer(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        """The body (``r``) of the response. Raises `RefusedQuery`."""
        return self._handlers[type(query.args)](query, addr, now)

    def nodes(self, target: bytes, addr: Addr, most: int = MAX_NODES) -> bytes:
        """The entries nearest to a target, packed, for who asks from `addr`."""
        if self._table.locals and not is_local(addr[0]):
            return _public_only(self._table, target, min(most, MAX_NODES))
        return b"".join([contact.packed for contact in self._table.closest(target, min(most, MAX_NODES))])

    def _wanted(self, want: Want, target: bytes, addr: Addr, room: int) -> dict[bytes, Any]:
        """The nodes of the families that a query wants, in at most `room` bytes; our own family comes first."""
        found: dict[bytes, Any] = {}
        for family, table in self._tables.items():
            if family in want:
                most = max(0, min(MAX_NODES, (room - NODES_HEAD) // family.node_length))
                if table.locals and not is_local(addr[0]):
                    found[family.nodes_key] = _public_only(table, target, most)
                else:
                    found[family.nodes_key] = b"".join([contact.packed for contact in table.closest(target, most)])
                room -= NODES_HEAD + len(found[family.nodes_key])
        return found

    def _peers_beside(self, others: int) -> int:
        """How many peers have room beside so many bytes of nodes and filters."""
        each = self._family.peer_length + len(f"{self._family.peer_length}:")
        return max(0, min(MAX_VALUES, (LIMIT - ROUND_IT - others) // each))

    def _ping(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        return {b"id": self._table.own}

    def _find_node(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        args = query.args
        assert isinstance(args, FindNode)
        if args.want:
            return {b"id": self._table.own} | self._wanted(args.want, args.target, addr, LIMIT - ROUND_IT)
        return {b"id": self._table.own, self._nodes_key: self.nodes(args.target, addr)}

    def _get_peers(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        args = query.args
        assert isinstance(args, GetPeers)
        target = args.target
        body: dict[bytes, Any] = {
            b"id": self._table.own,
            self._nodes_key: self.nodes(target, addr),
            b"token": self._tokens.make(addr[0], target, now),
        }
        most, filters = self._most_peers, self._peers.filters(target) if args.scrape else None
        if args.want:
            del body[self._nodes_key]
            nodes = self._wanted(args.want, target, addr, LIMIT - ROUND_IT - (BLOOM if filters else 0))
            body |= nodes
            most = self._peers_beside(sum(map(len, nodes.values())) + (BLOOM if filters else 0))
        elif filters:
            most = min(VALUES_BESIDE_FILTERS, self._peers_beside(len(body[self._nodes_key]) + BLOOM))
        if filters:
            body[b"BFsd"], body[b"BFpe"] = filters
        values = self._peers.sample(target, most, self._rng, now, noseed=args.noseed)
        if values:
            body[b"values"] = values
        return body

    def _sample_infohashes(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        args = query.args
        assert isinstance(args, SampleInfohashes)
        samples, interval = self._peers.infohashes(self._rng, now)
        body: dict[bytes, Any] = {
            b"id": self._table.own,
            b"interval": interval,
            b"num": len(self._peers),
            b"samples": b"".join(samples),
        }
        if args.want:
            return body | self._wanted(args.want, args.target, addr, LIMIT - ROUND_IT - len(body[b"samples"]))
        body[self._nodes_key] = self.nodes(args.target, addr)
        return body

    def _check_token(self, query: Query, token: bytes, addr: Addr, target: bytes, now: float) -> None:
        # Without the token check, a forged source address could announce another host or fill its share of the store.
        if not self._tokens.valid(token, addr[0], target, now):
            raise RefusedQuery(query.tid, query.method, PROTOCOL, "bad token")

    def _stored(self, query: Query, there_was_room: bool) -> dict[bytes, Any]:
        # A success reply for a write that was dropped would cost the writer one of its 8 copies.
        if not there_was_room:
            raise RefusedQuery(
                query.tid, query.method, SERVER, "full of what is nearer to this node, or of your network"
            )
        return {b"id": self._table.own}

    def _announce_peer(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        args = query.args
        assert isinstance(args, AnnouncePeer)
        self._check_token(query, args.token, addr, args.target, now)
        peer = addr[0], args.port or addr[1]
        return self._stored(query, self._peers.announce(args.target, peer, now, seed=args.seed, who=args.id))

    def _get(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        args = query.args
        assert isinstance(args, Get)
        body: dict[bytes, Any] = {
            b"id": self._table.own,
            b"token": self._tokens.make(addr[0], args.target, now),
        }
        item = self._items.get(args.target, now)
        room = (LIMIT if args.want else self._family.item_reply) - ROUND_VALUE
        if isinstance(item, MutableItem):
            body[b"seq"] = item.seq
            if args.seq is None or item.seq > args.seq:
                body |= {b"v": Bencached(item.v), b"k": item.k, b"sig": item.sig}
                room -= len(item.v)
        elif item is not None:
            body[b"v"] = Bencached(item.v)
            room -= len(item.v)
        if args.want:
            body |= {key: nodes for key, nodes in self._wanted(args.want, args.target, addr, room).items() if nodes}
        elif (most := room // self._family.node_length) > 0:
            body[self._nodes_key] = self.nodes(args.target, addr, most)
        return body

    def _put(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        args = query.args
        assert isinstance(args, Put)

        def refuse(code: int, reason: str) -> RefusedQuery:
            return RefusedQuery(query.tid, query.method, code, reason)

        if len(args.v) > MAX_VALUE:
            raise refuse(TOO_BIG, "v has more than 1000 bytes")
        if len(args.salt) > MAX_SALT:
            raise refuse(SALT_TOO_BIG, "salt has more than 64 bytes")
        if args.k is None or args.sig is None or args.seq is None:
            target = immutable_target(args.v)
            self._check_token(query, args.token, addr, target, now)
            return self._stored(query, self._items.put_immutable(target, ImmutableItem(args.v), addr[0], now))
        target = mutable_target(args.k, args.salt)
        # The token first: verifying a signature is the most expensive work that an incoming query causes.
        self._check_token(query, args.token, addr, target, now)
        item = MutableItem(args.v, args.k, args.sig, args.seq, args.salt)
        code = self._items.conflict(target, item, args.cas, now)
        if code is not None:
            raise refuse(code, CONFLICT_WORDS[code])
        if not item.verify():
            raise refuse(BAD_SIGNATURE, "invalid signature")
        return self._stored(query, self._items.put_mutable(target, item, addr[0], now))


def _public_only(table: Known, target: bytes, most: int) -> bytes:
    """Nodes for an asker on the internet, to whom addresses of our private network lead nowhere (5.35)."""
    there = table.closest(target, most + table.locals)
    return b"".join([entry.packed for entry in there if not is_local(entry.addr[0])][:most])
