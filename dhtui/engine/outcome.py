"""The outcome of an operation: its result, and what happened at every node that was queried."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .items import ImmutableItem, Item, MutableItem
from .lookup.decisions import StopReason
from .wire.bloom import Count
from .wire.codes import ERROR_WORDS
from .wire.compact import Addr, NodeInfo
from .wire.family import FamilyName, family_of
from .wire.faults import Fault, Note
from .wire.methods import Given

__all__ = [
    "NOT_SENT",
    "UNANSWERED",
    "UNUSABLE",
    "Doubt",
    "ImmutableItem",
    "MutableItem",
    "NodeOutcome",
    "Outcome",
    "Scrape",
    "Status",
]


class Status(StrEnum):
    """How one node responded to a query."""

    ANSWERED = "answered"
    VALUE = "value"
    """It gave the newest valid value seen in this operation."""
    OLDER = "older value"
    PEERS = "peers"
    BAD_SIGNATURE = "bad signature"
    BAD_VALUE = "bad value"
    """Its value is not the one that hashes to the target, or was not canonical bencode."""
    UNPROVED = "unproved value"
    """It gave a mutable item that may be genuine: with the target alone it can't be verified without its salt."""
    STORED = "stored"
    REFUSED = "refused"
    """It answered with an error; `code` says which."""
    NO_TOKEN = "no token"
    """It answered but gave no write token: nothing can be stored there."""
    WRONG_ID = "wrong id"
    """What was written was confirmed under another id than the one that gave the token."""
    TIMED_OUT = "timed out"
    """It gave no answer until the hard deadline."""
    CANCELLED = "cancelled"
    """The operation ended before the hard deadline of the query. `waited` says how long it was in flight."""
    ELSEWHERE = "answered from elsewhere"
    """An answer with the transaction id came from `came_from`, which was not queried: it does not count."""
    UNREADABLE = "unreadable answer"
    """A datagram came from it that could not be read; `note` says why."""
    UNMATCHED = "unmatched answer"
    """It answered with a transaction id that is not one of ours."""
    ECHO = "own query back"
    """It sent our own query back: it is an echo, or this node itself behind a NAT (its address is not known yet)."""
    BLOCKED = "blocked"
    """It is on the blocklist: nothing was sent."""
    BANNED = "banned"
    """The user has banned it: nothing was sent."""
    NO_ADDRESS = "no address"
    """No packet can go to its address or port: nothing was sent."""
    NO_ROUTE = "no route"
    """This machine has no route to its address family now, or the node has no address of that: nothing was sent."""
    OURSELVES = "this node"
    """Its address is our own."""
    SEND_FAILED = "send failed"
    """The system would not send to it, and nothing was sent; `note` says why."""


NOT_SENT = frozenset((Status.BLOCKED, Status.BANNED, Status.NO_ADDRESS, Status.NO_ROUTE, Status.OURSELVES))
"""Nothing was sent, for a reason that was known in advance."""
UNUSABLE = frozenset((Status.ELSEWHERE, Status.UNREADABLE, Status.UNMATCHED, Status.ECHO))
"""A datagram came that is no valid answer to the query."""
UNANSWERED = NOT_SENT | UNUSABLE | {Status.TIMED_OUT, Status.CANCELLED, Status.SEND_FAILED}
"""No valid answer, for any reason."""


class Doubt(StrEnum):
    """Why a negative result is doubtful: the value may exist though it was not found."""

    STARTS = "starts mislead"
    """Every referral of the starting nodes timed out or answered under another id."""
    ALONE = "starts alone"
    """Only the starting nodes answered, and they made no referrals, not even to each other."""
    SMALL = "small network"
    """So few nodes answered, or so far from the target, that they seem to form a small separate network."""
    MADE_UP = "made up"
    """Most of the responders are Sybil suspects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOutcome:
    """What happened at one node."""

    addr: Addr
    status: Status
    id: bytes | None = None
    """The id it answered with; before an answer, the id of the referral to it."""
    rtt: float | None = None
    """Seconds from the query to its answer or error."""
    nodes: tuple[NodeInfo, ...] = ()
    """Nodes it referred us to."""
    peers: tuple[Addr, ...] = ()
    item: Item | None = None
    """The verified item it gave; never one that failed a check."""
    seq: int | None = None
    """The sequence number it named, with or without a value."""
    token: bytes | None = None
    code: int | None = None
    """The KRPC error code, where it answered with an error."""
    message: bytes = b""
    """The text of the error, as received: hostile."""
    version: bytes | None = None
    """Its client, ``v``: hostile."""
    external: Addr | None = None
    """Our address as it sees it."""
    given: tuple[Given, ...] = ()
    """The contents of its answer besides nodes and token, as received: unchecked."""
    faults: tuple[Fault, ...] = ()
    """Faults of an answer that was usable all the same."""
    note: Note | None = None
    """A detail of the status. `text.faults` has the words."""
    sent: bytes = b""
    """The query as a datagram, if the user named the node."""
    received: bytes = b""
    """The datagram that came in answer, if the user named the node, also one that could not be read: hostile."""
    waited: float | None = None
    """Seconds that the query was in flight without an answer."""
    came_from: Addr | None = None
    """The source of its answer, if that is not `addr`."""
    behind: Status | None = None
    """Why its first answer for a mutable target did not count: ``bad value`` or ``bad signature``. It was then queried
    once more, with ``seq`` 0."""

    def __repr__(self) -> str:
        """Short, and nothing of it as the network wrote it."""
        code = f" {self.code}" if self.code is not None else ""
        took = f", {self.rtt * 1000:.1f} ms" if self.rtt is not None else ""
        return "<NodeOutcome {}:{} {}{}{}>".format(*self.addr, self.status, code, took)

    @property
    def family(self) -> FamilyName:
        """The family of its address."""
        return family_of(self.addr[0]).name

    @property
    def responded(self) -> bool:
        """Whether anything valid came back from it, an error included."""
        return self.rtt is not None

    @property
    def error_words(self) -> str:
        """What its error code means."""
        return ERROR_WORDS.get(self.code or 0, "unknown error code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """How many peers an infohash has, from the union of bloom filters (BEP 33). About: see `wire.bloom`."""

    seeds: Count
    downloaders: Count
    nodes: int
    """How many of the closest nodes gave the filters."""
    too_full: int = 0
    """How many gave a filter so full that it tells nothing; it is left out unless all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one operation."""

    action: str
    """``ping``, ``find_node``, ``get_peers``, ``scrape``, ``announce_peer``, ``get``, ``put``, ``sample_infohashes``,
    ``bootstrap``, or ``query`` of one that was made by hand."""
    target: bytes | None
    asked: tuple[NodeOutcome, ...]
    """Every node that was sent a reading query, nearest to the target first."""
    writes: tuple[NodeOutcome, ...] = ()
    """Every node that was sent a write, nearest first; empty for operations that only read."""
    closest: tuple[NodeOutcome, ...] = ()
    """The up to 8 nearest responders; of an operation in both families, of each."""
    item: Item | None = None
    """get: the newest valid item. put: what was put."""
    peers: tuple[tuple[Addr, int], ...] = ()
    """Peers found, and how many nodes named each, the most often named first."""
    scrape: Scrape | None = None
    """scrape: how many peers there are; `None` if no node gave a usable filter."""
    elapsed: float = 0.0
    """Seconds."""
    stopped: StopReason | None = None
    """Why it ended; `None` if nothing was done."""
    problem: Exception | None = None
    """Why the item can't be stored, if the operation ended for that reason: an `ItemError` or a `BadKey`."""
    complete: bool = True
    """Whether it ran to its end. If not, it was stopped, and this is the result so far."""
    doubt: Doubt | None = None
    """Why its result is doubtful; `None` if nothing suggests that."""
    highest_seen: int | None = None
    """The highest valid ``seq`` in any answer."""
    parts: tuple[Outcome, ...] = ()
    """Of an operation that ran in both families: the outcome in each, IPv4 first. Empty for one that ran in one.

    The outcome itself is of both: nodes nearest first, the newest item, all peers, the time until both had ended."""
    family: FamilyName | None = None
    """Of a part: the family that it ran in."""

    def __repr__(self) -> str:
        """Short, and nothing of it as the network wrote it."""
        parts = [f"{self.answered} of {len(self.asked)} answered"]
        if self.peers:
            parts.append(f"{len(self.peers)} peers")
        if self.writes:
            parts.append(f"{self.stored} of {len(self.writes)} stored")
        if self.item is not None:
            parts.append(repr(self.item))
        if not self.complete:
            parts.append("incomplete")
        return f"<Outcome {self.action} {'ok' if self.ok else 'failed'}: {', '.join(parts)}>"

    @property
    def ok(self) -> bool:
        """Whether the operation succeeded, `complete` or not.

        ping: a node answered. query: with a response, not an error. find_node, get_peers and sample_infohashes: there
        are closest responders, with or without peers. scrape: a node gave a filter. get: there is an item.
        announce_peer and put: at least one node stored it.
        """
        match self.action:
            case "ping":
                return self.answered > 0
            case "query":
                return any(node.responded and node.status is not Status.REFUSED for node in self.asked)
            case "get":
                return self.item is not None
            case "scrape":
                return self.scrape is not None
            case "announce_peer" | "put":
                return self.stored > 0
        return bool(self.closest)

    @property
    def answered(self) -> int:
        """How many of the queried nodes responded."""
        return sum(node.responded for node in self.asked)

    @property
    def timed_out(self) -> int:
        """How many of the queried nodes timed out."""
        return sum(node.status is Status.TIMED_OUT for node in self.asked)

    @property
    def cancelled(self) -> int:
        """How many queries were cancelled before their hard deadlines."""
        return sum(node.status is Status.CANCELLED for node in self.asked)

    @property
    def stored(self) -> int:
        """How many nodes stored the item or the announce."""
        return sum(node.status is Status.STORED for node in self.writes)
