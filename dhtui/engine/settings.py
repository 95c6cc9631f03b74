"""The settings of an engine, and the state that is saved from run to run. All are checked when they are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from . import checks
from .lookup.policy import OURS, Policy
from .wire.compact import Addr, NodeInfo
from .wire.family import IPV4, Family, family_of

if TYPE_CHECKING:
    from .endpoint import Endpoint

MakeEndpoint: TypeAlias = "Callable[[Addr, Callable[[], float]], Endpoint]"

PUBLIC_BOOTSTRAP = (
    "dht.libtorrent.org:25401",
    "dht.transmissionbt.com:6881",
    "router.bt.ouinet.work:6881",
    "router.bittorrent.com:6881",
    "router.utorrent.com:6881",
)
"""The well-known bootstrap hosts; the last two, the classic ones, were reported dead in 2026."""

MAX_K = 160
MAX_ALPHA = 65_536


class Blocks(Protocol):
    """A set of blocked addresses of both families, such as `ranges.Blocklist`."""

    def __contains__(self, ip: str, /) -> bool: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class SavedState:
    """The state that is saved between two runs, of one address family, and in `other` of the other one."""

    id: bytes
    external: Addr | None
    """Our address as the network saw it; the id was made for it (BEP 42)."""
    nodes: tuple[NodeInfo, ...]
    """Nodes that answered us, those of the table first."""
    rtts: tuple[float | None, ...] = ()
    """Their round trips in the same order, seconds. Empty if none was measured."""
    family: Family = IPV4
    """The family of `external` and of all nodes."""
    other: SavedState | None = None
    """The state of the other family, with an id of its own (BEP 42); that one has no `other`."""

    def of(self, family: Family) -> SavedState | None:
        """The state of a family, without an `other`; `None` if nothing of it was saved."""
        for state in (self, self.other):
            if state is not None and state.family is family:
                return state if state.other is None else replace(state, other=None)
        return None

    def __repr__(self) -> str:
        """Short: there may be thousands of nodes."""
        return f"<SavedState of id {self.id.hex()}, {len(self.nodes)} nodes>"

    def __post_init__(self) -> None:
        """Raises `ValueError` for what makes no sense."""
        checks.an_id("id", self.id)
        if self.external is not None:
            self._check_family("external", checks.an_addr("external", self.external))
        for node in self.nodes:
            checks.kind("a saved node", node, NodeInfo)
            checks.an_id("the id of a saved node", node.id)
            self._check_family("a saved node", checks.an_addr("a saved node", node.addr))
        if self.other is not None:
            checks.kind("other", self.other, SavedState)
            if self.other.family is self.family or self.other.other is not None:
                raise ValueError("other must be the state of the other family, and have no other itself")
        if len(self.rtts) not in (0, len(self.nodes)):
            raise ValueError(f"rtts must be as many as the nodes, {len(self.nodes)}, or none, not {len(self.rtts)}")
        for rtt in self.rtts:
            if rtt is not None:
                checks.number("a round trip", rtt, 0.0)

    def _check_family(self, name: str, addr: Addr) -> None:
        if family_of(addr[0]) is not self.family:
            raise ValueError(f"{name} must be an {self.family.name} address, not {addr[0]}")

    def known(self) -> Iterator[tuple[NodeInfo, float | None]]:
        """The nodes, each with its round trip in seconds, or `None`."""
        return zip_longest(self.nodes, self.rtts)


class StateStorage(Protocol):
    """Storage of a node's state between runs, such as `dhtui.StateFolder`. Called in other threads."""

    def open(self) -> SavedState | None:
        """Lock it for this node and return the saved state; `None` the first time. An exception keeps the node from
        starting."""

    def save(self, state: SavedState, /) -> None:
        """Replace the saved state. Raises `OSError`."""

    def close(self) -> None:
        """Release the lock, so that another node may open it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one engine. All have defaults."""

    id: bytes | None = None
    """Own 20-byte id, fixed: BEP 42 does not change it. `None`: the saved one, or one made for the address."""
    external: Addr | None = None
    """Our public address, if the user gave it, in the family of that address. `None`: as other nodes see it."""
    external_also: Addr | None = None
    """The same in the other family."""
    saved: SavedState | None = None
    anew: bool = False
    """Take a new id instead of the saved one, which another running node uses. The rest of `saved` is used."""
    k: int = 8
    """Nodes in a bucket, and closest nodes that a lookup seeks (BEP 5: 8). Replies carry at most 8 in any case."""
    split_pings: int = 8
    """How many questionable nodes of a full bucket, at most `k`, are pinged at once when a new node seeks a place."""
    alpha: int = 8
    """Queries that a lookup for a caller has in flight among its nearest candidates."""
    alpha_background: int = 5
    """The same for refreshes and other background lookups."""
    policy: Policy = OURS
    """The other rules of lookups, for surveys and queries to named nodes too."""
    lookups_kept: int = 32
    """Most finished lookups that are remembered: of callers, and as many again of background lookups."""
    query_timeout: float = 2.0
    """Hard deadline, seconds, of queries to named nodes and of pings for the table."""
    read_only: bool | None = None
    """Read-only mode (BEP 43). `None`: read-only until this node is known to be reachable."""
    bep42: Literal["off", "prefer", "enforce"] = "prefer"
    blocks: Blocks | None = None
    token_secret: bytes | None = field(default=None, repr=False)
    """Makes write tokens repeatable over restarts. `None`: random."""
    token_clock: float = 0.0
    """Added to the clock before it is cut into 5-minute token epochs (wall clock minus monotonic clock, seconds)."""
    rate_limit: float = 5.0
    """Queries a second that are answered for one host; a burst may use those of 10 s. 0: no limit."""
    rate_limit_local: bool = False
    """Whether the limit applies to loopback and private addresses too."""
    reply_quota: int = 262_144
    """Bytes a second of all replies. 0: no limit, and none for a network or a host."""
    maintain: bool = True
    """Whether the table is surveyed, filled and refreshed. A run for a single action does not need it."""

    def of(self, family: Family) -> Settings:
        """The settings of the engine in one family: with its saved state and its external address."""
        externals = (self.external, self.external_also)
        external = next((addr for addr in externals if addr is not None and family_of(addr[0]) is family), None)
        saved = None if self.saved is None else self.saved.of(family)
        if (external, None, saved) == (self.external, self.external_also, self.saved):
            return self
        return replace(self, external=external, external_also=None, saved=saved)

    def __post_init__(self) -> None:
        """Raises `ValueError`, with the name of the setting, what is accepted, and what was given."""
        if self.id is not None:
            checks.an_id("id", self.id)
        for name in ("external", "external_also"):
            if getattr(self, name) is not None:
                checks.an_addr(name, getattr(self, name))
        if self.external and self.external_also and family_of(self.external[0]) is family_of(self.external_also[0]):
            raise ValueError("external and external_also must be of different families")
        if self.saved is not None:
            checks.kind("saved", self.saved, SavedState)
        for name, most in (("k", MAX_K), ("split_pings", MAX_K), ("alpha", MAX_ALPHA), ("alpha_background", MAX_ALPHA)):
            checks.whole(name, getattr(self, name), 1, most)
        checks.kind("policy", self.policy, Policy)
        checks.whole("lookups_kept", self.lookups_kept, 0, 1 << 20)
        checks.positive("query_timeout", self.query_timeout)
        for name in ("anew", "rate_limit_local", "maintain"):
            checks.truth(name, getattr(self, name))
        if self.read_only is not None:
            checks.truth("read_only", self.read_only)
        checks.one_of("bep42", self.bep42, ("off", "prefer", "enforce"))
        fits = hasattr(self.blocks, "__contains__") and hasattr(self.blocks, "__len__")
        if self.blocks is not None and (not fits or isinstance(self.blocks, str | bytes)):
            raise ValueError(
                f"blocks must be a set of addresses, with `in` and `len`, not {type(self.blocks).__name__}"
            )
        if self.token_secret is not None:
            checks.some_bytes("token_secret", self.token_secret, 1, 1 << 20)
        checks.number("token_clock", self.token_clock, -math.inf)
        checks.number("rate_limit", self.rate_limit, 0.0)
        checks.whole("reply_quota", self.reply_quota, 0, 1 << 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """Settings of the asyncio shell: those of its engine, and its place on the network."""

    listen: Addr = (IPV4.anywhere, 0)
    """Address to bind; port 0 takes a free one. Its family comes first: `Node.address`, `Node.id` and `Snapshot` are of
    it, and the other one is in their `other`, wherever the machine has it.

    ``0.0.0.0`` is all IPv4 addresses. ``::`` is the one global IPv6 address that the system sends from (BEP 45), looked
    up again at intervals; all of them if there is none."""
    listen_also: Addr | None = None
    """An address of the other family to bind as well, for a node in both. With port 0 it takes the port of `listen` if
    that is free.

    If one of them is a wildcard whose family this machine does not have, the node runs in the other one alone, until
    the family comes: `Snapshot.missing`, `LinkChanged`."""
    bootstrap: tuple[str, ...] = ()
    """Bootstrap hosts as ``host:port``, IPv6 addresses in brackets. Names are resolved in a thread, in each family."""
    settings: Settings = field(default_factory=Settings)
    seed: int | None = None
    """Seed of every random choice. For tests and simulations only: tokens and ids become guessable."""
    state: StateStorage | None = None
    """Storage of id, address and nodes between runs. `None`: none."""
    endpoint: MakeEndpoint | None = None
    """Makes the socket, from the address to bind and the clock. `None`: a plain one. Testnets put delays on theirs."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for what makes no sense."""
        checks.an_addr("listen", self.listen)
        if self.listen_also is not None:
            checks.an_addr("listen_also", self.listen_also)
            if family_of(self.listen_also[0]) is family_of(self.listen[0]):
                raise ValueError("listen and listen_also must be addresses of different families")
        checks.kind("bootstrap", self.bootstrap, tuple)
        for host in self.bootstrap:
            checks.host_port("a bootstrap host", host)
        checks.kind("settings", self.settings, Settings)
        checks.function("endpoint", self.endpoint)
        if self.seed is not None:
            checks.kind("seed", self.seed, int)
        if self.state is not None:
            if not all(callable(getattr(self.state, name, None)) for name in ("open", "save", "close")):
                what = type(self.state).__name__
                raise ValueError(f"state must be a StateFolder, or have its methods open, save and close, not {what}")
            if self.settings.saved is not None:
                raise ValueError("state and settings.saved: what was saved can come from one of them only")
