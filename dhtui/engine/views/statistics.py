"""The size of every store and cache of an engine, with its bound. Cheap: may be called many times a second."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

from ..wire.family import FamilyName


class Level(NamedTuple):
    """A size and its bound."""

    used: int
    most: int

    def __str__(self) -> str:
        return f"{self.used} of {self.most}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The levels of one engine at one moment, and a few counts. A `Level` never exceeds its bound."""

    queries: Level
    """Our queries in flight, stalled ones included. Operations send no more while 2048 of them have not stalled."""
    stalled: Level
    """Stalled queries of lookups. Beyond the bound the oldest is given up."""
    checks: Level
    """Pings in flight to questionable nodes of the table."""
    newcomers: Level
    """Pings in flight to nodes that have queried us."""
    operations: Level
    """Operations under way, of callers and of the engine. The bound adapts to the processor: this is the highest."""
    waiting: int
    """Operations that wait for their turn. No bound: each is a call of this program."""
    lookups: Level
    """Finished lookups that are remembered, of callers and of the background."""
    announces: Level
    """Announces of ours that are remembered."""
    nodes: Level
    """Nodes in the table."""
    replacements: Level
    """Nodes in the replacement caches of its buckets."""
    known: Level
    """Nodes remembered outside the buckets, for lookups; replacement caches included."""
    unresponsive: Level
    """Addresses that let a query of a lookup time out."""
    unmet: Level
    """Addresses that queried us and let our ping time out."""
    swarms: Level
    """Infohashes with stored peers."""
    peers: Level
    """Peers stored, of all infohashes."""
    immutable: Level
    """Immutable items stored."""
    mutable: Level
    """Mutable items stored."""
    bans: Level
    """Addresses that the user has banned."""
    limited: Level
    """Hosts that queried us lately, as the rate limit counts them."""
    muted: Level
    """Hosts that were beyond the rate limit lately."""
    proved: Level
    """Hosts that have proved that they receive what we send."""
    reply_hosts: Level
    """Unproved hosts whose replies are counted."""
    reply_nets: Level
    """Networks whose replies are counted."""
    reply_bytes: Level
    """Bytes of replies sent lately, which drain at the rate of the reply budget. 0 of 0 without a budget."""
    voters: Level
    """Networks that voted on our external address."""
    contacted: Level
    """Addresses that we have queried: their queries prove no reachability."""
    dropped: int
    """Datagrams that were dropped, refused, or not answered, in all."""
    send_failures: int
    """Datagrams that the system did not send, in all."""
    overflowed: int | None
    """Datagrams lost because the socket buffer was full, in all; `None` if the system gives no count."""
    family: FamilyName = "IPv4"
    other: Statistics | None = None
    """Those of the other family, if the node has both. Items and the guard's levels are of both families, in each."""

    @property
    def families(self) -> tuple[Statistics, ...]:
        """Those of each family."""
        return (self,) if self.other is None else (self, self.other)

    def levels(self) -> dict[str, Level]:
        """All levels, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Level)}
