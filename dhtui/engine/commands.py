"""The commands of a node: a `Node` in this program, or a node that this program is attached to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from .items import Draft, ImmutableItem, Item, MutableItem
from .operations.callbacks import Progress
from .operations.requests import Decide
from .outcome import Outcome
from .views.snapshot import Ban, BootstrapView, LookupDetail, Snapshot
from .wire.compact import Addr
from .wire.family import FamilyName


class NodeCommands(Protocol):
    """The commands of a node, and the state that they need. See `Node` for what each does and raises."""

    @property
    def id(self) -> bytes:
        """Its id, 20 bytes."""

    @property
    def address(self) -> Addr:
        """Where it is bound."""

    @property
    def addresses(self) -> tuple[Addr, ...]:
        """Where it is bound, in each family that it has; `address` first."""

    @property
    def k(self) -> int:
        """How many closest nodes a lookup seeks and a put writes to."""

    def snapshot(self) -> Snapshot:
        """The state of everything, as frozen values."""

    def lookup(self, number: int) -> LookupDetail | None:
        """One of the lookups of the snapshot with all its queries; `None` if it is not remembered any more."""

    # ---- the network -------------------------------------------------------------------------------

    async def bootstrapped(self) -> BootstrapView:
        """Wait until the bootstrap has ended, with or without success."""

    def bootstrap(self, hosts: Sequence[str] = ()) -> None:
        """Bootstrap now, from the known nodes and from these hosts, each ``host:port``."""

    async def refresh_bucket(self, depth: int, family: FamilyName | None = None) -> Outcome:
        """Look up a random id of the bucket at `depth`, 0 to 159, of the table of a family; `None`: of the first."""

    def stop_lookup(self, number: int) -> bool:
        """End a running lookup with its results so far. Returns whether it was running."""

    def ban(self, ip: str, seconds: float) -> None:
        """Ban an IP for a time, and remove its nodes from the table."""

    def unban(self, ip: str) -> bool:
        """End the ban of an IP. Returns whether it was banned."""

    def bans(self) -> tuple[Ban, ...]:
        """The IPs that are banned now, the last one banned first."""

    # ---- questions ---------------------------------------------------------------------------------

    async def ping(self, remotes: Sequence[Addr]) -> Outcome:
        """Ping the named nodes."""

    async def query(self, remote: Addr, method: str, args: Mapping[bytes, Any] | None = None) -> Outcome:
        """Put any query to one node."""

    async def query_raw(self, remote: Addr, datagram: bytes) -> Outcome:
        """Send bytes to one node, as they are but for the transaction id and our id."""

    async def find_node(
        self, target: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Find the nodes closest to a 20-byte target."""

    async def get_peers(
        self,
        info_hash: bytes,
        *,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
        on_peers: Callable[[tuple[Addr, ...]], None] | None = None,
    ) -> Outcome:
        """Find peers of a 20-byte infohash."""

    async def scrape(
        self, info_hash: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Estimate how many seeds and downloaders a 20-byte infohash has."""

    async def sample_infohashes(
        self, target: bytes, *, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
    ) -> Outcome:
        """Ask nodes for some of the infohashes that they store."""

    async def get(
        self,
        target: bytes,
        *,
        salt: bytes = b"",
        public: bytes | None = None,
        newer_than: int | None = None,
        at_least: int | None = None,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
        on_item: Callable[[Item], None] | None = None,
    ) -> Outcome:
        """Get a BEP 44 item."""

    async def read_back(self, item: Item, written: Iterable[Addr], *, progress: Progress | None = None) -> Outcome:
        """Get an item as an unrelated node would: none of the nodes in `written` is a starting node."""

    # ---- what writes -------------------------------------------------------------------------------

    async def announce_peer(
        self,
        info_hash: bytes,
        port: int,
        *,
        seed: bool = False,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """Announce the node as a peer at `port`; 0 is the port that its packets come from."""

    async def put(
        self,
        what: ImmutableItem | MutableItem | Draft,
        *,
        cas: int | None = None,
        remotes: Sequence[Addr] | None = None,
        progress: Progress | None = None,
        wide: bool = False,
    ) -> Outcome:
        """Store a BEP 44 item."""

    async def republish(self, what: ImmutableItem | MutableItem, decide: Decide) -> Outcome:
        """Look up which nodes hold an item, then store what `decide` returns for that result."""
