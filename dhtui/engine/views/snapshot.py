"""The state of an engine at one time, as frozen values for the screens.

Times named `..._at` are on the engine's clock (seconds); ages and durations are seconds.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..lookup.decisions import Decision, Distrust, Found, State, StopReason
from ..outcome import Doubt, Status
from ..wire.compact import Addr
from ..wire.family import FamilyName
from ..wire.faults import Note
from .events import LinkState
from .history import BucketSlot, SlotView

NodeState = Literal["good", "questionable", "bad"]
Bep42Verdict = Literal["valid", "invalid", "exempt", "unknown"]


class IdentityView(NamedTuple):
    """The identity of the node."""

    id: bytes
    id_source: Literal["fixed", "saved", "random", "bep42"]
    bound: Addr
    external: Addr | None
    external_source: Literal["user", "vote", "saved", "none"]
    voters: int
    """How many networks voted on `external` lately."""
    bep42: Bep42Verdict
    """Whether our id fits our external address."""


class ReachabilityView(NamedTuple):
    """The reachability of the node, and its read-only mode."""

    state: Literal["unknown", "reachable", "captured"]
    """``captured``: that of another program, whose packets don't tell."""
    why: str
    """The stable form of a `Detail`, as the next one; `text.node.details` has the words."""
    read_only: bool
    read_only_why: str


class BootstrapSource(NamedTuple):
    """One source of the bootstrap: ``saved nodes (12)``, or a host."""

    name: str
    state: Literal["waiting", "asked", "answered", "silent", "unresolved", "blocked", "disagrees"]
    detail: str
    """The stable form of a `Detail`, or a `Status`; empty for none."""
    saved: bool = False
    """Whether this source is the saved nodes of an earlier run, not a host."""
    family: FamilyName = "IPv4"
    """A host has a source in each family."""


class BootstrapView(NamedTuple):
    """The progress of the bootstrap."""

    state: Literal["idle", "running", "done", "failed"]
    elapsed: float
    """Seconds so far, or in all."""
    sources: tuple[BootstrapSource, ...]
    why: str
    """The result: the stable form of a `Detail`; empty while it runs."""
    retry_in: float | None = None
    """Seconds until the next automatic try; `None`: none, unless all nodes are lost."""


class Ban(NamedTuple):
    """A banned address."""

    ip: str
    left: float
    """Seconds until the ban ends."""


class ContactView(NamedTuple):
    """A node in the table."""

    id: bytes
    addr: Addr
    state: NodeState
    rtt: float | None
    """Smoothed round trip, seconds."""
    age: float
    """Seconds since its first answer."""
    seen: float | None
    """Seconds since it last answered; `None`: never."""
    failures: int
    """Queries in a row without an answer."""
    version: bytes | None
    """Its version string ``v``: hostile."""
    bep42: Bep42Verdict
    saved: bool = False
    """Known from an earlier run: `age` counts from the start of this one."""


class BucketView(NamedTuple):
    """A bucket of the table: the nodes that share exactly `depth` bits with us (the last one: at least)."""

    depth: int
    capacity: int
    nodes: tuple[ContactView, ...]
    replacements: tuple[ContactView, ...]
    changed: float
    """Seconds since a node of it last answered."""
    refresh_in: float
    """Seconds until its refresh: 15 minutes after its last change or refresh."""
    own: bool
    """Whether our own id falls into it."""


class TableView(NamedTuple):
    """The routing table."""

    buckets: tuple[BucketView, ...]
    good: int
    questionable: int
    bad: int
    replacements: int
    known: int
    """Responders remembered outside the buckets, for lookups."""
    known_cap: int


class QueryView(NamedTuple):
    """A query in flight."""

    tid: bytes
    addr: Addr
    id: bytes | None
    method: str
    target: bytes | None
    owner: str
    age: float
    soft: float
    """Seconds after which it no longer holds a slot of its lookup."""
    hard: float
    """Seconds after which it has timed out."""


INFERRED = "inferred"
"""The `owner` of a lookup of another program, which follows from a capture of its packets."""


class LookupView(NamedTuple):
    """A lookup, running or finished."""

    number: int
    """A wish that runs in both families has a lookup in each, with the same number."""
    kind: str
    target: bytes
    owner: str
    started_at: float
    elapsed: float
    running: bool
    asked: int
    """Queries sent, second ones to the same node included; those that the system did not send excluded."""
    answered: int
    """Queries that were answered before the lookup was over, errors included."""
    timed_out: int
    """Queries that timed out before the lookup was over."""
    in_flight: int
    nearest_bits: float | None
    """log2 of the distance of the nearest node that answered, rounded down to tenths; -1 for the distance 0."""
    best: int
    """How many of the 8 closest known nodes have answered."""
    found: Found | None
    """The finding so far; `None`: nothing."""
    stopped: StopReason | None
    """Why it ended; `None` while it runs."""
    doubt: Doubt | None = None
    """Why a negative result is doubtful."""
    place: int = 0
    """Its place among the waiting operations, 1 for the next one; 0: it has begun."""
    wrote: float = 0.0
    """Seconds that the writes after it took: of a put or an announce, once that is over."""
    family: FamilyName = "IPv4"


class StepView(NamedTuple):
    """One query of a lookup. Times are seconds since the lookup began."""

    addr: Addr
    id: bytes | None
    bits: float | None
    """log2 of its distance to the target, as `LookupView.nearest_bits`; `None` while its id is unknown."""
    parent: Addr | None
    """Its referrer; `None` for a starting node."""
    hop: int
    again: bool
    """A second query to a node that had stalled."""
    sent: float
    stalled: float | None
    """When it stalled and lost its slot."""
    ended: float | None
    result: Status | None
    """`None` while it is in flight."""
    nodes: int
    found: Found | None
    """Its finding; `None`: neither an item nor peers."""
    code: int | None
    overtaken: float | None = None
    """When it was superseded: so many nearer nodes had answered that it held no slot any more."""
    doubt: Distrust | None = None
    """Why its node was distrusted when it was queried; `None` if it was not."""
    held: float | None = None
    """Since when it had waited for room among all our queries; `None`: it did not wait."""
    late: bool = False
    """Whether the lookup was over before the outcome was known, though the answer may have been received before."""


class CandidateView(NamedTuple):
    """A candidate of a lookup, with its result."""

    addr: Addr
    id: bytes | None
    bits: float | None
    hop: int
    state: State
    result: Status | None
    """Its status; `None` before an outcome."""
    closest: bool
    """Whether it is one of the closest responders."""
    rtt: float | None
    token: bool
    nodes: int
    peers: tuple[Addr, ...]
    seq: int | None
    version: bytes | None
    """Its version string ``v``: hostile."""
    note: Note | None
    """The `note` of its `NodeOutcome`."""
    doubt: Distrust | None = None
    """Why it is distrusted; `None` if it is not."""
    named: bytes | None = None
    """The id of the referral, if it answered with another one."""
    place: Literal["", "fills", "spare"] = "fills"
    """Of a responder: whether it fills a place among the closest, or is spare (used if there are too few). Empty:
    neither."""


class LookupDetail(NamedTuple):
    """A lookup with all its queries and candidates."""

    view: LookupView
    alpha: int
    k: int
    steps: tuple[StepView, ...]
    """In the order of sending."""
    candidates: tuple[CandidateView, ...]
    """Nearest first."""
    began: float = 0.0
    """When its turn came, seconds since the request: until then it waited for other lookups."""
    decisions: tuple[Decision, ...] = ()
    """The decisions to query, keep back, pass over and query again, in order."""
    untold: int = 0
    """How many more decisions were taken but not recorded."""
    other: LookupDetail | None = None
    """The lookup of the same wish in the other family; that one has no `other`."""

    @property
    def families(self) -> tuple[LookupDetail, ...]:
        """The lookups of the wish, one for each family that it runs in."""
        return (self,) if self.other is None else (self, self.other)


class MethodCounts(NamedTuple):
    """Messages of one method."""

    sent: int
    answered: int
    timed_out: int
    errors: int
    received: int
    replied: int
    refused: int


class TrafficView(NamedTuple):
    """Datagrams and bytes (UDP payload)."""

    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int
    history: tuple[tuple[int, int, int, int], ...]
    """Packets in, packets out, bytes in, bytes out of each of the last up to 300 full seconds, oldest first."""
    send_failures: int
    receive_buffer: int
    """Bytes of socket buffer that the system granted."""
    overflowed: int | None = None
    """Datagrams lost because that buffer was full; in none of the other figures. `None`: the system gives no count."""


class RttView(NamedTuple):
    """Measured round trips, seconds; zeros while there are no samples."""

    samples: int
    p10: float
    p50: float
    p90: float
    p95: float
    soft: float
    """The stall time that follows from them."""
    recent: tuple[float, ...]
    """The last up to 256 samples, oldest first."""


class BusyView(NamedTuple):
    """How long received datagrams and due timers waited for this program, seconds: the longest wait of each second,
    over the last two minutes. Round trips don't contain these waits if the system stamps datagrams."""

    seconds: int = 0
    """In how many of those seconds there was a wait."""
    p50: float = 0.0
    p95: float = 0.0
    longest: float = 0.0
    stamped: bool = True
    """Whether the system stamps datagrams. If not, all times of receipt and round trips contain the waits."""


class StoreView(NamedTuple):
    """The sizes of the stores."""

    infohashes: int
    infohash_cap: int
    peers: int
    peers_per_infohash_cap: int
    immutable: int
    mutable: int
    item_cap: int
    """For each of the two kinds."""


class RecentView(NamedTuple):
    """Our queries that ended lately, without pings to nodes that queried us: those queries may be forged."""

    seconds: float = 300.0
    """Seconds that this covers."""
    answered: int = 0
    """Error replies included."""
    silent: int = 0
    """Timed out."""
    last_answer: float | None = None
    """Seconds since the last answer, however long ago; `None`: there was none."""
    silent_since: int = 0
    """Timeouts since the last answer."""


class ErrorView(NamedTuple):
    """A recent error."""

    at: float
    cause: str
    """A key of `Snapshot.drops`, or a `QueryResult`: ``error`` for an error reply, or ``timed out``."""
    addr: Addr
    text: str
    """The stable form of a `Detail` or a `Note`, or the reason that a refusal sent."""


class SizeView(NamedTuple):
    """The size of the network, estimated from lookups."""

    nodes: float | None
    """`None` until a lookup has found enough nodes."""
    uncertainty: float
    """Relative standard deviation: 0.1 means plus or minus 10 %."""
    lookups: int
    """Targets that it is based on."""


class ContactDetail(NamedTuple):
    """All that is known about a node in the table."""

    contact: ContactView
    bucket: int
    rtts: tuple[float, ...]
    """Its last up to 16 round trips, oldest first, seconds."""
    queries: int
    """Queries it sent us."""
    last: str
    """The contents of its last answer, in this program's words."""
    last_age: float
    """Seconds since that answer."""


class SwarmView(NamedTuple):
    """An infohash with peers in our store."""

    infohash: bytes
    peers: tuple[Addr, ...]
    """The last up to 50 that announced, newest first."""
    total: int
    """Peers in our store."""
    newest_expires: float
    """Seconds until the last announce expires."""
    oldest_expires: float


class StoredItemView(NamedTuple):
    """A BEP 44 item in our store."""

    target: bytes
    v: bytes
    """Bencoded: hostile."""
    k: bytes | None
    """The public key of a mutable item; `None` for an immutable one."""
    salt: bytes
    seq: int | None
    expires: float
    """Seconds until it expires."""


class AnnounceView(NamedTuple):
    """An announce that we made."""

    info_hash: bytes
    port: int
    """0: the port that our packets come from."""
    age: float
    stored: int
    asked: int
    expires: float
    """Seconds until it expires at nodes that store peers for 30 minutes."""


class Holdings(NamedTuple):
    """The entries of our stores, and our announces that others store."""

    swarms: tuple[SwarmView, ...]
    items: tuple[StoredItemView, ...]
    announces: tuple[AnnounceView, ...]
    """Newest first, at most 64."""


class Snapshot(NamedTuple):
    """The state of the engine in one address family, and in `other` of the other one.

    `store` counts the items of both, and the peers of this family; `drops`, `errors` and `traffic` are of this family;
    `banned`, `muted` and `blocked_ranges` are of both.
    """

    at: float
    uptime: float
    identity: IdentityView
    reachability: ReachabilityView
    bootstrap: BootstrapView
    table: TableView
    queries: tuple[QueryView, ...]
    lookups: tuple[LookupView, ...]
    """Running ones first, then up to 16 that wait for their turn, then the last finished ones, newest first; at most
    64."""
    methods: dict[str, MethodCounts]
    traffic: TrafficView
    rtt: RttView
    store: StoreView
    drops: dict[str, int]
    """Datagrams dropped or refused, by cause."""
    errors: tuple[ErrorView, ...]
    """The last up to 50, newest first."""
    blocked_ranges: int
    banned: int
    """The addresses that are banned now."""
    size: SizeView = SizeView(None, 0.0, 0)
    growth: tuple[tuple[float, int], ...] = ()
    """`at` and the number of good nodes, every 10 s over the last hour, oldest first."""
    busy: BusyView = BusyView()
    muted: int = 0
    """Hosts that sent more queries than the rate limit in the last 10 s: the others got no answer."""
    recent: RecentView | None = None
    """`None`: not known, as in recordings of earlier versions."""
    waiting: int = 0
    """Operations that wait for their turn, pings and the like included."""
    noted: int = 0
    """How many errors were counted so far; `errors` has the last ones."""
    slots: tuple[SlotView, ...] = ()
    """What was asked and how long answers took, every 10 s over the last 5 minutes, oldest first."""
    bucket_rtts: tuple[BucketSlot, ...] = ()
    """The round trips of each bucket, every 30 s over the last hour, oldest first."""
    family: FamilyName = "IPv4"
    link: LinkState = LinkState.UP
    other: Snapshot | None = None
    """The state in the other family, if the node has both; that one has no `other`."""
    missing: tuple[FamilyName, ...] = ()
    """Families that were asked for and that this machine does not have."""

    @property
    def families(self) -> tuple[Snapshot, ...]:
        """The state in each family: this one, and the other one if there is one."""
        return (self,) if self.other is None else (self, self.other)

    def of(self, family: FamilyName) -> Snapshot | None:
        """The state in a family; `None` if the node does not have it."""
        return next((each for each in self.families if each.family == family), None)
