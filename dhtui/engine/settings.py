"""What an engine is told at its start, and what it keeps from run to run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal, Protocol

from .policy import OURS, Policy
from .wire.compact import Addr, NodeInfo

PUBLIC_BOOTSTRAP = (
    "dht.libtorrent.org:25401",
    "dht.transmissionbt.com:6881",
    "router.bt.ouinet.work:6881",
    "router.bittorrent.com:6881",
    "router.utorrent.com:6881",
)
"""The well-known bootstrap hosts; the last two, the classic ones, were reported dead in 2026."""


class Blocks(Protocol):
    """A set of blocked IPv4 addresses, such as `blocklist.Blocklist`."""

    def __contains__(self, ip: str, /) -> bool: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class SavedState:
    """What is worth keeping between two runs."""

    id: bytes
    external: Addr | None
    """Our address as the network saw it; the id was made for it (BEP 42)."""
    nodes: tuple[NodeInfo, ...]
    """Nodes that answered us, best first."""
    rtts: tuple[float | None, ...] = ()
    """Their round trips in the same order, seconds; empty where none was measured."""

    def known(self) -> Iterator[tuple[NodeInfo, float | None]]:
        """The nodes with their round trips."""
        return zip_longest(self.nodes, self.rtts[: len(self.nodes)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one engine. All have working defaults."""

    id: bytes | None = None
    """Own 20-byte id, fixed: BEP 42 won't change it. `None`: the saved one, or one made for the address."""
    external: Addr | None = None
    """Our own public address, where the user knows it better than the network's vote."""
    saved: SavedState | None = None
    anew: bool = False
    """Take an id of its own rather than the saved one, which belongs to another run. The rest of `saved` is used."""
    k: int = 8
    """Nodes in a bucket, and closest nodes that a lookup seeks (BEP 5: 8). Replies carry at most 8 in any case."""
    split_pings: int = 8
    """How many questionable nodes of a full bucket are pinged at once for a newcomer, 1 to `k`."""
    alpha: int = 8
    """Queries in flight that a lookup which a person waits for counts at the top of its list."""
    alpha_background: int = 5
    """The same for refreshes and other background lookups."""
    policy: Policy = OURS
    """The other rules of lookups."""
    lookups_kept: int = 32
    """Finished lookups remembered, of users and of the background each. A simulation of thousands keeps none."""
    query_timeout: float = 2.0
    """Seconds that a query to a node the user named may take."""
    read_only: bool | None = None
    """BEP 43. `None`: until we know that we are reachable."""
    bep42: Literal["off", "prefer", "enforce"] = "prefer"
    blocks: Blocks | None = None
    token_secret: bytes | None = None
    """Makes write tokens repeatable over restarts. `None`: random."""
    token_clock: float = 0.0
    """Added to the clock before it is cut into 5-minute token epochs (wall clock minus monotonic clock, seconds)."""
    rate_limit: float = 5.0
    """Messages a second from one address, over 10 s, before it is ignored for 5 minutes. 0: no limit."""
    rate_limit_local: bool = False
    """Whether the limit binds loopback and private addresses too."""
    reply_quota: int = 262_144
    """Bytes a second that all our replies together may take. 0: no limit."""
    maintain: bool = True
    """Whether the table is refreshed as time goes by. One-shot runs have no need of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """Settings of the asyncio shell: those of its engine, and its place on the network."""

    listen: Addr = ("0.0.0.0", 0)
    """Address to bind; port 0 takes a free one."""
    bootstrap: tuple[str, ...] = ()
    """Bootstrap hosts as ``host:port``, resolved off the loop. They stay out of the table."""
    settings: Settings = field(default_factory=Settings)
    seed: int | None = None
    """Makes every random choice repeatable. For tests and simulations: tokens and ids become guessable."""
