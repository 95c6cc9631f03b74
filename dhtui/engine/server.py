"""Answers to incoming queries: the body of a response, or a refusal with its code."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Final, Protocol

from .items import MAX_SALT, MAX_VALUE, ImmutableItem, MutableItem, immutable_target, mutable_target
from .store import ItemStore, PeerStore, Tokens
from .wire.bencode import Bencached
from .wire.compact import Addr
from .wire.family import IPV4
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

MAX_NODES: Final = 8
MAX_VALUES: Final = 80
"""Most peers in one reply, 8 bytes each: with 8 nodes the reply stays below 1200 bytes."""
NODES_BESIDE_VALUE: Final = 1200 - 290
"""Most bytes of a value and its nodes together: the rest of such a reply takes 290."""
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
        """Its 26 bytes in a ``nodes`` string."""


class Known(Protocol):
    """The part of a table that the server reads."""

    @property
    def own(self) -> bytes:
        """Own id."""

    def closest(self, target: bytes, n: int) -> Sequence[Entry]:
        """The up to `n` entries nearest to a target, nearest first."""


class Server:
    """Answers queries from the table and the stores, and writes to the stores."""

    def __init__(self, table: Known, tokens: Tokens, peers: PeerStore, items: ItemStore, rng: Random) -> None:
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

    def answer(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        """The body (``r``) of the response. Raises `RefusedQuery`."""
        return self._handlers[type(query.args)](query, addr, now)

    def _nodes(self, target: bytes, most: int = MAX_NODES) -> bytes:
        return b"".join([contact.packed for contact in self._table.closest(target, min(most, MAX_NODES))])

    def _ping(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        return {b"id": self._table.own}

    def _find_node(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        assert isinstance(query.args, FindNode)
        return {b"id": self._table.own, b"nodes": self._nodes(query.args.target)}

    def _get_peers(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        args = query.args
        assert isinstance(args, GetPeers)
        target = args.target
        body: dict[bytes, Any] = {
            b"id": self._table.own,
            b"nodes": self._nodes(target),
            b"token": self._tokens.make(addr[0], target, now),
        }
        most = MAX_VALUES
        if args.scrape and (filters := self._peers.filters(target)):
            most = VALUES_BESIDE_FILTERS
            body[b"BFsd"], body[b"BFpe"] = filters
        values = self._peers.sample(target, most, self._rng, now, noseed=args.noseed)
        if values:
            body[b"values"] = values
        return body

    def _sample_infohashes(self, query: Query, addr: Addr, now: float) -> dict[bytes, Any]:
        assert isinstance(query.args, SampleInfohashes)
        samples, interval = self._peers.infohashes(self._rng, now)
        return {
            b"id": self._table.own,
            b"interval": interval,
            b"nodes": self._nodes(query.args.target),
            b"num": len(self._peers),
            b"samples": b"".join(samples),
        }

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
        room = NODES_BESIDE_VALUE
        if isinstance(item, MutableItem):
            body[b"seq"] = item.seq
            if args.seq is None or item.seq > args.seq:
                body |= {b"v": Bencached(item.v), b"k": item.k, b"sig": item.sig}
                room -= len(item.v)
        elif item is not None:
            body[b"v"] = Bencached(item.v)
            room -= len(item.v)
        if (most := room // IPV4.node_length) > 0:
            body[b"nodes"] = self._nodes(args.target, most)
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
