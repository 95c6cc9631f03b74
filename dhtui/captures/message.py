"""KRPC messages among datagrams, and the record of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from ..engine.views.events import refused
from ..engine.wire.compact import Addr
from ..engine.wire.faults import Fault
from ..engine.wire.family import family_of
from ..engine.wire.krpc import ErrorReply, MalformedDatagram, Message, Query, RefusedQuery, parse
from ..engine.wire.methods import target_of

if TYPE_CHECKING:
    from .walks.walk import Step

Kind: TypeAlias = Literal["query", "response", "error", "unreadable"]


class Reading(NamedTuple):
    """What a datagram says."""

    kind: Kind
    method: str
    """Of a query: hostile. Else empty."""
    tid: bytes
    """The transaction id; empty if none could be read."""
    message: Message | None
    problem: str = ""
    """Why it is no message, or is a query that a node refuses: tokens, as in `Captured.faults`."""


@dataclass(slots=True, eq=False)
class Captured:
    """A datagram of a capture that is a KRPC message, or looks like one and can't be read."""

    number: int
    """From 1 on, increasing."""
    at: float
    """Unix time, seconds."""
    source: Addr
    dest: Addr
    data: bytes
    kind: Kind
    method: str
    """Of a query, also of an answer whose query is known; else empty. As received: hostile."""
    tid: bytes
    message: Message | None
    problem: str
    query: Captured | None = None
    """The query of an answer, if that is in the capture."""
    pair: int | None = None
    """The number of the query of an answer, and of the first answer to a query, once that is known."""
    step: Step | None = None
    """Of a query: its part in a lookup."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with it, as words that stay: values of `Fault`, `Note`s, and ``refused 203`` for a query that
        a node answers with that error."""
        if self.problem:
            return (self.problem,)
        message = self.message
        if isinstance(message, Query):
            return () if message.canonical else (Fault.NOT_CANONICAL.value,)
        if message is None or isinstance(message, ErrorReply):
            return ()
        return tuple(fault.value for fault in message.faults)

    @property
    def target(self) -> bytes | None:
        """The 20-byte target of a query; `None`: it has none, or is no query."""
        return target_of(self.message.args) if isinstance(self.message, Query) else None


def may_be_krpc(data: bytes) -> bool:
    """Whether it can be a bencoded dictionary. Far quicker than to read it."""
    return data[:1] == b"d" and data[-1:] == b"e"


def read(data: bytes, source: Addr) -> Reading:
    """Read a datagram. Never raises."""
    try:
        message = parse(data, family_of(source[0]))
    except MalformedDatagram as fault:
        return Reading("unreadable", "", b"", None, str(fault.note))
    except RefusedQuery as refusal:
        return Reading("query", refusal.method, refusal.tid, None, refused(refusal.code))
    if type(message) is Query:
        return Reading("query", message.method, message.tid, message)
    return Reading("error" if type(message) is ErrorReply else "response", "", message.tid, message)
