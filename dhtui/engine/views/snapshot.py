"""The state of an engine at one moment, as frozen values: all that a screen shows, and nothing that it can break.

Times named `..._at` are on the engine's clock (seconds); ages and durations are seconds.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..lookup.decisions import Decision, Distrust, Found, State, StopReason
from ..outcome import Doubt, Status
from ..wire.compact import Addr

NodeState = Literal["good", "questionable", "bad"]
Bep42Verdict = Literal["valid", "invalid", "exempt", "unknown"]


class IdentityView(NamedTuple):
    """Who we are."""

    id: bytes
    id_source: Literal["fixed", "saved", "random", "bep42"]
    bound: Addr
    external: Addr | None
    external_source: Literal["user", "vote", "saved", "none"]
    voters: int
    """Networks that voted on `external` lately."""
    bep42: Bep42Verdict
    """Whether our id fits our external address."""


class ReachabilityView(NamedTuple):
    """Whether strangers can reach us, and what follows."""

    state: Literal["unknown", "reachable"]
    why: str
    read_only: bool
    read_only_why: str


class BootstrapSource(NamedTuple):
    """Where nodes were sought: ``saved nodes (12)``, or a host."""

    name: str
    state: Literal["waiting", "asked", "answered", "silent", "unresolved", "blocked", "disagrees"]
    detail: str
    saved: bool = False
    """Whether these are the nodes saved by an earlier run, not a host."""


class BootstrapView(NamedTuple):
    """How the start went."""

    state: Literal["idle", "running", "done", "failed"]
    elapsed: float
    """Seconds so far, or in all."""
    sources: tuple[BootstrapSource, ...]
    why: str
    """The result in words."""
    retry_in: float | None = None
    """Seconds until it is tried again by itself; `None`: it is not, unless all nodes are lost."""


class Ban(NamedTuple):
    """An address that the user wants ignored."""

    ip: str
    left: float
    """Seconds until it is not ignored any more."""


class ContactView(NamedTuple):
    """A node in the table."""

    id: bytes
    addr: Addr
    state: NodeState
    rtt: float | None
    """Smoothed round trip, seconds."""
    age: float
    """Since it was first met."""
    seen: float | None
    """Since it last answered; `None`: never."""
    failures: int
    """Queries in a row without an answer."""
    version: bytes | None
    """Its ``v``: hostile."""
    bep42: Bep42Verdict
    saved: bool = False
    """Met in an earlier run: `age` counts from the start of this one."""


class BucketView(NamedTuple):
    """A bucket of the table: the nodes that share exactly `depth` bits with us (the last one: at least)."""

    depth: int
    capacity: int
    nodes: tuple[ContactView, ...]
    replacements: tuple[ContactView, ...]
    changed: float
    """Since a node of it last answered."""
    refresh_in: float
    """Until it is refreshed: 15 minutes after it changed, or was refreshed in vain."""
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
    """Nodes met and remembered outside the buckets, for lookups."""
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


class LookupView(NamedTuple):
    """A lookup, running or finished."""

    number: int
    kind: str
    target: bytes
    owner: str
    started_at: float
    elapsed: float
    running: bool
    asked: int
    """Queries sent, second ones to the same node included; what the system would not send is not."""
    answered: int
    """Queries that were answered before the lookup was over, errors included."""
    timed_out: int
    """Queries that met silence for all the time that they had, before it was over."""
    in_flight: int
    nearest_bits: float | None
    """log2 of the distance of the nearest node that answered, rounded down to tenths; -1 for the distance 0."""
    best: int
    """How many of the 8 closest known nodes have answered."""
    found: Found | None
    """What was found so far; `None`: nothing."""
    stopped: StopReason | None
    """Why it ended; `None` while it runs."""
    doubt: Doubt | None = None
    """What speaks against believing what it did not find."""
    place: int = 0
    """Its place among what waits for its turn, 1 for what is next; 0: it has begun."""
    wrote: float = 0.0
    """How long the writing took that came after it, seconds: of a put or an announce, once that is over."""


class StepView(NamedTuple):
    """One query of a lookup. Times are seconds since the lookup began."""

    addr: Addr
    id: bytes | None
    bits: float | None
    """log2 of its distance to the target, as `LookupView.nearest_bits`; `None` while its id is unknown."""
    parent: Addr | None
    """Who referred us to it; `None` where the lookup started."""
    hop: int
    again: bool
    """It had been silent and was asked a second time."""
    sent: float
    stalled: float | None
    """When it lost its slot."""
    ended: float | None
    result: Status | None
    """`None` while it is in flight."""
    nodes: int
    found: Found | None
    """What it gave; `None`: neither an item nor peers."""
    code: int | None
    overtaken: float | None = None
    """When so many nearer nodes had answered that it held no slot any more."""
    doubt: Distrust | None = None
    """Why its node was distrusted when it was asked; `None` where it was not."""
    held: float | None = None
    """Since when it had waited for room among all our queries; `None`: it had not."""
    late: bool = False
    """Whether the lookup was over before it was known what came of it, though that may have come before."""


class CandidateView(NamedTuple):
    """A node that a lookup knows of, with what it gave."""

    addr: Addr
    id: bytes | None
    bits: float | None
    hop: int
    state: State
    result: Status | None
    """What came of it; `None` while nothing has."""
    closest: bool
    """Whether it is one of the closest responders."""
    rtt: float | None
    token: bool
    nodes: int
    peers: tuple[Addr, ...]
    seq: int | None
    version: bytes | None
    """Its client: hostile."""
    note: str
    """More about the result: that of its `NodeOutcome`."""
    doubt: Distrust | None = None
    """Why it is distrusted; `None` where it is not."""
    named: bytes | None = None
    """The id that it was named under, where it answered with another one."""
    place: Literal["", "fills", "spare"] = "fills"
    """Having answered, whether it fills a place among the closest, or is spare: for want of others. Empty: neither."""


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
    """When its turn came: until then it waited for other lookups. Seconds since it was asked for."""
    decisions: tuple[Decision, ...] = ()
    """Why candidates were asked, kept back, passed over and asked again, in the order in which that was decided."""
    untold: int = 0
    """Decisions of which it is known only that there were so many more."""


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
    """Packets in, packets out, bytes in, bytes out of each of the last up to 60 full seconds, oldest first."""
    send_failures: int
    receive_buffer: int
    """Bytes of socket buffer that the system granted."""
    overflowed: int | None = None
    """Datagrams that came while that was full, and are lost: in none of the other figures. `None`: the system does not
    tell."""


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
    """How long what had come or was due waited for this program, seconds: the longest wait of each second, over the
    last two minutes. Round trips don't contain it where the system tells when datagrams came."""

    seconds: int = 0
    """How many of those seconds something was waited for in."""
    p50: float = 0.0
    p95: float = 0.0
    longest: float = 0.0
    stamped: bool = True
    """Whether the system tells when datagrams came. If not, all times of receipt and round trips contain the waits."""


class StoreView(NamedTuple):
    """What we keep for others."""

    infohashes: int
    infohash_cap: int
    peers: int
    peers_per_infohash_cap: int
    immutable: int
    mutable: int
    item_cap: int
    """For each of the two kinds."""


class RecentView(NamedTuple):
    """Our queries that ended lately, but for pings to nodes that asked us: anybody may have sent those queries."""

    seconds: float = 300.0
    """How far back this looks."""
    answered: int = 0
    """With an error reply, too."""
    silent: int = 0
    """Without an answer within their time."""
    last_answer: float | None = None
    """Seconds since the last answer, however long ago; `None`: there was none yet."""
    silent_since: int = 0
    """Silent ones since the last answer."""


class ErrorView(NamedTuple):
    """Something that went wrong lately."""

    at: float
    cause: str
    """A key of `Snapshot.drops`, or ``error`` for an error reply, or ``timed out``."""
    addr: Addr
    text: str
    """In our words."""


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
    """What it last told us, in our words."""
    last_age: float
    """Seconds since then."""


class SwarmView(NamedTuple):
    """An infohash that we keep peers for."""

    infohash: bytes
    peers: tuple[Addr, ...]
    """The last up to 50 that announced, newest first."""
    total: int
    """Peers that we keep."""
    newest_expires: float
    """Seconds until the last announce expires."""
    oldest_expires: float


class StoredItemView(NamedTuple):
    """A BEP 44 item that we keep."""

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
    """Seconds until nodes that keep peers for 30 minutes have forgotten it."""


class Holdings(NamedTuple):
    """What we keep for others, and what others keep for us."""

    swarms: tuple[SwarmView, ...]
    items: tuple[StoredItemView, ...]
    announces: tuple[AnnounceView, ...]
    """Newest first, at most 64."""


class Snapshot(NamedTuple):
    """All of it."""

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
    """Addresses that the user has banned, at the moment."""
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
    """All that went wrong so far and was counted: of that `errors` has the last ones."""
