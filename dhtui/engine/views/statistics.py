"""How full an engine is: the size of each thing that it keeps, with its bound. Cheap: to be had many times a second."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple


class Level(NamedTuple):
    """How much of something there is, and how much there may be."""

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
    """Those of lookups whose soft deadline has passed. The oldest of too many gives way."""
    checks: Level
    """Pings in flight to questionable nodes of the table."""
    newcomers: Level
    """Pings in flight to nodes that have queried us."""
    operations: Level
    """Operations under way, of callers and of the engine. The bound adapts to the processor: this is the highest."""
    waiting: int
    """Operations that wait for their turn. No bound: each is a call of the program's own."""
    lookups: Level
    """Finished lookups that are remembered, of callers and of the background."""
    announces: Level
    """Announces of ours that are remembered."""
    nodes: Level
    """Nodes in the table."""
    replacements: Level
    """Nodes in the replacement caches of its buckets."""
    known: Level
    """Nodes remembered outside the buckets, for lookups. Replacements are among them."""
    unresponsive: Level
    """Addresses that let a query of a lookup time out."""
    unmet: Level
    """Addresses that queried us, and let our ping time out."""
    swarms: Level
    """Infohashes that peers are stored for."""
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
    """Hosts that have shown that they receive what we send."""
    reply_hosts: Level
    """Unproved hosts whose replies are counted."""
    reply_nets: Level
    """Networks whose replies are counted."""
    reply_bytes: Level
    """Bytes of replies sent lately: these flow off at the rate of the reply budget. 0 of 0 where there is no budget."""
    voters: Level
    """Networks that voted on our external address."""
    contacted: Level
    """Addresses that we have queried, whose own queries prove no reachability."""
    dropped: int
    """Datagrams that were dropped, refused, or not answered, in all."""
    send_failures: int
    """Datagrams that the system would not send, in all."""
    overflowed: int | None
    """Datagrams that the socket had no room for, in all; `None` where the system does not tell."""

    def levels(self) -> dict[str, Level]:
        """All levels, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Level)}
