"""The events of the engine. None is built while there is no listener.

`at` is the engine's clock, in seconds. Values from the network are as received: hostile.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from ..lookup.decisions import StopReason
from ..wire.compact import Addr
from ..wire.family import FamilyName
from ..wire.krpc import Message


class DropCause(StrEnum):
    """Why a datagram was dropped, refused or left unanswered. The values are keys of `Snapshot.drops`, and stand in
    recordings; their meaning is in `text.faults`."""

    REFUSED = "refused"
    """A query answered with an error: counted with the code, see `refused`."""
    MALFORMED = "malformed"
    UNEXPECTED = "unexpected answer"
    RATE_LIMIT = "rate limit"
    BLOCKLIST = "blocklist"
    BANNED = "banned by the user"
    NO_UNICAST = "no unicast source"
    OWN_ID = "own id"
    REPLY_QUOTA = "reply quota"
    READ_ONLY = "read-only"


UNREAD: Final = frozenset((DropCause.BLOCKLIST, DropCause.BANNED, DropCause.NO_UNICAST, DropCause.RATE_LIMIT))
"""Causes of drops that cost no further work, because a flood consists of these datagrams."""


def refused(code: int) -> str:
    """The key of `Snapshot.drops` for queries that were answered with an error of that code."""
    return f"{DropCause.REFUSED} {code}"


OWN_PROBE = "our own probe"
"""As the `problem` of a packet: our own probe, sent from another socket to our external address, was received."""
NOT_CANONICAL = "not canonical"
"""As the `problem` of a query: its bencode is not canonical, but it was answered."""
USED = (OWN_PROBE, NOT_CANONICAL)
"""Values of `problem` for packets that were neither dropped nor refused."""


class PacketReceived(NamedTuple):
    """A datagram came in."""

    at: float
    addr: Addr
    data: bytes
    message: Message | None
    """`None` if it could not be parsed, or was dropped before that."""
    problem: str = ""
    """Why it was dropped or refused: a `DropCause`, the stable form of a `Note` or a `Detail`, or the reason that a
    refusal sent; empty if it was not. `text.faults` has the words."""


class PacketSent(NamedTuple):
    """A datagram went out."""

    at: float
    addr: Addr
    data: bytes
    kind: Literal["query", "response", "error", "unreadable"]
    """``unreadable`` only in captures of what other programs sent."""
    method: str
    tid: bytes


class QueryResult(StrEnum):
    """How a query of ours ended. The values stand in recordings."""

    ANSWERED = "answered"
    ERROR = "error"
    """With an error in answer."""
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"


class QueryFinished(NamedTuple):
    """One of our queries came to its end."""

    at: float
    addr: Addr
    tid: bytes
    method: str
    owner: str
    """The owner of the query: ``user``, ``ping`` and ``newcomer`` for the table, ``put``, ``announce_peer``, or a
    lookup's name such as ``get_peers#3``."""
    result: QueryResult
    rtt: float | None
    soft: float | None = None
    """Seconds after which it would stall. `None`, as `hard`, in recordings of older versions, which do not tell."""
    hard: float | None = None
    """Seconds after which it would time out."""


class NodeAdded(NamedTuple):
    """A node that answered entered the table."""

    at: float
    id: bytes
    addr: Addr
    bucket: int


class NodeRemoved(NamedTuple):
    """A node left the table."""

    at: float
    id: bytes
    addr: Addr
    why: str
    """The stable form of a `Detail`, as in the other events; `text.node.details` has the words. Recordings of older
    versions have sentences."""


class LookupStarted(NamedTuple):
    """A lookup began."""

    at: float
    number: int
    kind: str
    target: bytes
    owner: str
    family: FamilyName = "IPv4"
    """A wish that runs in both families has an event for each, with the same number."""


class LookupFinished(NamedTuple):
    """A lookup ended."""

    at: float
    number: int
    kind: str
    target: bytes
    asked: int
    """Queries sent."""
    answered: int
    """Queries that were answered by then, errors included."""
    closest: int
    """How many of the k closest nodes have answered."""
    stopped: StopReason
    """Why it ended."""
    family: FamilyName = "IPv4"


class Stored(NamedTuple):
    """A remote node stored something here."""

    at: float
    what: Literal["peer", "immutable", "mutable"]
    target: bytes
    addr: Addr


class AddressChanged(NamedTuple):
    """The vote on our external address has a new result (BEP 42)."""

    at: float
    old: Addr | None
    new: Addr
    voters: int


class IdChanged(NamedTuple):
    """We took a new id."""

    at: float
    old: bytes
    new: bytes
    why: str
    family: FamilyName = "IPv4"


class ReachabilityChanged(NamedTuple):
    """The reachability of this node changed."""

    at: float
    reachable: bool
    why: str
    family: FamilyName = "IPv4"


class Banned(NamedTuple):
    """The user banned an address."""

    at: float
    ip: str
    until: float
    why: str


class DatagramsLost(NamedTuple):
    """The system had no room for datagrams: they came faster than this program read them."""

    at: float
    lost: int
    """Since the last such event; there is at most one a minute."""
    total: int
    """Since the start."""
    family: FamilyName = "IPv4"


class Woke(NamedTuple):
    """This program, or the whole machine, was suspended."""

    at: float
    away: float
    """Seconds."""


class Missed(NamedTuple):
    """Only to those who are attached to a node: they read too slowly, and what happened in between was not told."""

    at: float
    since: float
    """When the last event before was told."""
    packets: int
    """Datagrams that came in or went out meanwhile."""


class BootstrapProgress(NamedTuple):
    """A step of the bootstrap."""

    at: float
    text: str
    """The stable form of a `Detail`."""
    family: FamilyName = "IPv4"


class LinkState(StrEnum):
    """Whether a node has the use of an address family. The values stand in recordings and in JSON."""

    UP = "up"
    """Its socket is bound to an address, and there is a route."""
    MISSING = "missing"
    """It was asked for, and this machine has had no global address or route of it since the start."""
    LOST = "lost"
    """The route has gone. Nothing is sent until it is back, and no node is blamed."""


class LinkChanged(NamedTuple):
    """An address family was found missing, was lost, has come (back), or has moved to another address of ours."""

    at: float
    family: FamilyName
    state: LinkState
    addr: Addr | None
    """Where its socket is bound now; `None` unless it is up."""


PacketEvent: TypeAlias = PacketReceived | PacketSent | QueryFinished
"""Events about a single packet or query."""
StateEvent: TypeAlias = (
    NodeAdded
    | NodeRemoved
    | LookupStarted
    | LookupFinished
    | Stored
    | AddressChanged
    | IdChanged
    | ReachabilityChanged
    | Banned
    | DatagramsLost
    | Woke
    | Missed
    | BootstrapProgress
    | LinkChanged
)
"""Changes of the table, lookups, stores and identity: the event ring keeps these events, the log shows them.

This is the only list of them. A new one needs its name here, and its words in the log.
"""
Event: TypeAlias = PacketEvent | StateEvent
"""Any event: the argument of a listener."""
STATE_EVENTS: Final[tuple[type[StateEvent], ...]] = get_args(StateEvent)


class Listeners(list[Callable[[Event], None]]):
    """The listeners. Build an event only if there are any. (A list, because a server tests that for each query.)"""

    def __init__(self, family: FamilyName = "IPv4") -> None:
        """`family` is that of the engine that tells them."""
        super().__init__()
        self.family = family

    def add(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event from now on. Returns the function that ends that. `listener` must not
        raise."""
        self.append(listener)
        return lambda: self.remove(listener)

    def tell(self, event: Event) -> None:
        """Hand an event to all listeners."""
        for listener in tuple(self):
            listener(event)
