"""What came of an operation: the result, and what happened at every node that was asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .items import ImmutableItem, Item, MutableItem
from .lookup.decisions import StopReason
from .wire.codes import ERROR_WORDS
from .wire.compact import Addr, NodeInfo
from .wire.faults import Fault
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
    "Status",
]


class Status(StrEnum):
    """What one node did with what it was asked."""

    ANSWERED = "answered"
    VALUE = "value"
    """It gave the newest valid value seen in this operation."""
    OLDER = "older value"
    PEERS = "peers"
    BAD_SIGNATURE = "bad signature"
    BAD_VALUE = "bad value"
    """Its value is not the one that hashes to the target, or was not canonical bencode."""
    UNPROVED = "unproved value"
    """It gave a mutable item that may be the true one: who knows only the target can't tell without its salt."""
    STORED = "stored"
    REFUSED = "refused"
    """It answered with an error; `code` says which."""
    NO_TOKEN = "no token"
    """It answered but gave no write token: nothing can be stored there."""
    WRONG_ID = "wrong id"
    """What was written was confirmed under another id than the one that gave the token."""
    TIMED_OUT = "timed out"
    """It had all of its time and was silent."""
    CANCELLED = "cancelled"
    """It was not waited for: the operation ended before its time was up. `waited` says how long it had."""
    ELSEWHERE = "answered from elsewhere"
    """An answer with the transaction id came from `came_from`, which was not asked: it does not count."""
    UNREADABLE = "unreadable answer"
    """A datagram came from it that could not be read; `note` says why."""
    UNMATCHED = "unmatched answer"
    """An answer came from it with a transaction id that is none of ours."""
    ECHO = "own query back"
    """It sent our own query back: an echo, or this node behind a NAT that does not know its address yet."""
    BLOCKED = "blocked"
    """It is on the blocklist: nothing was sent."""
    BANNED = "banned"
    """The user has banned it: nothing was sent."""
    NO_ADDRESS = "no address"
    """No packet can go to its address or port: nothing was sent."""
    OURSELVES = "this node"
    """Its address is our own."""
    SEND_FAILED = "send failed"
    """The system would not send to it, and nothing was sent; `note` says why."""


NOT_SENT = frozenset((Status.BLOCKED, Status.BANNED, Status.NO_ADDRESS, Status.OURSELVES))
"""Nothing was sent, and why is known before."""
UNUSABLE = frozenset((Status.ELSEWHERE, Status.UNREADABLE, Status.UNMATCHED, Status.ECHO))
"""Something came that is no answer to what was asked."""
UNANSWERED = NOT_SENT | UNUSABLE | {Status.TIMED_OUT, Status.CANCELLED, Status.SEND_FAILED}
"""Without an answer that counts, whatever the reason."""


class Doubt(StrEnum):
    """Why it may not be believed that what was not found is not there."""

    STARTS = "starts mislead"
    """Whatever the nodes that it started from named was silent, or is another node than they said."""
    ALONE = "starts alone"
    """Nobody but the nodes that it started from answered, and they named nobody, not even each other."""
    SMALL = "small network"
    """So few nodes answered, or so far from the target, that they make up a small network of their own."""
    MADE_UP = "made up"
    """Most of the nodes that answered are most likely made up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOutcome:
    """What happened at one node."""

    addr: Addr
    status: Status
    id: bytes | None = None
    """The id it answered with, or was said to have."""
    rtt: float | None = None
    """Seconds from the query to its answer or error."""
    nodes: tuple[NodeInfo, ...] = ()
    """Nodes it referred us to."""
    peers: tuple[Addr, ...] = ()
    item: Item | None = None
    """The verified item it gave. Never one that failed a check."""
    seq: int | None = None
    """The sequence number it named, with or without a value."""
    token: bytes | None = None
    code: int | None = None
    """The KRPC error code, where it answered with an error."""
    message: bytes = b""
    """The error's text, as received: hostile."""
    version: bytes | None = None
    """Its client, ``v``: hostile."""
    external: Addr | None = None
    """Our address as it sees it."""
    given: tuple[Given, ...] = ()
    """What its answer holds beside nodes and token, as it came: unchecked."""
    faults: tuple[Fault, ...] = ()
    """What was wrong with its answer though usable."""
    note: str = ""
    """More about the status, in our words."""
    waited: float | None = None
    """How long it was waited for in vain, seconds."""
    came_from: Addr | None = None
    """Where its answer came from, where that is not `addr`."""
    behind: Status | None = None
    """What stood in the way of what it has for a mutable target, and was given first: ``bad value`` or ``bad
    signature``. It was asked once more then, with ``seq`` 0."""

    def __repr__(self) -> str:
        """Short, and nothing of it as the network wrote it."""
        code = f" {self.code}" if self.code is not None else ""
        took = f", {self.rtt * 1000:.1f} ms" if self.rtt is not None else ""
        return "<NodeOutcome {}:{} {}{}{}>".format(*self.addr, self.status, code, took)

    @property
    def responded(self) -> bool:
        """Whether anything valid came back from it, an error included."""
        return self.rtt is not None

    @property
    def error_words(self) -> str:
        """What its error code means."""
        return ERROR_WORDS.get(self.code or 0, "unknown error code")

    @property
    def silence(self) -> str:
        """Why nothing came of asking it, in words; empty where something did."""
        waited = "" if self.waited is None else f" after {self.waited:.1f} s"
        match self.status:
            case Status.TIMED_OUT:
                return f"timed out{waited}"
            case Status.CANCELLED:
                return self.note or f"cancelled: no answer{waited}"
            case Status.ELSEWHERE if self.came_from is not None:
                return "answered from {}:{}, which was not asked: it does not count".format(*self.came_from)
            case Status.UNREADABLE:
                return f"what it answered can't be read: {self.note}"
            case Status.UNMATCHED:
                return "answered under a transaction id that is none of ours"
            case Status.ECHO:
                return "it sent our own query back, and no answer"
            case Status.BLOCKED:
                return "blocked by the blocklist"
            case Status.BANNED:
                return "not asked: banned by the user"
            case Status.NO_ADDRESS:
                return "not asked: no unicast address and port"
            case Status.OURSELVES:
                return "it is this node itself"
            case Status.SEND_FAILED:
                return f"not sent: {self.note}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one operation."""

    action: str
    """``ping``, ``find_node``, ``get_peers``, ``announce_peer``, ``get``, ``put`` or ``bootstrap``."""
    target: bytes | None
    asked: tuple[NodeOutcome, ...]
    """Every node asked to find things out, nearest to the target first."""
    writes: tuple[NodeOutcome, ...] = ()
    """Every node that was asked to store, nearest first; empty for actions that only read."""
    closest: tuple[NodeOutcome, ...] = ()
    """The up to 8 nearest nodes that answered. Silent ones are never here."""
    item: Item | None = None
    """get: the newest valid item. put: what was put."""
    peers: tuple[tuple[Addr, int], ...] = ()
    """Peers found, and how many nodes named each, the most often named first."""
    elapsed: float = 0.0
    """Seconds."""
    stopped: StopReason | None = None
    """Why it ended; `None` where nothing was done."""
    problem: Exception | None = None
    """What makes it impossible to store the item, where that is why it ended: an `ItemError` or a `BadKey`."""
    complete: bool = True
    """Whether it came to its own end. Else it was stopped, and this is what was known by then."""
    doubt: Doubt | None = None
    """What speaks against believing what it found, or did not find."""
    highest_seen: int | None = None
    """The highest valid ``seq`` that any node showed."""

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
        """Whether the action did what it is for, be it `complete` or not.

        A ping: somebody answered. find_node and get_peers: there are nodes closest to the target (that they know no
        peers is an answer too). get: there is an item. announce_peer and put: somebody stored it.
        """
        match self.action:
            case "ping":
                return self.answered > 0
            case "get":
                return self.item is not None
            case "announce_peer" | "put":
                return self.stored > 0
        return bool(self.closest)

    @property
    def answered(self) -> int:
        """How many of those asked responded."""
        return sum(node.responded for node in self.asked)

    @property
    def timed_out(self) -> int:
        """How many of those asked had all of their time and stayed silent."""
        return sum(node.status is Status.TIMED_OUT for node in self.asked)

    @property
    def cancelled(self) -> int:
        """How many of those asked were not waited for."""
        return sum(node.status is Status.CANCELLED for node in self.asked)

    @property
    def stored(self) -> int:
        """How many nodes stored what was put or announced."""
        return sum(node.status is Status.STORED for node in self.writes)
