"""The record of one datagram in the inspector."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

from ..engine.wire.compact import Addr
from ..engine.wire.family import Family, family_of
from ..engine.wire.krpc import ErrorReply, MalformedDatagram, Message, Query, RefusedQuery, Response, parse
from ..engine.wire.methods import target_of

Direction: TypeAlias = Literal["in", "out"]
Kind: TypeAlias = Literal["query", "response", "error", "unreadable"]


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """A received or sent datagram, with the fields that need no further parsing."""

    number: int
    """From 1 on, increasing."""
    at: float
    """The engine's clock, in seconds."""
    direction: Direction
    addr: Addr
    """The remote address."""
    data: bytes
    kind: Kind
    method: str
    """The method of the query, also of an answer whose query is known; else empty. As received: hostile."""
    tid: bytes
    """The transaction id; empty if none could be read."""
    problem: str
    """Why it was dropped or refused, in the engine's words; empty if it was not."""
    heard: Message | None = field(default=None, repr=False)
    """The message as the engine parsed it, of a received packet."""
    query: Packet | None = field(default=None, repr=False)
    """The query of an answer, if it was recorded."""

    @property
    def message(self) -> Message | None:
        """The message; `None` if it is unreadable. That of a sent packet is parsed on demand."""
        return _own_message(self.data, family_of(self.addr[0])) if self.direction == "out" else self.heard

    @property
    def sender(self) -> bytes | None:
        """The node id of the sender; an error has none."""
        message = self.message
        if isinstance(message, Query):
            return message.args.id
        return message.id if isinstance(message, Response) else None

    @property
    def target(self) -> bytes | None:
        """The 20-byte target: an infohash, a node id or an item's target. That of an answer is its query's."""
        if self.query is not None:
            return self.query.target
        message = self.message
        return target_of(message.args) if isinstance(message, Query) else None

    @property
    def code(self) -> int | None:
        """The error code, of an error."""
        message = self.message
        return message.code if isinstance(message, ErrorReply) else None

    @property
    def token(self) -> bytes | None:
        """The write token in it, given or used."""
        message = self.message
        if isinstance(message, Response):
            return message.token
        return getattr(message.args, "token", None) if isinstance(message, Query) else None


@lru_cache(maxsize=4096)
def _own_message(data: bytes, family: Family) -> Message | None:
    try:
        return parse(data, family)
    except (MalformedDatagram, RefusedQuery):
        return None
