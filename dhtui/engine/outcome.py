"""What came of an operation: the result, and what happened at every node that was asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .items import ImmutableItem, Item, MutableItem
from .wire.compact import Addr, NodeInfo
from .wire.krpc import ERROR_WORDS

__all__ = ["Doubt", "ImmutableItem", "MutableItem", "NodeOutcome", "Outcome", "Status"]


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
    BLOCKED = "blocked"
    """It is on the blocklist, banned, or no address that a packet can go to: nothing was sent."""
    SEND_FAILED = "send failed"
    """The system would not send to it: no route, or another address family."""
    CANCELLED = "cancelled"
    """The operation ended before it answered."""


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
    faults: tuple[str, ...] = ()
    """What was wrong with its answer though usable, in our words."""
    note: str = ""
    """More about the status, in our words."""

    @property
    def responded(self) -> bool:
        """Whether anything valid came back from it, an error included."""
        return self.rtt is not None

    @property
    def error_words(self) -> str:
        """What its error code means."""
        return ERROR_WORDS.get(self.code or 0, "unknown error code")


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
    why: str = ""
    """Why it ended, in words."""
    doubt: Doubt | None = None
    """What speaks against believing what it found, or did not find."""
    highest_seen: int | None = None
    """The highest valid ``seq`` that any node showed."""

    @property
    def answered(self) -> int:
        """How many of those asked responded."""
        return sum(node.responded for node in self.asked)

    @property
    def timed_out(self) -> int:
        """How many of those asked stayed silent."""
        return sum(node.status is Status.TIMED_OUT for node in self.asked)

    @property
    def stored(self) -> int:
        """How many nodes stored what was put or announced."""
        return sum(node.status is Status.STORED for node in self.writes)
