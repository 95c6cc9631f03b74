"""What a query costs a node by how much it stores: 1,000, 10,000 and 100,000 infohashes and items (`--store`).

    python bench/store.py
    python bench/store.py --entries 1000,100000 --rounds 9

Whole queries go through the engine that ships, as datagrams: read, judged, answered. The stores are filled to their cap
by strangers of 4,000 networks. Printed is the CPU time of a query in microseconds, the least of some rounds, in turns;
and the memory of a node, empty and full, in bytes an entry. A put or an announce of what is new makes room for it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from random import Random

from week import held

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem, immutable_target
from dhtui.engine.settings import Settings
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.krpc import AnnouncePeer, Args, Get, GetPeers, Put, encode_query

NETWORKS, NODES = 4000, 200
BATCH = 500
"""Queries of one kind in one round."""
KINDS = ("get", "get_peers", "put, again", "put, new", "announce, again", "announce, new")


class Full:
    """A node whose stores are full."""

    def __init__(self, entries: int, seed: int = 1) -> None:
        """`entries`: infohashes, and items."""
        self._rng = rng = Random(seed)
        self._now = 1000.0
        settings = Settings(
            read_only=False, rate_limit=0.0, reply_quota=0, max_infohashes=entries, max_items=entries, maintain=False
        )
        self.core = Core(settings, ("203.0.113.7", 6881), rng, self._now)
        for _ in range(NODES):
            self._ask(GetPeers(rng.randbytes(20), rng.randbytes(20)), self._stranger())
        before = held(self.core)[1]
        self._values = [b"100:" + rng.randbytes(50).hex().encode() for _ in range(entries)]
        self._targets = [immutable_target(value) for value in self._values]
        for value, target in zip(self._values, self._targets, strict=True):
            self.core._items.put_immutable(target, ImmutableItem(value), self._stranger()[0], self._now)
        after = held(self.core)[1]
        self._hashes = [rng.randbytes(20) for _ in range(entries)]
        for infohash in self._hashes:
            self.core._peers.announce(infohash, self._stranger(), self._now)
        self.item_bytes, self.peer_bytes = (after - before) / entries, (held(self.core)[1] - after) / entries
        self.full = self.core._items.immutable / entries, self.core._peers.peers / entries

    def _stranger(self) -> Addr:
        net = self._rng.randrange(NETWORKS)
        return f"{60 + net // 250}.{net % 250}.{self._rng.randrange(4)}.{self._rng.randrange(1, 255)}", 6881

    def _ask(self, args: Args, addr: Addr) -> None:
        self.core.receive_datagram(encode_query(b"aa", args, False)[1], addr, self._now)
        self.core.datagrams_to_send()

    def _query(self, kind: str) -> tuple[bytes, Addr]:
        """A datagram, and whom it is from."""
        rng, addr, own = self._rng, self._stranger(), self._rng.randbytes(20)
        which = rng.randrange(len(self._targets))
        args: Args
        match kind:
            case "get":
                args = Get(own, self._targets[which])
            case "get_peers":
                args = GetPeers(own, self._hashes[which])
            case "put, again" | "put, new":
                value = self._values[which] if kind == "put, again" else b"100:" + rng.randbytes(50).hex().encode()
                args = Put(own, self._token(addr, immutable_target(value)), value)
            case _:
                infohash = self._hashes[which] if kind == "announce, again" else rng.randbytes(20)
                args = AnnouncePeer(own, infohash, 6881, self._token(addr, infohash))
        return encode_query(b"aa", args, False)[1], addr

    def _token(self, addr: Addr, target: bytes) -> bytes:
        return self.core.common.tokens.make(addr[0], target, self._now)

    def round(self, kind: str) -> float:
        """Microseconds a query."""
        queries = [self._query(kind) for _ in range(BATCH)]
        receive, send, now = self.core.receive_datagram, self.core.datagrams_to_send, self._now
        began = time.process_time()
        for data, addr in queries:
            receive(data, addr, now)
            send()
        return (time.process_time() - began) / BATCH * 1e6

    def sweep(self) -> float:
        """Milliseconds of one sweep of all that may expire."""
        return milliseconds(lambda: self.core._items.sweep(self._now)) + milliseconds(
            lambda: self.core._peers.sweep(self._now)
        )


def milliseconds(call: Callable[[], None]) -> float:
    """The processor time of a call."""
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1e3


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", default="1000,10000,100000")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    nodes = {entries: Full(entries) for entries in map(int, options.entries.split(","))}
    least: dict[tuple[int, str], float] = {}
    for _ in range(options.rounds):
        for kind in KINDS:
            for entries, node in nodes.items():
                least[entries, kind] = min(node.round(kind), least.get((entries, kind), float("inf")))
    print("entries  " + "".join(f"{kind:>17}" for kind in KINDS) + "  sweep, ms  bytes an item  bytes an infohash")
    for entries, node in nodes.items():
        costs = "".join(f"{least[entries, kind]:17.1f}" for kind in KINDS)
        print(f"{entries:7}  {costs}{node.sweep():11.1f}{node.item_bytes:15.0f}{node.peer_bytes:19.0f}")


if __name__ == "__main__":
    main()
